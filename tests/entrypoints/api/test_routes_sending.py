"""Routes, sending: which status, headers and body each outcome of a request to send has."""

import base64
import json
from datetime import timedelta

import pytest

from herald.errors import Refused, Unavailable, Uncertain
from herald.keys.grant import written
from herald.message import PUBLIC
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ALL, FORM, JSON, KEY, TO, Caller, is_problem, provider, recorded

# ---- POST /messages


def test_a_text_that_the_provider_took_is_201_with_the_whole_message(caller: Caller, box: Outbox) -> None:
    answer = caller.send()
    assert (answer.status, answer.body["status"], answer.body["to"]) == (201, "sent", TO)
    assert set(answer.body) == set(PUBLIC)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == f"messages/{answer.body['id']}"
    assert "Idempotency-Replayed" not in answer.headers
    assert [text.body for text in box.texts] == ["Your table is ready."]


@pytest.mark.parametrize("name", ["api-post-json", "api-post-form"])
def test_the_recorded_requests_send(caller: Caller, box: Outbox, name: str) -> None:
    event = recorded(name)
    event["requestContext"]["authorizer"]["grant"] = written(ALL)
    assert caller.api.answer(event)["statusCode"] == 201
    assert (box.texts[0].to, box.texts[0].body, box.texts[0].caller) == (TO, "Your table is ready.", "key:shop")


@pytest.mark.parametrize("name", ["api-post-json", "api-post-form"])
def test_whoever_tries_the_recorded_requests_out_texts_nobody(caller: Caller, box: Outbox, name: str) -> None:
    answer = caller.api.answer(recorded(name))
    assert (answer["statusCode"], json.loads(answer["body"])["test"]) == (201, True)
    assert not box.texts


def test_the_recorded_form_has_its_tags_and_its_sender(caller: Caller, box: Outbox) -> None:
    caller.api.answer(recorded("api-post-form"))
    (message,) = box.journal.messages.values()
    assert (message.tags, message.sender) == ({"env": "prod"}, "Gramex")


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"mode": "async"}, "accepted"), ({"send_at": "2026-12-01T09:00:00[Asia/Kolkata]"}, "scheduled")],
)
def test_a_text_that_waits_is_202(caller: Caller, box: Outbox, fields: dict[str, str], status: str) -> None:
    answer = caller.send(**fields)
    assert (answer.status, answer.body["status"]) == (202, status)
    assert answer.headers["Location"] == f"messages/{answer.body['id']}"
    assert box.texts == []


def test_a_text_that_the_provider_cannot_take_now_is_202(caller: Caller, box: Outbox) -> None:
    provider(box).answers = [Unavailable("throttled")]
    answer = caller.send()
    assert (answer.status, answer.body["status"], answer.body["reason"]["code"]) == (202, "accepted", "throttled")


def test_a_text_of_which_nobody_knows_is_202_and_says_unknown(caller: Caller, box: Outbox) -> None:
    provider(box).answers = [Uncertain("answer_lost")]
    answer = caller.send()
    assert (answer.status, answer.body["status"], answer.body["reason"]["code"]) == (202, "unknown", "answer_lost")


def test_a_refused_text_is_a_422_that_carries_the_message(caller: Caller, box: Outbox) -> None:
    provider(box).answers = [Refused("opted_out", response={"code": "34001"})]
    answer = caller.send()
    assert is_problem(answer, 422, "opted_out")
    assert (answer.body["detail"], answer.body["retryable"]) == (REASONS["opted_out"].text, False)
    assert answer.body["id"] == answer.body["message"]["id"]
    assert set(answer.body["message"]) == set(PUBLIC)
    assert answer.body["message"]["status"] == "failed"
    assert answer.body["message"]["response"] == {"code": "34001"}
    assert answer.headers["Location"] == f"messages/{answer.body['id']}"


