"""Through the HTTPS API: a key does what its scopes say, a test key reaches nobody, and no caller sees another's."""

import json
from typing import Any

import pytest

from herald.entrypoints.api.routes import ROUTES, Https
from herald.keys.grant import SCOPES, Grant
from herald.message.receipt import Report
from herald.pipeline.receive.receipts import Receipts
from herald.settings.values import Limits
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ID, ROOT, TO, Answer, Caller, an_outbox

NEEDED = {(route.method, route.path): route.scope for route in ROUTES if route.scope}
# What a request needs, as a caller would ask for it.
REQUESTS = {
    ("POST", "/messages"): ("POST", "/messages", {"to": TO, "body": "Hi"}),
    ("POST", "/messages/explain"): ("POST", "/messages/explain", {"to": TO, "body": "Hi"}),
    ("GET", "/messages"): ("GET", "/messages?to=%2B919741552552", None),
    ("GET", "/messages/{id}"): ("GET", f"/messages/{ID}", None),
    ("DELETE", "/messages/{id}"): ("DELETE", f"/messages/{ID}", None),
    ("GET", "/recipients/{number}"): ("GET", "/recipients/%2B919741552552", None),
    ("PUT", "/recipients/{number}"): ("PUT", "/recipients/%2B919741552552", {"opted_out": True}),
    ("DELETE", "/recipients/{number}"): ("DELETE", "/recipients/%2B919741552552", None),
    ("GET", "/channels"): ("GET", "/channels", None),
}


def a_caller(box: Outbox, grant: Grant, name: str = "shop") -> Caller:
    return Caller(Https(box.herald, {}, ROOT / "functions" / "api"), name, grant)


def ask(caller: Caller, request: tuple[str, str]) -> Answer:
    method, path, body = REQUESTS[request]
    return caller(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})


def scoped(*scopes: str) -> Grant:
    return Grant("shop", scopes=frozenset(scopes))


def test_every_path_behind_the_lock_asks_for_a_scope() -> None:
    assert NEEDED.keys() == REQUESTS.keys()
    assert set(NEEDED.values()) == set(SCOPES)


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
def test_without_its_scope_a_request_is_refused_and_nothing_happens(box: Outbox, request_: tuple[str, str]) -> None:
    needed = NEEDED[request_]
    answer = ask(a_caller(box, scoped(*set(SCOPES) - {needed})), request_)
    assert (answer.status, answer.body["code"]) == (403, "scope_missing")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert needed in answer.body["detail"] and answer.body["hint"]
    assert (box.texts, box.journal.messages, box.optouts.sources) == ([], {}, {})


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
def test_its_scope_alone_is_enough(box: Outbox, request_: tuple[str, str]) -> None:
    answer = ask(a_caller(box, scoped(NEEDED[request_])), request_)
    assert answer.status in (200, 201, 404)
    assert answer.status != 404 or answer.body["code"] == "not_found"


def test_a_key_that_does_not_say_may_do_all_but_erase(box: Outbox) -> None:
    caller = a_caller(box, Grant("shop"))
    statuses = {request: ask(caller, request).status for request in REQUESTS}
    assert {request for request, status in statuses.items() if status == 403} == {
        request for request, scope in NEEDED.items() if scope == "erase"
    }


@pytest.mark.parametrize(
    "context", [{}, {"grant": ""}, {"grant": "{"}, {"grant": '{"scopes": "send"}'}, {"grant": None}]
)
def test_without_a_grant_that_can_be_read_nothing_is_allowed(box: Outbox, context: dict[str, Any]) -> None:
    caller = a_caller(box, Grant("shop"))
    event = caller.event("POST", "/messages", json.dumps({"to": TO, "body": "Hi"}), {})
    event["requestContext"]["authorizer"] = {"principalId": "shop", **context}
    assert caller.api.answer(event)["statusCode"] == 403
    assert box.texts == []


# ---- test mode


def test_a_test_key_goes_the_whole_way_and_reaches_nobody(box: Outbox) -> None:
    caller = a_caller(box, Grant("ci", test=True), "ci")
    sent = caller.send(body="Hi")
    assert (sent.status, sent.body["status"], sent.body["test"]) == (201, "sent", True)
    ((posted, _),) = box.queue.posted
    Receipts(box).waited(Report.read(posted["receipt"]))
    found = caller("GET", f"/messages/{sent.body['id']}").body
    assert (found["status"], found["test"]) == ("delivered", True)
    assert (box.texts, [provider.calls for provider in box.providers.values()]) == ([], [0, 0])


