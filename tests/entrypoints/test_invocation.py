"""Invocation: what other Lambdas, events and schedules hand over is sent once, and answered or refused plainly."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import herald
from herald.entrypoints import invocation
from herald.errors import (
    HeraldError,
    InvalidMessage,
    KeyReused,
    NotAccepted,
    NotAllowed,
    NotCancelable,
    NotFound,
    Refused,
    StillSending,
    Uncertain,
)
from herald.message import PUBLIC
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.settings.values import Limits
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ID, TO, an_outbox, recorded

SIMPLE = {"to": TO, "body": "Your parcel is here."}
RUN = "arn:aws:scheduler:ap-south-1:123456789012:schedule/herald-dev/weekly 2026-11-23T03:30:00Z"


def invoke(box: Outbox, event: object, request_id: str = "request-1") -> dict[str, Any]:
    answer = invocation.answer(event, request_id, box.herald())
    assert answer is not None
    json.dumps(answer)
    return answer


def mistakes(box: Outbox, event: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidMessage) as refused:
        invoke(box, event)
    return [(problem.field, problem.code) for problem in refused.value.problems]


# ---- Sending


def test_the_recorded_payload_sends_and_the_message_comes_back(box: Outbox) -> None:
    message = invoke(box, recorded("invoke"))
    assert set(message) == set(PUBLIC)
    assert (message["status"], message["to"]) == ("sent", TO)
    assert (box.texts[0].entrypoint, box.texts[0].caller) == ("invocation", "invoke")


@pytest.mark.parametrize("name", ["invoke", "event-sms-requested", "schedule"])
def test_whatever_is_delivered_twice_is_sent_once(box: Outbox, name: str) -> None:
    first = invoke(box, recorded(name), "request-1")
    assert invoke(box, recorded(name), "request-2")["id"] == first["id"]
    assert len(box.texts) == 1


def test_a_retry_of_lambda_which_keeps_the_request_id_sends_once(box: Outbox) -> None:
    assert invoke(box, SIMPLE, "request-1")["id"] == invoke(box, SIMPLE, "request-1")["id"]
    assert len(box.texts) == 1


def test_two_invocations_without_a_key_are_two_messages(box: Outbox) -> None:
    assert invoke(box, SIMPLE, "request-1")["id"] != invoke(box, SIMPLE, "request-2")["id"]
    assert len(box.texts) == 2


def test_an_invocation_without_any_id_is_sent_each_time(box: Outbox) -> None:
    assert invoke(box, SIMPLE, "")["id"] != invoke(box, SIMPLE, "")["id"]


def test_another_content_under_the_same_key_is_refused(box: Outbox) -> None:
    invoke(box, {**SIMPLE, "idempotency_key": "parcel-9"})
    with pytest.raises(KeyReused):
        invoke(box, {**SIMPLE, "body": "Another", "idempotency_key": "parcel-9"})


def test_the_same_key_at_another_entry_point_is_another_message(box: Outbox) -> None:
    keyed = {**SIMPLE, "idempotency_key": "9"}
    event = {**recorded("event-sms-requested"), "detail": keyed}
    assert invoke(box, keyed)["id"] != invoke(box, event)["id"]


@pytest.mark.parametrize("key", ["", "x" * 513, 7, ["a"], "\ud800", "a\nb"])
@pytest.mark.parametrize("name", ["idempotency_key", "schedule"])
def test_a_key_that_is_none_is_named(box: Outbox, name: str, key: object) -> None:
    assert mistakes(box, {**SIMPLE, name: key}) == [(name, "invalid_idempotency_key")]
    assert box.texts == []


@pytest.mark.parametrize("name", ["idempotency_key", "schedule"])
def test_a_key_that_is_null_is_absent(box: Outbox, name: str) -> None:
    assert invoke(box, {**SIMPLE, name: None})["status"] == "sent"


def test_every_mistake_of_a_payload_is_listed(box: Outbox) -> None:
    assert {field for field, _ in mistakes(box, {"to": "x", "chanel": "y"})} == {"to", "body", "chanel"}


@pytest.mark.parametrize("payload", [None, [], "text", 5, True])
def test_a_payload_that_is_no_object_is_refused(box: Outbox, payload: object) -> None:
    assert mistakes(box, payload) == [("", "not_an_object")]


# ---- What became of it


def test_a_refused_message_raises_the_code_of_its_reason(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Refused("opted_out", response={"code": "OptedOut"})]
    with pytest.raises(Refused) as refused:
        invoke(box, SIMPLE)
    assert refused.value.code == "opted_out"
    assert str(refused.value) == f"opted_out: {REASONS['opted_out'].text}"
    assert refused.value.response == {"code": "OptedOut"}


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED, Status.CANCELED])
def test_a_replay_of_a_message_that_will_not_be_sent_raises_as_well(box: Outbox, status: Status) -> None:
    message_id = invoke(box, SIMPLE)["id"]
    ended = box.journal.messages[message_id].with_(status=status, reason=REASONS["canceled"])
    box.journal.messages[message_id] = ended
    with pytest.raises(Refused, match="canceled"):
        invoke(box, SIMPLE)


def test_a_message_of_which_nobody_knows_comes_back_as_unknown(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Uncertain("answer_lost")]
    message = invoke(box, SIMPLE)
    assert (message["status"], message["reason"]["code"]) == ("unknown", "answer_lost")


def test_a_message_that_is_being_sent_raises_so_that_lambda_asks_again(box: Outbox) -> None:
    message_id = invoke(box, SIMPLE)["id"]
    sent = box.journal.messages[message_id]
    box.journal.messages[message_id] = sent.with_(status=Status.SENDING, due_at=sent.expires_at)
    with pytest.raises(StillSending):
        invoke(box, SIMPLE)


# ---- EventBridge


def test_the_recorded_event_sends_in_the_name_of_its_source(box: Outbox) -> None:
    assert invoke(box, recorded("event-sms-requested"))["status"] == "sent"
    assert (box.texts[0].entrypoint, box.texts[0].caller) == ("event", "event:shop.orders")


def test_two_events_are_two_messages(box: Outbox) -> None:
    event = recorded("event-sms-requested")
    assert invoke(box, event)["id"] != invoke(box, {**event, "id": "another"})["id"]


def test_an_event_without_an_id_is_known_by_its_invocation(box: Outbox) -> None:
    event = {name: value for name, value in recorded("event-sms-requested").items() if name != "id"}
    assert invoke(box, event, "request-1")["id"] == invoke(box, event, "request-1")["id"]
    assert invoke(box, event, "request-1")["id"] != invoke(box, event, "request-2")["id"]


@pytest.mark.parametrize("change", [{"detail-type": "Order Placed"}, {"detail": "text"}, {"detail": None}])
def test_an_event_of_another_kind_is_refused(box: Outbox, change: dict[str, object]) -> None:
    assert mistakes(box, {**recorded("event-sms-requested"), **change}) == [("detail-type", "unknown_event")]


def test_a_mistake_in_an_event_is_one_of_its_fields(box: Outbox) -> None:
    event = {**recorded("event-sms-requested"), "detail": {"to": TO}}
    assert mistakes(box, event) == [("body", "required")]


@pytest.mark.parametrize("schedule", [RUN, "another 1", "<aws.scheduler.schedule-arn>", None, 7])
def test_an_event_chooses_neither_its_caller_nor_a_schedules_key(box: Outbox, schedule: object) -> None:
    event = recorded("event-sms-requested")
    scheduled = {**event, "detail": {**event["detail"], "schedule": schedule}}
    assert invoke(box, scheduled)["id"] == invoke(box, event)["id"]
    assert [(text.entrypoint, text.caller) for text in box.texts] == [("event", "event:shop.orders")]


def test_events_that_say_they_are_schedules_share_the_limits_of_their_source(box: Outbox) -> None:
    box.settings = box.settings._replace(prices={"*": 1_000_000}, limits=Limits(caller_spend_day=2_000_000))
    event = recorded("event-sms-requested")
    for number in range(6):
        detail = {**event["detail"], "schedule": RUN.replace("weekly", f"weekly-{number}")}
        with suppress(NotAllowed):
            invoke(box, {**event, "id": str(number), "detail": detail})
    assert len(box.texts) == 2


NAMES = ("caller", "entrypoint", "source", "schedule", "grant", "key", "detail-type", "id", "account", "action")


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([RUN, "event:another", "key:shop", "invoke"])))
def test_whatever_an_event_says_its_caller_is_its_source(more: dict[str, str]) -> None:
    event, box = recorded("event-sms-requested"), an_outbox()
    try:
        invocation.answer({**event, "detail": {**event["detail"], **more}}, "request-1", box.herald())
    except InvalidMessage:
        assert more
    assert {text.caller for text in box.texts} <= {"event:shop.orders"}


# ---- Schedules


def test_the_recorded_run_of_a_schedule_sends(box: Outbox) -> None:
    assert invoke(box, recorded("schedule"))["status"] == "sent"
    assert (box.texts[0].entrypoint, box.texts[0].caller) == ("schedule", "schedule:herald-dev/example-every-monday")


def test_each_run_of_a_schedule_is_a_message(box: Outbox) -> None:
    runs = [{**SIMPLE, "schedule": RUN}, {**SIMPLE, "schedule": RUN.replace("-23T", "-30T")}]
    assert invoke(box, runs[0])["id"] != invoke(box, runs[1])["id"]


@pytest.mark.parametrize(
    "words",
    ["<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time>", "<aws.scheduler.scheduled-time>"],
)
def test_context_words_that_nobody_replaced_are_no_key(box: Outbox, words: str) -> None:
    runs = [invoke(box, {**SIMPLE, "schedule": words}, f"request-{n}")["id"] for n in (1, 2, 2)]
    assert runs[0] != runs[1] == runs[2]
    assert len(box.texts) == 2


def test_a_key_of_ones_own_goes_before_the_schedules(box: Outbox) -> None:
    runs = [{**SIMPLE, "schedule": RUN + end, "idempotency_key": "monday"} for end in ("", "+1")]
    assert invoke(box, runs[0])["id"] == invoke(box, runs[1])["id"]


# ---- Actions


def test_a_message_is_looked_up(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)
    assert invoke(box, {"action": "status", "id": sent["id"]})["status"] == "sent"


def test_a_scheduled_message_is_canceled(box: Outbox) -> None:
    waiting = invoke(box, {**SIMPLE, "send_at": "2026-12-01T00:00:00Z"})
    assert invoke(box, {"action": "cancel", "id": waiting["id"]})["status"] == "canceled"
    assert box.schedule.at == {}


def test_a_sent_message_cannot_be_canceled(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)
    with pytest.raises(NotCancelable):
        invoke(box, {"action": "cancel", "id": sent["id"]})


def test_the_schedule_of_a_message_resumes_it_at_its_time(box: Outbox) -> None:
    waiting = invoke(box, {**SIMPLE, "send_at": "2026-11-22T13:00:00Z"})
    box.clock.pass_(hours=1)
    assert invoke(box, {"action": "resume", "id": waiting["id"]})["status"] == "sent"


def test_a_schedule_whose_message_is_gone_is_no_error(box: Outbox) -> None:
    assert invocation.answer({"action": "resume", "id": ID}, "request-1", box.herald()) is None


@pytest.mark.parametrize("action", ["status", "cancel"])
def test_a_message_that_is_not_there_is_not_found(box: Outbox, action: str) -> None:
    with pytest.raises(NotFound):
        invoke(box, {"action": action, "id": ID})


def test_the_recorded_question_is_answered(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)
    box.journal.messages[ID] = box.journal.messages[sent["id"]].with_(id=ID)
    assert invoke(box, recorded("invoke-status"))["id"] == ID


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"action": "explode", "id": ID}, [("action", "unknown_choice")]),
        ({"action": None, "id": ID}, [("action", "unknown_choice")]),
        ({"action": ["status"], "id": ID}, [("action", "unknown_choice")]),
        ({"action": "status"}, [("id", "missing")]),
        ({"action": "status", "id": 7}, [("id", "missing")]),
        ({"action": "status", "id": ID, "force": 1}, [("force", "unknown_field")]),
        ({"action": "status", "id": ID, "refresh": "yes"}, [("refresh", "not_a_choice")]),
        ({"action": "cancel", "id": ID, "refresh": True}, [("refresh", "unknown_field")]),
        ({"action": "search"}, [("to", "required")]),
        ({"action": "search", "id": ID, "to": 5}, [("to", "wrong_type"), ("id", "unknown_field")]),
        ({"action": "channels", "name": "exotel"}, [("name", "unknown_field")]),
        ({"action": "erase"}, [("to", "required")]),
        ({"action": "erase", "to": "x"}, [("to", "letters")]),
        ({"action": "erase", "to": TO, "status": "sent"}, [("status", "unknown_field")]),
        (
            {"action": "x", "b": 1, "a": 1},
            [("b", "unknown_field"), ("a", "unknown_field"), ("action", "unknown_choice"), ("id", "missing")],
        ),
    ],
)
def test_every_mistake_of_an_action_is_listed(
    box: Outbox, event: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert mistakes(box, event) == expected


@pytest.mark.parametrize("action", ["status", "search", "erase", "explode"])
def test_a_name_that_might_be_a_number_is_not_repeated(box: Outbox, action: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        invoke(box, {"action": action, "id": ID, "+919741552552": 1})
    assert "9741" not in str(refused.value)


# ---- Looking up


class Telling(FakeProvider):
    """Exotel, when it is asked: the text is on the phone."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"Sid": response["Sid"], "Status": "sent"}


