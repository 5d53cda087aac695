"""On the deployed whole: a channel that fails is left, that is told, and what was only counted wakes nobody."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from herald.journal.health import HEALTH, observed
from tests.system.conftest import Api, Carrier, environment, until

TO = "+919741552552"


@pytest.fixture(autouse=True)
def _alone(aws: Callable[[str], Any]) -> Iterator[None]:
    """New processes, and an item of which nobody knows anything: before, and for whoever comes after."""
    forget(aws)
    with environment(aws, "api", HEALTH="1"), environment(aws, "worker", HEALTH="1"):
        yield
    forget(aws)


def forget(aws: Callable[[str], Any]) -> None:
    aws("dynamodb").delete_item(TableName="herald-local", Key={"pk": {"S": HEALTH}})


@pytest.fixture
def told(aws: Callable[[str], Any]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the bus is told of channels."""
    sqs, events = aws("sqs"), aws("events")
    url = sqs.create_queue(QueueName="channels-told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["herald"], "detail-type": ["Channel Opened", "Channel Closed"]}
    events.put_rule(Name="channels-told", EventBusName="herald-local", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="channels-told", EventBusName="herald-local", Targets=[{"Id": "queue", "Arn": arn}])
    heard: dict[str, dict[str, Any]] = {}  # An event may come twice.

    def look() -> list[dict[str, Any]]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        events = [json.loads(message["Body"]) for message in found]
        heard.update({event["detail"]["event_id"]: event for event in events})
        return list(heard.values())

    yield look
    events.remove_targets(Rule="channels-told", EventBusName="herald-local", Ids=["queue"])
    events.delete_rule(Name="channels-told", EventBusName="herald-local")
    sqs.delete_queue(QueueUrl=url)


def exotel(api: Api) -> dict[str, Any]:
    """How the channel is."""
    answer = api("GET", "/channels")
    assert answer.status == 200
    (found,) = [each for each in answer.body["channels"] if each["name"] == "exotel"]
    return dict(found)


def test_a_channel_that_fails_five_times_is_left_and_that_is_told_with_the_reason(
    api: Api, carrier: Carrier, told: Callable[[], list[dict[str, Any]]]
) -> None:
    carrier.fail("503", 5)
    first = [api.send(to=TO, body=f"Text {n}", channel="exotel").body for n in range(5)]
    assert {message["attempts"] for message in first} == {1}
    waits = api.send(to=TO, body="One more", channel="exotel")
    assert (waits.status, waits.body["status"], waits.body["attempts"]) == (202, "accepted", 0)
    assert waits.body["trace"][-1]["detail"] == "exotel is open: 5 failures in a row"
    found = exotel(api)
    assert (found["state"], found["why"], found["share"], found["failed"]) == ("open", "5 failures in a row", 0, 5)
    (event,) = until(told, "event of the channel")
    assert (event["detail-type"], event["source"]) == ("Channel Opened", "herald")
    assert (event["detail"]["channel"], event["detail"]["why"]) == ("exotel", "5 failures in a row")
    assert api.becomes(waits.body["id"], "delivered", 90)["attempts"] == 1
    closed = until(lambda: told()[1:], "event that it closed", 60)
    assert closed[0]["detail-type"] == "Channel Closed", closed
    assert exotel(api)["state"] == "closed"


def test_what_is_counted_of_the_stream_is_in_the_item_and_wakes_nobody(
    api: Api, aws: Callable[[str], Any], carrier: Carrier
) -> None:
    sent = [api.send(to=TO, body=f"Text {n}", channel="exotel").body["id"] for n in range(3)]
    for message_id in sent:
        api.becomes(message_id, "delivered")

    def counts() -> dict[str, int]:
        item = aws("dynamodb").get_item(TableName="herald-local", Key={"pk": {"S": HEALTH}}).get("Item", {})
        found = observed(item).counts.items()
        return {what: sum(n for count, n in found if count.what == what) for what in ("sent", "texts", "timely")}

    def some() -> dict[str, int] | None:
        found = counts()
        return found if found["sent"] else None

    found = until(some, "count")
    assert found
    assert found["texts"] == found["sent"]  # Other tests on this stack have texts too: each counts as both.
    by = aws("dynamodb").get_item(TableName="herald-local", Key={"pk": {"S": HEALTH}})["Item"]["by"]
    assert by == {"S": "count"}