def test_a_text_whose_time_is_too_short_for_another_attempt_says_how_to_try_again(caller: Caller, box: Outbox) -> None:
    provider(box).answers = [Unavailable("throttled", retry_after=60)]
    answer = caller.send(valid_for=30)
    assert is_problem(answer, 422, "throttled")
    assert answer.body["retryable"] is True
    assert "new Idempotency-Key" in answer.body["hint"]


def test_every_mistake_of_a_request_is_listed(caller: Caller, box: Outbox) -> None:
    answer = caller.send(to="nobody", body=None, chanel="exotel", kind="spam")
    assert is_problem(answer, 422, "invalid_message")
    assert {error["field"] for error in answer.body["errors"]} == {"to", "body", "chanel", "kind"}
    assert all(set(error) == {"field", "code", "detail"} for error in answer.body["errors"])
    assert box.journal.messages == {}


def test_no_answer_repeats_a_number_or_a_text_that_was_refused(caller: Caller) -> None:
    answer = caller.send(to="+91 9741 552 55x", body="A planted text\x07", reference="9741552552\n")
    assert answer.status == 422
    assert "9741" not in json.dumps(answer.body) and "planted" not in json.dumps(answer.body)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ("{", JSON, 400, "malformed_json"),
        ("[]", JSON, 400, "not_an_object"),
        ("", JSON, 400, "empty_body"),
        (None, JSON, 400, "empty_body"),
        ('{"to": "1", "to": "2"}', JSON, 400, "duplicate_key"),
        ('{"to": "\ufffd"}', JSON, 400, "not_utf8"),
        ("[" * 50, JSON, 400, "too_deep"),
        ("to=%zz", FORM, 400, "malformed_form"),
        ("x" * 70_000, JSON, 413, "too_large"),
        ("{}", {"Content-Type": "text/xml"}, 415, "unsupported_media_type"),
        ("{}", {}, 415, "unsupported_media_type"),
        ("{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "unsupported_charset"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_why(
    caller: Caller, body: str | None, headers: dict[str, str], status: int, code: str
) -> None:
    answer = caller("POST", "/messages", body, headers)
    assert is_problem(answer, status, code)
    assert answer.body["errors"][0]["code"] == code


def test_a_body_in_base64_is_read(caller: Caller, box: Outbox) -> None:
    body = base64.b64encode(json.dumps({"to": TO, "body": "नमस्ते"}).encode()).decode()
    assert caller("POST", "/messages", body, JSON, isBase64Encoded=True).status == 201
    assert box.texts[0].body == "नमस्ते"


def test_half_a_character_in_a_body_is_a_400(caller: Caller) -> None:
    assert is_problem(caller("POST", "/messages", '{"to": "\ud800"}', JSON), 400, "not_utf8")


@pytest.mark.parametrize("spelled", ["content-type", "Content-Type", "CONTENT-TYPE"])
def test_headers_are_known_in_any_case(caller: Caller, spelled: str) -> None:
    body = json.dumps({"to": TO, "body": "Hi"})
    assert caller("POST", "/messages", body, {spelled: "Application/JSON; charset=UTF-8"}).status == 201


def test_an_event_without_headers_is_answered(caller: Caller) -> None:
    event = caller.event("POST", "/messages", "{}", {}) | {"headers": None}
    assert caller.api.answer(event)["statusCode"] == 415


# ---- Idempotency-Key


