"""Ports: all that the pipeline needs of the world. ``wiring.Stack`` has the real ones, ``testing.Outbox`` has fakes.

What a port raises is its client's own error, unless it says otherwise.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from herald.journal.item import Mark
from herald.journal.tally import Full, Looked, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.receipt import Sent
from herald.pipeline.attempts import Health, Slow, Turns
from herald.settings.values import Settings

# With fewer seconds left nothing more is begun that calls AWS alone: such a call may be repeated twice, 5 s each.
LITTLE = 10.0


class Sender(Protocol):
    """A channel, ready to send: one of ``providers/``."""

    @property
    def calls_back(self) -> bool:
        """Whether it tells what became of a text by calling a URL."""

    def send(self, message: Message, callback: str | None = None) -> Sent:
        """Send once; raises an ``AttemptError``. ``callback`` is the URL for receipts, if there is one."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the provider says now; raises ``Unsupported`` where it cannot be asked."""


class Journal(Protocol):
    """The record of each message."""

    def claim(self, message: Message) -> Message | None:
        """Write a new message; None if it is ours now, else the message that had this id before.

        Whatever it raises, the message is not there, and will not be sent; only after ``MayStand`` it may be.
        """

    def keep(self, message: Message) -> bool:
        """Let nobody take a claim back whose message somebody else is told of; False if that was done already.

        Who claims and gets no answer takes the claim back: this is for whoever tells of a message just claimed.
        """

    def get(self, message_id: str) -> Message | None:
        """The message as it stands."""

    def move(self, old: Message, new: Message) -> Message:
        """Write how ``new`` differs from ``old``; the message as it stands then.

        Raises ``Moved`` if somebody else attempted it meanwhile, it is not where it may come from, somebody else
        settled what it costs, or (where its status stays the same) looked after it or added a step.
        """

    def due(self, now: datetime) -> Iterator[str]:
        """The ids of messages whose ``due_at`` has come: leases that ran out, then what waits, each oldest first.

        Some may have moved on meanwhile.
        """

    def waiting(self, caller: str) -> Iterator[Message]:
        """The messages of a caller that wait and may be sent by themselves, the one that is due first to begin with.

        One that was made or moved less than a second ago may be missing.
        """

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        """The messages to a person, newest first, read as they are needed.

        ``recipient`` is the keyed hash of the number. Only those made at ``since`` or later, and older than ``before``.
        A message that was made or moved less than a second ago may be missing.
        """

    def with_reference(
        self, reference_hash: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        """The messages of a caller that have a reference, by the keyed hash of both; as ``sent_to``."""

    def troubled(self, caller: str) -> Iterator[Message]:
        """As they stand: the latest 50 messages of a caller that came into one of ``TROUBLED``, the last one first."""

    def note_troubled(self, caller: str, ended: Mapping[str, datetime]) -> None:
        """Note messages of a caller, by their ids, that came into such a state then. Safe to repeat."""

    def erase(self, message: Message) -> bool:
        """Remove all that is known of a person; what stays only keeps the message's id from being used again.

        False, and nothing is removed, if the message moved meanwhile.
        """

    def is_erased(self, message_id: str) -> bool:
        """Whether a message was erased."""

    def mark_erased(self, person: str, now: datetime) -> None:
        """Note for 15 days that a person was erased, for what waits elsewhere; ``person`` is what ``erased`` gave."""

    def erased_at(self, person: str) -> datetime | None:
        """When a person was erased last, as far as that is noted."""


class Counters(Protocol):
    """The hard limits: what was counted in each tally, by all processes together."""

    def take(self, tally: Tally, now: datetime) -> Full | None:
        """Count in all counters of the tally; or in none, and then the limit that is reached."""

    def look(self, tally: Tally, now: datetime) -> Looked:
        """What ``take`` would answer now, and how full each limit is; nothing is counted."""

    def give(self, tally: Tally) -> None:
        """Take back what was counted."""

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        """Change counters of an item, whatever their limits, but none to below zero. It is needed ``until`` then."""

    def forget(self, key: str, counter: str, moment: int) -> None:
        """Remove a text's moment from a list of an item, if it is there."""


class OptOuts(Protocol):
    """Who wants no texts. ``recipient`` is the keyed hash of a number."""

    def has(self, recipient: str) -> bool:
        """Whether the person wants no texts."""

    def put(self, recipient: str, source: str, now: datetime) -> None:
        """The person wants no texts from now on; ``source`` says how we know."""

    def learn(self, recipient: str, source: str, at: datetime) -> None:
        """The person wanted no texts when one was sent, at that time; unless they have said something since."""

    def remove(self, recipient: str, now: datetime) -> None:
        """The person wants texts again, from now on."""


class Queue(Protocol):
    """Where a message's id, a receipt or a webhook waits for the worker."""

    def put(self, message_id: str, delay: float = 0) -> None:
        """Hand the id over; the worker gets it after ``delay`` seconds."""

    def post(self, what: Mapping[str, object], delay: float = 0) -> None:
        """Hand over what is no message: a receipt that cannot be written down yet, or a webhook."""

    def again(self, handle: str, delay: float) -> None:
        """Let a record that the worker could not handle come back after ``delay`` seconds."""


class Schedule(Protocol):
    """Where a message's id waits for its time."""

    def put(self, message_id: str, at: datetime) -> None:
        """Hand the id over; ``Herald.resume`` is called with it at that time."""

    def remove(self, message_id: str) -> None:
        """Remove the id."""


class Observer(Protocol):
    """Who is told what happens: log lines and metrics.

    ``spent`` is a price that became known with this step, in the provider's currency: it is counted once.
    """

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        """Something happened to a message: ``phrase`` is fixed and lower-case."""

    def accepted(self, message: Message) -> None:
        """A message is ours from now on: told once, when it is claimed."""

    def refused(self, message: Message, guard: str) -> None:
        """A guard did not let a message in: it was not sent, and is not kept."""

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        """A message came into the state it has now; ``latency_ms`` is the provider's. The price of one that is sent
        is counted by itself.
        """

    def count(self, name: str, **extra: object) -> None:
        """Something happened that belongs to no message: ``name`` is one of ``cloudwatch.COUNTERS``."""

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        """Something that an operator should know. Only the error's type and place are told, never its text."""


class Ports(Protocol):
    """What every step of the pipeline takes, and nothing else of the world. Each is made when it is first used."""

    @property
    def settings(self) -> Settings:
        """The stage's settings as they are now; a request reads them once.

        Raises ``InvalidSettings``, ``NotAccepted``.
        """

    @property
    def secret(self) -> bytes:
        """The stage's secret for keyed hashes: who sends makes it, if nobody did. Raises ``NotAccepted``."""

    @property
    def secret_if_made(self) -> bytes | None:
        """The same for who does not send. Without one nothing was ever signed, or sent. Raises ``NotAccepted``."""

    @property
    def url(self) -> str:
        """Where the world reaches the stage, without a last slash. Raises ``NotAccepted``."""

    @property
    def journal(self) -> Journal: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def optouts(self) -> OptOuts: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def slow(self) -> Slow: ...
    @property
    def health(self) -> Health: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def observer(self) -> Observer: ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """Gives the time, aware and in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def left(self) -> float:
        """The seconds until what runs is stopped; endless where nobody stops it."""

    def sender(self, channel: str) -> Sender:
        """The sender of a channel. Raises ``Refused`` if there is none."""

    def refresh(self) -> object:
        """Read the settings anew, for whoever asks for them next. Raises ``NotAccepted``."""

    def grant(self, name: str, since: datetime) -> Grant | None:
        """What the API key of this name, there at ``since``, may do today; None: it is gone. Raises ``NotAccepted``."""

    def callback(self, message: Message) -> str | None:
        """The URL at which the receipts of a message's attempt are awaited; None if it cannot be told now."""
