"""Account: what the template makes of a stage, made on any engine by hand, and what AWS does between the functions."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from herald import wiring
from herald.keys.grant import SCOPES, Grant
from herald.keys.key import create
from herald.settings.parameters import Parameters
from herald.settings.records import Records
from local.carrier.carrier import Carrier
from local.deploy import client
from tests.engines.lambdas import Failed, Lambdas, Runtime
from tests.entrypoints.conftest import TO, Answer, Caller, recorded
from tests.tables import a_table

URL = "https://sms.example.com"
SETTINGS = f"default_region: IN\nurl: {URL}\nlimits: {{number_10_minutes: 100, number_day: 100}}\n"
ROLE = "arn:aws:iam::123456789012:role/herald"


class Account:
    """A fresh stage with two channels, and its functions. ``folder`` takes the log."""

    def __init__(self, url: str, runtime: Runtime, layer: Path, folder: Path) -> None:
        self.stage, self.url, self._runtime = f"s{uuid.uuid4().hex[:8]}", url, runtime
        self._layer, self._folder = layer, folder
        self.carrier = Carrier(None)
        self.sqs, self.dynamodb, self.scheduler = (self.aws(name) for name in ("sqs", "dynamodb", "scheduler"))
        self.table = a_table(self.dynamodb)
        self.queues = {name: self._queue(name) for name in ("queue", "dead_letters", "dead_hooks", "failed")}
        self.key = create(Grant("shop", scopes=frozenset(SCOPES)))
        self._configure(self.carrier.start())
        self.lambdas = self._started()

    def aws(self, service: str) -> Any:
        """A client of the engine."""
        return client(service, self.url)

    def stop(self) -> None:
        self.lambdas.stop()
        self.carrier.stop()

    def restarted(self) -> None:
        """New processes, which read settings anew."""
        self.lambdas.stop()
        self.lambdas = self._started()

    def set(self, settings: str) -> None:
        """Other settings, for new processes."""
        self._parameters.write("settings", settings, secret=False)
        self.restarted()

    # ---- what API Gateway, SQS, Scheduler and the table's stream do

    def authorized(self, key: str) -> Mapping[str, Any] | None:
        """What the authorizer says of a key; None if it turns it away."""
        try:
            answer = self.lambdas("authorize", recorded("authorize") | {"authorizationToken": f"Bearer {key}"})
        except Failed as refused:
            assert refused.args == ("PermissionError", "Unauthorized")
            return None
        found: Mapping[str, Any] = answer
        return found

    def api(self, method: str, path: str, key: str | None = None, **fields: Any) -> Answer:
        """A request, by a new key where nothing is said, as API Gateway hands it over."""
        event = Caller(None, grant=Grant("shop", scopes=frozenset(SCOPES))).event(  # type: ignore[arg-type]
            method, path, json.dumps(fields) if fields else None,
            {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})},
        )  # fmt: skip
        answer = self.lambdas("api", event)
        return Answer(answer["statusCode"], json.loads(answer["body"] or "null"), answer["headers"])

    def sent(self, key: str | None = None, **fields: Any) -> Answer:
        """``POST /messages``: a text by Exotel, unless ``fields`` say otherwise."""
        return self.api("POST", "/messages", key, **{"to": TO, "body": "Hi", "channel": "exotel", **fields})

    def status(self, message_id: str) -> str:
        return str(self.api("GET", f"/messages/{message_id}").body["status"])

    def worked(self) -> list[str]:
        """All that is in the queue goes to the worker, once; the bodies of what it took."""
        batch = self.sqs.receive_message(
            QueueUrl=self.queues["queue"], MaxNumberOfMessages=10, AttributeNames=["All"], VisibilityTimeout=60
        ).get("Messages", [])
        records = [
            {
                "messageId": each["MessageId"], "receiptHandle": each["ReceiptHandle"], "body": each["Body"],
                "attributes": each["Attributes"],
            }
            for each in batch
        ]  # fmt: skip
        failed = self.lambdas("worker", {"Records": records})["batchItemFailures"] if records else []
        for each in batch:
            if {"itemIdentifier": each["MessageId"]} not in failed:
                self.sqs.delete_message(QueueUrl=self.queues["queue"], ReceiptHandle=each["ReceiptHandle"])
        return [each["Body"] for each in batch if {"itemIdentifier": each["MessageId"]} not in failed]

    def fires(self, message_id: str) -> Any:
        """The time of a schedule has come."""
        schedule = self.scheduler.get_schedule(Name=message_id, GroupName=self.stage)
        return self.lambdas("invoke", json.loads(schedule["Target"]["Input"]))

    def item(self, message_id: str) -> dict[str, Any]:
        """A message as the table holds it."""
        key = {"pk": {"S": f"message#{message_id}"}}
        found: dict[str, Any] = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)["Item"]
        return found

    def announced(self, message_id: str) -> Any:
        """The table's stream tells of a message."""
        change = {"SequenceNumber": "1", "NewImage": self.item(message_id), "OldImage": {}}
        return self.lambdas("announce", {"Records": [{"eventID": "1", "eventName": "MODIFY", "dynamodb": change}]})

    def called_back(self, message_id: str) -> int:
        """Exotel says that a text arrived; what it gets for an answer."""
        text = next(
            text for text in self.carrier.handset.texts() if text.id == self.item(message_id)["provider_id"]["S"]
        )
        url = text.fields["StatusCallback"].removeprefix(URL)
        event = recorded("receipt-exotel-delivered")
        _, _, channel, token = url.split("/")
        said = f"SmsSid={text.id}&To=09741552552&Status=sent&DetailedStatusCode=20005"
        event |= {"path": url, "pathParameters": {"channel": channel, "token": token}, "body": said}
        return int(self.lambdas("receipts", event)["statusCode"])

    def bodies(self) -> list[str]:
        """The texts that Exotel took."""
        return [text.body for text in self.carrier.handset.texts()]

    # ---- what the template makes

    def _started(self) -> Lambdas:
        return Lambdas(self._runtime, self._layer, self._folder, self.url, self.stage)

    def _queue(self, name: str) -> str:
        return str(self.sqs.create_queue(QueueName=f"{self.stage}-{name}")["QueueUrl"])

    def _configure(self, carrier: str) -> None:
        self.aws("events").create_event_bus(Name=self.stage)
        self.scheduler.create_schedule_group(Name=self.stage)
        stack = {
            "table": self.table, "queue": self.queues["queue"], "bus": self.stage, "schedule_group": self.stage,
            "schedule_role": ROLE, "dead_letters": self.queues["dead_letters"],
            "dead_hooks": self.queues["dead_hooks"], "failed_invocations_url": self.queues["failed"],
            "failed_invocations": f"arn:aws:sqs:us-east-1:123456789012:{self.stage}-failed",
            "invoke_function": f"arn:aws:lambda:us-east-1:123456789012:function:{self.stage}-invoke",
            "url": URL,
        }  # fmt: skip
        exotel = {"type": "exotel", **self.carrier.vendors["exotel"].channel(carrier)}
        ssm = self.aws("ssm")
        self._parameters = Parameters(ssm, wiring.parameters(self.stage).path)
        self._parameters.write("stack", json.dumps(stack), secret=False)
        self._parameters.write("settings", SETTINGS, secret=False)
        self._parameters.write("channels/exotel", "".join(f"{name}: {said}\n" for name, said in exotel.items()))
        self._parameters.write("channels/amazonsns", "type: amazonsns\n")
        Records(ssm, self.stage).write("shop", self.key.record, replace=False)
