"""The journal's stream and the webhooks behind: a recorded stream in, on the engine's bus and queue what it tells."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from functions.announce import app as announce
from functions.worker import app as worker
from herald.wiring import parameters
from local.deploy import client
from tests.entrypoints.conftest import TO, recorded

SECRET = "whsec_of-the-tests"


class Parts:
    """A stage on the engine: its bus with somebody who listens, its queues, and its settings."""

    def __init__(self, engine: str) -> None:
        self.stage, self.sqs = f"local-{uuid.uuid4().hex[:8]}", client("sqs", engine)
        self.bridge, self.ssm = client("events", engine), client("ssm", engine)
        self.queue, self.dead, self.heard = (self._queue(name) for name in ("", "-dead-hooks", "-heard"))
        self.bridge.create_event_bus(Name=self.stage)
        arn = self.sqs.get_queue_attributes(QueueUrl=self.heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rule = {"Name": self.stage, "EventBusName": self.stage}
        self.bridge.put_rule(**rule, EventPattern=json.dumps({"source": ["herald"]}))
        self.bridge.put_targets(Rule=self.stage, EventBusName=self.stage, Targets=[{"Id": "heard", "Arn": arn}])
        stack = {"bus": self.stage, "queue": self.queue, "dead_hooks": self.dead}
        self.write("stack", json.dumps(stack))
        self.write("webhook-secret", SECRET)

    def write(self, name: str, value: str) -> None:
        self.ssm.put_parameter(Name=f"/herald/{self.stage}/{name}", Type="String", Value=value, Overwrite=True)

    def bodies(self, url: str, count: int) -> list[Any]:
        """What arrives in a queue, as soon as there is so much."""
        found: list[Any] = []
        for _ in range(10):
            page = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            found += [json.loads(message["Body"]) for message in page.get("Messages", [])]
            if len(found) >= count:
                break
        return found

    def _queue(self, name: str) -> str:
        return str(self.sqs.create_queue(QueueName=self.stage + name)["QueueUrl"])


@pytest.fixture
def parts(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    made = Parts(engine)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    monkeypatch.setenv("HERALD_STAGE", made.stage)
    yield made
    made.bridge.remove_targets(Rule=made.stage, EventBusName=made.stage, Ids=["heard"])
    made.bridge.delete_rule(Name=made.stage, EventBusName=made.stage)
    parameters.cache_clear()


def a_batch(*hooks: Any) -> dict[str, Any]:
    """What SQS hands to the worker."""
    record = recorded("queue")["Records"][0]
    return {"Records": [{**record, "messageId": str(n), "body": json.dumps(hook)} for n, hook in enumerate(hooks)]}


def test_a_recorded_stream_is_told_to_the_bus_and_to_the_webhook(parts: Parts) -> None:
    parts.write("settings", "events: [sent, delivered]")
    assert announce.handler(recorded("stream"), None) == {"batchItemFailures": []}
    events = parts.bodies(parts.heard, 2)
    assert sorted(event["detail-type"] for event in events) == ["SMS Delivered", "SMS Sent"]
    assert {event["source"] for event in events} == {"herald"}
    hooks = [body["hook"] for body in parts.bodies(parts.queue, 2)]
    assert {hook["url"] for hook in hooks} == {"https://hooks.example.com/sms"}
    told = {event["detail"]["event_id"]: {"type": event["detail-type"], **event["detail"]} for event in events}
    assert {hook["event"]["event_id"]: hook["event"] for hook in hooks} == told
    assert TO not in json.dumps([*events, *hooks])


def test_a_stream_that_cannot_be_told_comes_back_from_its_first_record(parts: Parts) -> None:
    parts.write("stack", "{}")
    stream = recorded("stream")
    delivered = stream["Records"][1]["dynamodb"]["SequenceNumber"]
    assert announce.handler(stream, None) == {"batchItemFailures": [{"itemIdentifier": delivered}]}


def test_the_worker_gives_up_a_webhook_whose_host_is_not_allowed_any_more(parts: Parts) -> None:
    parts.write("settings", "callback_hosts: [other.example.com]")
    hook = {"url": "https://hooks.example.com/sms", "event": {"event_id": "e", "id": "msg_1"}, "tries": 0}
    batch = a_batch({"hook": {**hook, "since": "2026-11-25T03:30:00.000Z"}})
    assert worker.handler(batch, None) == {"batchItemFailures": []}
    (given_up,) = parts.bodies(parts.dead, 1)
    assert (given_up["hook"]["url"], given_up["hook"]["tries"]) == (hook["url"], 1)
