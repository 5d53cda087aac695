"""The HTTPS door: which status, headers and body each outcome has, and that nothing makes it fall over."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.errors import NotAccepted, Refused, Unavailable, Uncertain
from herald.grant import written
from herald.http import Https
from herald.message import PUBLIC, Status
from herald.reasons import REASONS
from herald.testing import FakeProvider, Outbox
from tests.doors.conftest import ALL, ID, ROOT, TO, Answer, Caller, an_outbox, recorded

PROBLEM = {"type", "title", "status", "code", "detail", "errors", "retryable", "hint", "request_id"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
KEY = {"Idempotency-Key": "order-118"}


class Broken:
    """A part of Herald that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError("a text with +919741552552 in it")


def provider(box: Outbox, name: str = "amazonsns") -> FakeProvider:
    found: FakeProvider = box.providers[name]
    return found


def is_problem(answer: Answer, status: int, code: str) -> bool:
    """True if the answer is a whole problem with this status and code."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body.keys() >= PROBLEM
    assert answer.body["type"] == f"urn:herald:problem:{code}"
    assert answer.body["title"] and answer.body["detail"]
    assert answer.body["request_id"]
    return (answer.status, answer.body["status"], answer.body["code"]) == (status, status, code)


def in_state(box: Outbox, status: Status, **changes: Any) -> str:
    """The id of a message of the key ``shop`` that is in this state."""
    sent = box.herald().send({"to": TO, "body": "Hi"}, caller="key:shop", door="https").message
    box.journal.messages[sent.id] = sent.with_(status=status, **changes)
    return sent.id


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
    assert caller.door.answer(event)["statusCode"] == 201
    assert (box.texts[0].to, box.texts[0].body, box.texts[0].caller) == (TO, "Your table is ready.", "key:shop")


@pytest.mark.parametrize("name", ["api-post-json", "api-post-form"])
def test_whoever_tries_the_recorded_requests_out_texts_nobody(caller: Caller, box: Outbox, name: str) -> None:
    answer = caller.door.answer(recorded(name))
    assert (answer["statusCode"], json.loads(answer["body"])["test"]) == (201, True)
    assert not box.texts


def test_the_recorded_form_has_its_tags_and_its_sender(caller: Caller, box: Outbox) -> None:
    caller.door.answer(recorded("api-post-form"))
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
    assert caller.door.answer(event)["statusCode"] == 415


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


# ---- Prefer


@pytest.mark.parametrize("prefer", ["respond-async", "Respond-Async", "wait=10, respond-async", "respond-async,x=1"])
def test_respond_async_queues_and_says_so(caller: Caller, box: Outbox, prefer: str) -> None:
    answer = caller.send({"Prefer": prefer})
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "respond-async")
    assert [message_id for message_id, _ in box.queue.waiting] == [answer.body["id"]]


@pytest.mark.parametrize("prefer", ["", "wait=10", "respond-sync", "xrespond-async"])
def test_other_preferences_are_passed_over(caller: Caller, prefer: str) -> None:
    answer = caller.send({"Prefer": prefer})
    assert answer.status == 201
    assert "Preference-Applied" not in answer.headers


def test_a_mode_goes_before_the_header_which_then_is_not_said_to_be_applied(caller: Caller, box: Outbox) -> None:
    answer = caller.send({"Prefer": "respond-async"}, mode="sync")
    assert (answer.status, "Preference-Applied" in answer.headers) == (201, False)


@pytest.mark.parametrize("absent", [None, ""])
def test_a_mode_that_is_absent_leaves_the_choice_to_the_header(caller: Caller, absent: str | None) -> None:
    assert caller.send({"Prefer": "respond-async"}, mode=absent).status == 202


def test_a_wrong_mode_is_a_mistake_whatever_the_header_says(caller: Caller) -> None:
    assert is_problem(caller.send({"Prefer": "respond-async"}, mode=0), 422, "invalid_message")


# ---- GET and DELETE /messages/{id}


def test_a_message_is_found_by_its_id(caller: Caller) -> None:
    sent = caller.send()
    found = caller("GET", f"/messages/{sent.body['id']}")
    assert (found.status, found.body["status"]) == (200, "sent")
    assert [step["step"] for step in found.body["trace"]] == ["accepted", "sending", "sent"]
    assert "Your table" not in json.dumps(found.body)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_callers_message_is_not_there(caller: Caller, another: Caller, method: str) -> None:
    message_id = caller.send(send_at="2026-12-01T00:00:00Z").body["id"]
    answer = another(method, f"/messages/{message_id}")
    assert is_problem(answer, 404, "not_found")
    assert answer.body == caller(method, f"/messages/{ID}").body
    assert caller("GET", f"/messages/{message_id}").body["status"] == "scheduled"


ODD_IDS = [
    "",
    "x",
    "msg_",
    "msg_" + "0" * 25,
    ID + "0",
    ID + "\n",
    ID.lower(),
    "msg_" + "U" * 26,
    "ñ" * 3000,
    "../keys",
]


@pytest.mark.parametrize("odd", ODD_IDS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_cannot_be_is_not_there_and_the_journal_is_not_asked(
    caller: Caller, box: Outbox, method: str, odd: str
) -> None:
    box.journal = Broken()  # type: ignore[assignment]
    assert is_problem(caller(method, f"/messages/{odd}"), 404, "not_found")


@pytest.mark.parametrize("name", ["api-get", "api-delete"])
def test_the_recorded_questions_are_answered(caller: Caller, box: Outbox, name: str) -> None:
    assert caller.door.answer(recorded(name))["statusCode"] == 404
    scheduled = caller.send(send_at="2026-12-01T00:00:00Z").body["id"]
    box.journal.messages[ID] = box.journal.messages.pop(scheduled).with_(id=ID)
    answer = caller.door.answer(recorded(name))
    status = {"api-get": "scheduled", "api-delete": "canceled"}[name]
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, status)


def test_a_scheduled_message_is_canceled_and_once_more_as_well(caller: Caller, box: Outbox) -> None:
    message_id = caller.send(send_at="2026-12-01T00:00:00Z").body["id"]
    answers = [caller("DELETE", f"/messages/{message_id}") for _ in range(2)]
    assert [(answer.status, answer.body["status"]) for answer in answers] == [(200, "canceled")] * 2
    assert box.schedule.at == {}


@pytest.mark.parametrize("status", [s for s in Status if s not in (Status.ACCEPTED, Status.SCHEDULED, Status.CANCELED)])
def test_a_message_that_does_not_wait_cannot_be_canceled(caller: Caller, box: Outbox, status: Status) -> None:
    answer = caller("DELETE", f"/messages/{in_state(box, status)}")
    assert is_problem(answer, 409, "not_cancelable")
    assert "Retry-After" not in answer.headers


# ---- GET /messages/{id}?refresh=true


class Telling(FakeProvider):
    """Exotel, when it is asked: the text is on the phone."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"Sid": response["Sid"], "To": TO, "Body": "A planted text", "Status": "sent"}


