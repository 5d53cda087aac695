"""What each function reads of SSM: its calls and decryptions, cold and warm; and on a fresh stage, which has nothing.

Each runs with a client that lets it read what its role in the template may read, and do nothing else.
"""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from functions.announce import app as announce
from functions.api import app as api
from functions.authorize import app as authorize
from functions.invoke import app as invoke
from functions.receipts import app as receipts
from functions.sweep import app as sweep
from functions.worker import app as worker
from herald import wiring
from herald.errors import InvalidSettings
from herald.journal.health import FRESH, HEALTH
from herald.keys.grant import Grant, written
from herald.keys.key import create
from herald.pipeline.flow import Herald
from herald.pipeline.receive.token import sign
from herald.settings.parameters import AGAIN_SECONDS, HASH_KEY, KEEP_SECONDS, Parameters
from herald.settings.records import KEYS_KEEP_SECONDS, Records
from tests.entrypoints.conftest import recorded
from tests.failing import Down
from tests.house.test_permissions import USE, listed, own
from tests.settings.test_parameters import Seconds
from tests.system.ground import sns_log
from tests.tables import a_table, client

CONTEXT = SimpleNamespace(
    aws_request_id="1", function_name="herald-x", get_remaining_time_in_millis=lambda: 50_000, memory_limit_in_mb=256
)
SENDERS = ("Api", "Invoke")
CHANNEL = "type: amazonsns\n"
KEYS = 10  # As many as SSM gives at once.


class Guarded:
    """An SSM client that does what a function's role allows, and counts calls and decryptions."""

    def __init__(self, real: Any, stage: str, function: str) -> None:
        self._real, self.exceptions, self.calls, self.decryptions = real, real.exceptions, 0, 0
        allowed = [*own(function).values(), *(USE.values() if function in SENDERS else ())]
        self._allowed = {
            (action, arn["Fn::Sub"].partition(":parameter")[2].replace("${Stage}", stage))
            for each in allowed
            for action in listed(each["Action"])
            for arn in listed(each.get("Resource", []))  # A phone number has none.
            if action.startswith("ssm:")
        }

    def get_parameters_by_path(self, **request: Any) -> Any:
        self._ask("ssm:GetParametersByPath", request["Path"])
        self.calls += 1
        page = self._real.get_parameters_by_path(**request)
        if request["WithDecryption"]:
            self.decryptions += sum(each["Type"] == "SecureString" for each in page["Parameters"])
        return page

    def put_parameter(self, **request: Any) -> Any:
        self._ask("ssm:PutParameter", request["Name"])
        return self._real.put_parameter(**request)

    def _ask(self, action: str, path: str) -> None:
        if not any(
            action == each and re.fullmatch(allowed.replace("*", ".*"), path) for each, allowed in self._allowed
        ):
            raise Down

    def cost(self) -> tuple[int, int]:
        """Calls and decryptions since the last time."""
        cost, self.calls, self.decryptions = (self.calls, self.decryptions), 0, 0
        return cost


HANDLERS = {
    "Api": api.handler, "Authorize": authorize.handler, "Invoke": invoke.handler, "Worker": worker.handler,
    "Receipts": receipts.handler, "Announce": announce.handler, "Sweep": sweep.handler,
}  # fmt: skip


class Process:
    """A process of one function: what it has read so far is its own."""

    def __init__(self, stage: "Stage", function: str) -> None:
        self.ssm, self.clock, self._handler = Guarded(stage.real, stage.name, function), Seconds(), HANDLERS[function]
        self._here = wiring.Stack(stage.name)
        self._here.parameters = Parameters(self.ssm, stage.parameters.path, clock=self.clock)
        keeps = (KEEP_SECONDS, KEYS_KEEP_SECONDS)
        self._keys = {keep: Records(self.ssm, stage.name, keep=keep, clock=self.clock) for keep in keeps}

    def __call__(self, event: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wiring, "real", lambda _: self._here)
            patch.setattr(wiring, "keys", lambda _, keep=KEEP_SECONDS: self._keys[keep])
            return self._handler(event, CONTEXT)

    def status(self, message_id: str) -> str:
        return str(Herald(self._here).find(message_id).status)


