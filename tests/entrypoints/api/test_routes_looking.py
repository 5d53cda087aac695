"""Routes, looking: messages are found, asked about, canceled and erased."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from herald.journal.observed import Breaker, Drift, Observed
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox
from tests.entrypoints.api.test_contract import SCHEMAS, is_valid
from tests.entrypoints.conftest import ID, KEY, TO, Broken, Caller, in_state, is_problem, recorded

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
    assert caller.api.answer(recorded(name))["statusCode"] == 404
    scheduled = caller.send(send_at="2026-12-01T00:00:00Z").body["id"]
    box.journal.messages[ID] = box.journal.messages.pop(scheduled).with_(id=ID)
    answer = caller.api.answer(recorded(name))
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
    code = "wrong_type" if "&" in query else "not_a_choice"
    answer = caller("GET", f"/messages/{caller.send().body['id']}?{query}")
    assert is_problem(answer, 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [("refresh", code)]


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
    answer = caller.api.answer(recorded("api-search"))
    assert [message["id"] for message in json.loads(answer["body"])["messages"]] == [sent]


def test_every_mistake_of_a_search_is_listed_and_no_value_repeated(caller: Caller) -> None:
    answer = caller("GET", "/messages?status=gone&limit=0&since=9741552552&number=9741&to=+91&to=9741")
    assert is_problem(answer, 422, "invalid_request")
    found = [(error["field"], error["code"]) for error in answer.body["errors"]]
    assert found == [
        ("to", "wrong_type"),
        ("status", "not_a_choice"),
        ("since", "not_a_moment"),
        ("limit", "out_of_range"),
        ("number", "unknown_field"),
    ]
    assert "9741" not in json.dumps(answer.body)


def test_a_search_without_a_number_a_reference_or_a_status_of_trouble_finds_nobody(caller: Caller) -> None:
    for query in ("", "?", "?to=", "?reference=", "?status=sent", "?since=2026-11-22T00:00:00Z"):
        answer = caller("GET", f"/messages{query}")
        assert is_problem(answer, 422, "invalid_request")
        (error,) = answer.body["errors"]
        assert (error["field"], error["code"]) == ("to", "required")
        assert all(word in error["detail"] for word in ("reference", "expired, failed, undelivered, unknown"))


def test_messages_are_found_by_the_callers_own_reference_newest_first(caller: Caller, box: Outbox) -> None:
    first = caller.send(reference="order-118").body["id"]
    box.clock.pass_(seconds=1)
    second = caller.send(reference="order-118").body["id"]
    caller.send(reference="order-119")
    found = caller("GET", "/messages?reference=order-118").body
    assert ([message["id"] for message in found["messages"]], found["next"]) == ([second, first], None)
    assert caller("GET", "/messages?reference=order-118&status=failed").body["messages"] == []
    other = Caller(caller.api, "warehouse")
    assert other("GET", "/messages?reference=order-118").body["messages"] == []


def test_the_latest_that_failed_are_found_without_a_number(caller: Caller, box: Outbox) -> None:
    failed = box.journal.get(caller.send().body["id"])
    assert failed
    box.journal.messages[failed.id] = failed.with_(status=Status.FAILED, reason=REASONS["no_balance"])
    box.journal.note_troubled(failed.caller, {failed.id: box.clock()})
    found = caller("GET", "/messages?status=failed").body
    assert ([message["id"] for message in found["messages"]], found["next"]) == ([failed.id], None)
    assert caller("GET", "/messages?status=undelivered").body["messages"] == []
    assert is_problem(caller("GET", "/messages?status=failed&caller=key:shop"), 422, "invalid_request")


def test_a_plus_that_became_a_space_on_its_way_is_explained_and_never_guessed_at(caller: Caller) -> None:
    caller.send()
    answer = caller("GET", "/messages?to=+919741552552")
    assert is_problem(answer, 422, "invalid_request")
    assert answer.body["errors"][0]["code"] == "plus_not_encoded"
    assert "%2B" in answer.body["detail"]


# ---- DELETE /recipients/{number}


@pytest.mark.parametrize("query", ["+9607712345", "%20919741552552", "(+91)9741552552", "tel:+919741552552"])
def test_a_lost_plus_in_a_query_is_never_guessed_at(caller: Caller, query: str) -> None:
    answer = caller("GET", f"/messages?to={query}")
    assert [(e["field"], e["code"]) for e in answer.body["errors"]] == [("to", "plus_not_encoded")]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("written", ["%20919741552552", " 919741552552", "(%2091)9741552552"])
def test_a_lost_plus_in_a_path_is_never_guessed_at(caller: Caller, box: Outbox, method: str, written: str) -> None:
    body = json.dumps({"opted_out": True}) if method == "PUT" else None
    answer = caller(method, f"/recipients/{written}", body, {"Content-Type": "application/json"})
    assert [(e["field"], e["code"]) for e in answer.body["errors"]] == [("number", "plus_not_encoded")]
    assert box.optouts.sources == {}


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
    assert json.loads(caller.api.answer(event)["body"]) == {"erased": 1, "left": 0}


def test_the_recorded_erasure_is_answered(caller: Caller) -> None:
    caller.send()
    answer = caller.api.answer(recorded("api-erase"))
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


@pytest.mark.parametrize("written", ["", "x", "%00", "56767", "%2B9197", "%252B919741552552", "9" * 5000])
def test_a_path_that_is_no_number_erases_nothing(caller: Caller, box: Outbox, written: str) -> None:
    message_id = caller.send().body["id"]
    answer = caller("DELETE", f"/recipients/{written}")
    assert is_problem(answer, 422, "invalid_request")
    assert answer.body["errors"][0]["field"] == "number"
    assert len(written) < 5 or written not in json.dumps(answer.body)
    assert caller("GET", f"/messages/{message_id}").status == 200


def test_the_health_of_each_channel_is_told_as_the_contract_says(caller: Caller, box: Outbox) -> None:
    at = box.clock().timestamp()
    opened = Breaker("open", at, at + 30, at + 300, 1, "5 failures in a row")
    moved = {("amazonsns", "IN"): Drift(10, at, "late")}
    box.health_item.shared = Observed(breakers={"amazonsns": opened}, drifts=moved)
    answer = caller("GET", "/channels")
    assert answer.status == 200
    found, well = answer.body["channels"]
    assert (well["name"], well["state"], well["share"]) == ("exotel", "closed", 100)
    assert (found["name"], found["state"], found["why"], found["share"]) == ("amazonsns", "open", opened.why, 0)
    assert is_valid(answer.body, SCHEMAS["Channels"])
    assert found.keys() == set(SCHEMAS["Channel"]["required"])
    assert caller("GET", "/channels?name=x").status == 422
