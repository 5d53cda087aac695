"""Ground: the whole of Herald on an engine that asks IAM before each call of a function's, and what can be tried there.

Only the test's own calls may do anything: they are the account's owner. Functions are invoked one by one: nothing
comes to them by itself.
"""

import base64
import gzip
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import requests

from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report
from herald.message.status import Status
from herald.pipeline.receive.token import inbound
from local.deploy import client
from local.engine import REGION, Engine
from local.stack import Stack
from tests.system.conftest import Api, Carrier, payload
from tests.system.test_receipts import SILENT, told

TO, TABLE = "+919741552552", "herald-local"
FUNCTIONS = ("api", "invoke", "worker", "receipts", "announce", "sweep", "authorize")
# What the engine asks for without naming the resource, or naming it wrongly: the schedule's group.
UNNAMED = ("ssm:GetParametersByPath", "scheduler:CreateSchedule", "scheduler:DeleteSchedule")


class Ground:
    """A stack, and the clients of its owner."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.api, self.carrier = stack, Api(stack), Carrier(stack.carrier_url)
        self.aws: Callable[[str], Any] = lambda service: client(service, stack.env["AWS_ENDPOINT_URL"])
        self.functions, self.sqs, self.ssm = self.aws("lambda"), self.aws("sqs"), self.aws("ssm")
        self.dynamodb = self.aws("dynamodb")
        for mapping in self.functions.list_event_source_mappings()["EventSourceMappings"]:
            self.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    # ---- functions

    def invoke(self, function: str, event: Any) -> Any:
        """What a function returns, or the error that it ends with."""
        return payload(self.functions.invoke(FunctionName=f"herald-local-{function}", Payload=json.dumps(event)))

    def as_function(self, function: str, service: str) -> Any:
        """A client with the rights of a function."""
        arn = self.functions.get_function_configuration(FunctionName=f"herald-local-{function}")["Role"]
        key = self.aws("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        session = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
        return session.client(service, endpoint_url=self.stack.env["AWS_ENDPOINT_URL"], region_name=REGION)

    def cold(self, function: str) -> None:
        """The next call meets a new process."""
        name = f"herald-local-{function}"
        variables = self.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        changed = {**variables, "FRESH": uuid.uuid4().hex}
        self.functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})

    def deliver(self, body: Any, receives: int = 1, handle: str = "none") -> bool:
        """Hand the worker a record; whether it is done with it."""
        attributes = {"ApproximateReceiveCount": str(receives)}
        record = {"messageId": "1", "receiptHandle": handle, "body": json.dumps(body), "attributes": attributes}
        return bool(self.invoke("worker", {"Records": [record]}) == {"batchItemFailures": []})

    # ---- messages

    def sent(self, channel: str = "exotel", to: str = SILENT, **fields: Any) -> dict[str, Any]:
        """A message that was asked for; of a text to ``SILENT`` nothing is told by itself."""
        answer: dict[str, Any] = self.api.send(to=to, body="Your table is ready.", channel=channel, **fields).body
        return answer

    def waiting(self, channel: str = "exotel", **fields: Any) -> dict[str, Any]:
        """A message that waits for the worker, and its record is gone."""
        message = self.sent(channel, mode="async", **fields)
        self.queued()
        return message

    def status(self, message: Mapping[str, Any]) -> str:
        return self.item(message)["status"]["S"] if "id" in message else "never accepted"

    def item(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message as the table holds it."""
        key = {"pk": {"S": f"message#{message['id']}"}}
        found: dict[str, Any] = self.dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        return found

    def overdue(self) -> dict[str, Any]:
        """A message that somebody should have taken up long ago."""
        message, long_ago = self.waiting(), {":then": {"S": "2020-01-01T00:00:00.000Z"}}
        key = {"pk": {"S": f"message#{message['id']}"}}
        self.dynamodb.update_item(
            TableName=TABLE, Key=key, UpdateExpression="SET due_at = :then", ExpressionAttributeValues=long_ago
        )
        return message

    # ---- queues

    def queued(self, queue: str = "") -> list[str]:
        """What is in a queue, taken out."""
        url = self.url(queue)
        records = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for record in records:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=record["ReceiptHandle"])
        return [record["Body"] for record in records]

    def grows(self, act: Callable[[], object], queue: str = "") -> bool:
        """Whether something comes into a queue by an act, now or later."""
        self.sqs.purge_queue(QueueUrl=self.url(queue))
        act()
        waits = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        counts = self.sqs.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=waits)["Attributes"]
        self.sqs.purge_queue(QueueUrl=self.url(queue))
        return any(int(counts[name]) for name in waits)

    def url(self, queue: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=f"{TABLE}{queue}")["QueueUrl"])

    # ---- providers

    def heard(self, message: Mapping[str, Any]) -> bool:
        """Whether the provider's callback about a text is taken in."""
        url = self.carrier.callback(str(message["provider_id"]))
        return requests.post(url, data=told(dict(message)), timeout=60).status_code == 204

    def wrote(self, word: str, number: str) -> bool:
        """Whether what somebody wrote to the channel's number is taken in."""
        key = self.ssm.get_parameter(Name="/herald/local/hash-key", WithDecryption=True)["Parameter"]["Value"]
        url = f"{self.stack.url}/inbound/exotel/{inbound(key.encode(), 'exotel')}"
        return requests.post(url, data={"From": number, "Body": word}, timeout=60).status_code == 204

    def logged(self, provider_id: str, to: str) -> Any:
        """SNS's log says that a text arrived."""
        return self.invoke("receipts", sns_log(provider_id, to))

    def wants_texts(self, number: str, wish: bool) -> bool:
        """Note by the owner's hand whether a person wants texts; whether that was noted."""
        answer = self.api("PUT", f"/recipients/{number.replace('+', '%2B')}", json={"opted_out": not wish})
        return bool(answer.status == 200 and answer.body["opted_out"] is not wish)

    def opted_out(self, number: str) -> bool:
        return self.api("GET", f"/recipients/{number.replace('+', '%2B')}").body["opted_out"] is True

    # ---- schedules

    def later(self) -> dict[str, Any]:
        return self.sent(send_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())

    def planned(self, message: Mapping[str, Any]) -> bool:
        """Whether there is a schedule for a message."""
        found = self.aws("scheduler").list_schedules(GroupName=TABLE)["Schedules"]
        return message.get("id") in {schedule["Name"] for schedule in found}