@pytest.mark.parametrize(("refresh", "status"), [(True, "delivered"), ("true", "delivered"), (False, "sent")])
def test_a_message_is_refreshed_if_that_is_asked_for(box: Outbox, refresh: object, status: str) -> None:
    box.providers["exotel"] = Telling("exotel")
    sent = invoke(box, {**SIMPLE, "channel": "exotel"})
    assert invoke(box, {"action": "status", "id": sent["id"], "refresh": refresh})["status"] == status


def test_what_was_sent_to_a_number_is_found_whoever_sent_it(box: Outbox) -> None:
    sent = [invoke(box, {**SIMPLE, "reference": name}, name)["id"] for name in "ab"]
    sent.append(herald.send(TO, "By Python").id)
    found = invoke(box, {"action": "search", "to": "09741552552", "status": "sent", "since": "2026-11-22T12:00:00Z"})
    assert {message["id"] for message in found["messages"]} == {*sent}
    assert (set(found), found["next"]) == ({"messages", "next"}, None)


def test_a_reference_is_that_of_what_came_by_invocation_unless_a_caller_is_named(box: Outbox) -> None:
    mine = invoke(box, {**SIMPLE, "reference": "order-7"}, "a")["id"]
    event = {"id": "e-1", "source": "shop.orders", "detail-type": "SMS Requested"}
    theirs = invoke(box, {**event, "detail": {**SIMPLE, "reference": "order-7"}})["id"]
    asked = {"action": "search", "reference": "order-7"}
    for request, found in ((asked, mine), ({**asked, "caller": "event:shop.orders"}, theirs)):
        assert [message["id"] for message in invoke(box, request)["messages"]] == [found]
    assert invoke(box, {**asked, "caller": "event:warehouse"})["messages"] == []


