"""Time left: nothing is begun that would be stopped before it has ended; what there is no time for waits, unharmed."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.entrypoints.worker import Worker
from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.route.turn import ATTEMPT
from herald.providers._end import SECONDS
from herald.settings.values import Rate
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import a_box, reason, send, steps

# What one write may take where AWS is slow.
REST = 4.0
CHANNELS = ("alpha", "beta", "gamma")


class Killed(BaseException):
    """The function was stopped while it did what must not be broken off."""


@dataclass
class Life:
    """The end of a function, as Lambda sets it: while an attempt is under way, it is an error to come to it."""

    clock: Clock
    end: datetime
    attempting: bool = False

    def left(self) -> float:
        return max(0.0, (self.end - self.clock()).total_seconds())

    def pass_(self, seconds: float) -> None:
        self.clock.pass_(seconds=seconds)
        if self.attempting and self.clock() > self.end:
            raise Killed


@dataclass
class Timed(FakeProvider):
    """A provider that takes its time, and then answers."""

    life: Life | None = None
    seconds: float = 0.0

    def send(self, message: Message, callback: str | None = None) -> Sent:
        assert self.life
        self.life.attempting = True
        self.life.pass_(self.seconds)
        return super().send(message, callback)


class SlowJournal(MemoryJournal):
    """A journal each of whose writes takes a while; the one after an attempt ends it."""

    def __init__(self, life: Life, seconds: float) -> None:
        super().__init__()
        self._life, self._seconds = life, seconds

    def claim(self, message: Message) -> Message | None:
        self._life.pass_(self._seconds)
        return super().claim(message)

    def move(self, old: Message, new: Message) -> Message:
        self._life.pass_(self._seconds)
        self._life.attempting = False
        return super().move(old, new)


OUTCOMES = st.sampled_from(
    [None, None, Unavailable(), Refused("credentials_refused"), Refused("invalid_sender"), Uncertain("answer_lost")]
)
CALLS = st.lists(st.tuples(st.floats(0, SECONDS) | st.sampled_from([0.0, SECONDS]), OUTCOMES), min_size=1, max_size=3)
SLOW = st.floats(0, REST) | st.just(REST)
LEFT = st.floats(0, 45) | st.floats(SECONDS, SECONDS + 3 * REST)


def a_world(left: float, calls: list[tuple[float, AttemptError | None]], slow: float, wait: float) -> Outbox:
    """A function with so many seconds left, channels that answer so, a journal so slow, and a line so long."""
    names = CHANNELS[: len(calls)]
    box = a_box(*names, rate=Rate(1, wait) if wait else None)
    life = Life(box.clock, box.clock() + timedelta(seconds=left))
    box.left, box.journal = life.left, SlowJournal(life, slow)
    for name, (seconds, answer) in zip(names, calls, strict=True):
        box.providers[name] = Timed(name, [answer, answer], life=life, seconds=seconds)
        if wait:
            box.turns.take(name, Rate(1, wait), now=box.clock(), latest=box.clock())
    box.on_refresh = lambda: renew(box, life, slow)
    return box


def renew(box: Outbox, life: Life, slow: float) -> None:
    """New credentials, which take as long to read as anything; nothing is under way meanwhile."""
    life.attempting = False
    life.pass_(slow)
    for name, old in box.providers.items():
        box.providers[name] = Timed(name, old.answers[:], old.texts, calls=old.calls, life=life, seconds=old.seconds)


def waits(box: Outbox) -> set[str]:
    return {message_id for message_id, _ in box.queue.waiting} | {what["id"] for what, _ in box.queue.posted}


def check(box: Outbox, message: Message) -> None:
    """Nothing is left in the middle: it has ended, or it waits in the queue with its text."""
    kept = box.journal.messages[message.id]
    assert kept.status is not Status.SENDING
    if kept.status is Status.ACCEPTED:
        assert message.id in waits(box)
        assert kept.body


@given(LEFT, CALLS, SLOW, st.floats(0, 1.9))
def test_whatever_time_is_left_and_however_slow_all_is_no_attempt_is_broken_off(
    left: float, calls: list[tuple[float, AttemptError | None]], slow: float, wait: float
) -> None:
    box = a_world(left, calls, slow, wait)
    message = send(box)
    check(box, message)
    if left < ATTEMPT:
        assert sum(provider.calls for provider in box.providers.values()) == 0
        assert (message.status, len(box.queue.waiting)) == (Status.ACCEPTED, 1)


@given(LEFT, CALLS, SLOW, st.floats(0, 1.9), st.integers(1, 4))
def test_what_the_worker_has_no_time_for_goes_back_and_counts_no_receive(
    left: float, calls: list[tuple[float, AttemptError | None]], slow: float, wait: float, receives: int
) -> None:
    box = a_world(left, calls, slow, wait)
    message = send(box, mode="async")
    box.queue.waiting.clear()
    attributes = {"ApproximateReceiveCount": str(receives)}
    record = {"body": json.dumps({"id": message.id}), "receiptHandle": "r", "attributes": attributes}
    assert Worker(box.herald, max_receives=5, wait=30).done(record)
    assert box.queue.put_off == []  # Done with this record: what waits is a new one.
    check(box, message)
    if left < ATTEMPT:
        assert box.queue.posted == [({"id": message.id}, 0)]
        assert steps(box.journal.messages[message.id]) == ["accepted", "queued"]


@given(LEFT, SLOW)
def test_what_waited_for_a_function_with_more_time_is_then_sent_once(left: float, slow: float) -> None:
    box = a_world(left, [(SECONDS, None)], slow, 0)
    message = send(box)
    box.left = lambda: 300.0
    box.providers["alpha"].life.end += timedelta(hours=1)
    while box.queue.waiting:
        box.herald().resume(box.queue.waiting.pop()[0])
    assert [text.id for text in box.texts] == [message.id]
    assert box.journal.messages[message.id].status is Status.SENT


def test_a_message_says_for_what_it_waits() -> None:
    box = a_box()
    box.left = lambda: ATTEMPT - 0.001
    message = send(box)
    assert message.trace[-1].detail == "amazonsns is called by a function that has the time"
    assert (message.status, reason(message), message.attempts) == (Status.ACCEPTED, None, 0)


def test_after_a_channel_that_took_long_the_next_is_left_to_the_queue_if_the_time_is_short() -> None:
    box = a_world(ATTEMPT + 5, [(6.0, Unavailable()), (0.1, None)], 0, 0)
    message = send(box)
    assert [provider.calls for provider in box.providers.values()] == [1, 0]
    assert (message.status, message.channel, waits(box)) == (Status.ACCEPTED, "beta", {message.id})


@pytest.mark.parametrize(("refusing", "reading", "read"), [(3.0, 0.0, 0), (1.0, 4.0, 1)])
def test_credentials_that_cannot_be_renewed_in_time_are_no_reason_to_fail(
    refusing: float, reading: float, read: int
) -> None:
    """There is no time to read them anew; or not after that."""
    box = a_world(ATTEMPT + 0.5, [(refusing, Refused("credentials_refused"))], 0, 0)
    life = box.providers["alpha"].life
    box.on_refresh = lambda: renew(box, life, reading)
    message = send(box)
    assert (message.status, reason(message), waits(box)) == (Status.ACCEPTED, "credentials_refused", {message.id})
    assert (box.refreshed, box.providers["alpha"].calls) == (read, 1)


def test_where_the_journal_took_the_time_before_the_call_nobody_is_called() -> None:
    box = a_world(ATTEMPT + 1, [(0.1, None)], 0, 0)
    box.journal = SlowJournal(box.providers["alpha"].life, 4.0)
    message = send(box)
    assert (box.texts, message.status, waits(box)) == ([], Status.ACCEPTED, {message.id})
    assert steps(message) == ["accepted", "sending", "queued"]
