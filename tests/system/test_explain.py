"""On the deployed whole: what is explained is what a send does, by each entry point, and the table stays as it was."""

import json
from collections.abc import Callable
from typing import Any

from tests.system.conftest import Api, Carrier

FIELDS = {"to": "+91 9741 552 553", "body": "It’s ready.", "channel": "exotel", "sender": "FOODCO"}


def table(aws: Callable[[str], Any]) -> list[Any]:
    """All that stands in the table but for what is counted of the channels."""
    pages = aws("dynamodb").get_paginator("scan").paginate(TableName="herald-local", ConsistentRead=True)
    items = [item for page in pages for item in page["Items"] if item["pk"]["S"] != "health"]
    return sorted(items, key=lambda item: item["pk"]["S"])


def test_a_text_is_explained_then_sent_so(api: Api, carrier: Carrier, aws: Callable[[str], Any]) -> None:
    key, before = {"Idempotency-Key": "explained-1"}, table(aws)
    found = api("POST", "/messages/explain", json=FIELDS, headers=key)
    assert found.status == 200
    assert (found.body["would"], found.body["channel"], found.body["sender"]) == ("send", "exotel", "FOODCO")
    assert all(step["ok"] for step in found.body["steps"])
    (day,) = found.body["limits"]  # All that the laptop's settings limit.
    assert table(aws) == before
    assert carrier.texts() == []
    sent = api.send(headers=key, **FIELDS)
    assert (sent.status, sent.body["channel"], sent.body["to"]) == (201, "exotel", found.body["to"])
    assert (sent.body["encoding"], sent.body["segments"]) == (found.body["encoding"], found.body["segments"])
    again = api("POST", "/messages/explain", json=FIELDS, headers=key).body
    assert (again["would"], again["id"]) == ("replay", sent.body["id"])
    assert again["limits"][0]["used"] >= day["used"]  # Other texts count as well, and some are counted ahead.


def test_a_form_and_an_invocation_are_explained_too(api: Api, aws: Callable[[str], Any], carrier: Carrier) -> None:
    by_form = api("POST", "/messages/explain", data={"to": "09741552553", "subject": "Hi", "kind": "otp"})
    assert (by_form.status, by_form.body["would"]) == (200, "send")
    payload = json.dumps({"action": "explain", "to": "09741552553", "body": "Hi", "kind": "otp"})
    answer = aws("lambda").invoke(FunctionName="herald-local-invoke", Payload=payload)
    assert "FunctionError" not in answer
    by_invocation = json.loads(answer["Payload"].read())
    same = ("would", "to", "country", "encoding", "segments", "channel", "then", "sender", "price_at_most")
    assert {name: by_invocation[name] for name in same} == {name: by_form.body[name] for name in same}
    assert carrier.texts() == []


def test_what_would_be_refused_is_answered_200_with_the_problem(api: Api) -> None:
    answer = api("POST", "/messages/explain", json={"to": "12", "body": ""})
    assert (answer.status, answer.body["would"], answer.body["problem"]["status"]) == (200, "refuse", 422)
    assert api("POST", "/messages/explain", data="{", headers={"Content-Type": "application/json"}).status == 400
    assert api("GET", "/messages/explain").status == 405
