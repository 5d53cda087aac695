"""Walk: takes a number, a text and a code through every entry point of the deployed whole, and to every end."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from herald.cli.frame import main
from local.stack import Stack
from tests.providers.server import Vendor
from tests.system.conftest import Api, Carrier, environment, until
from tests.system.hunt import STAGE, Place, dumped, stopped, waiting
from tests.system.test_dead_letters import impatient

Aws = Callable[[str], Any]
NUMBER, CODE, TEXT = "+917303918264", "4807219356", "the w0mbat parade"
BODY = f"Your seat at {TEXT}: {CODE}"
# Magic numbers that no text reaches, and one that is never told of.
BLOCKED, TEXTS_BLOCKED, SILENT = "+919876500007", "+919876500016", "+919876500090"
URL_SECRET = "k3y-in-a-url"
PEOPLE = {"number": NUMBER, "blocked": BLOCKED, "texts blocked": TEXTS_BLOCKED, "text": TEXT, "code": CODE}
NUMBERS = frozenset({"number", "blocked", "texts blocked"})
LONG = 120


class Walk:
    """Goes through every entry point to every end. ``seen`` is what strangers and operators got to see on the way."""

    def __init__(self, api: Api, aws: Aws, stack: Stack, carrier: Carrier) -> None:
        self.api, self.aws, self.stack, self.carrier = api, aws, stack, carrier
        self.seen: list[Place] = []

    def send(self, to: str = NUMBER, **fields: Any) -> dict[str, Any]:
        """By HTTPS. Who sends gets the provider's own answer whole, just this once; nothing else repeats the text."""
        answer = self.api.send(to=to, body=BODY, **fields)
        self.seen.append(Place("an answer to who sends", dumped({**answer.body, "response": None}), NUMBERS))
        message: dict[str, Any] = answer.body.get("message", answer.body)
        return message

    def invoke(self, request: Any, kind: str = "RequestResponse") -> None:
        function = self.stack.env["HERALD_INVOKE_FUNCTION"]
        answer = self.aws("lambda").invoke(FunctionName=function, InvocationType=kind, Payload=json.dumps(request))
        if "FunctionError" in answer:
            self.seen.append(Place("an invocation's error", answer["Payload"].read().decode()))

    def ask_by_event(self, detail: dict[str, Any]) -> None:
        bus = self.stack.env["HERALD_EVENT_BUS"]
        entry = {"EventBusName": bus, "Source": "shop", "DetailType": "SMS Requested", "Detail": json.dumps(detail)}
        self.aws("events").put_events(Entries=[entry])

    def call_back(self, url: str, expected: int, **said: Any) -> None:
        answer = requests.post(url, data=said, timeout=60)
        assert answer.status_code == expected
        self.seen.append(Place("an answer to a callback", answer.text + dumped(dict(answer.headers))))

    def log_of_sns(self, line: str) -> None:
        """A line in SNS's own log."""
        logs = self.aws("logs")
        (group, *_) = logs.describe_log_groups(logGroupNamePrefix="sns/")["logGroups"]
        name, stream = group["logGroupName"], f"planted-{uuid.uuid4().hex}"
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        now = int(datetime.now(UTC).timestamp() * 1000)
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=[{"timestamp": now, "message": line}])


def by_every_entry_point(walk: Walk) -> None:
    """All are sent; those that are asked for wrongly are told so."""
    request, key = {"to": NUMBER, "body": BODY}, {"Idempotency-Key": f"{NUMBER} {CODE}"}
    ids = [walk.send(channel=channel, kind="otp")["id"] for channel in ("exotel", "amazonsns", "endusermessaging")]
    ids.append(walk.send(headers=key)["id"])
    ids.append(walk.api("POST", "/messages", data={"to": "07303 918 264", "subject": BODY}).body["id"])
    ids.append(walk.send(headers={"Prefer": "respond-async"})["id"])
    soon, later = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (2, 3600))
    ids.append(walk.send(send_at=soon.isoformat())["id"])
    walk.api("DELETE", f"/messages/{walk.send(send_at=later.isoformat())['id']}")
    walk.send(send_at=later.isoformat(), reference="waits")
    walk.invoke(request)
    walk.invoke(request, "Event")
    walk.ask_by_event(request)
    for message_id in ids:
        walk.api.becomes(message_id, "delivered", LONG)


def wrongly_asked_for(walk: Walk) -> None:
    """Nothing of this is a message: who asks gets to know why, in words that repeat nothing."""
    wrong = {"to": f"{NUMBER}0000", "body": BODY, NUMBER: CODE, "channel": CODE, "send_at": CODE, "kind": TEXT}
    for request in (wrong, [wrong], {"action": NUMBER, "id": CODE}, {**wrong, "idempotency_key": f"{CODE}\n"}):
        walk.invoke(request)
    walk.invoke(wrong, "Event")
    walk.ask_by_event(wrong)
    bodies = [dumped(wrong).encode(), f"{NUMBER}{BODY}".encode(), f'{{"to": "{NUMBER}", "to": 1}}'.encode()]
    for body in bodies:
        walk.api("POST", "/messages", data=body, headers={"Content-Type": "application/json"})
    walk.api("POST", "/messages", data=f"to={NUMBER}&body={BODY}&{CODE}=%ff".encode())
    for path in (f"/messages/{NUMBER}", f"/messages?to={NUMBER}&after={CODE}", f"/{NUMBER}", f"/receipts/a/{NUMBER}"):
        walk.api("GET", path)


