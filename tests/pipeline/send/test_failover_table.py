"""Failover, all of it: for each end of a first channel, whether the second is called in the same request."""

from datetime import timedelta

import pytest

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.route.turn import ATTEMPT
from herald.pipeline.send.delivery import ON_THE_SPOT
from herald.testing.outbox import Outbox
from tests.builders import a_box, fails, reason, send, steps
from tests.pipeline.send.providers import OWN, Slow, calls

ALL = sorted(REASONS)
# What is nobody's answer: the provider may have been called by then.
UNFORESEEN = [OSError(), TimeoutError(), ConnectionRefusedError(), KeyError("Sid"), ValueError(), MemoryError()]
CODES = {"kind": "otp"}


def two(error: Exception, **parts: object) -> Outbox:
    """An outbox whose first channel fails so."""
    box = a_box("alpha", "beta", **parts)
    fails(box, error, channel="alpha")
    return box


@pytest.mark.parametrize("fields", [{}, CODES, {"on_unknown": "resend"}], ids=str)
@pytest.mark.parametrize("code", ALL)
def test_what_was_surely_not_taken_goes_by_the_second(code: str, fields: dict[str, str]) -> None:
    box = two(Unavailable(code, retry_after=60))
    message = send(box, **fields)
    assert (message.status, message.channel, message.attempts) == (Status.SENT, "beta", 2)
    assert (calls(box), box.queue.waiting) == ({"alpha": 1, "beta": 1}, [])
    assert message.trace[2].detail == f"by beta: alpha said {code}"


@pytest.mark.parametrize("fields", [{}, CODES], ids=str)
@pytest.mark.parametrize("code", ALL)
def test_what_was_refused_goes_by_the_second_if_the_channel_is_to_blame_and_else_nowhere(
    code: str, fields: dict[str, str]
) -> None:
    box, own = two(Refused(code)), REASONS[code].who in ("account", "sender")
    message = send(box, **fields)
    assert own == (code in OWN)
    assert calls(box) == {"alpha": 1, "beta": int(own)}
    expected = (Status.SENT, "beta", None) if own else (Status.FAILED, "alpha", code)
    assert (message.status, message.channel, reason(message)) == expected


@pytest.mark.parametrize("fields", [{}, CODES, {"on_unknown": "resend"}], ids=str)
@pytest.mark.parametrize("code", ALL)
def test_what_may_have_been_sent_goes_by_no_second(code: str, fields: dict[str, str]) -> None:
    box = two(Uncertain(code))
    message = send(box, **fields)
    assert (message.status, message.channel, reason(message)) == (Status.UNKNOWN, "alpha", code)
    assert calls(box) == {"alpha": 1, "beta": 0}


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_what_nobody_foresaw_goes_by_no_second(error: Exception) -> None:
    box = two(error)
    message = send(box)
    assert (message.status, reason(message)) == (Status.UNKNOWN, "interrupted")
    assert calls(box) == {"alpha": 1, "beta": 0}


@pytest.mark.parametrize("error", [Unavailable(), Unavailable("throttled"), *map(Refused, OWN)], ids=str)
@pytest.mark.parametrize("missing", [0.001, 5.0, ATTEMPT])
def test_a_second_that_the_time_left_cannot_carry_is_left_to_the_queue(error: AttemptError, missing: float) -> None:
    box = two(error)
    left = [ATTEMPT, ATTEMPT]  # As the first is chosen, and as it is called.
    box.left = lambda: left.pop(0) if left else ATTEMPT - missing
    message = send(box)
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert (message.status, message.channel, steps(message)[-1]) == (Status.ACCEPTED, "beta", "queued")
    assert message.trace[-1].detail == "beta is called by a function that has the time"
    assert [waits for waits, _ in box.queue.waiting] == [message.id]


@pytest.mark.parametrize("error", [Unavailable(), *map(Refused, OWN)], ids=str)
def test_a_second_that_would_keep_the_caller_waiting_too_long_is_left_to_the_queue(error: AttemptError) -> None:
    box = a_box("alpha", "beta")
    box.providers["alpha"] = Slow(
        "alpha", [error], meanwhile=lambda: box.clock.pass_(seconds=ON_THE_SPOT.total_seconds())
    )
    message = send(box)
    assert (calls(box), message.status) == ({"alpha": 1, "beta": 0}, Status.ACCEPTED)


@pytest.mark.parametrize("error", [Unavailable(), *map(Refused, OWN)], ids=str)
def test_a_second_is_not_called_once_the_messages_time_is_over(error: AttemptError) -> None:
    box = a_box("alpha", "beta")
    box.providers["alpha"] = Slow("alpha", [error], meanwhile=lambda: box.clock.pass_(seconds=2))
    message = send(box, valid_for=2)
    assert (calls(box), message.status, reason(message)) == ({"alpha": 1, "beta": 0}, Status.EXPIRED, "expired")
    assert message.expires_at - message.created_at == timedelta(seconds=2)
