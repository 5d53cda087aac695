"""On another AWS than the local engine: what the functions do does not rest on a quirk of one of them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from herald.cli._where import ON_PURPOSE
from tests.engines.account import SETTINGS, Account
from tests.engines.conftest import packages
from tests.engines.lambdas import Runtime
from tests.entrypoints.conftest import recorded
from tests.house import LAYER
from tests.system.conftest import until


@pytest.fixture(scope="module")
def here(moto: str, layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    made = Account(moto, Runtime(sys.executable, packages("moto")), layer, tmp_path_factory.mktemp("moto"))
    yield made
    made.stop()


def soon(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def steps(message: dict[str, Any]) -> list[str]:
    return [step["step"] for step in message["trace"]]


def count_by_sns(moto: str) -> int:
    """How many texts moto's SNS took."""
    with urlopen(f"{moto}/moto-api/data.json", timeout=10) as answer:
        return len(json.load(answer).get("sns", {}).get("SMS", []))


def test_a_key_is_known_and_another_is_not(here: Account) -> None:
    allowed = here.authorized(here.key.key)
    assert allowed and allowed["principalId"] == "shop"
    assert here.authorized(here.key.key[:-1] + "?") is None


def test_a_text_is_sent_looked_up_and_delivered(here: Account) -> None:
    answer = here.sent(body="Your table is ready.")
    assert (answer.status, answer.body["status"]) == (201, "sent")
    assert "Your table is ready." in here.bodies()
    assert here.called_back(answer.body["id"]) == 204
    found = here.api("GET", f"/messages/{answer.body['id']}").body
    assert steps(found) == ["accepted", "sending", "sent", "receipt", "delivered"]


def test_sns_takes_one_text_for_one_request(here: Account, moto: str) -> None:
    before = count_by_sns(moto)
    assert here.sent(channel="amazonsns").body["status"] == "sent"
    assert count_by_sns(moto) == before + 1