def to_every_end(walk: Walk, receiver: Vendor, gone: Vendor) -> None:
    """Refused, unknown, settled later, expired, undelivered; with webhooks that fail, and that are given up."""
    for fault, status in (("refuse", "failed"), ("500", "unknown"), ("drop_reply", "unknown")):
        walk.carrier.fail(fault)
        assert walk.send(channel="exotel", callback_url=hook(receiver))["status"] == status
    walk.carrier.fail("429")
    assert walk.send(channel="exotel", valid_for=1)["status"] == "expired"
    walk.carrier.tell(delay=0)
    early = walk.send(channel="exotel", callback_url=hook(receiver))
    ended = [walk.send(BLOCKED, channel="exotel"), walk.send(TEXTS_BLOCKED, channel="amazonsns")]
    given_up = walk.send(channel="exotel", callback_url=hook(gone))
    for message in (early, given_up):
        walk.api.becomes(message["id"], "delivered", LONG)
    for message in ended:
        assert walk.api.becomes(message["id"], "undelivered", LONG)["reason"]
    until(lambda: gone.calls and waiting(walk.aws, f"{STAGE}-dead-hooks"), "webhook that was given up", LONG)
    until(lambda: len(receiver.calls) >= 4, "webhooks", LONG)


def hook(server: Vendor) -> str:
    return f"{server.url}/hook?key={URL_SECRET}"


def told_by_anybody(walk: Walk) -> None:
    """Receipts that repeat what they should not, and that are not the provider's."""
    sent = walk.send(SILENT, channel="exotel")
    url, base = (
        walk.carrier.callback(sent["provider_id"]),
        walk.carrier.callback(sent["provider_id"]).rpartition("/")[0],
    )
    walk.call_back(url, 403, To=NUMBER, Status="sent")
    walk.call_back(f"{base}/{'A' * 52}", 403, To=NUMBER, Status=BODY)
    walk.call_back(f"{base}/{NUMBER}", 403, To=NUMBER)
    walk.call_back(url, 204, SmsSid=NUMBER, Status=f"to {NUMBER}", DetailedStatus=f"{CODE} for {NUMBER}", Body=BODY)
    walk.call_back(url, 204, SmsSid=CODE, Status="sent", SmsUnits=NUMBER, DateSent=CODE, CustomField=TEXT)
    walk.api.becomes(sent["id"], "delivered")
    for line in (f"{NUMBER} {BODY}", dumped({"notification": NUMBER, "delivery": {"destination": NUMBER}})):
        walk.log_of_sns(line)


def while_nobody_works(walk: Walk, receiver: Vendor) -> Iterator[Place]:
    """What travels by the queue: messages, webhooks, and receipts for whom nobody is found."""
    kinds: set[str] = set()
    with stopped(walk.aws, f"{STAGE}-worker"):
        walk.send(headers={"Prefer": "respond-async"})
        walk.send(channel="exotel", callback_url=hook(receiver))
        entry = {
            "notification": {"messageId": str(uuid.uuid4()), "timestamp": "2026-11-23 04:00:00.000"},
            "delivery": {"destination": NUMBER, "providerResponse": f"Message to {NUMBER} has been accepted by phone"},
            "status": "SUCCESS",
        }
        walk.log_of_sns(dumped(entry))
        handles = []
        while kinds < {"id", "hook", "receipt"}:
            for record in until(lambda: waiting(walk.aws, STAGE, 300), f"more in the queue than {kinds}", LONG):
                kinds |= json.loads(record["Body"]).keys()
                handles.append(record["ReceiptHandle"])
                yield Place("the queue", dumped(record), frozenset({"url"}))
        release(walk.aws, handles)


def release(aws: Aws, handles: list[str]) -> None:
    """Let the worker have the records that were looked at."""
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=STAGE)["QueueUrl"]
    for handle in handles:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)


def to_the_dead_letters(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    """A message that no worker can handle, and what an operator sees who takes up all that failed."""
    url = walk.aws("sqs").get_queue_url(QueueName=STAGE)["QueueUrl"]
    with environment(walk.aws, "worker", HERALD_STAGE="nowhere", RETRY_SECONDS="0"), impatient(walk.aws, url):
        sent = walk.send(headers={"Prefer": "respond-async"})
        dead = until(lambda: waiting(walk.aws, f"{STAGE}-dead"), "dead letter", LONG)
    walk.seen.append(Place("dead letters", dumped(dead)))
    capsys.readouterr()
    main(["redrive", "--stage", "local", "--yes"])
    walk.seen.append(Place("what redrive says", "".join(capsys.readouterr())))
    walk.api.becomes(sent["id"], "delivered", LONG)
