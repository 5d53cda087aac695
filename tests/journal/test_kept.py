"""Whatever a vendor answers, or says later, can be written into DynamoDB, and is told as it is stored."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.bounds import usable
from herald.message.receipt import Receipt, Sent
from herald.message.status import Status
from herald.pipeline.receive.record import record
from herald.providers._base import Provider
from tests.builders import a_box, send
from tests.message.test_bounds import TEXTS, VALUES, nested

SAID = st.dictionaries(TEXTS, VALUES, max_size=5)
HUGE = {"Message": "x" * 400_000, "half a pair": "\ud83d", "deep": nested(200), "nan": float("nan"), "number": 10**400}
IDS = TEXTS | st.just("a1")


class AnyVendor(Provider):
    """A vendor that answers as it is told."""

    name = "any"
    answer: Sent | AttemptError

    def __init__(self) -> None:
        pass

    def request(self, message: Message, callback: str | None = None) -> Mapping[str, Any]:
        return {}

    def transmit(self, request: Mapping[str, Any]) -> Any:
        return self.answer

    def read(self, answer: Any) -> Sent:
        if isinstance(answer, Sent):
            return answer
        raise answer

    @classmethod
    def parse_receipt(cls, said: Mapping[str, Any]) -> Receipt:
        return Receipt(said["id"], Status.DELIVERED, price=said["price"], raw=said["raw"])


def sending(dynamodb: Any, table: str, answer: Sent | AttemptError) -> tuple[Any, Message]:
    """A message that was sent through a vendor which answers so, and its box."""
    vendor = AnyVendor()
    vendor.answer = answer
    box = a_box(journal=DynamoJournal(dynamodb, table), providers={"amazonsns": vendor})
    return box, send(box)


few = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(provider_id=IDS, response=SAID, price=st.none() | TEXTS)
@example(provider_id="x" * 400_000, response={}, price=None)
@example(provider_id="\ud83d", response={}, price=None)
@example(provider_id="a1", response=HUGE, price="9" * 400_000)
def test_an_answer_that_accepts_is_written_and_told_alike(
    dynamodb: Any, table: str, provider_id: str, response: dict[str, Any], price: str | None
) -> None:
    box, told = sending(dynamodb, table, Sent(provider_id, response, price))
    assert box.journal.get(told.id) == told
    assert told.status is (Status.SENT if usable(provider_id) else Status.UNKNOWN)
    assert ("result not recorded", "ClientError") not in box.observer.told
    json.dumps(told.public(), ensure_ascii=False, allow_nan=False).encode()


@few
@given(kind=st.sampled_from([Refused, Uncertain]), response=SAID)
@example(kind=Refused, response=HUGE)
def test_an_answer_that_does_not_is_written_and_told_alike(
    dynamodb: Any, table: str, kind: type[AttemptError], response: dict[str, Any]
) -> None:
    reason = "answer_unclear" if kind is Uncertain else "request_refused"
    box, told = sending(dynamodb, table, kind(reason, response=response))
    assert box.journal.get(told.id) == told
    assert told.status is (Status.UNKNOWN if kind is Uncertain else Status.FAILED)
    json.dumps(told.public(), ensure_ascii=False, allow_nan=False).encode()


def test_what_is_asked_again_later_is_written_as_well(dynamodb: Any, table: str) -> None:
    box, told = sending(dynamodb, table, Unavailable("throttled", response=HUGE))
    assert told.status is Status.ACCEPTED
    assert box.journal.get(told.id) == told


@few
@given(provider_id=IDS, raw=SAID, price=st.none() | TEXTS)
@example(provider_id="x" * 400_000, raw=HUGE, price="\ud83d")
def test_a_receipt_is_written_whatever_it_says(
    dynamodb: Any, table: str, provider_id: str, raw: dict[str, Any], price: str | None
) -> None:
    box, sent = sending(dynamodb, table, Sent("a1", {}))
    receipt = AnyVendor.receipt({"id": provider_id, "price": price, "raw": raw})
    assert len(json.dumps(receipt.kept())) < 10_000
    recorded = record(box, sent, receipt, sent.attempts)
    assert recorded == box.journal.get(sent.id)
    assert recorded is not None and recorded.status is Status.DELIVERED
