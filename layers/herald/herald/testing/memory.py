"""Memory: the journal, the queue and the rest in memory, with the rules of the real ones."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from herald.journal import Moved
from herald.journal.item import Mark
from herald.journal.lists import MOST_TROUBLED
from herald.journal.messages import OF_THE_STATUS, PERSONAL
from herald.journal.tally import Full, Looked, State, Tally, best, full, grown, looked, number
from herald.message import Message
from herald.message.status import Status, comes_from


class MemoryJournal:
    """A journal in memory, with the rules of the real one."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.erased: set[str] = set()
        self.marks: dict[str, datetime] = {}
        self.ended_badly: dict[str, dict[str, datetime]] = {}
        self._lock = Lock()

    def claim(self, message: Message) -> Message | None:
        with self._lock:
            before = self.messages.get(message.id)
            if before is None:
                self.messages[message.id] = _kept(message)
            return before

    def keep(self, message: Message) -> bool:
        return message.id in self.messages

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
            due = [
                (m.status is not Status.SENDING, m.due_at, m.id)
                for m in self.messages.values()
                if m.due_at and m.due_at <= now
            ]
        yield from (message_id for *_, message_id in sorted(due))

    def waiting(self, caller: str) -> Iterator[Message]:
        with self._lock:
            due = sorted((m.due_at, m.id) for m in self.messages.values() if m.due_at)
        found = (self.messages[message_id] for _, message_id in due)
        yield from (message for message in found if message.caller == caller and message.waiting)

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        with self._lock:
            theirs = [
                m for m in self.messages.values() if m.recipient == recipient and (not since or m.created_at >= since)
            ]
        older = [m for m in theirs if not before or _age(m) < before]
        yield from sorted(older, key=_age, reverse=True)

    def with_reference(
        self, reference_hash: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        with self._lock:
            found = [m for m in self.messages.values() if m.reference_hash == reference_hash]
        fits = [m for m in found if (not since or m.created_at >= since) and (not before or _age(m) < before)]
        yield from sorted(fits, key=_age, reverse=True)

    def troubled(self, caller: str) -> Iterator[Message]:
        ended = sorted(self.ended_badly.get(caller, {}).items(), key=lambda each: (each[1], each[0]), reverse=True)
        found = (self.get(message_id) for message_id, _ in ended[:MOST_TROUBLED])
        yield from (message for message in found if message)

    def note_troubled(self, caller: str, ended: Mapping[str, datetime]) -> None:
        with self._lock:
            self.ended_badly.setdefault(caller, {}).update(ended)

    def erase(self, message: Message) -> bool:
        with self._lock:
            current = None if message.id in self.erased else self.messages.get(message.id)
            if not current or (current.status, current.attempts) != (message.status, message.attempts):
                return False
            nothing: dict[str, object] = {name: None for name in PERSONAL if name in _NAMES} | {"tags": {}}
            unsaid = dict.fromkeys(("recipient", "reference_hash", "to", "fingerprint"), "")
            self.messages[message.id] = current.with_(**{**nothing, **unsaid}, trace=())
            self.erased.add(message.id)
            return True

    def is_erased(self, message_id: str) -> bool:
        return message_id in self.erased

    def mark_erased(self, person: str, now: datetime) -> None:
        self.marks[person] = now

    def erased_at(self, person: str) -> datetime | None:
        return self.marks.get(person)


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

    def again(self, handle: str, delay: float) -> None:
        self.put_off.append((handle, delay))


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
            state, burst = self.items.setdefault(tally.key, {}), tally.burst
            reached = full(self._looser(tally), state, now, self._earlier(tally))
            if reached is None:
                _add(state, {cap.counter: cap.amount for cap in tally.caps})
                if burst:
                    state[burst.counter] = [burst.moment, *_listed(state, burst.counter)]
            return reached

    def look(self, tally: Tally, now: datetime) -> Looked:
        with self._lock:
            return looked(self._looser(tally), self.items.get(tally.key, {}), now, self._earlier(tally))

    def give(self, tally: Tally) -> None:
        self.add(tally.key, {cap.counter: -cap.amount for cap in tally.caps}, tally.until)
        if tally.burst:
            self.forget(tally.key, tally.burst.counter, tally.burst.moment)

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        with self._lock:
            state = self.items.setdefault(key, {})
            _add(state, {name: by for name, by in amounts.items() if number(state, name) + by >= 0})

    def forget(self, key: str, counter: str, moment: int) -> None:
        with self._lock:
            times = _listed(self.items.get(key, {}), counter)
            if moment in times:
                times.remove(moment)

    def _looser(self, tally: Tally) -> Tally:
        before = tally.growth.before if tally.growth else ()
        return grown(tally, best(tally, (self.items.get(day, {}) for day in before)))

    def _earlier(self, tally: Tally) -> State:
        return self.items.get(tally.burst.before or "", {}) if tally.burst else {}


class MemoryOptOuts:
    """Opt-outs in memory: recipient -> how we know; and when each person said last what they want."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.since: dict[str, datetime] = {}

    def has(self, recipient: str) -> bool:
        return recipient in self.sources

    def put(self, recipient: str, source: str, now: datetime) -> None:
        self.sources[recipient], self.since[recipient] = source, now

    def learn(self, recipient: str, source: str, at: datetime) -> None:
        if recipient not in self.since or self.since[recipient] < at:
            self.put(recipient, source, at)

    def remove(self, recipient: str, now: datetime) -> None:
        self.sources.pop(recipient, None)
        self.since[recipient] = now


_NAMES = set(Message._fields)


def _age(message: Message) -> tuple[datetime, str]:
    return message.created_at, message.id


def _may_move(current: Message, old: Message, new: Message) -> bool:
    if new.text_needed and current.body is None:
        return False
    as_seen = (current.due_at, len(current.trace)) == (old.due_at, len(old.trace))
    settled = old.reserved not in (new.reserved, current.reserved)
    counted_anew = current.counted not in (old.counted.alike if old.counted else (None,))
    looked_after = new.status is old.status and not as_seen
    return (
        current.attempts == old.attempts
        and current.status in comes_from(old.status, new.status)
        and not looked_after
        and not settled
        and not counted_anew
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
