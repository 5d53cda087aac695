"""Callbacks: what API Gateway hands over for a callback, and what a vendor gets for an answer."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.receipts import app
from herald.entrypoints.body import LARGEST
from herald.entrypoints.callbacks import Callbacks
from herald.message.status import Status
from herald.pipeline.flow import Herald
from herald.pipeline.receive.token import inbound
from herald.settings.values import Channel, Settings
from herald.testing.outbox import SECRET, Outbox
from tests.entrypoints.conftest import TO, Broken, an_outbox, recorded

SAID = {"SmsSid": "exotel-1", "To": "09741552552", "Status": "sent", "DetailedStatusCode": "20005"}
CONTEXT = SimpleNamespace(aws_request_id="1")


def sent(box: Outbox) -> tuple[str, dict[str, Any]]:
    """A text by Exotel: its message's id, and the event of a callback about it."""
    request = {"to": TO, "body": "Hi", "channel": "exotel"}
    message = box.herald().send(request, caller="key:shop", entrypoint="https").message
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    event = {**recorded("receipt-exotel-delivered"), "body": urlencode(SAID)}
    return message.id, {**event, "pathParameters": {"channel": channel, "token": token}}


def status(box: Outbox, message_id: str) -> Status:
    return box.herald().find(message_id).status


def test_a_callback_is_answered_with_204_and_nothing_else(box: Outbox) -> None:
    message_id, event = sent(box)
    answer = app.handler(event, CONTEXT) or {}
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert status(box, message_id) is Status.DELIVERED


def test_a_callback_that_is_repeated_is_answered_the_same(box: Outbox) -> None:
    message_id, event = sent(box)
    answers = [app.handler(event, CONTEXT) for _ in range(4)]
    assert answers == [answers[0]] * 4
    assert [step.step for step in box.herald().find(message_id).trace].count("receipt") == 1


@pytest.mark.parametrize("name", ["receipt-exotel-delivered", "receipt-exotel-dnd", "receipt-exotel-unexplained"])
def test_a_recorded_callback_whose_token_nobody_made_is_forbidden(box: Outbox, name: str) -> None:
    answer = app.handler(recorded(name), CONTEXT) or {}
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (403, "forbidden")
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert TO[-10:] not in answer["body"]


def test_json_is_understood_as_well_as_a_form(box: Outbox) -> None:
    message_id, event = sent(box)
    app.handler({**event, "headers": {"content-type": "application/json"}, "body": json.dumps(SAID)}, CONTEXT)
    assert status(box, message_id) is Status.DELIVERED


TYPES = ["application/json", "application/x-www-form-urlencoded", "text/plain", ""]


@pytest.mark.parametrize("content_type", [*TYPES, "multipart/form-data; boundary=x", "text/xml"])
@pytest.mark.parametrize(
    "body", [None, "", "=", "&&&", "{", "[]", "{}", "null", "%ff=%ff", "a" * 5000, "\ud800", "[" * 9, "a=1&a=1"]
)
def test_what_cannot_be_understood_is_counted_and_never_thanked_for(
    box: Outbox, body: str | None, content_type: str
) -> None:
    message_id, event = sent(box)
    for made in (event, written("POST")):
        box.observer.told.clear()
        answer = app.handler({**made, "body": body, "headers": {"Content-Type": content_type}}, CONTEXT) or {}
        assert answer["statusCode"] in (400, 415, 422)
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        assert ("CallbacksUnread", "") in box.observer.told
    assert status(box, message_id) is Status.SENT


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("mark", ["", "\ufeff", " \r\n"])
def test_json_is_read_whatever_it_is_called_and_whatever_it_begins_with(
    box: Outbox, content_type: str, mark: str
) -> None:
    message_id, event = sent(box)
    event |= {"headers": {"content-type": content_type}, "body": mark + json.dumps(SAID)}
    assert (app.handler(event, CONTEXT) or {})["statusCode"] == 204
    assert status(box, message_id) is Status.DELIVERED


@pytest.mark.parametrize("content_type", [TYPES[1], "Application/X-WWW-Form-URLencoded; charset=UTF-8", *TYPES[2:]])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_form_is_read_whatever_it_is_called_and_whatever_it_begins_with(
    box: Outbox, content_type: str, mark: str
) -> None:
    message_id, event = sent(box)
    assert (
        app.handler({**event, "headers": {"content-type": content_type}, "body": mark + event["body"]}, CONTEXT) or {}
    )["statusCode"] == 204
    assert status(box, message_id) is Status.DELIVERED


def test_what_proves_nothing_is_forbidden_before_it_is_read(box: Outbox) -> None:
    _, event = sent(box)
    event["pathParameters"]["token"] = "A" * 52
    assert (app.handler({**event, "body": "{"}, CONTEXT) or {})["statusCode"] == 403
    assert ("CallbacksUnread", "") not in box.observer.told


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_only_post_is_known_here(box: Outbox, method: str) -> None:
    message_id, event = sent(box)
    answer = app.handler({**event, "httpMethod": method}, CONTEXT) or {}
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST")
    assert status(box, message_id) is Status.SENT


def test_a_body_that_is_too_large_is_refused(box: Outbox) -> None:
    _, event = sent(box)
    assert (app.handler({**event, "body": "a" * (LARGEST + 1)}, CONTEXT) or {})["statusCode"] == 413


def test_what_can_be_kept_nowhere_is_a_503_so_that_the_vendor_calls_again() -> None:
    box = an_outbox()
    _, event = sent(box)

    answer = Callbacks(replace(box, journal=Broken(), queue=Broken()).herald).answer(event)
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")


