"""An event of AWS reaches the functions whose rules on the engine's default bus ask for it, and no others."""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from local.carrier.vendors._eventbridge import DefaultBus
from tests.tables import client

CODE = """
import json, os
import boto3
def handler(event, context):
    if event["detail"].get("fail"):
        raise ValueError("asked for")
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


class Land:
    """An engine with a function that is told of texts by a rule, and a queue where it says what it was told."""

    def __init__(self, engine: str) -> None:
        self.name, self._sqs = f"told-{uuid.uuid4().hex[:8]}", client("sqs", engine)
        self.queue = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", CODE)
        arn = client("lambda", engine).create_function(
            FunctionName=self.name, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": code.getvalue()},
            Role="arn:aws:iam::000000000000:role/any", Environment={"Variables": {"QUEUE": self.queue}},
        )["FunctionArn"]  # fmt: skip
        self._events, self._functions = client("events", engine), client("lambda", engine)
        pattern = {"source": ["aws.sms-voice"], "detail": {"context": {"herald_stage": [self.name]}}}
        self._events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=self.name, Targets=[{"Id": "1", "Arn": arn}])

    def event(self, **detail: object) -> dict[str, Any]:
        """An event of a text of this stage."""
        said = {"context": {"herald_stage": self.name}, **detail}
        return {
            "version": "0", "id": str(uuid.uuid4()), "detail-type": "Text Message Delivery Status Updated",
            "source": "aws.sms-voice", "account": "000000000000", "time": "2026-11-28T12:00:00Z",
            "region": "us-east-1", "resources": [], "detail": said,
        }  # fmt: skip

    def told(self) -> list[Any]:
        found = self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(each["Body"]) for each in found]

    def disable(self) -> None:
        self._events.disable_rule(Name=self.name)

    def remove(self) -> None:
        self._events.remove_targets(Rule=self.name, Ids=["1"])
        self._events.delete_rule(Name=self.name)
        self._functions.delete_function(FunctionName=self.name)


@pytest.fixture
def land(engine: str) -> Iterator[Land]:
    made = Land(engine)
    yield made
    made.remove()


@pytest.fixture
def bus(engine: str) -> Iterator[DefaultBus]:
    made = DefaultBus(engine)
    yield made
    made.close()


def test_an_event_reaches_the_function_whose_rule_asks_for_it_as_it_is(land: Land, bus: DefaultBus) -> None:
    event = land.event(eventType="TEXT_DELIVERED")
    bus.put(event)
    assert land.told() == [event]


@pytest.mark.parametrize(
    "change", [{"source": "aws.sns"}, {"detail": {"context": {"herald_stage": "another"}}}, {"detail": {}}]
)
def test_another_event_reaches_nobody(land: Land, bus: DefaultBus, change: dict[str, Any]) -> None:
    bus.put({**land.event(), **change})
    assert land.told() == []


def test_a_rule_that_is_off_asks_for_nothing(land: Land, bus: DefaultBus) -> None:
    land.disable()
    bus.put(land.event())
    assert land.told() == []


def test_a_function_that_fails_is_noticed(land: Land, bus: DefaultBus) -> None:
    with pytest.raises(OSError, match="failed"):
        bus.put(land.event(fail=True))


def test_an_engine_that_is_not_there_is_noticed() -> None:
    with pytest.raises(OSError, match="engine"):
        DefaultBus("http://127.0.0.1:9").put({"source": "aws.sms-voice"})
