"""Routes: what holds for every request, and that nothing makes it fall over."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.entrypoints.api.routes import Https
from herald.errors import NotAccepted
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import FORM, ID, JSON, KEY, ROOT, TO, Broken, Caller, an_outbox, is_problem, recorded
from tests.failing import Unsettled

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
    assert len(json.loads(caller.api.answer(event)["body"])["messages"]) == 1
    event = recorded("api-search") | {"queryStringParameters": None}
    assert len(json.loads(caller.api.answer(event)["body"])["messages"]) == 1


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
    assert box.observer.told == [("request broke off", "ConnectionError")]


def test_a_service_that_cannot_be_made_is_a_500_too() -> None:
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
    answer = caller.api.answer(event)
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


def test_health_is_a_503_while_the_settings_cannot_be_read() -> None:
    ports = Unsettled()
    ports.wrong = NotAccepted()
    answer = Caller(Https(ports.herald, {"stage": "dev"}, ROOT))("GET", "/health")
    assert (answer.status, answer.body) == (503, {"status": "failing", "code": "not_accepted", "stage": "dev"})


def test_the_contract_is_given_as_it_is_written(caller: Caller) -> None:
    answer = caller("GET", "/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body == json.loads((ROOT / "functions" / "api" / "openapi.json").read_text())


# ---- Whatever comes


API = Https(an_outbox().herald, {"stage": "dev"}, ROOT / "functions" / "api")
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
def test_no_event_makes_the_api_fall_over(event: dict[str, Any]) -> None:
    assert fits(API.answer(event))


@given(st.binary(max_size=400), st.sampled_from([JSON, FORM]))
@example(b"\xff\xfe", JSON)
@example(b"\x00", FORM)
@example(b'{"to":"\\ud800","body":"\\udfff"}', JSON)
@example(b"to=%ff&body=%00", FORM)
@example(b"tags[a]=1&tags=2", FORM)
@example(b'{"' + b"a" * 300 + b'":1}', JSON)
def test_no_body_makes_the_api_fall_over(raw: bytes, headers: dict[str, str]) -> None:
    event = recorded("api-post-json")
    event |= {"headers": headers, "body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    assert fits(API.answer(event))


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
def test_no_fields_make_the_api_fall_over(fields: dict[str, Any]) -> None:
    event = recorded("api-post-json") | {"body": json.dumps(fields)}
    assert fits(API.answer(event))