class Roles:
    """The policies of the functions' roles as the engine's IAM holds them: ``{"worker": {"Sid": statement}}``.

    ``use`` is the policy that the two entry points for callers share, and with them your own functions.
    """

    def __init__(self, ground: Ground) -> None:
        self._iam, self._arns = ground.aws("iam"), {}
        self.names: dict[str, str] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        for function in FUNCTIONS:
            configured = ground.functions.get_function_configuration(FunctionName=f"herald-local-{function}")
            self.names[function] = configured["Role"].rpartition("/")[2]
            document = self._iam.get_role_policy(RoleName=self.names[function], PolicyName=function)["PolicyDocument"]
            self.policies[function] = _told_apart(function, {each["Sid"]: each for each in document["Statement"]})
        (use,) = self._iam.list_attached_role_policies(RoleName=self.names["api"])["AttachedPolicies"]
        self._arns["use"] = use["PolicyArn"]
        version = self._iam.get_policy(PolicyArn=use["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = self._iam.get_policy_version(PolicyArn=use["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        self.policies["use"] = {each["Sid"]: each for each in found["Statement"]}
        for name in self.policies:
            self._write(name, self.policies[name])

    def permissions(self) -> set[tuple[str, str, str]]:
        """All that is allowed: (policy, Sid, action)."""
        return {
            (name, sid, action)
            for name, statements in self.policies.items()
            for sid, statement in statements.items()
            for action in _listed(statement["Action"])
            if statement["Effect"] == "Allow"
        }

    @contextmanager
    def without(self, name: str, sid: str, action: str) -> Iterator[None]:
        """While open, a policy lacks one action of a statement."""
        statements = self.policies[name]
        left = [each for each in _listed(statements[sid]["Action"]) if each != action]
        others = {each: statement for each, statement in statements.items() if each != sid}
        self._write(name, {**others, sid: {**statements[sid], "Action": left}} if left else others)
        try:
            yield
        finally:
            self._write(name, statements)

    def _write(self, name: str, statements: Mapping[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": [_for_the_engine(each) for each in statements.values()]}
        if name != "use":
            self._iam.put_role_policy(RoleName=self.names[name], PolicyName=name, PolicyDocument=json.dumps(document))
            return
        old = [
            version["VersionId"]
            for version in self._iam.list_policy_versions(PolicyArn=self._arns["use"])["Versions"]
            if not version["IsDefaultVersion"]
        ]
        for version in old:
            self._iam.delete_policy_version(PolicyArn=self._arns["use"], VersionId=version)
        self._iam.create_policy_version(
            PolicyArn=self._arns["use"], PolicyDocument=json.dumps(document), SetAsDefault=True
        )


def sns_log(provider_id: str, to: str) -> dict[str, Any]:
    """What CloudWatch Logs hands over when SNS writes that a text arrived."""
    said = {
        "notification": {"messageId": provider_id, "timestamp": "2026-11-26 12:00:00.000"},
        "delivery": {"destination": to, "providerResponse": "Message has been accepted by phone"},
        "status": "SUCCESS",
    }
    batch = {"logEvents": [{"message": json.dumps(said)}]}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(batch).encode())).decode()}}


def receipt(message: Mapping[str, Any], reason: str | None = None, **found: str) -> dict[str, Any]:
    """A record of a receipt that waits: by the message's id, or as SNS's log names it."""
    status = Status.UNDELIVERED if reason else Status.DELIVERED
    said = Receipt(str(message["provider_id"]), status, REASONS[reason] if reason else None)
    return {"receipt": Report(said, **(found or {"message_id": message["id"], "attempt": 1})).kept()}


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A stack on an engine that enforces IAM."""
    stack = Stack(folder, port=0, engine=Engine(folder, {"AUTH": "true"}))
    stack.start()
    try:
        yield Ground(stack)
    finally:
        stack.stop()


def _told_apart(function: str, statements: dict[str, Any]) -> dict[str, Any]:
    """Without what the engine cannot tell from the settings: who may read one path may read all there.

    tests/house/test_permissions.py says who may read the keys, tests/entrypoints/test_reads.py who does.
    """
    return {sid: each for sid, each in statements.items() if sid != "Keys" or function == "authorize"}


def _for_the_engine(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    unnamed = any(action in UNNAMED for action in _listed(statement["Action"]))
    return {**statement, "Resource": "*"} if unnamed else statement


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
