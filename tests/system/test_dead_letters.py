"""What the deployed functions cannot handle is kept where it can be seen, and taken up again when its cause is gone."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from herald.aws.dead_letters import waiting
from herald.cli.frame import main
from local.stack import Stack
from tests.system.conftest import Api, Carrier, environment, payload, until

TO = "+919741552552"
SWEEP = Path(__file__).resolve().parents[2] / "events" / "sweep.json"
Aws = Callable[[str], Any]
# Each failure costs a function its process, and a new one takes seconds on a busy machine.
LONG = 120


class Queues(NamedTuple):
    """The addresses of the stack's queues."""

    work: str
    dead: str
    failed: str


@pytest.fixture
def queues(aws: Aws, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    """The stack's queues. Where failures end it is empty, before and after."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.env["AWS_ENDPOINT_URL"])
    sqs, ends = aws("sqs"), ("", "-dead", "-failed-invocations")
    urls = Queues(*(sqs.get_queue_url(QueueName=f"herald-local{end}")["QueueUrl"] for end in ends))
    _purge(sqs, urls)
    yield urls
    _purge(sqs, urls)


def _purge(sqs: Any, urls: Queues) -> None:
    for url in (urls.dead, urls.failed):
        sqs.purge_queue(QueueUrl=url)


@contextmanager
def impatient(aws: Aws, url: str) -> Iterator[None]:
    """While open, a record of the queue that nobody puts off comes back after two seconds, not after half an hour."""
    sqs, name = aws("sqs"), "VisibilityTimeout"
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={name: "2"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


def kept(aws: Aws, url: str) -> list[dict[str, Any]]:
    """The records that wait in a queue; they stay there."""
    found = aws("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["ApproximateReceiveCount"]
    )
    records: list[dict[str, Any]] = found.get("Messages", [])
    return records


def test_a_record_that_names_no_message_is_a_dead_letter_after_exactly_five_receives(aws: Aws, queues: Queues) -> None:
    body = json.dumps({"no": "id"})
    with environment(aws, "worker", RETRY_SECONDS="0"), impatient(aws, queues.work):
        aws("sqs").send_message(QueueUrl=queues.work, MessageBody=body)
        (record,) = until(lambda: kept(aws, queues.dead), "dead letter", LONG)
    assert record["Body"] == body
    assert int(record["Attributes"]["ApproximateReceiveCount"]) == 5 + 1  # The last one is ours.


def test_a_message_that_no_worker_could_handle_is_sent_once_after_a_redrive(
    api: Api, aws: Aws, queues: Queues, carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment(aws, "worker", HERALD_STAGE="nowhere"), impatient(aws, queues.work):
        message = api.send(to=TO, body="In the end", channel="exotel", headers={"Prefer": "respond-async"}).body
        until(lambda: waiting(aws("sqs"), queues.dead), "dead letter", LONG)
    assert carrier.texts() == []
    assert main(["redrive", "--stage", "local", "--yes"]) == 0
    assert "1 message queued again." in capsys.readouterr().out.splitlines()
    until(lambda: api("GET", f"/messages/{message['id']}").body["status"] == "sent", "sent message", LONG)
    assert carrier.bodies() == ["In the end"]
    assert waiting(aws("sqs"), queues.dead) == 0


def test_an_invalid_message_that_nobody_waits_for_is_kept_and_again_when_it_is_repeated(
    aws: Aws, stack: Stack, queues: Queues, carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    request = {"to": "nobody", "body": "Never", "idempotency_key": str(uuid.uuid4())}
    invoke(aws, stack, request)
    (first,) = until(lambda: kept(aws, queues.failed), "failed invocation", LONG)
    assert json.loads(first["Body"])["requestPayload"] == request
    assert main(["redrive", "--stage", "local", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 invocation repeated."
    (again,) = until(lambda: kept(aws, queues.failed), "failed invocation", LONG)
    assert json.loads(again["Body"])["requestPayload"] == request
    assert again["MessageId"] != first["MessageId"]
    assert carrier.texts() == []


def test_what_reached_a_broken_function_is_sent_once_after_a_redrive(
    aws: Aws, stack: Stack, queues: Queues, carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    # The engine runs a rule's target once and drops what fails; Lambda gets an event just as any other payload.
    event = {"id": str(uuid.uuid4()), "source": "shop", "detail-type": "SMS Requested"}
    with environment(aws, "invoke", HERALD_STAGE="nowhere"):
        invoke(aws, stack, {"to": TO, "body": "By invocation", "idempotency_key": str(uuid.uuid4())})
        invoke(aws, stack, {**event, "detail": {"to": TO, "body": "By event"}})
        until(lambda: waiting(aws("sqs"), queues.failed) == 2, "failed invocations", LONG)
    assert carrier.texts() == []
    assert main(["redrive", "--stage", "local", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 invocations repeated."
    until(lambda: len(carrier.texts()) == 2, "texts on the phone", LONG)
    assert sorted(carrier.bodies()) == ["By event", "By invocation"]


def test_the_sweep_says_how_many_messages_it_looked_after(aws: Aws) -> None:
    swept = payload(aws("lambda").invoke(FunctionName="herald-local-sweep", Payload=SWEEP.read_bytes()))
    assert swept
    assert all(isinstance(count, int) for count in swept.values())


def invoke(aws: Aws, stack: Stack, request: dict[str, Any]) -> None:
    """Invoke without waiting for the answer."""
    function, asked = stack.env["HERALD_INVOKE_FUNCTION"], json.dumps(request)
    aws("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=asked)