@pytest.mark.parametrize("word", ["true", "1"])
def test_a_refresh_asks_the_provider_and_says_that_it_did(caller: Caller, box: Outbox, word: str) -> None:
    box.providers["exotel"] = Telling("exotel")
    message_id = caller.send(channel="exotel").body["id"]
    answer = caller("GET", f"/messages/{message_id}?refresh={word}")
    assert (answer.status, answer.body["status"], answer.headers["Herald-Refreshed"]) == (200, "delivered", "true")
    assert [step["step"] for step in answer.body["trace"]][-2:] == ["receipt", "delivered"]
    assert "planted" not in json.dumps(answer.body)
    assert caller("GET", f"/messages/{message_id}").body == answer.body
    again = caller("GET", f"/messages/{message_id}?refresh={word}")
    assert (again.body, again.headers["Herald-Refreshed"]) == (answer.body, "false")


def test_a_provider_that_cannot_be_asked_leaves_the_message_as_it_stands_and_that_is_said(caller: Caller) -> None:
    message_id = caller.send(channel="amazonsns").body["id"]
    answer = caller("GET", f"/messages/{message_id}?refresh=true")
    assert (answer.status, answer.body["status"], answer.headers["Herald-Refreshed"]) == (200, "sent", "false")


@pytest.mark.parametrize("query", ["", "?refresh=false", "?refresh=0"])
def test_a_look_up_without_a_refresh_asks_nobody_and_speaks_of_none(caller: Caller, box: Outbox, query: str) -> None:
    box.providers["exotel"] = Telling("exotel")
    message_id = caller.send(channel="exotel").body["id"]
    answer = caller("GET", f"/messages/{message_id}{query}")
    assert (answer.body["status"], "Herald-Refreshed" in answer.headers) == ("sent", False)