def test_the_same_request_with_the_same_key_sends_once_and_says_so(caller: Caller, box: Outbox) -> None:
    first, second = caller.send(KEY), caller.send(KEY)
    assert (first.status, second.status) == (201, 201)
    assert first.body["id"] == second.body["id"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert len(box.texts) == 1


def test_the_same_request_without_a_key_sends_again(caller: Caller, box: Outbox) -> None:
    assert caller.send().body["id"] != caller.send().body["id"]
    assert len(box.texts) == 2


def test_a_key_belongs_to_its_caller(caller: Caller, another: Caller, box: Outbox) -> None:
    assert caller.send(KEY).body["id"] != another.send(KEY).body["id"]
    assert len(box.texts) == 2


def test_another_content_under_the_same_key_is_a_422(caller: Caller, box: Outbox) -> None:
    caller.send(KEY)
    assert is_problem(caller.send(KEY, body="Something else"), 422, "idempotency_key_reused")
    assert len(box.texts) == 1


def test_a_message_that_is_being_sent_is_a_409_that_says_when_to_ask_again(caller: Caller, box: Outbox) -> None:
    message_id = caller.send(KEY).body["id"]
    lease = box.clock.now + timedelta(seconds=30)
    box.journal.messages[message_id] = box.journal.messages[message_id].with_(status=Status.SENDING, due_at=lease)
    answer = caller.send(KEY)
    assert is_problem(answer, 409, "still_sending")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.body["retryable"] is True


# A replay tells how the message stands by then, and never promises what will not be.
REPLAYS = {
    Status.ACCEPTED: 202,
    Status.SCHEDULED: 202,
    Status.UNKNOWN: 202,
    Status.SENT: 201,
    Status.DELIVERED: 201,
    Status.UNDELIVERED: 201,
    Status.FAILED: 422,
    Status.EXPIRED: 422,
    Status.CANCELED: 422,
}


@pytest.mark.parametrize(("status", "answered"), REPLAYS.items())
def test_a_replay_tells_how_the_message_stands_by_then(
    caller: Caller, box: Outbox, status: Status, answered: int
) -> None:
    message_id = caller.send(KEY).body["id"]
    code = {Status.EXPIRED: "expired", Status.CANCELED: "canceled"}.get(status, "provider_failed")
    box.journal.messages[message_id] = box.journal.messages[message_id].with_(status=status, reason=REASONS[code])
    answer = caller.send(KEY)
    assert answer.status == answered
    assert answer.headers["Idempotency-Replayed"] == "true"
    message = answer.body["message"] if answered == 422 else answer.body
    assert (message["id"], message["status"]) == (message_id, status)
    assert answered != 422 or is_problem(answer, 422, code)
    assert len(box.texts) == 1


def test_every_state_that_a_replay_may_find_has_its_answer() -> None:
    assert {*REPLAYS, Status.SENDING} == set(Status)


def test_a_message_whose_sender_is_gone_is_replayed_as_unknown(caller: Caller, box: Outbox) -> None:
    message_id = caller.send(KEY).body["id"]
    left = box.journal.messages[message_id].with_(status=Status.SENDING, due_at=box.clock.now)
    box.journal.messages[message_id] = left
    answer = caller.send(KEY)
    assert (answer.status, answer.body["status"], answer.body["reason"]["code"]) == (202, "unknown", "interrupted")


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_a_400(caller: Caller, box: Outbox, key: str) -> None:
    answer = caller.send({"Idempotency-Key": key})
    assert is_problem(answer, 400, "invalid_idempotency_key")
    assert answer.body["errors"][0]["field"] == "Idempotency-Key"
    assert box.texts == []


# ---- a plus that became a space


# Numbers of other countries that are valid Indian mobiles without their plus.
STRANGERS = ["+9607712345", "+919741552552", "+6581234567", "+96877123456"]
LOST = ["to={}&body=Hi", "body=Hi&to={}", "to=%20{}&body=Hi", "to=++{}&body=Hi", "to=({})&body=Hi", "to=tel:{}&body=Hi"]


@pytest.mark.parametrize("number", STRANGERS)
@pytest.mark.parametrize("form", LOST)
def test_a_plus_that_was_not_encoded_in_a_form_is_explained_and_never_guessed_at(
    caller: Caller, box: Outbox, number: str, form: str
) -> None:
    answer = caller("POST", "/messages", form.format(number), FORM)
    assert is_problem(answer, 422, "invalid_request")
    assert [(e["field"], e["code"]) for e in answer.body["errors"]] == [("to", "plus_not_encoded")]
    assert "%2B" in answer.body["detail"] and box.texts == []


@pytest.mark.parametrize(
    "written", ["%2B919741552552", "%20%2B91+97415+52552", "%2B91+97415+52552%0D%0A", "97415+52552+", "0091+9741552552"]
)
def test_a_form_may_have_blanks_where_no_plus_was(caller: Caller, box: Outbox, written: str) -> None:
    assert caller("POST", "/messages", f"to={written}&body=Hi", FORM).status == 201
    assert [text.to for text in box.texts] == [TO]


@pytest.mark.parametrize("written", [" 97415 52552 ", "\t+919741552552\r\n", "\u00a09741552552"])
def test_in_json_a_number_may_have_blanks_around_it(caller: Caller, box: Outbox, written: str) -> None:
    assert caller.send(to=written).status == 201
    assert [text.to for text in box.texts] == [TO]


# ---- Prefer


@pytest.mark.parametrize("prefer", [
    "respond-async", "Respond-Async", "wait=10, respond-async", "respond-async,x=1", "respond-async; wait=10",
    "respond-async ;wait=10;foo", 'x="a, b", respond-async', "respond-async=", 'respond-async=""; a=1',
])  # fmt: skip
def test_respond_async_queues_and_says_so(caller: Caller, box: Outbox, prefer: str) -> None:
    answer = caller.send({"Prefer": prefer})
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "respond-async")
    assert [message_id for message_id, _ in box.queue.waiting] == [answer.body["id"]]


