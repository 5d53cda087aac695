"""Queue: what the worker is to do travels, never a text; a wait is never cut short by rounding."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from herald.aws.queue import LONGEST_DELAY, Queue
from tests.strategies import json_values
from tests.tables import client


class Ledger:
    """An SQS client that only remembers."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def send_message(self, **request: Any) -> None:
        self.calls.append(request)


def delay(seconds: float) -> int:
    """What SQS is asked to wait."""
    ledger = Ledger()
    Queue(ledger, "url").put("msg_1", seconds)
    waits: int = ledger.calls[0]["DelaySeconds"]
    return waits


@pytest.mark.parametrize(("asked", "got"), [(0, 0), (0.1, 1), (12, 12), (12.4, 13), (900, 900), (900.5, 900), (-3, 0)])
def test_a_delay_is_rounded_up_and_stays_within_what_sqs_can(asked: float, got: int) -> None:
    assert delay(asked) == got


@given(st.floats(allow_nan=False))
def test_a_wait_is_never_cut_short_except_by_the_longest_that_sqs_can(seconds: float) -> None:
    assert min(seconds, LONGEST_DELAY) <= delay(seconds) <= LONGEST_DELAY
    assert isinstance(delay(seconds), int)


def test_an_id_arrives_in_the_queue_and_nothing_else(engine: str) -> None:
    sqs = client("sqs", engine)
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    Queue(sqs, url).put("msg_1")
    (arrived,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(arrived["Body"]) == {"id": "msg_1"}


@given(st.dictionaries(st.text(max_size=5), st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=2))
def test_anything_that_the_worker_knows_is_queued_as_it_is(what: dict[str, Any]) -> None:
    ledger = Ledger()
    Queue(ledger, "url").post(what, 1.5)
    (call,) = ledger.calls
    assert (json.loads(call["MessageBody"]), call["DelaySeconds"], call["QueueUrl"]) == (what, 2, "url")


def test_a_delayed_id_is_not_there_yet(engine: str) -> None:
    sqs = client("sqs", engine)
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    Queue(sqs, url).put("msg_1", 600)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_queue_that_is_not_there_is_the_clients_own_error(engine: str) -> None:
    with pytest.raises(ClientError):
        Queue(client("sqs", engine), f"{engine}/000000000000/nowhere").put("msg_1")
