"""Looking: the ports of who only looks: what is there is read, what would be written stays here, nothing is sent."""

import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, cast

from herald.journal.tally import Full, Looked, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.receipt import Sent
from herald.pipeline.ports import Counters, Journal, Ports, Sender
from herald.settings.values import Rate


class Called(BaseException):
    """The message would be handed to its provider now. Nothing on the way handles this."""

    def __init__(self, message: Message) -> None:
        self.message = message


class Looking:
    """The same world as ``ports``, for one request at the time ``now``, which goes on only while somebody waits."""

    def __init__(self, ports: Ports, now: datetime) -> None:
        self._ports, self.settings, self._now = ports, ports.settings, now
        # Where nobody made the secret yet, nothing was ever counted or opted out by it.
        self.secret = self.secret_if_made = ports.secret_if_made or secrets.token_bytes(32)
        self.journal = cast("Journal", _Journal(ports.journal))  # As much of it as a send needs.
        self.counters = _Counters(ports.counters)
        self.turns, self.health, self.slow = _Turns(ports), ports.health.looking(), _Slow()
        self.optouts, self.observer = _OptOuts(ports), _Observer(ports)
        self.queue = self.schedule = _Nowhere()

    def again(self, now: datetime) -> "Looking":
        """The same from the beginning. What was read of counters and opt-outs is not read again."""
        other = Looking(self._ports, now)
        other.secret = other.secret_if_made = self.secret
        other.counters, other.optouts = self.counters, self.optouts
        return other

    @property
    def url(self) -> str:
        return self._ports.url

    def clock(self) -> datetime:
        """The time."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let the time go on."""
        self._now += timedelta(seconds=seconds)

    def left(self) -> float:
        """As long as the real function has."""
        return self._ports.left()

    def sender(self, channel: str) -> Sender:
        """What stands for a channel that is ready to send. Raises as the real one does."""
        return _Caught(self._ports.sender(channel))

    def refresh(self) -> None:
        """The settings stay what they are."""

    def grant(self, name: str, since: datetime) -> Grant | None:
        """What the API key of this name may do."""
        return self._ports.grant(name, since)

    def callback(self, message: Message) -> None:
        """No receipt will come."""


class _Caught:
    """Stands for a channel: its text is caught before it leaves."""

    calls_back = False

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def send(self, message: Message, callback: str | None = None) -> Sent:
        raise Called(message)

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._sender.status(response)


class _Journal:
    """The journal, and one message that is only here."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._own: dict[str, Message] = {}

    def claim(self, message: Message) -> Message | None:
        before = self._journal.get(message.id)
        if before is None and self._journal.is_erased(message.id):
            return message.with_(fingerprint="")  # What is left of it is no other's.
        if before is None:
            self._own[message.id] = message
        return before

    def keep(self, message: Message) -> bool:
        return self.get(message.id) is not None

    def get(self, message_id: str) -> Message | None:
        return self._own.get(message_id) or self._journal.get(message_id)

    def move(self, old: Message, new: Message) -> Message:
        self._own[new.id] = new
        return new


class _Counters:
    """The counters: nothing is counted. Each item is looked at once."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._seen: dict[Tally, Looked] = {}

    def look(self, tally: Tally, now: datetime) -> Looked:
        if tally not in self._seen:
            self._seen[tally] = self._counters.look(tally, now)
        return self._seen[tally]

    def take(self, tally: Tally, now: datetime) -> Full | None:
        return self.look(tally, now).full

    def give(self, tally: Tally) -> None:
        pass

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        pass

    def forget(self, key: str, counter: str, moment: int) -> None:
        pass


class _Turns:
    """The turns: none is taken."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        return self._ports.turns.look(line, rate, now=now, latest=latest)

    look = take

    def give(self, line: str, rate: Rate, turn: datetime) -> None:
        pass


class _Slow:
    """Who waits for an answer goes by a slow channel as well."""

    def wait(self, channel: str) -> float:
        return 0.0

    def attempt(self, channel: str) -> AbstractContextManager[None]:
        return nullcontext()


class _OptOuts:
    """Who wants no texts. What a refusal would tell of that is not noted."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._known: dict[str, bool] = {}

    def has(self, recipient: str) -> bool:
        if recipient not in self._known:
            self._known[recipient] = self._ports.optouts.has(recipient)
        return self._known[recipient]

    def put(self, recipient: str, source: str, now: datetime) -> None:
        pass

    def learn(self, recipient: str, source: str, at: datetime) -> None:
        pass

    def remove(self, recipient: str, now: datetime) -> None:
        pass


class _Nowhere:
    """A queue and a schedule of which nothing comes out."""

    def put(self, message_id: str, when: object = 0) -> None:
        pass

    def post(self, what: Mapping[str, object], delay: float = 0) -> None:
        pass

    def again(self, handle: str, delay: float) -> None:
        pass

    def remove(self, message_id: str) -> None:
        pass


class _Observer:
    """Nothing happened to any message; only trouble is real."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        pass

    def accepted(self, message: Message) -> None:
        pass

    def refused(self, message: Message, guard: str) -> None:
        pass

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        pass

    def count(self, name: str, **extra: object) -> None:
        pass

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self._ports.observer.trouble(phrase, error, **{**extra, "explain": True})
