"""The limits of time fit into each other: a call into an attempt, an attempt into its lease and its function."""

import re

import pytest

from herald.pipeline.announce.call import SECONDS as WEBHOOK
from herald.pipeline.ports import LITTLE
from herald.pipeline.route.slow import LONG, TRIED
from herald.pipeline.route.turn import ATTEMPT, PATIENCE
from herald.pipeline.route.turn import CALL as CALL_AND_REST
from herald.pipeline.send.delivery import ON_THE_SPOT
from herald.pipeline.send.transitions import LEASE
from herald.providers._end import SECONDS as CALL
from herald.providers._http import CONNECT, READ
from tests.house import ROOT

# What the rest takes where AWS is slow: a cold start, the journal's writes, the settings read anew.
REST = CALL_AND_REST - CALL
TURN, SPOT = PATIENCE.total_seconds(), ON_THE_SPOT.total_seconds()
# Until the last call of a message begins, its turn, and the call.
LONGEST = SPOT + TURN + CALL
TEMPLATE = (ROOT / "template.yaml").read_text()


def timeout(function: str) -> float:
    """The timeout of a function, in seconds."""
    found = re.search(rf"\n  {function}:\n.*?\n      Timeout: (\d+)", TEMPLATE, re.DOTALL)
    assert found
    return float(found[1])


def test_each_step_of_a_call_ends_before_the_call() -> None:
    assert CONNECT < READ < CALL


def test_a_call_that_was_not_quick_is_not_followed_by_another_on_the_spot() -> None:
    assert LONG < SPOT < CALL


@pytest.mark.parametrize("function", ["ApiFunction", "InvokeFunction", "WorkerFunction"])
def test_a_function_lives_longer_than_all_calls_for_a_message(function: str) -> None:
    assert timeout(function) >= LONGEST + REST


def test_a_lease_lasts_longer_than_an_attempt_whose_credentials_are_read_anew() -> None:
    assert LEASE.total_seconds() >= 2 * (LONGEST + REST)


def test_one_of_a_slow_channel_is_waited_for_longer_than_an_attempt_takes() -> None:
    assert LONGEST + REST <= TRIED


def test_a_batch_is_over_long_before_sqs_hands_it_out_again() -> None:
    visibility = re.search(r"VisibilityTimeout: (\d+)", TEMPLATE)
    assert visibility
    assert max(LONGEST, WEBHOOK) + REST < timeout("WorkerFunction") < float(visibility[1])


def test_there_is_time_for_an_attempt_at_the_beginning_of_each_function_that_sends() -> None:
    assert REST > 0
    assert ATTEMPT == TURN + CALL + REST
    for function in ("ApiFunction", "InvokeFunction", "WorkerFunction"):
        assert timeout(function) >= ATTEMPT + SPOT


def test_a_webhook_and_its_records_take_no_longer_than_an_attempt() -> None:
    assert WEBHOOK + REST < ATTEMPT


@pytest.mark.parametrize("function", ["ApiFunction", "ReceiptsFunction", "AnnounceFunction", "SweepFunction"])
def test_a_function_begins_something_long_before_it_has_little_time_left(function: str) -> None:
    assert timeout(function) >= 2 * LITTLE
