"""Bus: events arrive as they are; what EventBridge did not take is put once more, and told if it is still missing."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from herald.aws.bus import MOST, Bus, Event
from tests.builders import NOW
from tests.tables import client

TAKEN, REFUSED = {"EventId": "e"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}


def events(count: int) -> list[Event]:
    return [Event("SMS Delivered", NOW + timedelta(seconds=n), {"n": n}) for n in range(count)]


class Refusing:
    """EventBridge that refuses each event (by its ``n``) as often as it is said."""

    def __init__(self, times: dict[int, int]) -> None:
        self.times, self.taken = dict(times), list[int]()
        self.calls: list[list[int]] = []

    def put_events(self, **request: Any) -> dict[str, Any]:
        numbers = [json.loads(entry["Detail"])["n"] for entry in request["Entries"]]
        self.calls.append(numbers)
        answers = [self._answer(n) for n in numbers]
        return {"FailedEntryCount": answers.count(REFUSED), "Entries": answers}

    def _answer(self, n: int) -> dict[str, str]:
        if self.times.get(n, 0) > 0:
            self.times[n] -= 1
            return REFUSED
        self.taken.append(n)
        return TAKEN


def test_all_that_is_taken_at_once_is_put_once() -> None:
    bridge = Refusing({})
    assert Bus(bridge, "bus").put(events(10)) == 10
    assert bridge.calls == [list(range(10))]


def test_only_what_was_not_taken_is_put_again() -> None:
    bridge = Refusing({1: 1, 3: 1})
    assert Bus(bridge, "bus").put(events(5)) == 5
    assert bridge.calls == [[0, 1, 2, 3, 4], [1, 3]]


@given(st.dictionaries(st.integers(0, MOST - 1), st.integers(0, 3)), st.integers(1, MOST))
def test_what_is_said_to_be_there_is_there(times: dict[int, int], count: int) -> None:
    bridge = Refusing(times)
    done = Bus(bridge, "bus").put(events(count))
    assert set(range(done)) <= set(bridge.taken)
    assert done == min((n for n, refused in times.items() if n < count and refused > 1), default=count)
    assert len(bridge.taken) == len(set(bridge.taken))


def test_an_event_arrives_with_its_type_and_its_detail(engine: str) -> None:
    bridge, sqs, name = client("events", engine), client("sqs", engine), f"bus-{uuid.uuid4().hex[:8]}"
    bridge.create_event_bus(Name=name)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bridge.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["herald"]}))
    bridge.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "q", "Arn": arn}])
    assert Bus(bridge, name).put(events(3)) == 3
    found: list[dict[str, Any]] = []
    for _ in range(10):
        page = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        found += [json.loads(message["Body"]) for message in page]
        if len(found) >= 3:
            break
    assert sorted(event["detail"]["n"] for event in found) == [0, 1, 2]
    first = next(event for event in found if event["detail"]["n"] == 0)
    assert (first["source"], first["detail-type"], first["resources"]) == ("herald", "SMS Delivered", [])


def test_a_bus_that_cannot_be_asked_is_the_clients_own_error() -> None:
    class Down:
        def put_events(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutEvents")

    with pytest.raises(ClientError):
        Bus(Down(), "bus").put(events(1))
