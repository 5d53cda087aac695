"""The HTTPS door: which status, headers and body each outcome has, and that nothing makes it fall over."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.errors import NotAccepted, Refused, Unavailable, Uncertain
from herald.http import Https
from herald.message import PUBLIC, Status
from herald.reasons import REASONS
from herald.testing import FakeProvider, Outbox
from tests.doors.conftest import ID, ROOT, TO, Answer, Caller, an_outbox, recorded

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
    assert caller.door.answer(recorded(name))["statusCode"] == 201
    assert (box.texts[0].to, box.texts[0].body, box.texts[0].caller) == (TO, "Your table is ready.", "key:shop")


def test_the_recorded_form_has_its_tags_and_its_sender(caller: Caller, box: Outbox) -> None:
    caller.door.answer(recorded("api-post-form"))
    assert (box.texts[0].tags, box.texts[0].sender) == ({"env": "prod"}, "Gramex")


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


# ---- What breaks


def test_a_journal_that_cannot_be_reached_is_a_503_that_says_when_to_come_again(caller: Caller, box: Outbox) -> None:
    box.journal = Broken()  # type: ignore[assignment]
    for answer in (caller.send(), caller("GET", f"/messages/{ID}")):
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
        ("/recipients/%2B919741552552", "DELETE"),
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


def fits(answer: dict[str, Any]) -> bool:
    """True if API Gateway can pass the answer on, and it does not say that Herald made a mistake."""
    json.dumps(answer)
    return set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"} and 200 <= answer["statusCode"] < 500


@given(
    st.fixed_dictionaries(
        {
            "resource": st.sampled_from(["/", "/health", "/openapi.json", "/messages", "/messages/{id}"]) | st.text(),
            "httpMethod": st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT"]) | st.text(),
            "headers": st.none() | st.dictionaries(names | st.text(), values),
            "body": bodies,
            "isBase64Encoded": st.just(False),
        },
        optional={
            "pathParameters": st.none() | st.fixed_dictionaries({"id": st.text() | st.just(ID)}),
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