def test_a_mistake_of_ours_tells_nothing_of_what_was_said() -> None:
    box = an_outbox()
    _, event = sent(box)

    def broken() -> Herald:
        raise ValueError(event["body"])

    answer = Callbacks(broken).answer(event)
    assert answer["statusCode"] == 500
    assert TO[-10:] not in json.dumps(answer)


def test_a_mistake_of_ours_is_told_to_the_operator() -> None:
    box = an_outbox()
    _, event = sent(box)
    answer = Callbacks(replace(box, secret=42).herald).answer(event)  # type: ignore[arg-type]
    assert answer["statusCode"] == 500
    assert box.observer.told[-1] == ("request broke off", "TypeError")


@given(st.dictionaries(st.text(), st.none() | st.text() | st.booleans() | st.integers(), max_size=6), st.binary())
def test_whatever_is_handed_over_is_answered(event: dict[str, Any], body: bytes) -> None:
    box = an_outbox()
    odd = {**recorded("receipt-exotel-delivered"), **event, "body": body.decode("latin-1"), "isBase64Encoded": False}
    assert Callbacks(box.herald).answer(odd)["statusCode"] in (400, 403, 405)


@pytest.mark.parametrize("name", ["receipt-sns-success", "receipt-sns-failure"])
def test_a_recorded_batch_of_snss_log_whose_texts_nobody_sent_waits_a_little(box: Outbox, name: str) -> None:
    assert app.handler(recorded(name), CONTEXT) is None
    assert len(box.queue.posted) >= 1
    assert all("receipt" in what for what, _ in box.queue.posted)


@pytest.mark.parametrize("name", ["delivered", "carrier", "unreachable"])
def test_a_recorded_event_of_end_user_messaging_whose_proof_nobody_made_is_counted_and_believed_by_nobody(
    box: Outbox, name: str
) -> None:
    assert app.handler(recorded(f"receipt-endusermessaging-{name}"), CONTEXT) is None
    assert ("ReceiptsForbidden", "") in box.observer.told
    assert box.queue.posted == []


# ---- what people write


def written(method: str, **said: str) -> dict[str, Any]:
    """The event of what somebody wrote to Exotel's number."""
    token = inbound(SECRET, "exotel")
    event = {
        **recorded("receipt-exotel-delivered"),
        "resource": "/inbound/{channel}/{token}",
        "httpMethod": method,
        "pathParameters": {"channel": "exotel", "token": token},
    }
    if method in ("GET", "HEAD"):
        query = {name: [value] for name, value in said.items()}
        return {**event, "body": None, "multiValueQueryStringParameters": query, "queryStringParameters": said}
    return {**event, "body": urlencode(said)}


@pytest.fixture
def exotel(box: Outbox) -> Outbox:
    box.settings = Settings(channels={"exotel": Channel("exotel", "exotel")})
    return box


def answer_to(event: dict[str, Any]) -> tuple[int, str, str]:
    """Status, content type and body."""
    answer = app.handler(event, CONTEXT) or {}
    return answer["statusCode"], answer["headers"]["Content-Type"], answer["body"]


def test_stop_is_obeyed_as_a_form(exotel: Outbox) -> None:
    answer = app.handler(written("POST", From=TO, Body=" stop. "), CONTEXT) or {}
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert exotel.herald().opted_out(TO).opted_out


def test_stop_is_obeyed_as_a_query_and_nothing_is_sent_as_a_reply(exotel: Outbox) -> None:
    said = {"SmsSid": "1", "From": "09741552552", "To": "56767", "Date": "2026-11-28 10:00:00", "Body": "STOP"}
    assert answer_to(written("HEAD", **said)) == (200, "text/plain", "")
    assert exotel.optouts.sources == {}
    assert answer_to(written("GET", **said)) == (200, "text/plain", "")
    assert exotel.herald().opted_out(TO).opted_out


def test_a_query_with_half_a_character_is_answered_as_any_other(exotel: Outbox) -> None:
    event = {**written("POST"), "multiValueQueryStringParameters": {"\ud800": ["\udfff"]}}
    assert answer_to(event)[0] < 500


def test_stop_is_obeyed_as_json_of_a_long_code(exotel: Outbox) -> None:
    said = {"SmsSid": "1", "Direction": "incoming", "Sender": TO, "ReceivedOn": "56767", "MessageBody": "STOP"}
    event = {**written("POST"), "headers": {"content-type": "application/json"}, "body": json.dumps(said)}
    assert answer_to(event)[0] == 204
    assert exotel.herald().opted_out(TO).opted_out


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(("token", "body", "status"), [("A" * 24, "STOP", 403), (None, None, 422)])
def test_no_refusal_is_sent_as_a_reply_either(
    exotel: Outbox, method: str, token: str | None, body: str | None, status: int
) -> None:
    event = written(method, From=TO, **({"Body": body} if body else {}))
    event["pathParameters"]["token"] = token or event["pathParameters"]["token"]
    expected = 200 if method == "HEAD" and token is None else status
    assert answer_to(event) == (expected, "text/plain", "")
    assert exotel.optouts.sources == {}


@pytest.mark.parametrize(("body", "headers"), [("From=+9607712345&Body=STOP", {}), (f"From={TO}&Body=STOP", {})])
def test_a_plus_that_a_provider_did_not_encode_is_a_plus(exotel: Outbox, body: str, headers: dict[str, str]) -> None:
    assert answer_to({**written("POST"), "body": body})[0] == 204
    exotel.settings = exotel.settings._replace(countries=None)
    assert exotel.herald().opted_out(body[5:].partition("&")[0]).opted_out
    assert len(exotel.optouts.sources) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_for_what_people_write_is_not_allowed(box: Outbox, method: str) -> None:
    answer = app.handler(written(method, From=TO, Body="STOP"), CONTEXT) or {}
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET, HEAD, POST")
    assert box.optouts.sources == {}
