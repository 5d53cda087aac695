"""Turn: which channel a message goes by and when, so that no channel is asked faster than its rate."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Unavailable
from herald.message import Message, Status
from herald.settings import Rate
from herald.testing import Outbox
from herald.turn import PATIENCE
from tests.rooms.builders import NOW, Down, a_box, a_message, fails, reason, send, sends, steps

SLOW = Rate(1, 60)


class BrokenPace:
    """A limiter that cannot be reached."""

    def take(self, channel: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        raise Down


def resumed(box: Outbox, message: Message) -> Message:
    """The message when it comes out of the queue."""
    queued, delay = box.queue.waiting.pop()
    assert queued == message.id
    box.clock.pass_(seconds=delay)
    return box.herald().resume(message.id) or message


def test_a_turn_that_is_near_is_waited_for() -> None:
    box = a_box(rate=Rate(1, 2))
    first, second = send(box), send(box)
    assert (first.status, second.status) == (Status.SENT, Status.SENT)
    assert second.sent_at == NOW + timedelta(seconds=2)
    assert not box.queue.waiting


def test_a_turn_that_is_far_is_waited_for_in_the_queue() -> None:
    box = a_box(rate=SLOW)
    send(box)
    answer = sends(box)
    message = answer.message
    assert (message.status, message.channel, message.attempts, answer.replayed) == (
        Status.ACCEPTED, "amazonsns", 0, False
    )  # fmt: skip
    assert message.turn_at == NOW + timedelta(seconds=60)
    assert message.due_at == NOW + timedelta(seconds=120)
    assert message.trace[-1].detail == "amazonsns is busy"
    assert box.queue.waiting == [(message.id, 59.0)]
    sent = resumed(box, message)
    assert (sent.status, sent.sent_at, sent.attempts) == (Status.SENT, message.turn_at, 1)
    assert (sent.turn_at, sent.due_at) == (None, None)
    assert steps(sent) == ["accepted", "queued", "sending", "sent"]


def test_what_comes_out_of_the_queue_early_goes_back_and_keeps_its_turn() -> None:
    box = a_box(rate=SLOW)
    send(box)
    message = send(box)
    box.clock.pass_(seconds=30)
    assert box.herald().resume(message.id) == message
    assert box.queue.waiting == [(message.id, 59.0), (message.id, 29.0)]
    assert box.texts[1:] == []


def test_what_comes_too_late_has_lost_its_turn_and_gets_another() -> None:
    box = a_box(rate=SLOW)
    send(box)
    message = send(box)
    box.queue.waiting.clear()
    assert send(box).turn_at == NOW + timedelta(seconds=120)
    box.clock.now = NOW + timedelta(seconds=62, milliseconds=1)
    late = box.herald().resume(message.id)
    assert late
    assert (late.status, late.turn_at) == (Status.ACCEPTED, NOW + timedelta(seconds=180))


@pytest.mark.parametrize("seconds", [58, 60, 62])
def test_a_turn_counts_a_little_before_and_after_its_moment(seconds: int) -> None:
    box = a_box(rate=SLOW)
    send(box)
    message = send(box)
    box.clock.now = NOW + timedelta(seconds=seconds)
    if seconds < 59:
        assert box.herald().resume(message.id) == message
        return
    sent = box.herald().resume(message.id)
    assert sent
    assert (sent.status, sent.sent_at) == (Status.SENT, NOW + timedelta(seconds=max(60, seconds)))


def test_a_turn_by_a_channel_that_is_no_longer_in_the_route_is_lost() -> None:
    box = a_box("alpha", "beta", rate=SLOW)
    box.journal.claim(a_message(channel="gone", turn_at=NOW))
    (message,) = box.journal.messages.values()
    sent = box.herald().resume(message.id)
    assert sent
    assert (sent.status, sent.channel) == (Status.SENT, "alpha")


def test_the_first_channel_that_is_free_takes_the_message() -> None:
    box = a_box("alpha", "beta", rate=SLOW)
    first, second = send(box), send(box)
    assert (first.channel, second.channel) == ("alpha", "beta")
    assert second.trace[-2].detail == "by beta: alpha is busy"


def test_if_all_channels_are_busy_the_message_waits_for_the_first() -> None:
    box = a_box("alpha", "beta", rate=SLOW)
    messages = [send(box) for _ in range(4)]
    assert [m.channel for m in messages] == ["alpha", "beta", "alpha", "alpha"]
    assert [m.turn_at for m in messages[2:]] == [NOW + timedelta(seconds=60), NOW + timedelta(seconds=120)]


def test_a_channel_that_comes_after_the_chosen_one_is_still_tried() -> None:
    box = a_box("alpha", "beta", "gamma", rate=SLOW)
    send(box)
    fails(box, Unavailable(), channel="beta")
    assert send(box).channel == "gamma"


def test_a_turn_that_would_come_too_late_is_not_waited_for() -> None:
    box = a_box(rate=SLOW)
    send(box)
    message = send(box, valid_for=59, key="k")
    assert (message.status, reason(message), box.queue.waiting) == (Status.EXPIRED, "throttled", [])
    assert sends(box, valid_for=59, key="k").replayed
    assert send(box, valid_for=61).status is Status.ACCEPTED


def test_what_waited_and_cannot_get_another_turn_in_time_has_expired() -> None:
    box = a_box(rate=SLOW)
    waiting = send(box, mode="async", valid_for=30)
    send(box)
    expired = box.herald().resume(waiting.id)
    assert expired
    assert (expired.status, expired.body) == (Status.EXPIRED, None)


def test_a_turn_that_cannot_be_asked_for_is_now() -> None:
    box = a_box(rate=SLOW, pace=BrokenPace())
    assert [send(box).status for _ in range(3)] == [Status.SENT] * 3
    assert ("turn not taken", "Down") in box.notes.told


def test_a_replay_sends_nothing_while_the_message_waits() -> None:
    box = a_box(rate=SLOW)
    send(box)
    first, again = sends(box, key="k"), sends(box, key="k")
    assert again.replayed
    assert again.message.id == first.message.id
    assert [queued for queued, _ in box.queue.waiting] == [first.message.id]


@given(st.lists(st.sampled_from([0.0, 0.3, 5.0]), min_size=1, max_size=30), st.integers(1, 5))
def test_whenever_messages_come_no_second_sees_more_than_the_rate(pauses: list[float], count: int) -> None:
    box = a_box(rate=Rate(count, 1))
    for pause in pauses:
        box.clock.pass_(seconds=pause)
        send(box)
    while box.queue.waiting:
        queued, delay = box.queue.waiting.pop(0)
        box.clock.pass_(seconds=delay)
        box.herald().resume(queued)
    messages = list(box.journal.messages.values())
    assert {message.status for message in messages} == {Status.SENT}
    moments = sorted(message.sent_at for message in messages if message.sent_at)
    for start in moments:
        assert sum(start <= at < start + timedelta(seconds=1) for at in moments) <= count


def test_patience_is_shorter_than_any_lease() -> None:
    assert timedelta(seconds=1) < PATIENCE < timedelta(seconds=10)
