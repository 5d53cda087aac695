"""What the deployed stack does when something goes wrong: once, truthfully, and without telling secrets."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from local.carrier.vendors.exotel import SID
from local.stack import Stack
from tests.system.conftest import Api, Carrier, until

TO = "+919741552552"
SILENT = "+919876500090"  # No receipt ever comes from there.
Aws = Callable[[str], Any]


def test_the_same_key_sends_once_and_replays_the_answer(api: Api, carrier: Carrier) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.send(to=TO, body="Once", channel="exotel", headers=key)
    again = api.send(to="09741552552", body="Once", channel="exotel", headers=key)
    assert (first.status, again.status) == (201, 201)
    assert again.body["id"] == first.body["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert carrier.bodies() == ["Once"]


def test_another_content_under_the_same_key_is_refused(api: Api, carrier: Carrier) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    api.send(to=TO, body="One", headers=key)
    other = api.send(to=TO, body="Another", headers=key)
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert carrier.bodies() == ["One"]


def test_fifty_clients_at_once_with_one_key_send_once(api: Api, carrier: Carrier) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: api.send(to=TO, body="Once", channel="exotel", headers=key), range(50)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 409)
    assert carrier.bodies() == ["Once"]


def test_fifty_clients_at_once_all_get_their_turn(api: Api, carrier: Carrier) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: api.send(to=TO, body=f"Text {n}", channel="exotel"), range(50)))
    assert {answer.status for answer in answers} <= {201, 202}  # Who would wait longer than 2 seconds is queued.
    until(lambda: len(carrier.bodies()) >= 50, "fifty texts")
    assert sorted(carrier.bodies()) == sorted(f"Text {n}" for n in range(50))


def test_an_event_that_is_delivered_twice_sends_once(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "SMS Requested",
        "source": "shop",
        "detail": {"to": TO, "body": "Once"},
    }
    for _ in range(3):
        aws("lambda").invoke(FunctionName=stack.env["HERALD_INVOKE_FUNCTION"], Payload=json.dumps(event))
    assert carrier.bodies() == ["Once"]


def test_a_refusal_comes_back_with_its_reason(api: Api, carrier: Carrier) -> None:
    carrier.fail("refuse")
    answer = api.send(to=TO, body="Refused", channel="exotel")
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["message"]["status"] == "failed"
    assert answer.body["message"]["reason"]["code"] == answer.body["code"]
    assert carrier.texts() == []


@pytest.mark.parametrize("fault", ["429", "503"])
def test_what_a_provider_cannot_take_is_sent_later_and_once(api: Api, carrier: Carrier, fault: str) -> None:
    carrier.fail(fault)
    answer = api.send(to=TO, body="Later", channel="exotel")
    assert (answer.status, answer.body["status"], answer.body["reason"]["retryable"]) == (202, "accepted", True)
    until(lambda: api("GET", f"/messages/{answer.body['id']}").body["status"] == "sent", "second attempt")
    assert carrier.bodies() == ["Later"]
    assert api("GET", f"/messages/{answer.body['id']}").body["attempts"] == 2


@pytest.mark.parametrize(("fault", "arrived"), [("500", []), ("drop_reply", ["Perhaps"]), ("cut_reply", ["Perhaps"])])
def test_a_lost_answer_is_unknown_and_never_repeated(
    api: Api, carrier: Carrier, fault: str, arrived: list[str]
) -> None:
    carrier.fail(fault)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    answer = api.send(to=TO, body="Perhaps", channel="exotel", headers=key)
    assert (answer.status, answer.body["status"], answer.body["attempts"]) == (202, "unknown", 1)
    again = api.send(to=TO, body="Perhaps", channel="exotel", headers=key)
    assert (again.status, again.body["status"]) == (202, "unknown")
    assert carrier.bodies() == arrived


def test_a_provider_that_is_too_slow_ends_as_unknown(api: Api, carrier: Carrier) -> None:
    carrier.fail("slow")
    answer = api.send(to=SILENT, body="Slow", channel="exotel")
    assert (answer.status, answer.body["status"]) == (202, "unknown")


def test_a_receipt_that_is_faster_than_the_providers_answer_is_believed(api: Api, carrier: Carrier) -> None:
    carrier.fail("slow")
    answer = api.send(to=TO, body="Slow, and there", channel="exotel")
    assert (answer.status, answer.body["status"]) == (201, "delivered")


def test_without_a_key_nothing_is_sent(stack: Stack, carrier: Carrier) -> None:
    for headers in ({}, {"Authorization": "Bearer hk_test_" + "A" * 40}, {"Authorization": "nonsense"}):
        answer = requests.post(f"{stack.url}/messages", json={"to": TO, "body": "No"}, headers=headers, timeout=60)
        assert answer.status_code == 401
    assert carrier.texts() == []


def test_an_unknown_channel_names_those_that_there_are(api: Api) -> None:
    answer = api.send(to=TO, body="Hello", channel="pigeon")
    (error,) = answer.body["errors"]
    assert (answer.status, error["field"]) == (422, "channel")
    assert "amazonsns" in error["detail"]
    assert "exotel" in error["detail"]


def test_hostile_bodies_get_their_4xx(api: Api) -> None:
    bodies = {
        b"\xff\xfe{}": 400,
        b"[" * 1000 + b"]" * 1000: 400,
        b'{"to": ' + b"9" * 5000 + b"}": 400,
        b'{"to": "1", "to": "2"}': 400,
        b'{"to": "\\u0000"}': 400,
        b'{"to": "\\ud800"}': 400,
        b'{"to": "' + b"9" * 65536 + b'"}': 413,
        b"": 400,
    }
    for body, status in bodies.items():
        answer = api("POST", "/messages", data=body, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert api("POST", "/messages", data=b"<sms/>", headers={"Content-Type": "text/xml"}).status == 415


@pytest.mark.parametrize(
    ("method", "path", "allow"), [("PUT", "/messages", "GET, HEAD, POST"), ("POST", "/messages/x", "GET, HEAD, DELETE")]
)
def test_a_wrong_method_is_told_the_right_ones(api: Api, method: str, path: str, allow: str) -> None:
    answer = api(method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allow)


def test_each_function_has_its_log_group_with_retention(aws: Aws) -> None:
    groups = aws("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/herald-local-")["logGroups"]
    assert {group["logGroupName"].rpartition("-")[2] for group in groups} >= {"api", "invoke", "worker", "authorize"}
    assert {group.get("retentionInDays") for group in groups} == {30}


def test_logs_tell_the_steps_and_no_number_text_or_secret(api: Api, aws: Aws, stack: Stack, carrier: Carrier) -> None:
    code = uuid.uuid4().hex
    carrier.fail("drop_reply")
    for _ in range(2):
        message = api.send(to=TO, body=f"Your code is {code}", channel="exotel").body
    api("POST", "/messages", data=code.encode(), headers={"Content-Type": "application/json"})

    def sent() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in logged(aws) if message["id"] in line]
        return [line for line in lines if line["message"] == "message sent"]

    (told,) = until(sent, "log line of the message that was sent")
    assert (told["channel"], told["country"], told["to"]) == ("exotel", "IN", "+91*****2552")
    everything = "\n".join(logged(aws))
    exotel = aws("ssm").get_parameter(Name="/herald/local/channels/exotel", WithDecryption=True)["Parameter"]["Value"]
    secrets = [line.split(": ")[1] for line in exotel.splitlines() if line.startswith(("key", "token"))]
    for planted in (TO, TO[3:], code, stack.key, *secrets):
        assert planted not in everything


def test_metrics_have_no_dimensions_but_service_and_channel(api: Api, aws: Aws, carrier: Carrier) -> None:
    api.send(to=TO, body="Measured", channel="exotel")
    lines = until(lambda: [json.loads(line) for line in logged(aws) if '"_aws"' in line], "metrics")
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Herald"
            assert {name for names in directive["Dimensions"] for name in names} <= {"channel", "service"}
        assert line["service"] == "herald-local"


def test_credentials_that_were_changed_work_with_the_next_send(
    api: Api, aws: Aws, stack: Stack, carrier: Carrier
) -> None:
    ssm, name = aws("ssm"), "/herald/local/channels/exotel"
    old = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    assert api.send(to=TO, body="Before", channel="exotel").status == 201
    assert stack.carrier
    stack.carrier.vendors["exotel"].accounts[SID] = ("a-new-key-of-exotel", "a-new-token-of-exotel")  # type: ignore[attr-defined]
    refused = api.send(to=TO, body="Refused", channel="exotel").body
    assert (refused["code"], refused["message"]["reason"]["who"]) == ("credentials_refused", "account")
    new = "".join(line + "\n" for line in old.splitlines() if not line.startswith(("key", "token")))
    new += "key: a-new-key-of-exotel\ntoken: a-new-token-of-exotel\n"
    ssm.put_parameter(Name=name, Type="SecureString", Overwrite=True, Value=new)
    assert api.send(to=TO, body="After", channel="exotel").status == 201
    assert carrier.bodies() == ["Before", "After"]


def logged(aws: Aws) -> list[str]:
    """Every line that a function of Herald wrote."""
    logs = aws("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/herald-local-")["logGroups"]
    pages = [
        page
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
    ]
    return [event["message"] for page in pages for event in page["events"]]