@pytest.mark.parametrize("prefer", [
    "", "wait=10", "respond-sync", "xrespond-async", 'x="a, respond-async"', "wait=10; respond-async",
    "respond-async=no", 'x="a\\", respond-async, b"',
])  # fmt: skip
def test_other_preferences_are_passed_over(caller: Caller, prefer: str) -> None:
    answer = caller.send({"Prefer": prefer})
    assert answer.status == 201
    assert "Preference-Applied" not in answer.headers


def test_preferences_may_come_in_several_headers(caller: Caller, box: Outbox) -> None:
    both = {"multiValueHeaders": {"PREFER": ["respond-async", "wait=10"]}}
    body = json.dumps({"to": TO, "body": "Hi"})
    answer = caller("POST", "/messages", body, {"Content-Type": "application/json", "Prefer": "wait=10"}, **both)
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "respond-async")


def test_a_mode_goes_before_the_header_which_then_is_not_said_to_be_applied(caller: Caller, box: Outbox) -> None:
    answer = caller.send({"Prefer": "respond-async"}, mode="sync")
    assert (answer.status, "Preference-Applied" in answer.headers) == (201, False)


@pytest.mark.parametrize("absent", [None, ""])
def test_a_mode_that_is_absent_leaves_the_choice_to_the_header(caller: Caller, absent: str | None) -> None:
    assert caller.send({"Prefer": "respond-async"}, mode=absent).status == 202


def test_a_wrong_mode_is_a_mistake_whatever_the_header_says(caller: Caller) -> None:
    assert is_problem(caller.send({"Prefer": "respond-async"}, mode=0), 422, "invalid_message")


@pytest.mark.parametrize(
    ("prefer", "would"), [("", "send"), ("respond-async", "wait"), ("wait=10, respond-async", "wait")]
)
def test_what_is_explained_is_the_very_request_with_its_preference(
    caller: Caller, box: Outbox, prefer: str, would: str
) -> None:
    body = json.dumps({"to": TO, "body": "Hi"})
    answer = caller("POST", "/messages/explain", body, {**JSON, "Prefer": prefer})
    assert (answer.status, answer.body["would"]) == (200, would)
    assert (box.texts, box.journal.messages, box.queue.waiting) == ([], {}, [])