def test_what_failed_last_is_found_of_one_caller(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)["id"]
    box.journal.messages[sent] = box.journal.messages[sent].with_(status=Status.UNKNOWN)
    box.journal.note_troubled("invoke", {sent: box.clock()})
    asked = {"action": "search", "status": "unknown"}
    assert [message["id"] for message in invoke(box, asked)["messages"]] == [sent]
    assert invoke(box, {**asked, "caller": "key:shop"})["messages"] == []


def test_a_search_goes_on_page_by_page(box: Outbox) -> None:
    for name in "abc":
        invoke(box, SIMPLE, name)
    first = invoke(box, {"action": "search", "to": TO, "limit": 2})
    second = invoke(box, {"action": "search", "to": TO, "limit": 2, "after": first["next"]})
    assert [len(page["messages"]) for page in (first, second)] == [2, 1]


def test_a_person_is_erased(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)["id"]
    assert invoke(box, {"action": "erase", "to": "9741-552-552"}) == {"erased": 1, "left": 0}
    with pytest.raises(NotFound):
        invoke(box, {"action": "status", "id": sent})


def test_the_recorded_search_and_erasure_are_answered(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)["id"]
    assert [message["id"] for message in invoke(box, recorded("invoke-search"))["messages"]] == [sent]
    assert invoke(box, recorded("invoke-erase")) == {"erased": 1, "left": 0}