class Stage:
    """A stage as the template makes it: its table, queues and bus, and one parameter."""

    def __init__(self, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.real = f"s{uuid.uuid4().hex[:8]}", client("ssm", engine)
        self.parameters = Parameters(self.real, f"/herald/{self.name}")
        self.records = Records(self.real, self.name)
        sqs, queues = client("sqs", engine), ("queue", "dead_hooks")
        made = {name: sqs.create_queue(QueueName=f"{self.name}-{name}")["QueueUrl"] for name in queues}
        client("events", engine).create_event_bus(Name=self.name)
        stack = {"table": a_table(client("dynamodb", engine)), "url": "https://api.test/x", "bus": self.name, **made}
        self.parameters.write("stack", json.dumps(stack), secret=False)
        monkeypatch.setenv("HERALD_STAGE", self.name)
        monkeypatch.setenv("AWS_ENDPOINT_URL", engine)

    def process(self, function: str) -> Process:
        return Process(self, function)

    def fill(self) -> None:
        """Two channels with secrets, webhooks, settings, ten API keys, and texts have been sent."""
        for name in ("amazonsns", "another"):
            self.parameters.write(f"channels/{name}", CHANNEL)
        self.parameters.write("webhook-secret", "whsec_1")
        self.parameters.write("settings", "default_region: IN", secret=False)
        self.parameters.hash_key()
        for number in range(KEYS - 1):
            self.records.write(f"k{number}", create().record, replace=False)
        self.records.write("shop", create().record, replace=False)


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    yield Stage(engine, monkeypatch)
    wiring.parameters.cache_clear()


def asked(**fields: object) -> dict[str, Any]:
    """A request for a text, by the owner of an API key."""
    event = recorded("api-post-json")
    event["requestContext"]["authorizer"] = {"principalId": "shop", "grant": written(Grant("shop"))}
    event["headers"] = {"Content-Type": "application/json"}
    return {**event, "body": json.dumps({"to": "+919741552552", "body": "Your table is ready.", **fields})}


def queued(*bodies: object) -> dict[str, Any]:
    """What SQS hands to the worker."""
    record = recorded("queue")["Records"][0]
    return {"Records": [{**record, "messageId": str(n), "body": json.dumps(body)} for n, body in enumerate(bodies)]}


def waiting(stage: Stage) -> str:
    """A message that waits for the worker."""
    return str(json.loads(stage.process("Api")(asked(mode="async"))["body"])["id"])


# ---- Calls and decryptions: the figures of docs/cost.md


def test_a_plain_send_reads_the_settings_once_in_five_minutes_and_no_api_key(stage: Stage) -> None:
    stage.fill()
    process = stage.process("Api")
    assert process(asked())["statusCode"] == 201
    assert process.ssm.cost() == (1, 4)  # Two channels, the webhooks' secret, the hash key.
    for _ in range(3):
        assert process(asked())["statusCode"] == 201
        process.clock.now += KEEP_SECONDS / 3
    assert process.ssm.cost() == (0, 0)
    assert process(asked())["statusCode"] == 201
    assert process.ssm.cost() == (1, 4)


def test_the_authorizer_decrypts_nothing(stage: Stage) -> None:
    stage.fill()
    made = create()
    stage.records.write("shop", made.record, replace=True)
    process = stage.process("Authorize")
    event = {**recorded("authorize"), "authorizationToken": f"Bearer {made.key}"}
    for _ in range(2):
        assert process(event)["principalId"] == "shop"
        assert process(event)["principalId"] == "shop"
        assert process.ssm.cost() == (1, 0)
        process.clock.now += KEYS_KEEP_SECONDS


def test_the_worker_reads_the_keys_when_a_message_comes_that_one_asked_for(stage: Stage) -> None:
    stage.fill()
    ids = [waiting(stage) for _ in range(2)]
    process = stage.process("Worker")
    process(queued({"id": "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"}))
    assert process.ssm.cost() == (1, 4)
    for message_id, cost in zip(ids, [(1, 0), (0, 0)], strict=True):
        assert process(queued({"id": message_id})) == {"batchItemFailures": []}
        assert process.ssm.cost() == cost
        assert process.status(message_id) == "sent"


def test_an_idle_sweep_decrypts_the_settings_when_it_starts_and_then_only_looks_whether_they_changed(
    stage: Stage,
) -> None:
    stage.fill()
    process = stage.process("Sweep")
    process(recorded("sweep"))
    assert process.ssm.cost() == (1, 4)
    for _ in range(15):
        process.clock.now += 60
        process(recorded("sweep"))
    assert process.ssm.cost() == (15, 0)


def test_the_sweep_fails_from_the_minute_after_the_settings_became_wrong_to_that_after_they_are_right(
    stage: Stage,
) -> None:
    stage.fill()
    process = stage.process("Sweep")
    process(recorded("sweep"))
    for settings, fails in (("keep_days: 0", True), ("keep_days: 0", True), ("keep_days: 3", False)):
        stage.parameters.write("settings", settings, secret=False)
        process.clock.now += 60
        with pytest.raises(InvalidSettings) if fails else nullcontext():
            process(recorded("sweep"))


def test_a_sweep_that_is_not_told_whether_they_changed_goes_on_with_those_that_it_has(stage: Stage) -> None:
    stage.fill()
    process = stage.process("Sweep")
    process(recorded("sweep"))
    process.ssm.get_parameters_by_path = unreachable  # type: ignore[method-assign]
    for _ in range(10):
        process.clock.now += 60
        assert process(recorded("sweep"))


def unreachable(**_: Any) -> Any:
    """SSM fails."""
    raise Down


# ---- Calls of DynamoDB


class Watched:
    """A DynamoDB client that notes its calls, and which kind of item each is of."""

    def __init__(self, real: Any) -> None:
        self._real, self.exceptions, self.made = real, real.exceptions, list[str]()

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._real, operation)

        def noted(**request: Any) -> Any:
            key = request.get("Key") or request.get("Item") or {"pk": {"S": ""}}
            self.made.append(f"{operation} {key['pk']['S'].partition('#')[0]}".rstrip())
            return call(**request)

        return noted

    def since(self) -> list[str]:
        """The calls since the last time."""
        made, self.made = self.made, []
        return made