@pytest.mark.parametrize("query", ["refresh=yes", "refresh=", "refresh=TRUE", "refresh=true&refresh=true"])
def test_a_refresh_that_is_neither_yes_nor_no_is_a_422(caller: Caller, query: str) -> None:
    answer = caller("GET", f"/messages/{caller.send().body['id']}?{query}")
    assert is_problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [("refresh", "not_a_choice")]


def test_another_callers_message_is_not_refreshed(caller: Caller, another: Caller, box: Outbox) -> None:
    box.providers["exotel"] = Telling("exotel")
    message_id = caller.send(channel="exotel").body["id"]
    assert is_problem(another("GET", f"/messages/{message_id}?refresh=true"), 404, "not_found")
    assert caller("GET", f"/messages/{message_id}").body["status"] == "sent"


# ---- GET /messages


def test_the_messages_to_a_number_are_found_newest_first(caller: Caller, box: Outbox) -> None:
    sent = []
    for _ in range(3):
        sent.append(caller.send().body["id"])
        box.clock.pass_(seconds=1)
    caller.send(to="+919812345678")
    answer = caller("GET", "/messages?to=09741552552")
    assert (answer.status, answer.body["next"]) == (200, None)
    assert [message["id"] for message in answer.body["messages"]] == sent[::-1]
    assert answer.body["messages"][0] == caller("GET", f"/messages/{sent[-1]}").body


def test_a_page_leads_to_the_next_one(caller: Caller) -> None:
    sent = {caller.send().body["id"] for _ in range(3)}
    first = caller("GET", "/messages?to=%2B919741552552&limit=2").body
    second = caller("GET", f"/messages?to=%2B919741552552&limit=2&after={first['next']}").body
    assert (len(first["messages"]), second["next"]) == (2, None)
    assert {message["id"] for message in first["messages"] + second["messages"]} == sent


def test_a_search_may_be_for_one_state_and_from_one_time_on(caller: Caller, box: Outbox) -> None:
    caller.send()
    box.clock.pass_(minutes=1)
    waiting, sent = caller.send(mode="async").body["id"], caller.send().body["id"]
    found = caller("GET", "/messages?to=9741552552&status=sent&since=2026-11-22T12:00:30Z").body["messages"]
    assert [message["id"] for message in found] == [sent]
    found = caller("GET", "/messages?to=9741552552&status=accepted").body["messages"]
    assert [message["id"] for message in found] == [waiting]


def test_a_caller_finds_its_own_messages_only(caller: Caller, another: Caller) -> None:
    for each in (caller, another):
        each.send()
    found = caller("GET", "/messages?to=9741552552").body["messages"]
    theirs = another("GET", "/messages?to=9741552552").body["messages"]
    assert len(found) == len(theirs) == 1 and found != theirs


def test_the_page_of_another_caller_is_not_gone_on_with(caller: Caller, another: Caller) -> None:
    for _ in range(2):
        caller.send()
    cursor = caller("GET", "/messages?to=9741552552&limit=1").body["next"]
    answer = another("GET", f"/messages?to=9741552552&after={cursor}")
    assert is_problem(answer, 422, "invalid_request")
    assert answer.body["errors"][0]["code"] == "not_a_cursor"


def test_the_recorded_search_is_answered(caller: Caller) -> None:
    sent = caller.send().body["id"]
    answer = caller.door.answer(recorded("api-search"))
    assert [message["id"] for message in json.loads(answer["body"])["messages"]] == [sent]


def test_every_mistake_of_a_search_is_listed_and_no_value_repeated(caller: Caller) -> None:
    answer = caller("GET", "/messages?status=gone&limit=0&since=9741552552&reference=9741&to=+91&to=9741")
    assert is_problem(answer, 422, "invalid_request")
    found = [(error["field"], error["code"]) for error in answer.body["errors"]]
    assert found == [
        ("to", "wrong_type"),
        ("status", "not_a_choice"),
        ("since", "not_a_moment"),
        ("limit", "out_of_range"),
        ("reference", "unknown_field"),
    ]
    assert "9741" not in json.dumps(answer.body)


def test_a_search_without_a_number_finds_nobody(caller: Caller) -> None:
    for query in ("", "?", "?to=", "?status=sent"):
        answer = caller("GET", f"/messages{query}")
        assert is_problem(answer, 422, "invalid_request")
        assert answer.body["errors"][0] == {"field": "to", "code": "required", "detail": "This field is required."}


