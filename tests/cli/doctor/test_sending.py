"""``--send-to``: one text by the stage's own function, and what came of it."""

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from herald.cli.diagnosis.findings import Finding
from herald.cli.diagnosis.sending import Sending
from herald.message.reasons import REASONS
from herald.message.status import Status
from tests.cli.doctor.aws import Aws
from tests.cli.doctor.place import PARTS, a_place

if TYPE_CHECKING:
    from collections.abc import Iterator

TO = "+919741552552"
SENT = {"id": "msg_1", "to": TO, "channel": "exotel", "status": "sent"}


def function(answer: object, error: str | None = None) -> Aws:
    """The stage's function, which answers this."""
    failed = {"FunctionError": error} if error else {}
    return Aws({"Invoke": lambda _: {"Payload": io.BytesIO(json.dumps(answer).encode()), "StatusCode": 200, **failed}})


def sends(aws: Aws, *became: Status, reason: str | None = None, channel: str | None = None) -> list[Finding]:
    states: Iterator[Status] = iter(became)
    why = REASONS[reason] if reason else None
    found: list[Any] = [SimpleNamespace(status=each, reason=why) for each in states]

    def find(message_id: str) -> Any:
        assert message_id == "msg_1"
        return found.pop(0) if len(found) > 1 else found[0]

    return list(Sending(a_place(aws), find, wait=0.05, sleep=lambda _: None).send(TO, channel))


def test_a_text_that_is_delivered_is_told_without_its_number() -> None:
    accepted, delivered = sends(function(SENT), Status.SENT, Status.DELIVERED)
    assert accepted.level == "ok" and "by exotel: sent" in accepted.said and TO not in accepted.said
    assert (delivered.level.value, delivered.said) == ("ok", "msg_1: delivered")


def test_one_text_is_asked_for_by_the_function_and_by_the_channel_that_was_named() -> None:
    asked: list[Any] = []

    def answer(given: Any) -> dict[str, Any]:
        asked.append(given)
        return {"Payload": io.BytesIO(json.dumps(SENT).encode()), "StatusCode": 200}

    sends(Aws({"Invoke": answer}), Status.DELIVERED, channel="exotel")
    (given,) = asked
    fields = json.loads(given["Payload"])
    assert given["FunctionName"] == PARTS["invoke_function"]
    assert (fields["to"], fields["channel"]) == (TO, "exotel")
    assert fields["idempotency_key"].startswith("doctor-")


def test_one_that_is_refused_is_a_failure_with_heralds_own_sentence() -> None:
    said = {"errorType": "NotAllowed", "errorMessage": "country_not_allowed: SG is not among countries."}
    (finding,) = sends(function(said, "Unhandled"), Status.SENT)
    assert finding.level == "failure" and "country_not_allowed" in finding.said


@pytest.mark.parametrize(
    ("became", "reason", "level"),
    [
        (Status.UNDELIVERED, "opted_out", "failure"),
        (Status.FAILED, "spend_limit", "failure"),
        (Status.SENT, None, "note"),
        (Status.ACCEPTED, None, "warning"),
        (Status.UNKNOWN, None, "warning"),
    ],
)
def test_what_became_of_it_is_told(became: Status, reason: str | None, level: str) -> None:
    finding = sends(function(SENT), became, reason=reason)[-1]
    assert finding.level == level
    assert not reason or REASONS[reason].text in finding.said


def test_a_function_that_may_not_be_asked_is_told_and_takes_nothing_from_the_other_results() -> None:
    (finding,) = sends(Aws({"Invoke": "AccessDeniedException"}), Status.SENT)
    assert (finding.level.value, finding.missing) == ("note", "lambda:InvokeFunction")
