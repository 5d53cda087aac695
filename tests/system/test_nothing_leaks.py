"""Numbers, texts, codes and secrets by every entry point, to every end: nothing of them is where it might be read."""

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.stack import Stack
from tests.providers.server import Reply, Vendor, vendor
from tests.system.conftest import Api, Carrier, environment, until
from tests.system.hunt import STAGE, Place, called, dumped, everywhere, found, pages, waiting
from tests.system.walk import (
    LONG,
    NUMBER,
    PEOPLE,
    TEXT,
    URL_SECRET,
    Walk,
    by_every_entry_point,
    to_every_end,
    to_the_dead_letters,
    told_by_anybody,
    while_nobody_works,
    wrongly_asked_for,
)

Aws = Callable[[str], Any]
QUEUES = ("dead", "dead-hooks", "failed-invocations")


@pytest.fixture
def planted(api: Api, aws: Aws, stack: Stack) -> dict[str, str]:
    """What is to be found nowhere, by name."""
    assert api("GET", "/health").status == 200  # The first function of a fresh stack makes the key for hashes.
    names = ["channels/exotel", "webhook-secret", "hash-key"]
    read = aws("ssm").get_parameters(Names=[f"/herald/local/{name}" for name in names], WithDecryption=True)
    values = {each["Name"].rpartition("/")[2]: each["Value"] for each in read["Parameters"]}
    exotel = dict(line.split(": ", 1) for line in values.pop("exotel").splitlines())
    secrets = {**values, "api key": stack.key, "exotel key": exotel["key"], "exotel token": exotel["token"]}
    assert len(secrets) == 5 and all(len(secret) > 15 for secret in secrets.values())
    return {**PEOPLE, **secrets, "basic": f"{exotel['key']}:{exotel['token']}", "url": URL_SECRET}


@pytest.fixture
def heard(aws: Aws, stack: Stack) -> Iterator[str]:
    """A queue that gets every event on the bus but those that ask for a text."""
    bridge, sqs, bus = aws("events"), aws("sqs"), stack.env["HERALD_EVENT_BUS"]
    url = sqs.create_queue(QueueName="all-heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"detail-type": [{"anything-but": ["SMS Requested"]}]}
    bridge.put_rule(Name="all-heard", EventBusName=bus, EventPattern=json.dumps(pattern))
    bridge.put_targets(Rule="all-heard", EventBusName=bus, Targets=[{"Id": "heard", "Arn": arn}])
    yield url
    bridge.remove_targets(Rule="all-heard", EventBusName=bus, Ids=["heard"])
    bridge.delete_rule(Name="all-heard", EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)


def events(aws: Aws, url: str) -> Iterator[Place]:
    """The events that were heard since the last time."""
    sqs = aws("sqs")
    while records := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for record in records:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=record["ReceiptHandle"])
            yield Place("events", record["Body"])


@pytest.fixture
def empty(aws: Aws, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where failures end nothing of other tests waits, nor of this one afterwards."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.env["AWS_ENDPOINT_URL"])
    sqs = aws("sqs")
    urls = [sqs.get_queue_url(QueueName=f"{STAGE}-{queue}")["QueueUrl"] for queue in QUEUES]
    for url in urls:
        sqs.purge_queue(QueueUrl=url)
    yield
    for url in urls:
        sqs.purge_queue(QueueUrl=url)


@pytest.fixture
def receivers() -> Iterator[tuple[Vendor, Vendor]]:
    """Two whom webhooks call: one who fails at first, and one who is gone for good."""
    with vendor() as receiver, vendor() as gone:
        yield receiver.answers(Reply(500), Reply(204)), gone.answers(Reply(410))


@pytest.fixture
def walk(api: Api, aws: Aws, stack: Stack, carrier: Carrier) -> Walk:
    return Walk(api, aws, stack, carrier)


def control(aws: Aws, stack: Stack, receiver: Vendor, words: str) -> None:
    """Put the words wherever something might be told."""
    aws("logs").create_log_stream(logGroupName=f"/aws/lambda/{STAGE}-api", logStreamName=words)
    line = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": f"a line with {words}"}
    aws("logs").put_log_events(logGroupName=f"/aws/lambda/{STAGE}-api", logStreamName=words, logEvents=[line])
    datum = {"MetricName": "Control", "Dimensions": [{"Name": "channel", "Value": words}], "Value": 1.0}
    aws("cloudwatch").put_metric_data(Namespace="Herald", MetricData=[datum])
    item = {"pk": {"S": "control"}, "trace": {"L": [{"S": words}]}, "recipient": {"S": words}, "created_at": {"S": "1"}}
    aws("dynamodb").put_item(TableName=stack.env["HERALD_TABLE"], Item=item)
    bus = stack.env["HERALD_EVENT_BUS"]
    event = {"EventBusName": bus, "Source": "control", "DetailType": "Control", "Detail": dumped({"words": words})}
    aws("events").put_events(Entries=[event])
    for queue in QUEUES:
        sqs = aws("sqs")
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=f"{STAGE}-{queue}")["QueueUrl"], MessageBody=words)
    requests.post(receiver.url, data=words, timeout=10)