def test_a_plus_that_became_a_space_on_its_way_is_explained_and_never_guessed_at(caller: Caller) -> None:
    caller.send()
    answer = caller("GET", "/messages?to=+919741552552")
    assert is_problem(answer, 422, "invalid_request")
    assert answer.body["errors"][0]["code"] == "plus_not_encoded"
    assert "%2B" in answer.body["detail"]


# ---- DELETE /recipients/{number}


FORMS = ["%2B919741552552", "+919741552552", "09741552552", "9741-552-552", "%2B91%209741%20552%20552"]


@pytest.mark.parametrize("written", FORMS)
def test_all_messages_to_a_number_are_erased_in_whatever_form_it_is_written(
    caller: Caller, another: Caller, box: Outbox, written: str
) -> None:
    ids = [each.send().body["id"] for each in (caller, another)]
    answer = caller("DELETE", f"/recipients/{written}")
    assert (answer.status, answer.body) == (200, {"erased": 2, "left": 0})
    assert is_problem(caller("GET", f"/messages/{ids[0]}"), 404, "not_found")
    assert caller("GET", "/messages?to=9741552552").body == {"messages": [], "next": None}
    assert caller("DELETE", f"/recipients/{written}").body == {"erased": 0, "left": 0}


def test_a_number_that_a_gateway_has_decoded_already_is_the_same(caller: Caller) -> None:
    caller.send()
    event = recorded("api-erase") | {"pathParameters": {"number": TO}}
    assert json.loads(caller.door.answer(event)["body"]) == {"erased": 1, "left": 0}


def test_the_recorded_erasure_is_answered(caller: Caller) -> None:
    caller.send()
    answer = caller.door.answer(recorded("api-erase"))
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"erased": 1, "left": 0})


def test_what_is_being_sent_is_left_and_the_answer_is_202(caller: Caller, box: Outbox) -> None:
    in_state(box, Status.SENDING, due_at=box.clock.now + timedelta(minutes=1))
    answer = caller("DELETE", "/recipients/9741552552")
    assert (answer.status, answer.body) == (202, {"erased": 0, "left": 1})


def test_a_repeated_request_for_an_erased_message_sends_nothing(caller: Caller, box: Outbox) -> None:
    caller.send(KEY)
    caller("DELETE", "/recipients/9741552552")
    assert is_problem(caller.send(KEY), 422, "idempotency_key_reused")
    assert len(box.texts) == 1


@pytest.mark.parametrize("written", ["", "x", "%00", "08022223333", "%2B9197415525", "%252B919741552552", "9" * 5000])
def test_a_path_that_is_no_number_erases_nothing(caller: Caller, box: Outbox, written: str) -> None:
    message_id = caller.send().body["id"]
    answer = caller("DELETE", f"/recipients/{written}")
    assert is_problem(answer, 422, "invalid_request")
    assert answer.body["errors"][0]["field"] == "number"
    assert len(written) < 5 or written not in json.dumps(answer.body)
    assert caller("GET", f"/messages/{message_id}").status == 200


# ---- The query


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/messages"),
        ("GET", f"/messages/{ID}"),
        ("DELETE", f"/messages/{ID}"),
        ("DELETE", "/recipients/9741552552"),
        ("GET", "/messages"),
    ],
)
def test_a_parameter_that_nobody_knows_is_a_mistake(caller: Caller, box: Outbox, method: str, path: str) -> None:
    message_id = caller.send().body["id"]
    body = json.dumps({"to": TO, "body": "Hi"}) if method == "POST" else None
    answer = caller(
        method, f"{path}?chanel=exotel&to=9741552552" if path == "/messages" else f"{path}?chanel=x", body, JSON
    )
    assert is_problem(answer, 422, "invalid_request")
    assert "chanel" in [error["field"] for error in answer.body["errors"]]
    assert len(box.texts) == 1 and caller("GET", f"/messages/{message_id}").status == 200


def test_the_name_of_a_parameter_is_not_repeated_if_it_might_be_a_number(caller: Caller) -> None:
    answer = caller("GET", f"/messages/{ID}?9741552552=1")
    assert is_problem(answer, 422, "invalid_request")
    assert "9741" not in json.dumps(answer.body)


def test_a_query_that_comes_in_one_form_only_is_read(caller: Caller) -> None:
    caller.send()
    event = recorded("api-search") | {"multiValueQueryStringParameters": None}
    assert len(json.loads(caller.door.answer(event)["body"])["messages"]) == 1
    event = recorded("api-search") | {"queryStringParameters": None}
    assert len(json.loads(caller.door.answer(event)["body"])["messages"]) == 1


