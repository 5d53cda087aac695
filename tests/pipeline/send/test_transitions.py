"""Transitions: each state that a message may come into, as a whole: what is written, and that nothing else changes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Refused, Unavailable
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Sent
from herald.message.status import Status, Step
from herald.pipeline.route.turn import PATIENCE, Place, Turn
from herald.pipeline.send import transitions
from herald.pipeline.send.transitions import (
    FIRST_WAIT,
    LEASE,
    LONGEST_WAIT,
    OVERDUE,
    SHORTEST_WAIT,
    comes_at,
    waiting_time,
)
from tests.builders import NOW, a_message

LATER = NOW + timedelta(minutes=7)
TURN = Turn("beta", NOW + timedelta(minutes=9), "alpha is busy")
PLACE = Place("beta", TURN.at)
THROTTLED, SPAM, LOST = REASONS["throttled"], REASONS["spam"], REASONS["answer_lost"]
SECOND = timedelta(seconds=1)
# Who waits has all its times; whatever becomes of it, those that are over must go.
TIMES: dict[str, Any] = {"due_at": NOW, "retry_at": NOW + SECOND, "turn_at": NOW + 2 * SECOND}
OVER: dict[str, Any] = {"due_at": None, "retry_at": None, "turn_at": None}


def waiting(**changes: Any) -> Message:
    """A message that waits in the queue for the second time."""
    return a_message(**{**TIMES, "attempts": 1, "reason": THROTTLED, "channel": "alpha", **changes})


def in_doubt(**changes: Any) -> Message:
    """A message of which nobody knows, and which is to be sent once more."""
    return waiting(**{"status": Status.UNKNOWN, "reason": LOST, "on_unknown": "resend", **changes})


def becomes(message: Message, status: Status, step: str, detail: str = "", **changes: Any) -> Message:
    """The message as it should be: these changes, one more step, and nothing else."""
    trace = (*message.trace, Step(LATER, step, detail))
    return message.with_(**{**OVER, "status": status, "updated_at": LATER, "trace": trace, **changes})


# ---------------------------------------------------------------------------------------------------- what waits


def test_what_is_queued_is_overdue_a_minute_later() -> None:
    message = a_message()
    assert transitions.queued(message, LATER) == becomes(message, Status.ACCEPTED, "queued", due_at=LATER + OVERDUE)


def test_what_is_scheduled_is_overdue_a_minute_after_its_time() -> None:
    message, at = a_message(send_at=NOW + timedelta(days=1)), NOW + timedelta(days=1)
    assert transitions.scheduled(message, at, LATER) == becomes(
        message, Status.SCHEDULED, "scheduled", due_at=at + OVERDUE
    )


@pytest.mark.parametrize("message", [waiting(), in_doubt(), waiting(possible_duplicate=True)])
def test_what_is_in_line_keeps_its_retry_and_waits_for_its_turn(message: Message) -> None:
    status = Status.ACCEPTED if message.reason is THROTTLED and not message.possible_duplicate else Status.UNKNOWN
    assert transitions.in_line(message, PLACE, "twilio", LATER) == becomes(
        message, status, "queued", "beta is busy", channel="beta", provider="twilio",
        turn_at=TURN.at, retry_at=message.retry_at, due_at=TURN.at + OVERDUE,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- sent, or not


def test_before_the_provider_is_called_channel_attempt_and_lease_are_written() -> None:
    message = waiting()
    assert transitions.sending(message, TURN, "twilio", LATER) == becomes(
        message, Status.SENDING, "sending", "by beta: alpha is busy", channel="beta", provider="twilio", attempts=2,
        due_at=LATER + LEASE, reason=None, possible_duplicate=False,
    )  # fmt: skip


@pytest.mark.parametrize("message", [in_doubt(), waiting(possible_duplicate=True)])
def test_what_may_have_been_sent_is_marked_before_it_is_sent_again_and_keeps_its_reason(message: Message) -> None:
    again = transitions.sending(message, TURN, "twilio", LATER)
    assert (again.status, again.possible_duplicate, again.reason) == (Status.SENDING, True, message.reason)


def test_what_was_sent_has_no_reason_any_more_and_keeps_no_text_in_the_answer() -> None:
    answer = Sent("SM1", {"Sid": "SM1", "Body": "secret"}, price="0.05", texts=frozenset({"Body"}))
    message = waiting(status=Status.SENDING)
    assert transitions.sent(message, answer, LATER) == becomes(
        message, Status.SENT, "sent", reason=None, sent_at=LATER, provider_id="SM1", price="0.05",
        response={"Sid": "SM1"},
    )  # fmt: skip


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED])
@pytest.mark.parametrize("detail", ["", "spam"])
def test_what_is_not_sent_says_why(status: Status, detail: str) -> None:
    message = waiting(response={"earlier": 1})
    assert transitions.unsent(message, status, SPAM, LATER, detail) == becomes(
        message, status, str(status), detail, reason=SPAM
    )


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (Refused("spam", response={"code": "7"}), {"code": "7"}),
        (Refused("spam", response="no mapping"), {"earlier": 1}),
        (Refused("spam"), {"earlier": 1}),
        (ValueError(), {"earlier": 1}),
        (None, {"earlier": 1}),
    ],
)
def test_what_the_provider_answered_is_kept_and_else_what_it_answered_before(
    error: Exception | None, kept: dict[str, Any]
) -> None:
    message = waiting(response={"earlier": 1})
    assert transitions.unsent(message, Status.FAILED, SPAM, LATER, error=error).response == kept
    assert transitions.unknown(message, LOST, LATER, resend_after=120, error=error).response == kept


@pytest.mark.parametrize(("detail", "told"), [("", "not sent again: spam"), ("refused", "not sent again: refused")])
@pytest.mark.parametrize("before", [LOST, None])
def test_what_may_have_been_sent_never_fails_it_stays_unknown_with_its_reason(
    detail: str, told: str, before: Any
) -> None:
    for message in (in_doubt(reason=before), waiting(possible_duplicate=True, reason=before)):
        assert transitions.unsent(message, Status.FAILED, SPAM, LATER, detail) == becomes(
            message, Status.UNKNOWN, "unknown", told, reason=before or SPAM
        )


# ------------------------------------------------------------------------------------------------------- unknown


def test_under_hold_what_nobody_knows_waits_for_nothing() -> None:
    message = waiting(status=Status.SENDING)
    assert transitions.unknown(message, LOST, LATER, resend_after=120) == becomes(
        message, Status.UNKNOWN, "unknown", "answer_lost", reason=LOST
    )


def test_under_resend_what_nobody_knows_waits_to_be_sent_once_more() -> None:
    message, at = waiting(status=Status.SENDING, on_unknown="resend"), LATER + timedelta(seconds=120)
    assert transitions.unknown(message, LOST, LATER, resend_after=120) == becomes(
        message, Status.UNKNOWN, "unknown", "answer_lost", reason=LOST, retry_at=at, due_at=at
    )


@pytest.mark.parametrize(
    "ended",
    [{"possible_duplicate": True}, {"expires_at": LATER + timedelta(seconds=120)}, {"expires_at": LATER}],
)
def test_nothing_is_sent_a_third_time_or_after_its_time(ended: dict[str, Any]) -> None:
    message = waiting(status=Status.SENDING, on_unknown="resend", **ended)
    assert transitions.unknown(message, LOST, LATER, resend_after=120) == becomes(
        message, Status.UNKNOWN, "unknown", "answer_lost", reason=LOST
    )


def test_what_is_sent_once_more_may_be_sent_until_the_very_end_of_its_time() -> None:
    message = waiting(status=Status.SENDING, on_unknown="resend", expires_at=LATER + timedelta(seconds=121))
    assert transitions.unknown(message, LOST, LATER, resend_after=120).waiting


# --------------------------------------------------------------------------------------------------------- later


def wait_of(message: Message) -> float:
    """How long it waits for another attempt, in seconds."""
    assert message.retry_at
    return (message.retry_at - LATER).total_seconds()


def test_what_was_surely_not_sent_waits_as_its_step_says() -> None:
    message = waiting(status=Status.SENDING, reason=None)
    assert transitions.later(message, Unavailable("throttled", retry_after=42), LATER) == becomes(
        message, Status.ACCEPTED, "accepted", "throttled: again in 42 s", reason=THROTTLED,
        retry_at=LATER + 42 * SECOND, due_at=LATER + 42 * SECOND + OVERDUE,
    )  # fmt: skip


def test_what_may_have_been_sent_before_waits_as_unknown_and_keeps_its_reason() -> None:
    message = waiting(status=Status.SENDING, possible_duplicate=True, reason=LOST)
    after = transitions.later(message, Unavailable("throttled", retry_after=42), LATER)
    assert (after.status, after.reason, after.retry_at) == (Status.UNKNOWN, LOST, LATER + 42 * SECOND)


@given(st.integers(1, 400), st.floats(2.0, 1e6))
def test_a_wait_is_our_own_or_half_of_the_time_that_is_left(attempts: int, left: float) -> None:
    message = waiting(attempts=attempts, expires_at=LATER + timedelta(seconds=left))
    half, longest = left / 2, min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 50))
    wait = wait_of(transitions.later(message, Unavailable(), LATER))
    assert min(half, longest / 2) - 1e-5 <= wait <= min(half, longest) + 1e-5


@pytest.mark.parametrize(
    ("left", "retry_after", "ends"),
    [(2.0, 0, False), (1.998, 0, True), (60.0, 59.999, False), (60.0, 60, True), (60.0, 61, True), (0.0, 0, True),
     (1.5, 1, False)],
)  # fmt: skip
def test_who_has_no_second_left_for_another_attempt_has_expired(left: float, retry_after: float, ends: bool) -> None:
    message = waiting(attempts=5, expires_at=LATER + timedelta(seconds=left))
    error = Unavailable("throttled", retry_after=retry_after, response={"code": "7"})
    after = transitions.later(message, error, LATER)
    if not ends:
        assert after.status is Status.ACCEPTED
        assert wait_of(after) >= SHORTEST_WAIT
        return
    assert after == becomes(
        message, Status.EXPIRED, "expired", "throttled: no time left for another attempt", reason=THROTTLED,
        response={"code": "7"},
    )  # fmt: skip


@given(st.integers(1, 10**6))
def test_waits_double_from_five_seconds_to_fifteen_minutes_and_lie_in_the_upper_half(attempts: int) -> None:
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 50))
    drawn = [waiting_time(attempts) for _ in range(40)]
    assert longest / 2 <= min(drawn) < longest * 0.7
    assert longest * 0.8 < max(drawn) <= longest


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({}, NOW),
        ({"send_at": NOW + 5 * SECOND}, NOW + 5 * SECOND),
        ({"send_at": NOW - 5 * SECOND}, NOW),
        ({"retry_at": NOW + 5 * SECOND, "send_at": NOW + SECOND}, NOW + 5 * SECOND),
        ({"turn_at": NOW + 5 * SECOND}, NOW + 5 * SECOND - PATIENCE),
        ({"turn_at": NOW + SECOND}, NOW),
        ({"turn_at": NOW + 5 * SECOND, "retry_at": NOW + 4 * SECOND}, NOW + 4 * SECOND),
    ],
)
def test_a_message_comes_out_of_the_queue_when_all_that_it_waits_for_is_there(
    times: dict[str, Any], at: datetime
) -> None:
    assert comes_at(a_message(**times), NOW) == at
