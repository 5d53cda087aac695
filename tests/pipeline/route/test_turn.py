"""Turn: which channel a message goes by and when, so that no channel is asked faster than its rate."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import NotAccepted, Unavailable
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.route.turn import PATIENCE
from herald.pipeline.send.transitions import OVERDUE
from herald.settings.values import Rate
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.turns import MemoryTurns
from tests.builders import NOW, a_box, fails, reason, send, sends, steps
from tests.failing import Down, FailingJournal

SLOW = Rate(1, 60)


class BrokenPace:
    """A limiter that cannot be reached."""

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        raise Down

    def give(self, line: str, rate: Rate, turn: datetime) -> None:
        raise Down


def test_a_turn_that_is_near_is_waited_for() -> None:
    box = a_box(rate=Rate(1, 2))
    first, second = send(box), send(box)
    assert (first.status, second.status) == (Status.SENT, Status.SENT)
    assert second.sent_at == NOW + timedelta(seconds=2)
    assert not box.queue.waiting


def test_who_would_wait_long_takes_a_place_in_the_line_and_comes_back_for_a_turn() -> None:
    box = a_box(rate=SLOW)
    send(box)
    answer = sends(box)
    message = answer.message
    assert (message.status, message.channel, message.attempts) == (Status.ACCEPTED, "amazonsns", 0)
    assert message.trace[-1].detail == "amazonsns is busy"
    assert message.turn_at
    assert message.due_at == message.turn_at + OVERDUE
    ((queued, delay),) = box.queue.waiting
    assert (queued, delay) == (message.id, (message.turn_at - PATIENCE - NOW).total_seconds())
    box.clock.now = NOW + timedelta(seconds=59)
    sent = box.herald().resume(message.id)
    assert sent
    assert (sent.status, sent.sent_at, sent.attempts) == (Status.SENT, NOW + timedelta(seconds=60), 1)
    assert (sent.turn_at, sent.due_at) == (None, None)
    assert steps(sent) == ["accepted", "queued", "sending", "sent"]


def test_however_long_it_takes_to_ask_a_place_is_not_taken_for_a_turn() -> None:
    class Running(Clock):
        def __call__(self) -> datetime:
            self.pass_(milliseconds=2)
            return self.now

    box = a_box(rate=SLOW, clock=Running())
    assert [send(box).status for _ in range(4)] == [Status.SENT] + [Status.ACCEPTED] * 3
    box.herald().resume(box.queue.waiting[0][0])
    assert len(box.texts) == 1


def test_places_in_the_line_are_as_far_apart_as_turns() -> None:
    box = a_box(rate=SLOW)
    send(box)
    places = [send(box).turn_at or NOW for _ in range(4)]
    assert [later - sooner for sooner, later in pairwise(places)] == [timedelta(seconds=60)] * 3


def test_what_comes_out_of_the_queue_before_its_place_goes_back_and_keeps_it() -> None:
    box = a_box(rate=SLOW)
    send(box)
    send(box)
    message = send(box)
    box.clock.pass_(seconds=30)
    box.queue.waiting.clear()
    assert box.herald().resume(message.id) == message
    assert message.turn_at
    ((_, delay),) = box.queue.waiting
    assert delay == (message.turn_at - PATIENCE - box.clock.now).total_seconds()
    assert len(box.texts) == 1


def test_who_comes_back_and_finds_no_turn_takes_another_place() -> None:
    box = a_box(rate=SLOW)
    send(box)
    message = send(box)
    assert message.turn_at
    box.clock.now = NOW + timedelta(seconds=59)
    assert send(box).status is Status.SENT
    again = box.herald().resume(message.id)
    assert again
    assert again.status is Status.ACCEPTED
    assert again.turn_at
    assert again.turn_at > message.turn_at
    assert len(box.texts) == 2


def test_a_direct_send_does_not_wait_behind_the_line() -> None:
    box = a_box(rate=SLOW)
    send(box)
    for _ in range(20):
        send(box)
    box.clock.pass_(seconds=60)
    assert send(box).status is Status.SENT


def test_the_first_channel_that_is_free_takes_the_message() -> None:
    box = a_box("alpha", "beta", rate=SLOW)
    first, second = send(box), send(box)
    assert (first.channel, second.channel) == ("alpha", "beta")
    assert second.trace[-2].detail == "by beta: alpha is busy"


def test_if_all_channels_are_busy_the_message_waits_for_the_first() -> None:
    box = a_box("alpha", "beta", rate=SLOW)
    messages = [send(box) for _ in range(4)]
    assert [m.channel for m in messages] == ["alpha", "beta", "alpha", "alpha"]
    assert [m.status for m in messages] == [Status.SENT, Status.SENT, Status.ACCEPTED, Status.ACCEPTED]


def test_a_channel_that_comes_after_the_chosen_one_is_still_tried() -> None:
    box = a_box("alpha", "beta", "gamma", rate=SLOW)
    send(box)
    fails(box, Unavailable(), channel="beta")
    assert send(box).channel == "gamma"


def test_a_turn_that_would_come_too_late_is_not_waited_for() -> None:
    box = a_box(rate=SLOW)
    send(box)
    send(box)
    box.queue.waiting.clear()
    message = send(box, valid_for=60, key="k")
    assert (message.status, reason(message), box.queue.waiting) == (Status.EXPIRED, "throttled", [])
    assert sends(box, valid_for=60, key="k").replayed
    assert send(box, valid_for=90).status is Status.ACCEPTED


def test_what_waited_and_cannot_get_another_turn_in_time_has_expired() -> None:
    box = a_box(rate=SLOW)
    waiting = send(box, mode="async", valid_for=30)
    send(box)
    send(box)
    expired = box.herald().resume(waiting.id)
    assert expired
    assert (expired.status, expired.body) == (Status.EXPIRED, None)


def test_a_turn_that_cannot_be_asked_for_is_now() -> None:
    box = a_box(rate=SLOW, turns=BrokenPace())
    assert [send(box).status for _ in range(3)] == [Status.SENT] * 3
    assert ("turn not taken", "Down") in box.observer.told


def test_a_turn_that_cannot_be_asked_for_does_not_come_when_the_time_is_over() -> None:
    class Late(FakeProvider):
        def send(self, message: Message, callback: str | None = None) -> Sent:
            box.clock.pass_(seconds=10)
            return super().send(message)

    box = a_box("alpha", "beta", rate=SLOW, turns=BrokenPace())
    box.providers["alpha"] = Late("alpha", [Unavailable()])
    message = send(box, valid_for=10)
    assert (message.status, reason(message)) == (Status.EXPIRED, "expired")
    assert box.texts == []


@pytest.mark.parametrize("times", [1, 20])
def test_a_repetition_takes_no_turn_and_no_place_in_the_line(times: int) -> None:
    box = a_box(rate=SLOW)
    first, waiting = send(box, key="first"), send(box, key="waits")
    for _ in range(times):
        assert [sends(box, key="first").replayed, sends(box, key="waits").replayed] == [True, True]
    assert waiting.turn_at
    assert send(box).turn_at == waiting.turn_at + timedelta(seconds=60)
    box.clock.now = NOW + timedelta(seconds=60)
    assert [first.sent_at, send(box).sent_at] == [NOW, NOW + timedelta(seconds=60)]


def test_what_cannot_be_written_takes_no_turn() -> None:
    journal = FailingJournal()
    journal.failing["claim"] = 1
    box = a_box(rate=SLOW, journal=journal)
    with pytest.raises(NotAccepted):
        send(box)
    assert send(box).sent_at == NOW


def test_a_turn_that_cannot_be_given_back_costs_nobody_the_answer() -> None:
    class Kept(MemoryTurns):
        def give(self, line: str, rate: Rate, turn: datetime) -> None:
            raise Down

    box = a_box(rate=SLOW, turns=Kept())
    first = send(box, key="first")
    assert sends(box, key="first").message.id == first.id
    assert ("turn not given back", "Down") in box.observer.told


def test_each_channel_has_a_line_of_its_own() -> None:
    box = a_box("alpha", "beta", rate=SLOW)
    places = {channel: [send(box, channel=channel).turn_at for _ in range(3)] for channel in ("alpha", "beta")}
    assert places["alpha"] == places["beta"]
    assert isinstance(box.turns, MemoryTurns)
    assert box.turns.next.keys() == {"alpha", "alpha#line", "beta", "beta#line"}


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


def test_a_turn_at_the_very_moment_when_the_time_is_over_comes_too_late() -> None:
    box = a_box(rate=Rate(1, 4))
    send(box)
    box.clock.pass_(seconds=2)
    assert send(box, valid_for=2).status is Status.EXPIRED
    assert send(box, valid_for=3).status is Status.SENT