# ---- What breaks


def test_a_journal_that_cannot_be_reached_is_a_503_that_says_when_to_come_again(caller: Caller, box: Outbox) -> None:
    box.journal = Broken()  # type: ignore[assignment]
    asked = (("GET", f"/messages/{ID}"), ("GET", "/messages?to=9741552552"), ("DELETE", "/recipients/9741552552"))
    for answer in (caller.send(), *(caller(method, path) for method, path in asked)):
        assert is_problem(answer, 503, "not_accepted")
        assert answer.headers["Retry-After"] == "5"
        assert "9741" not in json.dumps(answer.body)
    assert box.texts == []


@pytest.mark.parametrize(
    ("part", "fields"), [("queue", {"mode": "async"}), ("schedule", {"send_at": "2026-12-01T00:00:00Z"})]
)
def test_a_text_that_cannot_be_handed_over_is_accepted_and_left_to_the_sweep(
    caller: Caller, box: Outbox, part: str, fields: dict[str, str]
) -> None:
    setattr(box, part, Broken())
    answer = caller.send(**fields)
    assert answer.status == 202
    assert box.journal.messages[answer.body["id"]].due_at


def test_what_nobody_foresaw_is_a_500_without_its_text_and_is_told_to_the_operator() -> None:
    box = an_outbox()
    box.settings = Broken()  # type: ignore[assignment]
    answer = Caller(Https(box.herald, {}, ROOT)).send()
    assert is_problem(answer, 500, "error")
    assert "9741" not in json.dumps(answer.body)
    assert box.notes.told == [("request broke off", "ConnectionError")]


def test_a_journey_that_cannot_be_made_is_a_500_too() -> None:
    def no_herald() -> Any:
        raise ValueError("You must specify a region.")

    assert is_problem(Caller(Https(no_herald, {}, ROOT)).send(), 500, "error")


