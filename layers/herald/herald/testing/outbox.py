"""Outbox: Herald in memory. It has every port of the pipeline, and what was sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from herald import wiring
from herald.aws import deadline
from herald.errors import Refused
from herald.keys.grant import Grant
from herald.message import Message
from herald.pipeline.flow import Herald
from herald.pipeline.health.channels import ChannelHealth
from herald.pipeline.ports import Sender
from herald.pipeline.receive import token
from herald.pipeline.route.slow import SlowChannels
from herald.settings.values import DEFAULT_CHANNELS, Settings
from herald.testing.fakes import Clock, FakeProvider, Notes
from herald.testing.health import MemoryHealth
from herald.testing.memory import MemoryCounters, MemoryJournal, MemoryOptOuts, MemoryQueue, MemorySchedule
from herald.testing.turns import MemoryTurns

SECRET = b"a secret of the tests"


@dataclass
class Outbox:
    """The ports, in memory. Add channels by name to ``providers``."""

    providers: dict[str, Any] = field(default_factory=lambda: {"amazonsns": FakeProvider("amazonsns")})
    settings: Settings = field(default_factory=lambda: Settings(channels=DEFAULT_CHANNELS))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    schedule: MemorySchedule = field(default_factory=MemorySchedule)
    turns: MemoryTurns = field(default_factory=MemoryTurns)
    slow: SlowChannels = field(default_factory=SlowChannels)
    counters: MemoryCounters = field(default_factory=MemoryCounters)
    optouts: MemoryOptOuts = field(default_factory=MemoryOptOuts)
    health_item: MemoryHealth = field(default_factory=MemoryHealth)
    observer: Notes = field(default_factory=Notes)
    clock: Clock = field(default_factory=Clock)
    secret: bytes = SECRET
    url: str = "https://herald.test"
    grants: dict[str, Grant] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    refreshed: int = 0
    on_refresh: Callable[[], None] | None = None
    left: Callable[[], float] = deadline.left

    @cached_property
    def health(self) -> ChannelHealth[MemoryHealth]:
        """What this process knows of its channels."""
        return ChannelHealth(self.health_item, self.observer, self.clock)

    @property
    def secret_if_made(self) -> bytes | None:
        """Here it always was."""
        return self.secret

    @property
    def texts(self) -> list[Message]:
        """All texts that a provider accepted."""
        return [text for provider in self.providers.values() for text in provider.texts]

    def herald(self) -> Herald:
        """The service that stands on these ports."""
        return Herald(self)

    def sender(self, channel: str) -> Sender:
        """The sender of a channel. Raises ``Refused`` if there is none."""
        if channel not in self.providers:
            raise Refused("channel_missing")
        found: Sender = self.providers[channel]
        return found

    def sleep(self, seconds: float) -> None:
        """Let the clock go on."""
        self.clock.pass_(seconds=seconds)

    def refresh(self) -> None:
        """The settings are read anew: counted, and ``on_refresh`` may change them."""
        self.refreshed += 1
        if self.on_refresh:
            self.on_refresh()

    def grant(self, name: str, since: datetime) -> Grant | None:
        """Every API key is there that was not ``revoked``; those not in ``grants`` have no limits."""
        return None if name in self.revoked else self.grants.get(name) or Grant(name)

    def callback(self, message: Message) -> str | None:
        """The URL for the receipts of a message's attempt."""
        return token.receipts(self.url, self.secret, message)


@contextmanager
def outbox() -> Iterator[Outbox]:
    """While open, ``herald.send`` and its like work in memory. Gives the ``Outbox`` whose ``texts`` were sent."""
    box = Outbox(clock=Clock(datetime.now(UTC)))
    with wiring.replaced(box):
        yield box
