"""The listing of what failed: why, since when, and what cannot be repeated; nothing of what it holds, nothing moved."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.aws.dead_listing import Judged, look, of_a_message, of_a_webhook, of_an_invocation
from tests.aws.test_dead_letters import EVENT, wrapped
from tests.builders import NUMBER, TEXT

SINCE = datetime(2026, 11, 27, 10, 2, tzinfo=UTC)


class Sqs:
    """A queue with these records, of which so many are hidden; ``away`` are those that were not put back."""

    def __init__(self, *bodies: str, hidden: int = 0, breaks: int = 10**9) -> None:
        at = str(int(SINCE.timestamp() * 1000))
        self._waiting = [a_record(str(place), body, at) for place, body in enumerate(bodies)]
        self._hidden, self._breaks, self.away = hidden, breaks, set[str]()

    def get_queue_attributes(self, **_: Any) -> dict[str, dict[str, str]]:
        counts = {"": len(self._waiting), "NotVisible": self._hidden}
        return {"Attributes": {f"ApproximateNumberOfMessages{name}": str(count) for name, count in counts.items()}}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        taken = [record for record in self._waiting if record["MessageId"] not in self.away]
        self._breaks -= 1
        if self._breaks < 0:
            raise ConnectionError(TEXT)
        given = taken[: asked["MaxNumberOfMessages"]]
        self.away |= {record["MessageId"] for record in given}
        return {"Messages": given} if given else {}

    def change_message_visibility(self, **asked: Any) -> None:
        assert asked["VisibilityTimeout"] == 0
        self.away.remove(asked["ReceiptHandle"])


def a_record(name: str, body: str, at: str = "0", **attributes: str) -> dict[str, Any]:
    said = {key: {"StringValue": value} for key, value in attributes.items()}
    ids = {"MessageId": name, "ReceiptHandle": name, "Body": body}
    return {**ids, "Attributes": {"SentTimestamp": at}, "MessageAttributes": said}


def nobody(number: object, since: datetime) -> bool:
    return False


def why(body: str, **attributes: str) -> Judged:
    """What is said of a failed invocation."""
    return of_an_invocation(a_record("1", body, **attributes), nobody)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_all_are_looked_at_and_put_back(count: int) -> None:
    sqs = Sqs(*["{}"] * count, hidden=3)
    found = look(sqs, "dead", of_a_message)
    assert (found.able, found.stuck, found.more, found.hidden) == (count, 0, 0, 3)
    assert found.since == (SINCE if count else None)
    assert sqs.away == set()


def test_of_very_many_the_rest_is_only_counted() -> None:
    sqs = Sqs(*["{}"] * 30)
    found = look(sqs, "dead", of_a_message, most=12)
    assert (found.found.total(), found.more, found.able, sqs.away) == (12, 18, 30, set())


def test_what_breaks_off_puts_back_what_it_took() -> None:
    sqs = Sqs(*["{}"] * 30, breaks=2)
    with pytest.raises(ConnectionError):
        look(sqs, "dead", of_a_message)
    assert sqs.away == set()


def test_equal_reasons_are_counted_together() -> None:
    hook = json.dumps({"hook": {"url": f"https://hooks.example.com/{TEXT}?key=s3cr3t"}})
    found = look(Sqs(hook, hook, "x"), "hooks", of_a_webhook)
    assert found.found == Counter({
        Judged("hooks.example.com did not take it for a day"): 2,
        Judged("not known", "it is no webhook of Herald's: delete it in SQS's console"): 1,
    })  # fmt: skip
    assert (found.able, found.stuck) == (2, 1)


def test_aws_says_why_an_invocation_failed() -> None:
    failed = json.loads(wrapped(EVENT))
    assert why(json.dumps(failed)) == Judged("RetriesExhausted")
    failed["responsePayload"] = {"errorType": "InvalidMessage", "errorMessage": f"{NUMBER} {TEXT}"}
    assert why(json.dumps(failed)) == Judged("RetriesExhausted, InvalidMessage")
    failed["responsePayload"] = {"errorType": f"{TEXT} {NUMBER}!" * 3}
    assert NUMBER not in why(json.dumps({**failed, "requestContext": {"requestId": "1"}})).why


def test_what_was_not_handed_over_says_by_which_error() -> None:
    assert why(json.dumps(EVENT), ERROR_CODE="NO_PERMISSIONS").why == (
        "it could not be handed to the function, NO_PERMISSIONS"
    )


@pytest.mark.parametrize(
    ("body", "stuck"),
    [
        ("x", "no request of Herald's"),
        (wrapped([1]), "no request of Herald's"),
        (json.dumps({"requestContext": {}, "DDBStreamBatchInfo": {}}), "a place in the table's stream"),
        (wrapped({"to": NUMBER, "body": TEXT}, None), "Look for the message by its number"),
    ],
)
def test_what_cannot_be_repeated_says_why_and_what_to_do(body: str, stuck: str) -> None:
    judged = why(body)
    assert stuck in judged.stuck
    assert "SQS's console" in judged.stuck
    assert not [word for word in (NUMBER, TEXT) if word in str(judged)]


payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
known = st.sampled_from(
    ["requestContext", "requestPayload", "responsePayload", "condition", "errorType", "hook", "url"]
)


@given(st.recursive(payloads, lambda inner: st.dictionaries(known, inner, max_size=3), max_leaves=5))
def test_whatever_a_record_holds_something_is_said_of_it(body: Any) -> None:
    said = json.dumps(body)
    assert why(said).why
    assert of_a_webhook(a_record("1", said)).why