# ---- Methods, paths, headers


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/health", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/messages", "GET, HEAD, POST"),
        ("/recipients/%2B919741552552", "GET, HEAD, PUT, DELETE"),
        (f"/messages/{ID}", "GET, HEAD, DELETE"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_a_405_that_names_the_others(
    caller: Caller, path: str, allowed: str
) -> None:
    wrong = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} - set(allowed.split(", "))
    for method in wrong:
        answer = caller(method, path, "{}", JSON)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
        assert method == "HEAD" or is_problem(answer, 405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/", "/health", "/openapi.json", f"/messages/{ID}"])
def test_head_is_answered_as_get_without_the_content(caller: Caller, path: str) -> None:
    head, get = caller("HEAD", path), caller("GET", path)
    assert head.body == ""
    assert (head.status, head.headers) == (get.status, get.headers)


@pytest.mark.parametrize("path", ["/nothing", "/messages/{id}/more", "None"])
def test_a_path_that_is_not_there_is_a_404(caller: Caller, path: str) -> None:
    event = caller.event("GET", "/", None, {}) | {"resource": path}
    answer = caller.door.answer(event)
    assert (answer["statusCode"], json.loads(answer["body"])["title"]) == (404, "There is no such page")


@pytest.mark.parametrize("path", ["/", "/health", "/openapi.json", "/messages", f"/messages/{ID}"])
def test_no_answer_is_kept_guessed_at_or_passed_on(caller: Caller, path: str) -> None:
    headers = caller("GET", path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_every_header_is_text(caller: Caller) -> None:
    answers = (caller.send(KEY), caller.send(KEY), caller.send(to="x"), caller("GET", "/"), caller("PUT", "/"))
    assert all(isinstance(value, str) for answer in answers for value in answer.headers.values())


def test_no_header_of_an_answer_repeats_what_was_said(caller: Caller) -> None:
    planted = "x\r\nSet-Cookie: planted=1"
    headers = {**JSON, "Idempotency-Key": planted, "Prefer": planted, "X-Else": planted}
    fields = {"to": TO, "body": planted, "reference": "planted", "tags": {"planted": "planted"}}
    answers = [
        caller("POST", "/messages", json.dumps(fields), JSON | {"Idempotency-Key": "planted"}),
        caller("POST", "/messages", json.dumps(fields), headers),
        *(caller(method, f"/messages/{quote(planted)}", None, headers) for method in ("GET", "DELETE", "PUT")),
        caller("GET", f"/messages?to={quote(planted)}", None, headers),
    ]
    assert answers[0].status == 201
    assert all(answer.status >= 400 for answer in answers[1:])
    assert not any("planted" in json.dumps(answer.headers) for answer in answers)


# ---- GET /health, GET /openapi.json


def test_health_says_stage_and_version_and_nothing_of_the_channels(caller: Caller) -> None:
    answer = caller("GET", "/health")
    assert (answer.status, answer.body) == (200, {"status": "ok", "stage": "dev", "version": "1.2.3"})


def test_health_names_the_channels_on_the_laptop(box: Outbox) -> None:
    answer = Caller(Https(box.herald, {"stage": "local", "version": "1"}, ROOT))("GET", "/health")
    assert answer.body["channels"] == ["amazonsns", "exotel"]


def test_health_is_a_503_while_the_settings_cannot_be_read(box: Outbox) -> None:
    def unread() -> Any:
        raise NotAccepted

    journey = box.herald()
    journey.settings = unread
    answer = Caller(Https(lambda: journey, {"stage": "dev"}, ROOT))("GET", "/health")
    assert (answer.status, answer.body) == (503, {"status": "failing", "code": "not_accepted", "stage": "dev"})


def test_the_contract_is_given_as_it_is_written(caller: Caller) -> None:
    answer = caller("GET", "/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body == json.loads((ROOT / "functions" / "api" / "openapi.json").read_text())


# ---- Whatever comes


DOOR = Https(an_outbox().herald, {"stage": "dev"}, ROOT / "functions" / "api")
names = st.sampled_from(["Content-Type", "content-type", "Idempotency-Key", "Prefer", "X-Else", "ACCEPT"])
values = st.sampled_from(["application/json", FORM["Content-Type"], "respond-async", "order-1"]) | st.text()
bodies = st.none() | st.text() | st.dictionaries(st.text(), st.integers() | st.text()).map(json.dumps)
contexts = st.none() | st.fixed_dictionaries(
    {}, optional={"requestId": st.text(), "authorizer": st.none() | st.just({"principalId": "shop"})}
)


PATHS = ["/", "/health", "/openapi.json", "/messages", "/messages/{id}", "/recipients/{number}"]
parameters = st.sampled_from(["to", "status", "since", "after", "limit", "refresh", "x"]) | st.text()
queries = st.dictionaries(parameters, st.lists(st.sampled_from([TO, "sent", "1"]) | st.text(), min_size=1, max_size=2))


def fits(answer: dict[str, Any]) -> bool:
    """True if API Gateway can pass the answer on, and it does not say that Herald made a mistake."""
    json.dumps(answer)
    return set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"} and 200 <= answer["statusCode"] < 500


@given(
    st.fixed_dictionaries(
        {
            "resource": st.sampled_from(PATHS) | st.text(),
            "httpMethod": st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT"]) | st.text(),
            "headers": st.none() | st.dictionaries(names | st.text(), values),
            "body": bodies,
            "isBase64Encoded": st.just(False),
        },
        optional={
            "pathParameters": st.none() | st.fixed_dictionaries({"id": st.text() | st.just(ID), "number": st.text()}),
            "queryStringParameters": st.none() | queries.map(lambda query: {name: query[name][-1] for name in query}),
            "multiValueQueryStringParameters": st.none() | queries,
            "requestContext": contexts,
        },
    )
)
def test_no_event_makes_the_door_fall_over(event: dict[str, Any]) -> None:
    assert fits(DOOR.answer(event))


@given(st.binary(max_size=400), st.sampled_from([JSON, FORM]))
@example(b"\xff\xfe", JSON)
@example(b"\x00", FORM)
@example(b'{"to":"\\ud800","body":"\\udfff"}', JSON)
@example(b"to=%ff&body=%00", FORM)
@example(b"tags[a]=1&tags=2", FORM)
@example(b'{"' + b"a" * 300 + b'":1}', JSON)
def test_no_body_makes_the_door_fall_over(raw: bytes, headers: dict[str, str]) -> None:
    event = recorded("api-post-json")
    event |= {"headers": headers, "body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    assert fits(DOOR.answer(event))


@given(
    st.dictionaries(
        st.sampled_from(["to", "body", "subject", "sender", "kind", "send_at", "valid_for", "tags", "mode", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_no_fields_make_the_door_fall_over(fields: dict[str, Any]) -> None:
    event = recorded("api-post-json") | {"body": json.dumps(fields)}
    assert fits(DOOR.answer(event))
