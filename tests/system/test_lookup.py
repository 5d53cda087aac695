"""On the deployed whole: a message is refreshed from its provider, a person's messages are found, and are erased."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import quote

import pytest
import requests

from herald.keys.key import create
from local.carrier.fates import FATES
from local.carrier.vendors.exotel import Exotel
from local.stack import STAGE, Stack
from tests.system.conftest import Answer, Api, Carrier, payload, until
from tests.system.test_promises import logged

Aws = Callable[[str], Any]
# A magic number: nobody is ever told what became of a text to it.
SILENT = "+919876500090"


@pytest.fixture
def person() -> str:
    """A number that no other test texts."""
    return f"+9198{uuid.uuid4().int % 10**8:08}"


@pytest.fixture
def exotel(stack: Stack) -> Exotel:
    """The carrier's Exotel."""
    assert stack.carrier
    return cast(Exotel, stack.carrier.vendors["exotel"])


@pytest.fixture
def invoke(aws: Aws, stack: Stack) -> Callable[..., Any]:
    """What the invoke function answers to an action."""

    def answer(**event: Any) -> Any:
        answered = aws("lambda").invoke(FunctionName=stack.env["HERALD_INVOKE_FUNCTION"], Payload=json.dumps(event))
        return payload(answered)

    return answer


def refreshed(api: Api, message_id: str) -> Answer:
    """The answer to a refresh, as soon as the channel has a turn for the question."""

    def there() -> Answer | None:
        answer = api("GET", f"/messages/{message_id}", params={"refresh": "true"})
        assert answer.status == 200
        return answer if answer.headers["Herald-Refreshed"] == "true" else None

    return until(there, "turn for a question")


# ---- Refresh


def delivered_by_asking(api: Api, message_id: str) -> dict[str, Any] | None:
    """The message, if its provider says that it was delivered."""
    answer: dict[str, Any] = refreshed(api, message_id).body
    return answer if answer["status"] == "delivered" else None


def test_a_text_of_which_nobody_tells_is_delivered_as_soon_as_somebody_asks(
    api: Api, carrier: Carrier, exotel: Exotel
) -> None:
    sent = api.send(to=SILENT, body="A planted text", channel="exotel").body
    first = refreshed(api, sent["id"]).body
    assert (first["status"], [step["step"] for step in first["trace"]][-1]) == ("sent", "receipt")
    exotel._accepted[sent["provider_id"]] = exotel._accepted[sent["provider_id"]]._replace(fate=FATES["00"])
    delivered = until(lambda: delivered_by_asking(api, sent["id"]), "delivered message")
    assert [step["step"] for step in delivered["trace"]][-2:] == ["receipt", "delivered"]
    assert "planted" not in json.dumps(delivered) and SILENT[1:] not in json.dumps(delivered["trace"])
    assert api.message(sent["id"]) == delivered


def test_a_message_that_exotel_does_not_know_stands_as_it_stood_and_says_so_once(
    api: Api, carrier: Carrier, exotel: Exotel
) -> None:
    sent = api.send(to=SILENT, body="Hello", channel="exotel").body
    del exotel._accepted[sent["provider_id"]]

    def noted() -> Answer | None:
        answer = api("GET", f"/messages/{sent['id']}?refresh=1")
        return answer if answer.body["trace"][-1]["step"] == "refresh" else None

    answer = until(noted, "step")
    assert (answer.status, answer.headers["Herald-Refreshed"], answer.body["status"]) == (200, "false", "sent")
    assert "does not know" in answer.body["trace"][-1]["detail"]
    assert api("GET", f"/messages/{sent['id']}?refresh=1").body == answer.body


def test_amazon_sns_cannot_be_asked_and_the_message_comes_as_it_stands(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=SILENT, body="Hello", channel="amazonsns").body
    answer = api("GET", f"/messages/{sent['id']}", params={"refresh": "true"})
    assert (answer.status, answer.headers["Herald-Refreshed"], answer.body["status"]) == (200, "false", "sent")
    assert api("GET", f"/messages/{sent['id']}", params={"refresh": "soon"}).status == 422


# ---- Search


def test_a_persons_messages_are_found_page_by_page_newest_first(api: Api, carrier: Carrier, person: str) -> None:
    since = datetime.now(UTC).isoformat()
    sent = [api.send(to=person, body=f"Text {n}", mode="async").body["id"] for n in range(5)]

    def found(**asked: Any) -> list[str]:
        answer = api("GET", "/messages", params={"to": person, **asked})
        assert answer.status == 200
        after = {"after": answer.body["next"]} if answer.body["next"] else None
        return [m["id"] for m in answer.body["messages"]] + (found(**{**asked, **after}) if after else [])

    until(lambda: len(found(limit=2)) == 5, "five messages")
    assert found(limit=2) == found() == found(since=since) == found(limit=100) == sent[::-1]
    assert found(since=(datetime.now(UTC) + timedelta(minutes=1)).isoformat()) == []
    assert found(status="canceled") == []
    local = "0" + person.removeprefix("+91")
    assert [m["id"] for m in api("GET", f"/messages?to={local}&limit=1").body["messages"]] == sent[-1:]


