"""Testing: Herald without AWS, for the tests of its users and for its own.

::

    from herald.testing import outbox

    def test_a_guest_is_told_that_the_table_is_ready():
        with outbox() as sent:
            my_code_that_calls_herald_send()
        assert sent.texts[0].to == "+919741552552"
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from threading import Lock
from typing import Any

from herald import tokens, wiring
from herald.deliver import Sender
from herald.errors import Refused, Unsupported
from herald.flow import Herald
from herald.heed import Heeding
from herald.journal import OF_THE_STATUS, PERSONAL, Mark, Moved, comes_from
from herald.message import Message, Sent
from herald.receive import Receipts
from herald.settings import DEFAULT_CHANNELS, Rate, Settings
from herald.sweep import Sweep
from herald.tally import Full, Tally, full, number

SECRET = b"a secret of the tests"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Let time pass: ``clock.pass_(minutes=5)``."""
        self.now += timedelta(**time)


class MemoryJournal:
    """A journal in memory, with the rules of the real one."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.erased: set[str] = set()
        self._lock = Lock()

    def claim(self, message: Message) -> Message | None:
        with self._lock:
            before = self.messages.get(message.id)
            if before is None:
                self.messages[message.id] = _kept(message)
            return before

    def get(self, message_id: str) -> Message | None:
        return None if message_id in self.erased else self.messages.get(message_id)

    def move(self, old: Message, new: Message) -> Message:
        with self._lock:
            current = None if old.id in self.erased else self.messages.get(old.id)
            if current is None or not _may_move(current, old, new):
                raise Moved(current)
            self.messages[new.id] = _kept(_changed(current, old, new))
            return self.messages[new.id]

    def due(self, now: datetime) -> Iterator[str]:
        with self._lock:
            due = [(m.due_at, m.id) for m in self.messages.values() if m.due_at and m.due_at <= now]
        yield from (message_id for _, message_id in sorted(due))

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        with self._lock:
            theirs = [
                m for m in self.messages.values() if m.recipient == recipient and (not since or m.created_at >= since)
            ]
        older = [m for m in theirs if not before or _age(m) < before]
        yield from sorted(older, key=_age, reverse=True)

    def erase(self, message: Message) -> bool:
        with self._lock:
            current = None if message.id in self.erased else self.messages.get(message.id)
            if not current or (current.status, current.attempts) != (message.status, message.attempts):
                return False
            nothing = {name: None for name in PERSONAL if name in _NAMES} | {"tags": {}, "recipient": ""}
            self.messages[message.id] = current.with_(**nothing, to="", fingerprint="", trace=())
            self.erased.add(message.id)
            return True


class MemoryQueue:
    """A queue in memory: ``(id, delay in seconds)``, what else waits, and the records that are to come back."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, float]] = []
        self.posted: list[tuple[Mapping[str, Any], float]] = []
        self.put_off: list[tuple[str, float]] = []

    def put(self, message_id: str, delay: float = 0) -> None:
        self.waiting.append((message_id, delay))

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        self.posted.append((what, delay))

    def again(self, receipt: str, delay: float) -> None:
        self.put_off.append((receipt, delay))


class MemorySchedule:
    """Schedules in memory: id -> time."""

    def __init__(self) -> None:
        self.at: dict[str, datetime] = {}

    def put(self, message_id: str, at: datetime) -> None:
        self.at[message_id] = at

    def remove(self, message_id: str) -> None:
        self.at.pop(message_id, None)


class MemoryCounters:
    """Counters in memory, with the rules of the real ones."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, int | list[int]]] = {}
        self._lock = Lock()

    def take(self, tally: Tally, now: datetime) -> Full | None:
        with self._lock:
            state = self.items.setdefault(tally.key, {})
            reached = full(tally, state, now)
            if reached is None:
                _add(state, {cap.counter: cap.amount for cap in tally.caps})
                if tally.burst:
                    state[tally.burst.counter] = [int(now.timestamp()), *_listed(state, tally.burst.counter)]
                for counter in tally.over:
                    state.pop(counter, None)
            return reached

    def give(self, tally: Tally) -> None:
        with self._lock:
            state = self.items.setdefault(tally.key, {})
            _add(state, {cap.counter: -cap.amount for cap in tally.caps})
            if tally.burst:
                state[tally.burst.counter] = _listed(state, tally.burst.counter)[1:]

    def add(self, key: str, amounts: Mapping[str, int]) -> None:
        with self._lock:
            _add(self.items.setdefault(key, {}), amounts)


class MemoryOptOuts:
    """Opt-outs in memory: recipient -> how we know."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}

    def has(self, recipient: str) -> bool:
        return recipient in self.sources

    def put(self, recipient: str, source: str, now: datetime) -> None:
        self.sources[recipient] = source

    def remove(self, recipient: str) -> None:
        self.sources.pop(recipient, None)


class MemoryPace:
    """Turns in memory: the next free moment by line."""

    def __init__(self) -> None:
        self.next: dict[str, datetime] = {}
        self._lock = Lock()

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        with self._lock:
            at = max(now, self.next.get(line, now))
            if at > latest:
                return None
            self.next[line] = at + timedelta(microseconds=ceil(rate.seconds * 1e6 / rate.messages))
            return at