def test_a_repetition_sends_nothing_and_other_content_under_its_key_is_refused(here: Account) -> None:
    first = here.sent("order-1", body="Once.")
    again = here.sent("order-1", body="Once.")
    assert (again.status, again.body["id"]) == (201, first.body["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert here.sent("order-1", body="Another.").status == 422
    assert here.bodies().count("Once.") == 1


def test_what_is_queued_is_sent_by_the_worker_once(here: Account) -> None:
    queued = here.sent(mode="async", body="Queued.")
    assert (queued.status, queued.body["status"]) == (202, "accepted")
    (record,) = here.worked()
    assert here.status(queued.body["id"]) == "sent"
    attributes = {"ApproximateReceiveCount": "2"}
    again = {"messageId": "1", "receiptHandle": "none", "body": record, "attributes": attributes}
    assert here.lambdas("worker", {"Records": [again]}) == {"batchItemFailures": []}
    assert here.bodies().count("Queued.") == 1


def test_what_is_canceled_is_never_sent_and_what_is_scheduled_not_before_its_time(here: Account) -> None:
    planned, dropped = (here.sent(send_at=soon(3600), body=body).body for body in ("Planned.", "Never."))
    assert planned["status"] == "scheduled"
    assert here.api("DELETE", f"/messages/{dropped['id']}").body["status"] == "canceled"
    names = {each["Name"] for each in here.scheduler.list_schedules(GroupName=here.stage)["Schedules"]}
    assert planned["id"] in names and dropped["id"] not in names
    here.fires(planned["id"])
    assert here.status(planned["id"]) == "scheduled"
    assert not {"Planned.", "Never."} & set(here.bodies())


def test_what_is_scheduled_is_sent_at_its_time(here: Account) -> None:
    planned = here.sent(send_at=soon(2), body="At its time.").body

    def fired() -> bool:
        here.fires(planned["id"])
        return here.status(planned["id"]) == "sent"

    until(fired, "text at its time")
    assert here.bodies().count("At its time.") == 1


def test_what_is_due_is_resumed(here: Account) -> None:
    message = here.sent(mode="async", body="Due.").body
    here.lambdas("invoke", {"action": "resume", "id": message["id"]})
    assert here.status(message["id"]) == "sent"
    here.worked()
    assert here.bodies().count("Due.") == 1


def test_what_was_left_behind_is_queued_again_by_the_sweep(here: Account) -> None:
    message = here.sent(mode="async", body="Left behind.").body
    here.sqs.purge_queue(QueueUrl=here.queues["queue"])
    here.dynamodb.update_item(
        TableName=here.table, Key={"pk": {"S": f"message#{message['id']}"}}, UpdateExpression="SET due_at = :then",
        ExpressionAttributeValues={":then": {"S": "2020-01-01T00:00:00.000Z"}},
    )  # fmt: skip
    assert here.lambdas("sweep", recorded("sweep"))["queued"] == 1
    here.worked()
    assert here.status(message["id"]) == "sent"


def test_a_person_is_found_page_by_page_and_erased(here: Account) -> None:
    number, path = "+919845000001", "/messages?to=%2B919845000001&limit=2"
    sent = [here.sent(to=number, body=f"Text {n}").body["id"] for n in range(3)]
    first = here.api("GET", path).body
    second = here.api("GET", f"{path}&after={first['next']}").body
    assert [each["id"] for each in first["messages"] + second["messages"]] == sent[::-1]
    assert here.api("DELETE", "/recipients/%2B919845000001").body == {"erased": 3, "left": 0}
    assert here.api("GET", f"/messages/{sent[0]}").status == 404


def test_who_opted_out_gets_nothing_until_they_opt_in(here: Account) -> None:
    path, number = "/recipients/%2B919845000002", "+919845000002"
    assert here.api("PUT", path, opted_out=True).status == 200
    assert here.sent(to=number).body["code"] == "opted_out"
    assert here.api("PUT", path, opted_out=False).status == 200
    assert here.sent(to=number).status == 201


def test_a_limit_is_reached_exactly(here: Account) -> None:
    here.set(SETTINGS.replace("number_10_minutes: 100", "number_10_minutes: 3"))
    try:
        answers = [here.sent(to="+919845000003") for _ in range(5)]
    finally:
        here.set(SETTINGS)
    assert [answer.status for answer in answers] == [201, 201, 201, 429, 429]
    assert answers[-1].body["code"] == "limit_number_10_minutes"


def test_an_event_that_comes_twice_is_one_text(here: Account) -> None:
    number, event = "+919845000004", recorded("event-sms-requested")
    event["detail"]["to"] = number
    for _ in range(2):
        here.lambdas("invoke", event)
    assert len(here.lambdas("invoke", {"action": "search", "to": number})["messages"]) == 1


def test_the_bus_takes_what_became_of_a_message(here: Account) -> None:
    assert here.announced(here.sent().body["id"]) == {"batchItemFailures": []}
    message = here.sent().body["id"]
    here.called_back(message)
    assert here.announced(message) == {"batchItemFailures": []}


def test_the_commands_make_list_and_revoke_a_key(here: Account) -> None:
    made = command(here, "keys", "create", "--name", "ci").strip()
    listed = command(here, "keys", "list")
    assert "ci" in listed and made not in listed
    here.restarted()
    assert here.authorized(made)
    command(here, "keys", "revoke", "--name", "ci")
    here.restarted()
    assert here.authorized(made) is None


def command(account: Account, *words: str) -> str:
    """What a command prints."""
    environment = {**os.environ, "PYTHONPATH": str(LAYER), "AWS_ENDPOINT_URL": account.url, ON_PURPOSE: account.url}
    run = [sys.executable, "-m", "herald", *words, "--stage", account.stage]
    return subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skip(reason="moto runs no function without Docker: what wakes a function is handed over by these tests")
def test_queue_stream_schedule_and_bus_wake_the_functions() -> None:
    """They do on the local engine: tests/system."""


def test_nothing_failed_on_the_way(here: Account) -> None:
    assert [line for line in here.lambdas.log() if line["level"] == "ERROR"] == []