def test_a_send_through_a_healthy_channel_makes_no_call_more_for_its_health(stage: Stage) -> None:
    stage.fill()
    process, clock = stage.process("Api"), Seconds()
    here = process._here
    dynamodb = Watched(here._dynamodb)
    here.__dict__["_dynamodb"] = dynamodb
    here.health.item._clock = clock
    written = {"update_item turns", "put_item message", "update_item message"}
    made = []
    for number in range(4):
        assert process(asked(to=f"+91974155255{number}"))["statusCode"] == 201
        asked_for, *others = dynamodb.since()
        made.append(asked_for)
        assert {each for each in others if "count" not in each} == written
        clock.now += FRESH / 2
    assert made == ["batch_get_item", "get_item optout", "batch_get_item", "get_item optout"]
    assert "Item" not in dynamodb.get_item(TableName=here.part("table"), Key={"pk": {"S": HEALTH}})


# ---- A fresh stage


def test_on_a_fresh_stage_no_function_fails_and_only_who_sends_makes_the_hash_key(stage: Stage) -> None:
    forged = recorded("receipt-exotel-delivered")
    written_back = {**forged, "resource": "/inbound/{channel}/{token}"}
    assert stage.process("Sweep")(recorded("sweep")) == {"unknown": 0, "queued": 0, "settled": 0, "troubled": 0}
    assert stage.process("Announce")(recorded("stream")) == {"batchItemFailures": []}
    assert stage.process("Worker")(queued({"id": "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"})) == {"batchItemFailures": []}
    for event in (forged, written_back):
        assert stage.process("Receipts")(event)["statusCode"] == 403
    assert stage.process("Receipts")(sns_log("somebody-elses", "+919741552552")) is None
    with pytest.raises(PermissionError, match="^Unauthorized$"):
        stage.process("Authorize")(recorded("authorize"))
    assert stage.process("Invoke")({"action": "resume", "id": "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"}) is None
    assert stage.process("Api")({**recorded("api-get"), "resource": "/health"})["statusCode"] == 200
    assert stage.parameters.refresh().keys() == {"stack"}
    assert stage.process("Api")(asked())["statusCode"] == 201
    assert stage.parameters.refresh().keys() == {"stack", HASH_KEY}


def test_the_first_text_of_a_stage_is_looked_after_by_functions_that_started_before_it(stage: Stage) -> None:
    receipts, worker = stage.process("Receipts"), stage.process("Worker")
    forged = recorded("receipt-exotel-delivered")
    assert receipts(forged)["statusCode"] == 403
    assert worker(queued({"id": "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"})) == {"batchItemFailures": []}
    stage.records.write("shop", create().record, replace=False)
    message_id = waiting(stage)
    secret = stage.parameters.refresh()[HASH_KEY].encode()
    for process in (receipts, worker):
        process.clock.now += AGAIN_SECONDS + 1
    assert worker(queued({"id": message_id})) == {"batchItemFailures": []}
    assert worker.status(message_id) == "sent"
    token = sign(secret, "amazonsns", message_id, 1, datetime.now(UTC) + timedelta(days=1))
    answer = receipts({**forged, "pathParameters": {"channel": "amazonsns", "token": token}})
    assert answer["statusCode"] == 422  # It has proved itself; what it says is no receipt of this channel's.
