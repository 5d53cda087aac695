"""A channel that answers slowly is left alone for a while by what waits in the queue, and by nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Unavailable, Uncertain
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.route.slow import LONG, REST, TRIED, SlowChannels
from herald.pipeline.send.transitions import LONGEST_WAIT
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_box, reason, send


class Drips(FakeProvider):
    """A provider that takes ``seconds`` for each call; while ``silent`` it does not answer at all."""

    clock: Clock
    seconds = 15.0
    silent = True

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.clock.pass_(seconds=self.seconds)
        if self.silent:
            self.calls += 1
            raise Uncertain("answer_lost")
        return super().send(message, callback)


def seconds_of(clock: Clock) -> Callable[[], float]:
    """The same clock, in seconds."""
    return lambda: clock().timestamp()


def a_slow_box(*channels: str, **parts: Any) -> tuple[Outbox, Drips]:
    """An outbox whose first channel drips, under one clock."""
    clock = Clock(NOW)
    box = a_box(*channels, clock=clock, slow=SlowChannels(seconds_of(clock)), **parts)
    drips = Drips(channels[0])
    drips.clock = clock
    box.providers[channels[0]] = drips
    return box, drips


def resumed(box: Outbox, message: Message) -> Message:
    """The message after the worker took it up."""
    found = box.herald().resume(message.id)
    assert found
    return found


def waiting(box: Outbox, number: int, **fields: object) -> list[Message]:
    """Messages in the queue."""
    return [send(box, mode="async", **fields) for _ in range(number)]


def test_of_many_in_the_queue_one_finds_out_and_the_others_wait() -> None:
    box, drips = a_slow_box("drips")
    first, *others = waiting(box, 5)
    box.queue.waiting.clear()
    assert resumed(box, first).status is Status.UNKNOWN
    put_back = [resumed(box, each) for each in others]
    assert {each.status for each in put_back} == {Status.ACCEPTED}
    assert {each.trace[-1].detail for each in put_back} == {"drips answers slowly"}
    assert drips.calls == 1
    assert sorted(found for found, _ in box.queue.waiting) == sorted(each.id for each in others)
    assert {delay for _, delay in box.queue.waiting} == {REST * drips.seconds}
    assert all(each.due_at and each.due_at > box.clock.now + timedelta(seconds=60) for each in put_back)


def test_afterwards_one_is_tried_and_if_it_goes_well_all_go() -> None:
    box, drips = a_slow_box("drips")
    first, *others = waiting(box, 5)
    resumed(box, first)
    for each in others:
        resumed(box, each)
    box.clock.pass_(seconds=REST * drips.seconds)
    drips.silent, drips.seconds = False, 0.1
    assert {resumed(box, each).status for each in others} == {Status.SENT}


def test_afterwards_one_is_tried_and_if_it_takes_long_again_the_others_wait_again() -> None:
    box, drips = a_slow_box("drips")
    first, *others = waiting(box, 5)
    resumed(box, first)
    for each in others:
        resumed(box, each)
    box.clock.pass_(seconds=REST * drips.seconds)
    assert [resumed(box, each).status for each in others] == [Status.UNKNOWN] + [Status.ACCEPTED] * 3
    assert drips.calls == 2


def test_one_that_is_slow_but_answers_is_given_no_more_of_the_workers_time() -> None:
    box, drips = a_slow_box("drips")
    drips.silent, drips.seconds = False, 6.0
    first, second = waiting(box, 2)
    assert resumed(box, first).status is Status.SENT
    assert resumed(box, second).status is Status.ACCEPTED
    assert box.queue.waiting[-1] == (second.id, REST * 6.0)


def test_while_one_is_tried_nobody_else_is() -> None:
    clock = Clock(NOW)
    slow = SlowChannels(seconds_of(clock))
    with slow.attempt("a"):
        clock.pass_(seconds=LONG)
    clock.pass_(seconds=REST * LONG)
    assert [slow.wait("a"), slow.wait("a"), slow.wait("b")] == [0.0, TRIED, 0.0]
    clock.pass_(seconds=TRIED)
    assert slow.wait("a") == 0.0  # The one that was tried never came back.
    with slow.attempt("a"):
        clock.pass_(seconds=LONG - 0.1)
    assert [slow.wait("a")] * 2 == [0.0, 0.0]


def test_however_an_attempt_ends_its_time_counts() -> None:
    clock = Clock(NOW)
    slow = SlowChannels(seconds_of(clock))
    with pytest.raises(Uncertain), slow.attempt("a"):
        clock.pass_(seconds=15)
        raise Uncertain("answer_lost")
    assert slow.wait("a") == 30.0


def test_who_waits_for_an_answer_is_told_the_truth_and_not_put_off() -> None:
    box, drips = a_slow_box("drips")
    assert [send(box).status for _ in range(2)] == [Status.UNKNOWN] * 2
    drips.silent, drips.seconds = False, 0.1
    assert send(box).status is Status.SENT


def test_where_another_channel_is_free_what_waits_goes_by_that() -> None:
    box, drips = a_slow_box("drips", "good")
    first, second = waiting(box, 2)
    assert resumed(box, first).status is Status.UNKNOWN
    sent = resumed(box, second)
    assert (sent.status, sent.channel) == (Status.SENT, "good")
    assert sent.trace[-2].detail == "by good: drips answers slowly"
    assert drips.calls == 1


def test_other_channels_and_test_messages_do_not_wait() -> None:
    box, _ = a_slow_box("drips", "good")
    resumed(box, waiting(box, 1)[0])
    by_good = waiting(box, 1, channel="good")[0]
    assert resumed(box, by_good).status is Status.SENT


@pytest.mark.parametrize("error", [Unavailable(), Unavailable("throttled")])
def test_after_a_channel_that_took_long_to_say_no_the_next_one_is_tried_from_the_queue(error: Unavailable) -> None:
    box, _ = a_slow_box("drips", "good")
    slow = box.providers["drips"] = SaysNo("drips", [error])
    slow.clock = box.clock
    message = send(box)
    assert (message.status, reason(message)) == (Status.ACCEPTED, error.code)
    box.clock.pass_(seconds=10)
    sent = resumed(box, message)
    assert (sent.status, sent.channel, sent.attempts) == (Status.SENT, "good", 2)


class SaysNo(FakeProvider):
    """A provider that needs 14 seconds for its answers."""

    clock: Clock

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.clock.pass_(seconds=14)
        return super().send(message, callback)


@given(st.integers(10, 86_400), st.integers(0, 40))
def test_what_waits_comes_back_in_time_and_leaves_a_short_trace(valid_for: int, recovers: int) -> None:
    """However long its channel answers slowly: it is sent soon after, or its time is over and never before."""
    box, drips = a_slow_box("drips")
    first, message = waiting(box, 1, valid_for=86_400)[0], waiting(box, 1, valid_for=valid_for)[0]
    resumed(box, first)
    good_at = box.clock.now + timedelta(seconds=valid_for * recovers / 40)
    while message.waiting:
        comes = max((message.turn_at or box.clock.now) - timedelta(seconds=2), box.clock.now)
        box.clock.now = comes
        if comes >= good_at:
            drips.silent, drips.seconds = False, 0.1
        else:
            with box.slow.attempt("drips"):
                box.clock.pass_(seconds=15)
        message = resumed(box, message)
    assert message.status in (Status.SENT, Status.EXPIRED)
    assert len(message.trace) < 200
    if message.status is Status.SENT:
        assert message.sent_at and message.sent_at < message.expires_at
        assert message.sent_at - good_at <= timedelta(seconds=LONGEST_WAIT + 60)
    else:
        assert message.expires_at - good_at <= timedelta(seconds=62)
