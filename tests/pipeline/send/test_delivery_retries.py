"""Delivery: what nobody could take is tried again later, and what nobody knows of once more where that is wanted."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import (
    Refused,
    Unavailable,
    Uncertain,
)
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.send.transitions import FIRST_WAIT, OVERDUE, waiting_time
from herald.settings.values import Rate
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import TEXT, a_box, fails, reason, send, steps
from tests.failing import Down, FailingQueue
from tests.pipeline.send.providers import Slow, calls

# ---- again later


@given(st.integers(1, 1000))
def test_the_wait_doubles_from_five_seconds_to_fifteen_minutes_and_is_spread(attempts: int) -> None:
    longest = min(900, 5 * 2.0 ** min(attempts - 1, 50))
    assert longest / 2 <= waiting_time(attempts) <= longest
    assert len({waiting_time(attempts) for _ in range(20)}) > 1


def test_what_no_channel_could_take_waits_in_the_queue_with_its_text() -> None:
    box = a_box("alpha", "beta")
    fails(box, Unavailable(), channel="alpha")
    fails(box, Unavailable("throttled"), channel="beta")
    message = send(box)
    assert (message.status, reason(message), message.body) == (Status.ACCEPTED, "throttled", TEXT)
    ((queued, wait),) = box.queue.waiting
    assert queued == message.id
    assert message.retry_at == box.clock.now + timedelta(seconds=wait)
    assert steps(message)[-1] == "accepted"


def test_waits_grow_until_the_message_is_sent() -> None:
    box = a_box()
    fails(box, *[Unavailable()] * 6)
    message, waits = send(box), []
    while message.status is Status.ACCEPTED:
        _, wait = box.queue.waiting.pop()
        waits.append(wait)
        box.clock.pass_(seconds=wait)
        message = box.herald().resume(message.id) or message
    assert (message.status, message.attempts) == (Status.SENT, 7)
    assert [FIRST_WAIT * 2**n / 2 <= wait <= FIRST_WAIT * 2**n for n, wait in enumerate(waits)] == [True] * 6
    assert message.retry_at is None


def test_retry_after_is_kept_even_if_it_is_longer_than_the_queue_can_wait() -> None:
    box = a_box()
    fails(box, Unavailable("throttled", retry_after=3600))
    message = send(box)
    assert box.queue.waiting.pop() == (message.id, 3600)
    box.clock.pass_(seconds=900)
    assert box.herald().resume(message.id) == message
    assert box.queue.waiting.pop() == (message.id, 2700)
    assert box.providers["amazonsns"].calls == 1
    box.clock.pass_(seconds=2700)
    resumed = box.herald().resume(message.id)
    assert resumed
    assert resumed.status is Status.SENT


def test_a_short_retry_after_does_not_shorten_our_own_wait() -> None:
    box = a_box()
    fails(box, Unavailable("throttled", retry_after=0))
    send(box)
    assert box.queue.waiting[0][1] >= FIRST_WAIT / 2


@pytest.mark.parametrize("retry_after", [86_400.0, 1e9, 1e18, float("inf")])
def test_a_message_whose_time_is_over_before_the_next_attempt_has_expired(retry_after: float) -> None:
    box = a_box()
    fails(box, Unavailable("throttled", retry_after=retry_after))
    message = send(box)
    assert (message.status, reason(message)) == (Status.EXPIRED, "throttled")
    assert message.trace[-1].detail == "throttled: no time left for another attempt"
    assert not box.queue.waiting


def test_an_otp_is_not_tried_again_when_nobody_needs_it_any_more() -> None:
    box = a_box()
    fails(box, *[Unavailable()] * 50)
    message = send(box, kind="otp")
    until = message.expires_at
    while message.status is Status.ACCEPTED:
        box.clock.pass_(seconds=box.queue.waiting.pop()[1])
        message = box.herald().resume(message.id) or message
    assert (message.status, reason(message)) == (Status.EXPIRED, "provider_unavailable")
    assert timedelta() < until - box.clock.now < timedelta(seconds=4)


def test_a_retry_that_cannot_be_queued_is_left_to_the_sweep() -> None:
    box = a_box(queue=FailingQueue())
    fails(box, Unavailable("throttled"))
    message = send(box)
    assert (message.status, reason(message)) == (Status.ACCEPTED, "throttled")
    assert message.retry_at
    assert message.due_at == message.retry_at + OVERDUE
    assert ("message not queued", "Down") in box.observer.told


def test_the_last_waits_shrink_so_that_the_whole_time_is_used() -> None:
    box = a_box()
    fails(box, *[Unavailable()] * 50)
    message = send(box, valid_for=60)
    while message.status is Status.ACCEPTED:
        wait = box.queue.waiting.pop()[1]
        assert wait <= (message.expires_at - box.clock.now).total_seconds() / 2 + 0.001
        box.clock.pass_(seconds=wait)
        message = box.herald().resume(message.id) or message
    assert message.status is Status.EXPIRED
    assert message.expires_at - box.clock.now <= timedelta(seconds=2)


def test_no_channel_is_tried_once_the_time_is_over() -> None:
    box = a_box("alpha", "beta")
    box.providers["alpha"] = Slow("alpha", [Unavailable()], meanwhile=lambda: box.clock.pass_(seconds=10))
    message = send(box, valid_for=10)
    assert (message.status, reason(message)) == (Status.EXPIRED, "expired")
    assert calls(box) == {"alpha": 1, "beta": 0}


def test_who_slept_too_long_before_its_turn_does_not_send() -> None:
    class Oversleeping(Clock):
        def pass_(self, **time: float) -> None:
            super().pass_(**time)
            self.now += timedelta(seconds=1)

    box = a_box(rate=Rate(1, 2), clock=Oversleeping())
    first, second = send(box), send(box, valid_for=2)
    assert (first.status, second.status, reason(second)) == (Status.SENT, Status.EXPIRED, "expired")
    assert second.updated_at == second.trace[-1].at == box.clock.now
    assert box.journal.messages[second.id].status is Status.EXPIRED
    assert len(box.texts) == 1


def test_new_credentials_are_not_tried_once_the_time_is_over() -> None:
    box = a_box()
    box.on_refresh = lambda: box.providers.update(amazonsns=FakeProvider("renewed"))
    refused = [Refused("credentials_refused")]
    box.providers["amazonsns"] = Slow("amazonsns", [*refused], meanwhile=lambda: box.clock.pass_(seconds=10))
    assert send(box, valid_for=10).status is Status.FAILED
    assert box.texts == []


# ---- once more


def unknown(box: Outbox, **fields: object) -> Message:
    """A message of which nobody knows, and which is to be sent once more."""
    fails(box, Uncertain("answer_lost"))
    return send(box, on_unknown="resend", **fields)


def resumed(box: Outbox, message: Message, *answers: Exception | None) -> Message:
    """The message after its wait is over and it was taken up again."""
    assert message.retry_at
    fails(box, *answers)
    box.clock.now = message.retry_at
    return box.herald().resume(message.id) or message


def test_under_hold_an_unknown_message_keeps_no_text_and_waits_for_nothing() -> None:
    box = a_box()
    fails(box, Uncertain("answer_lost"))
    message = send(box)
    assert (message.retry_at, message.due_at, box.journal.messages[message.id].body) == (None, None, None)
    box.clock.pass_(hours=1)
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert box.providers["amazonsns"].calls == 1


def test_under_resend_an_unknown_message_is_sent_once_more_and_marked() -> None:
    box = a_box()
    first = unknown(box)
    assert (first.status, first.possible_duplicate) == (Status.UNKNOWN, False)
    assert first.due_at == first.retry_at == box.clock.now + timedelta(seconds=120)
    second = resumed(box, first)
    assert (second.status, second.possible_duplicate, second.attempts) == (Status.SENT, True, 2)
    assert second.reason is None
    assert steps(second) == ["accepted", "sending", "unknown", "sending", "sent"]


def test_it_is_not_sent_again_before_its_time() -> None:
    box = a_box()
    message = unknown(box)
    box.clock.pass_(seconds=119)
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert box.queue.waiting == [(message.id, 1.0)]
    assert box.providers["amazonsns"].calls == 1


@pytest.mark.parametrize(
    "answer", [Uncertain("answer_unclear"), Down(), Refused("spam"), Refused("no_balance"), Refused("channel_missing")]
)
def test_what_is_not_sent_once_more_stays_unknown_for_good(answer: Exception) -> None:
    box = a_box()
    message = resumed(box, unknown(box), answer)
    assert (message.status, message.possible_duplicate, message.waiting) == (Status.UNKNOWN, True, False)
    assert message.reason
    assert message.reason.code in ("answer_lost", "answer_unclear", "interrupted")
    box.clock.pass_(hours=1)
    assert box.herald().resume(message.id) == message
    assert box.journal.messages[message.id].body is None


def test_what_cannot_be_taken_once_more_is_tried_again_later_and_stays_unknown_meanwhile() -> None:
    box = a_box()
    waiting = resumed(box, unknown(box), Unavailable("throttled"))
    assert (waiting.status, reason(waiting)) == (Status.UNKNOWN, "answer_lost")
    assert waiting.due_at == (waiting.retry_at or box.clock.now) + OVERDUE
    sent = resumed(box, waiting)
    assert (sent.status, sent.possible_duplicate, len(box.texts)) == (Status.SENT, True, 1)


def test_once_more_is_not_after_the_messages_time() -> None:
    box = a_box()
    assert unknown(box, valid_for=120).retry_at is None
    message = unknown(box, valid_for=121)
    box.clock.pass_(seconds=121)
    late = box.herald().resume(message.id)
    assert late
    assert (late.status, late.trace[-1].detail, late.waiting) == (Status.UNKNOWN, "not sent again: expired", False)
    assert box.texts == []


def test_two_who_send_once_more_at_once_send_once() -> None:
    box = a_box()
    message = unknown(box)
    box.clock.pass_(seconds=120)
    box.providers["amazonsns"] = Slow("amazonsns", meanwhile=lambda: box.herald().resume(message.id))
    box.herald().resume(message.id)
    assert len(box.texts) == 1