@dataclass
class FakeProvider:
    """A provider that keeps a ledger of what it accepted.

    ``answers`` come first, in turn: an error to raise, or None to accept. Then it accepts everything.
    """

    name: str = "fake"
    answers: list[Exception | None] = field(default_factory=list)
    texts: list[Message] = field(default_factory=list)
    callbacks: list[str | None] = field(default_factory=list)
    calls: int = 0

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        self.texts.append(message)
        self.callbacks.append(callback)
        provider_id = f"{self.name}-{len(self.texts)}"
        return Sent(provider_id, {"Sid": provider_id, "Body": message.body}, texts=frozenset({"Body"}))

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Unsupported(f"{self.name} has no delivery status to ask for")


class Notes:
    """An observer that keeps what it is told: ``(phrase, message id or error type)``."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        self.told.append((phrase, message.id))

    def accepted(self, message: Message) -> None:
        self.told.append(("message accepted", message.id))

    def refused(self, message: Message, guard: str) -> None:
        self.told.append(("message refused", guard))

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        self.step(f"message {message.status}", message)

    def count(self, name: str, **extra: object) -> None:
        self.told.append((name, ""))

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.told.append((phrase, type(error).__name__))


@dataclass
class Outbox:
    """Herald in memory, and all its parts. Add channels by name to ``providers``."""

    providers: dict[str, Any] = field(default_factory=lambda: {"amazonsns": FakeProvider("amazonsns")})
    settings: Settings = field(default_factory=lambda: Settings(channels=DEFAULT_CHANNELS))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    schedule: MemorySchedule = field(default_factory=MemorySchedule)
    pace: MemoryPace = field(default_factory=MemoryPace)
    counters: MemoryCounters = field(default_factory=MemoryCounters)
    optouts: MemoryOptOuts = field(default_factory=MemoryOptOuts)
    notes: Notes = field(default_factory=Notes)
    clock: Clock = field(default_factory=Clock)
    refreshed: int = 0
    on_refresh: Callable[[], None] | None = None

    @property
    def texts(self) -> list[Message]:
        """All texts that a provider accepted."""
        return [text for provider in self.providers.values() for text in provider.texts]

    def channel(self, name: str) -> Sender:
        """The sender of a channel. Raises ``Refused`` if there is none."""
        if name not in self.providers:
            raise Refused("channel_missing")
        sender: Sender = self.providers[name]
        return sender

    def refresh(self) -> None:
        """The settings are read anew: counted, and ``on_refresh`` may change them."""
        self.refreshed += 1
        if self.on_refresh:
            self.on_refresh()

    def herald(self) -> Herald:
        """The journey with these parts."""
        return Herald(
            settings=lambda: self.settings,
            refresh=self.refresh,
            hash_key=lambda: SECRET,
            channel=self.channel,
            journal=self.heeding,
            queue=lambda: self.queue,
            schedule=lambda: self.schedule,
            pace=lambda: self.pace,
            tallies=lambda: self.counters,
            optouts=lambda: self.optouts,
            observer=self.notes,
            clock=self.clock,
            sleep=lambda seconds: self.clock.pass_(seconds=seconds),
            callback=self.callback,
        )

    def heeding(self) -> Heeding:
        """The journal, with what follows from an end."""
        return Heeding(
            self.journal,
            settings=lambda: self.settings,
            tallies=lambda: self.counters,
            optouts=lambda: self.optouts,
            observer=self.notes,
            clock=self.clock,
        )

    def callback(self, message: Message) -> str:
        """The URL for the receipts of a message's attempt."""
        channel, expires = message.channel or "", message.expires_at + wiring.RECEIPTS_COME
        return f"https://herald.test/receipts/{channel}/" + tokens.make(
            SECRET, channel, message.id, message.attempts, expires
        )

    def receipts(self) -> Receipts:
        """What takes in the receipts of these parts."""
        with wiring.replaced(self.herald()):
            return wiring.receipts()

    def sweep(self) -> Sweep:
        """The sweep of these parts."""
        delivery = self.herald().delivery
        return Sweep(journal=self.heeding, delivery=delivery, observer=self.notes, clock=self.clock)


@contextmanager
def outbox() -> Iterator[Outbox]:
    """While open, ``herald.send`` and its like work in memory. Gives the ``Outbox`` whose ``texts`` were sent."""
    box = Outbox(clock=Clock(datetime.now(UTC)))
    with wiring.replaced(box.herald()):
        yield box


_NAMES = set(Message._fields)


def _age(message: Message) -> tuple[datetime, str]:
    return message.created_at, message.id


def _may_move(current: Message, old: Message, new: Message) -> bool:
    if new.text_needed and current.body is None:
        return False
    as_seen = (current.due_at, len(current.trace)) == (old.due_at, len(old.trace))
    settled = old.reserved not in (new.reserved, current.reserved)
    looked_after = new.status is old.status and not as_seen
    return (
        current.attempts == old.attempts and current.status in comes_from(old, new) and not looked_after and not settled
    )


def _changed(current: Message, old: Message, new: Message) -> Message:
    """``current`` with what differs between ``old`` and ``new``: what somebody else wrote meanwhile stays."""
    changed = {name for name in _NAMES if getattr(new, name) != getattr(old, name)} | OF_THE_STATUS
    changes = {name: getattr(new, name) for name in changed}
    return current.with_(**{**changes, "trace": (*current.trace, *new.trace[len(old.trace) :])})


def _add(state: dict[str, int | list[int]], amounts: Mapping[str, int]) -> None:
    for counter, amount in amounts.items():
        state[counter] = number(state, counter) + amount


def _listed(state: Mapping[str, int | list[int]], counter: str) -> list[int]:
    found = state.get(counter, [])
    return found if isinstance(found, list) else []


def _kept(message: Message) -> Message:
    return message if message.text_needed else message.with_(body=None)
