"""What became of a text is told: by an event on the stack's bus, and by a webhook, repeated until it is taken."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from herald.pipeline.announce.signature import verify
from local.stack import Stack
from tests.providers.server import Reply, Vendor, vendor
from tests.system.conftest import Api, Carrier, environment, until

TO, MASKED = "+919741552552", "+91*****2552"
# Magic numbers that no text reaches.
NOT_REACHED = [("exotel", "+919876500001", "do_not_disturb"), ("amazonsns", "+919876500004", "opted_out")]
# The first of each function is slow on a busy machine: receipts, announce and worker come one after the other.
LONG = 120
TEXT = "Your pl4nt3d table is ready."


class Listener:
    """Somebody who receives everything that Herald says on the bus."""

    def __init__(self, aws: Callable[[str], Any], bus: str) -> None:
        self._bridge, self._sqs, self._bus, self._name = aws("events"), aws("sqs"), bus, f"heard-{uuid.uuid4().hex[:8]}"
        self._url = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        names = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        self._bridge.put_rule(Name=self._name, EventBusName=bus, EventPattern=json.dumps({"source": ["herald"]}))
        self._bridge.put_targets(Rule=self._name, EventBusName=bus, Targets=[{"Id": "heard", "Arn": names["QueueArn"]}])
        self._events: list[dict[str, Any]] = []

    def of(self, message_id: str) -> list[dict[str, Any]]:
        """The events so far that are about this message."""
        page = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        for message in page.get("Messages", []):
            self._events.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in self._events if event["detail"]["id"] == message_id]

    def close(self) -> None:
        self._bridge.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=["heard"])
        self._bridge.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._url)


@pytest.fixture
def listener(aws: Callable[[str], Any], stack: Stack) -> Iterator[Listener]:
    made = Listener(aws, stack.env["HERALD_EVENT_BUS"])
    yield made
    made.close()


@pytest.fixture
def receiver() -> Iterator[Vendor]:
    with vendor() as server:
        yield server.answers(Reply(204))


@pytest.fixture
def secret(aws: Callable[[str], Any]) -> str:
    """What the laptop's webhooks are signed with."""
    found = aws("ssm").get_parameter(Name="/herald/local/webhook-secret", WithDecryption=True)
    return str(found["Parameter"]["Value"])


@pytest.mark.parametrize("channel", ["exotel", "amazonsns"])
def test_that_a_text_arrived_is_told_on_the_bus(api: Api, carrier: Carrier, listener: Listener, channel: str) -> None:
    sent = api.send(to=TO, body=TEXT, channel=channel, reference="order-118", tags={"env": "test"}).body
    (event,) = until(lambda: listener.of(sent["id"]), "event", LONG)
    assert (event["source"], event["detail-type"]) == ("herald", "SMS Delivered")
    detail = event["detail"]
    assert (detail["to"], detail["reference"], detail["tags"]) == (MASKED, "order-118", {"env": "test"})
    assert (detail["channel"], detail["provider_id"]) == (channel, sent["provider_id"])
    assert detail["delivered_at"] >= detail["sent_at"]
    assert TO not in json.dumps(event) and TEXT not in json.dumps(event)


@pytest.mark.parametrize("fate", NOT_REACHED, ids=lambda fate: fate[0])
def test_that_a_text_did_not_arrive_is_told_with_the_reason(
    api: Api, carrier: Carrier, listener: Listener, fate: tuple[str, str, str]
) -> None:
    channel, to, reason = fate
    sent = api.send(to=to, body=TEXT, channel=channel).body
    (event,) = until(lambda: listener.of(sent["id"]), "event", LONG)
    assert (event["detail-type"], event["detail"]["reason"]["code"]) == ("SMS Undelivered", reason)


def test_that_a_text_was_canceled_is_told(api: Api, listener: Listener) -> None:
    sent = api.send(to=TO, body=TEXT, send_at="2027-01-04T09:00:00[Asia/Kolkata]").body
    api("DELETE", f"/messages/{sent['id']}")
    (event,) = until(lambda: listener.of(sent["id"]), "event", LONG)
    assert (event["detail-type"], event["detail"]["reason"]["code"]) == ("SMS Canceled", "canceled")


def test_a_webhook_is_repeated_until_it_is_taken_and_proves_who_it_is_from(
    api: Api, aws: Callable[[str], Any], carrier: Carrier, receiver: Vendor, secret: str
) -> None:
    receiver.answers(Reply(500), Reply(fault="drop"), Reply(204))
    with environment(aws, "worker", HOOK_SECONDS="0.1"):
        url = f"{receiver.url}/sms?key=s3cr3t"
        sent = api.send(to=TO, body=TEXT, channel="exotel", callback_url=url)
        assert (sent.status, "callback_url" in sent.body) == (201, False)
        until(lambda: len(receiver.calls) == 3, "third call of the webhook", LONG)
    assert {call.path for call in receiver.calls} == {"/sms?key=s3cr3t"}
    assert {call.headers["herald-event-id"] for call in receiver.calls} == {f"{sent.body['id']}.delivered.1"}
    for call in receiver.calls:
        assert verify(call.body, call.headers["herald-signature"], secret)
        assert not verify(call.body + b" ", call.headers["herald-signature"], secret)
    told = json.loads(receiver.calls[0].body)
    assert (told["type"], told["status"], told["to"]) == ("SMS Delivered", "delivered", MASKED)
    assert TO not in receiver.calls[0].body.decode() and TEXT not in receiver.calls[0].body.decode()


def test_a_webhook_whose_receiver_is_gone_waits_in_a_queue_of_its_own(
    api: Api, aws: Callable[[str], Any], carrier: Carrier, receiver: Vendor
) -> None:
    receiver.answers(Reply(410))
    sent = api.send(to=TO, body=TEXT, channel="exotel", callback_url=f"{receiver.url}/gone").body
    sqs = aws("sqs")
    dead = sqs.get_queue_url(QueueName="herald-local-dead-hooks")["QueueUrl"]

    def given_up() -> list[dict[str, Any]]:
        page = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])
        hooks = [(json.loads(message["Body"])["hook"], message["ReceiptHandle"]) for message in page]
        for hook, handle in hooks:
            if hook["event"]["id"] == sent["id"]:
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=handle)
        return [hook for hook, _ in hooks if hook["event"]["id"] == sent["id"]]

    (hook,) = until(given_up, "webhook that was given up", LONG)
    assert (hook["tries"], len(receiver.calls)) == (1, 1)
    assert TO not in json.dumps(hook) and TEXT not in json.dumps(hook)


@pytest.mark.parametrize("url", ["https://hooks.example.com/", "http://10.0.0.1/", "http://127.0.0.1@evil.example/"])
def test_a_url_that_the_settings_do_not_allow_is_refused(api: Api, carrier: Carrier, url: str) -> None:
    refused = api.send(to=TO, body=TEXT, callback_url=url)
    assert (refused.status, [mistake["field"] for mistake in refused.body["errors"]]) == (422, ["callback_url"])
    assert carrier.texts() == []