def test_an_event_can_erase_nobody(box: Outbox) -> None:
    sent = invoke(box, SIMPLE)["id"]
    event = {**recorded("event-sms-requested"), "detail": recorded("invoke-erase")}
    assert ("action", "unknown_field") in mistakes(box, event)
    assert invoke(box, {"action": "status", "id": sent})["status"] == "sent"


# ---- What breaks


class Broken:
    def claim(self, message: object) -> None:
        raise ConnectionError("a text to +919741552552")

    def get(self, message_id: str) -> None:
        raise ConnectionError("a text to +919741552552")


def test_a_part_that_cannot_be_reached_raises_not_accepted(box: Outbox) -> None:
    box.journal = Broken()  # type: ignore[assignment]
    actions = ({"action": "status", "id": ID}, {"action": "search", "to": TO}, {"action": "erase", "to": TO})
    for event in (SIMPLE, *actions):
        with pytest.raises(NotAccepted) as refused:
            invoke(box, event)
        assert "9741" not in str(refused.value)


def test_what_nobody_foresaw_is_raised_without_its_text_and_told_to_the_operator(box: Outbox) -> None:
    box.journal = Broken()  # type: ignore[assignment]
    with pytest.raises(HeraldError) as broken:
        invoke(box, {"action": "resume", "id": ID})
    assert (broken.value.code, broken.value.__cause__) == ("error", None)
    assert broken.value.__suppress_context__
    assert "9741" not in str(broken.value)
    assert box.observer.told == [("invocation broke off", "ConnectionError")]


payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
words = [
    "to",
    "body",
    "idempotency_key",
    "schedule",
    "action",
    "id",
    "detail-type",
    "detail",
    "mode",
    "refresh",
    "after",
]
known = st.sampled_from(words)
actions = st.fixed_dictionaries({"action": st.sampled_from(["status", "cancel", "search", "erase"])})


@given(
    st.dictionaries(known, payloads)
    | st.builds(lambda action, fields: {**fields, **action}, actions, st.dictionaries(known, payloads))
    | payloads
)
def test_whatever_is_handed_over_ends_as_a_message_or_as_an_error_of_ours(event: object) -> None:
    try:
        invocation.answer(event, "request-1", an_outbox().herald())
    except HeraldError as error:
        assert error.code != "error", error


def test_the_health_of_the_channels_is_asked_for_by_an_action(box: Outbox) -> None:
    assert invoke(box, {"action": "channels"}) == box.herald().channels()


def test_what_would_happen_is_asked_for_by_an_action_and_sends_nothing(box: Outbox) -> None:
    found = invoke(box, {"action": "explain", "to": TO, "body": "Hi", "idempotency_key": "order-1"})
    assert found and (found["would"], found["to"]) == ("send", TO)
    assert (box.texts, box.journal.messages) == ([], {})
    sent = invoke(box, {"to": TO, "body": "Hi", "idempotency_key": "order-1"})
    again = invoke(box, {"action": "explain", "to": TO, "body": "Hi", "idempotency_key": "order-1"})
    assert sent and again and (again["would"], again["id"]) == ("replay", sent["id"])


def test_what_would_be_refused_is_told_by_an_action_not_raised(box: Outbox) -> None:
    found = invoke(box, {"action": "explain", "to": "nobody"})
    assert found and found["would"] == "refuse"