def test_a_key_finds_its_own_messages_only_and_an_invocation_all(
    api: Api, aws: Aws, stack: Stack, person: str, invoke: Callable[..., Any]
) -> None:
    mine = api.send(to=person, body="Hello", mode="async").body["id"]
    by_invocation = invoke(to=person, body="Hello", mode="async")["id"]
    made = create()
    name = f"/herald-keys/{STAGE}/{uuid.uuid4().hex}"
    aws("ssm").put_parameter(Name=name, Type="String", Value=made.record)
    theirs = {"Authorization": f"Bearer {made.key}"}

    def strangers() -> requests.Response:
        return requests.get(f"{stack.url}/messages", params={"to": person}, headers=theirs, timeout=60)

    assert strangers().json() == {"messages": [], "next": None}
    assert [m["id"] for m in api("GET", "/messages", params={"to": person}).body["messages"]] == [mine]
    page = invoke(action="search", to=person)
    assert ([m["id"] for m in page["messages"]], page["next"]) == ([by_invocation, mine], None)
    aws("ssm").delete_parameter(Name=name)


def test_a_plus_that_was_not_encoded_is_explained(api: Api, person: str) -> None:
    answer = api("GET", f"/messages?to={person}")
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "plus_not_encoded")
    assert api("GET", f"/messages?to={quote(person)}").status == 200


def test_every_mistake_of_a_search_is_a_problem_that_repeats_nothing(api: Api) -> None:
    answer = api("GET", "/messages?to=x9741552552&limit=0&limit=1&colour=9741552552")
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert {error["field"] for error in answer.body["errors"]} == {"to", "limit", "colour"}
    assert "9741" not in json.dumps(answer.body)


# ---- Erasure


def test_of_an_erased_person_nothing_is_left_and_nothing_is_sent(
    api: Api, aws: Aws, stack: Stack, carrier: Carrier, person: str
) -> None:
    key, at = {"Idempotency-Key": str(uuid.uuid4())}, (datetime.now(UTC) + timedelta(days=30)).isoformat()
    planted = {"reference": "planted-ref", "tags": {"planted": "tag"}}
    sent = api.send(to=person, body="A planted text", channel="exotel", headers=key, **planted).body
    waiting = api.send(to=person, body="A planted text", send_at=at, **planted).body
    schedules = {schedule["Name"] for schedule in aws("scheduler").list_schedules()["Schedules"]}
    assert waiting["id"] in schedules
    api.becomes(sent["id"], "delivered")
    answer = api("DELETE", f"/recipients/{quote(person)}")
    assert (answer.status, answer.body) == (200, {"erased": 2, "left": 0})
    for message in (sent, waiting):
        assert api("GET", f"/messages/{message['id']}").status == 404
        item = raw(aws, stack, message["id"])
        for secret in (person[1:], "planted", sent["provider_id"]):
            assert secret not in json.dumps(item)
        assert "recipient" not in item and item["trace"] == {"L": []}
    assert api("GET", "/messages", params={"to": person}).body == {"messages": [], "next": None}
    assert waiting["id"] not in {schedule["Name"] for schedule in aws("scheduler").list_schedules()["Schedules"]}
    again = api.send(to=person, body="A planted text", channel="exotel", headers=key, **planted)
    assert (again.status, again.body["code"]) == (422, "idempotency_key_reused")
    assert api("DELETE", f"/recipients/{person.removeprefix('+91')}").body == {"erased": 0, "left": 0}
    assert carrier.bodies() == ["A planted text"]


def test_another_lambda_erases_a_person_and_no_log_line_has_the_number(
    api: Api, aws: Aws, carrier: Carrier, person: str, invoke: Callable[..., Any]
) -> None:
    message_id = api.send(to=person, body="Hello", mode="async").body["id"]
    until(lambda: api.message(message_id)["status"] in ("sent", "delivered"), "sent message")
    assert invoke(action="erase", to=person) == {"erased": 1, "left": 0}
    assert api("GET", f"/messages/{message_id}").status == 404
    until(lambda: any("message erased" in line and message_id in line for line in logged(aws)), "log line")
    assert not [line for line in logged(aws) if person[3:] in line]


def raw(aws: Aws, stack: Stack, message_id: str) -> dict[str, Any]:
    """A message's item as it is in the table."""
    key = {"pk": {"S": f"message#{message_id}"}}
    found: dict[str, Any] = aws("dynamodb").get_item(TableName=stack.env["HERALD_TABLE"], Key=key)["Item"]
    return found