def test_a_live_keys_message_says_that_it_is_no_test(box: Outbox) -> None:
    assert a_caller(box, Grant("shop")).send(body="Hi").body["test"] is False


# ---- other callers


def test_another_callers_message_is_as_one_that_does_not_exist(box: Outbox) -> None:
    theirs = a_caller(box, Grant("shop"), "shop").send(body="Hi", mode="async").body["id"]
    bank = a_caller(box, Grant("bank"), "bank")
    for method in ("GET", "DELETE"):
        other, none = bank(method, f"/messages/{theirs}"), bank(method, f"/messages/{ID}")
        assert (other.status, none.status) == (404, 404)
        assert {**other.body, "request_id": ""} == {**none.body, "request_id": ""}
    assert bank("GET", "/messages?to=%2B919741552552").body["messages"] == []
    assert box.journal.messages[theirs].status == "accepted"


def test_another_callers_key_for_repetitions_is_ones_own(box: Outbox) -> None:
    key = {"Idempotency-Key": "order-1"}
    ids = {a_caller(box, Grant(name), name).send(key, body="Hi").body["id"] for name in ("shop", "bank", "shop")}
    assert (len(ids), len(box.texts)) == (2, 2)


# ---- limits


def test_a_limit_is_told_with_the_time_after_which_to_ask_again() -> None:
    box = an_outbox()
    caller = a_caller(box, Grant("shop", per_minute=1))
    assert caller.send(body="Hi").status == 201
    no = caller.send(body="Hi")
    assert (no.status, no.body["code"], no.body["retryable"]) == (429, "limit_caller_minute", True)
    assert 1 <= int(no.headers["Retry-After"]) <= 60
    assert [step["step"] for step in no.body["trace"]] == ["accepted", "refused"]


@pytest.mark.parametrize(
    ("grant", "fields", "code"),
    [
        (Grant("shop", countries=frozenset({"SG"})), {}, "country_not_allowed"),
        (Grant("shop", kinds=frozenset({"otp"})), {}, "kind_not_allowed"),
        (Grant("shop", channels=frozenset({"exotel"})), {"channel": "amazonsns"}, "channel_not_allowed"),
    ],
)
def test_what_a_key_may_not_use_is_403(box: Outbox, grant: Grant, fields: dict[str, str], code: str) -> None:
    no = a_caller(box, grant).send(body="Hi", **fields)
    assert (no.status, no.body["code"]) == (403, code)
    assert box.texts == []


def test_a_guard_of_the_stage_is_422_and_a_full_counter_429() -> None:
    box = an_outbox()
    box.settings = type(box.settings)(channels=box.settings.channels, max_segments=1, limits=Limits(day=1))
    caller = a_caller(box, Grant("shop"))
    long = caller.send(body="a" * 161)
    assert (long.status, long.body["code"], long.body["errors"][0]["field"]) == (422, "too_many_segments", "body")
    assert caller.send(body="Hi").status == 201
    assert caller.send(body="Hi").status == 429


# ---- opt-outs


def test_a_person_who_wants_no_texts_gets_none_until_they_do(box: Outbox) -> None:
    caller, path = a_caller(box, scoped(*SCOPES)), "/recipients/%2B919741552552"

    def wish(value: object) -> Answer:
        return caller("PUT", path, json.dumps({"opted_out": value}), {"Content-Type": "application/json"})

    assert caller("GET", path).body == {"opted_out": False}
    assert (wish(True).status, wish(True).body) == (200, {"opted_out": True})
    no = caller.send(body="Hi")
    assert (no.status, no.body["code"]) == (422, "opted_out")
    assert caller("GET", path).body == {"opted_out": True}
    assert wish(False).body == {"opted_out": False}
    assert caller.send(body="Hi").status == 201


@pytest.mark.parametrize(
    "body", ["", "{}", '{"opted_out": "yes"}', '{"opted_out": 1}', "[]", '{"opted_out": true, "x": 1}']
)
def test_a_wish_that_is_none_is_refused(box: Outbox, body: str) -> None:
    answer = a_caller(box, scoped(*SCOPES))(
        "PUT", "/recipients/%2B919741552552", body, {"Content-Type": "application/json"}
    )
    assert answer.status in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert box.optouts.sources == {}