@pytest.mark.usefixtures("empty")
def test_the_hunt_finds_what_is_planted_wherever_it_looks(
    aws: Aws, stack: Stack, heard: str, receivers: tuple[Vendor, Vendor]
) -> None:
    _, gone = receivers
    words = f"c0ntr0l-{uuid.uuid4().hex}"
    control(aws, stack, gone, words)
    try:
        told = until(lambda: list(events(aws, heard)), "event")
        places = [*everywhere(aws, stack.env["HERALD_TABLE"]), *told, *called(gone.calls)]
    finally:
        aws("dynamodb").delete_item(TableName=stack.env["HERALD_TABLE"], Key={"pk": {"S": "control"}})
    where = {hit.removeprefix("words in ").removesuffix(f" {words}") for hit in found({"words": words}, places)}
    assert where == {
        f"logs /aws/lambda/{STAGE}-api", "metrics", "journal control", "index recipient", "events", "webhook",
        "dead letters", "dead webhooks", "failed invocations",
    }  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        NUMBER, "917303918264", "07303918264", "7303918264", "+91 73039-18264", "(0730) 391.82.64",
        "KzkxNzMwMzkxODI2NA==", "eCs5MTczMDM5MTgyNjQ=", "2b393137333033393138323634",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    assert found({"number": NUMBER}, [Place("here", f'{{"to": "{written}"}}')]) == ["number in here"]
    assert found({"number": NUMBER}, [Place("here", "+91*****8264")]) == []
    assert found({"number": NUMBER}, [Place("here", written, frozenset({"number"}))]) == []


@pytest.mark.parametrize("start", ["", "a", "ab", "abc"])
def test_a_secret_is_found_in_base64_wherever_it_begins(start: str) -> None:
    hidden = base64.b64encode(f"{start}a-secret?of>ours{start}".encode()).decode()
    assert found({"secret": "a-secret?of>ours"}, [Place("here", f"Basic {hidden}")]) == ["secret in here"]


@pytest.mark.usefixtures("empty")
def test_nothing_of_a_person_and_no_secret_is_told_anywhere(
    walk: Walk,
    planted: dict[str, str],
    heard: str,
    receivers: tuple[Vendor, Vendor],
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws, table, (receiver, gone) = walk.aws, walk.stack.env["HERALD_TABLE"], receivers
    with environment(aws, "worker", HOOK_SECONDS="0.1"):
        by_every_entry_point(walk)
        wrongly_asked_for(walk)
        to_every_end(walk, receiver, gone)
        told_by_anybody(walk)
        travelled = list(while_nobody_works(walk, receiver))
    failed = until(lambda: waiting(aws, f"{STAGE}-failed-invocations"), "failed invocation", LONG)
    before = list(everywhere(aws, table))
    to_the_dead_letters(walk, capsys)
    places = [*before, *everywhere(aws, table), *events(aws, heard), *called(receiver.calls + gone.calls)]
    assert {"events", "webhook", "metrics"} <= {place.where for place in places}
    assert TEXT in dumped(failed)
    assert set(found(planted, [*places, *travelled, *walk.seen])) == set()


def test_what_is_erased_is_nowhere_in_the_journal(walk: Walk, planted: dict[str, str]) -> None:
    table, later = walk.stack.env["HERALD_TABLE"], datetime.now(UTC) + timedelta(hours=1)
    sent, waits = walk.send(channel="exotel"), walk.send(send_at=later.isoformat())
    walk.api.becomes(sent["id"], "delivered", LONG)
    people = {name: PEOPLE[name] for name in ("number", "text", "code")}
    assert set(found(people, [whole(walk.aws, table)])) == {f"{name} in the table" for name in people}
    erased = walk.api("DELETE", f"/recipients/{NUMBER}")
    assert (erased.status, erased.body["erased"] >= 2, erased.body["left"]) == (200, True, 0)
    assert [walk.api("GET", f"/messages/{message['id']}").status for message in (sent, waits)] == [404, 404]
    assert found(people, [whole(walk.aws, table)]) == []
    assert found(planted, everywhere(walk.aws, table)) == []


def whole(aws: Aws, table: str) -> Place:
    """The table with all that is in it."""
    return Place("the table", dumped(pages(aws("dynamodb"), "scan", TableName=table)))
