"""Promise 2, when the settings cannot be read or have just changed: through the real wiring, on the local engine.

SSM fails by a switch in front of the engine's; journal and queue are the engine's, and the provider is on loopback.
"""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from functions.worker import app as worker
from herald import wiring
from herald.entrypoints import invocation
from herald.entrypoints.api.routes import Https
from herald.errors import NotAccepted
from herald.keys.key import create
from herald.pipeline.flow import Herald
from herald.settings.parameters import KEEP_SECONDS, Parameters
from herald.settings.records import Records
from herald.settings.wrong import LOOK_AGAIN
from tests.entrypoints.conftest import ROOT, TO, Answer, Caller, recorded
from tests.promises.figures import Figures
from tests.promises.ledger import ACCOUNT, Ledger, ledger
from tests.settings.test_parameters import Seconds, Ssm
from tests.tables import a_table, client

READ = "get_parameters_by_path"
# All texts go to one number.
LIMITS = "limits: {number_10_minutes: unlimited, number_day: unlimited, block_day: unlimited}"


@pytest.fixture
def provider() -> Iterator[Ledger]:
    with ledger() as made:
        yield made


class Stage:
    """A deployed stage: its parameters in SSM, its table and queue. ``process`` is one more Lambda environment."""

    def __init__(self, engine: str, provider: Ledger, name: str) -> None:
        self.name, self.provider, self.clock = name, provider, Seconds()
        self.dynamodb, sqs = client("dynamodb", engine), client("sqs", engine)
        self.table = a_table(self.dynamodb)
        self.ssm = Ssm(client("ssm", engine))
        self._store = Parameters(self.ssm, f"/herald/{name}")
        queue = sqs.create_queue(QueueName=f"herald-{name}")["QueueUrl"]
        self._store.write("stack", json.dumps({"table": self.table, "queue": queue}), secret=False)
        self.store_settings(LIMITS)
        self.store_token(ACCOUNT["token"])
        Records(self.ssm, name).write("shop", create().record, replace=False)  # Who asked has not been revoked.

    def store_settings(self, settings: str) -> None:
        """Write settings into SSM, whatever they are."""
        self._store.write("settings", settings, secret=False)

    def store_token(self, token: str) -> None:
        """Write the channel, with this token, into SSM."""
        block = {**ACCOUNT, "type": "exotel", "token": token, "endpoint_url": self.provider.url, "rate": "unlimited"}
        self._store.write("channels/exotel", yaml.safe_dump(block))

    def process(self) -> Herald:
        """Herald as a new process makes it: nothing has been read yet."""
        wiring.real.cache_clear()
        wiring.real(self.name).parameters = Parameters(self.ssm, f"/herald/{self.name}", clock=self.clock)
        return wiring.herald()

    def records(self) -> int:
        """How many messages the journal holds."""
        items = self.dynamodb.scan(TableName=self.table)["Items"]
        return sum(item["pk"]["S"].startswith("message#") for item in items)


@pytest.fixture
def stage(engine: str, provider: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    name = f"s{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("HERALD_STAGE", name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    yield Stage(engine, provider, name)
    wiring.real.cache_clear()


def caller(herald: Herald) -> Caller:
    """A client of the HTTPS API."""
    return Caller(Https(lambda: herald, {}, ROOT / "functions" / "api"))


def send(client: Caller, number: int) -> Answer:
    return client.send({"Idempotency-Key": f"order-{number}"}, body=f"Text {number}")


def texts(count: int, first: int = 0) -> Counter[str]:
    """What the provider is to have taken: each text once."""
    return Counter(f"Text {number}" for number in range(first, first + count))


def taken(provider: Ledger) -> Counter[str]:
    return Counter(text.body for text in provider.texts())


# ---- SSM fails


def test_while_it_is_warm_sends_go_on_with_the_settings_that_it_has(
    stage: Stage, size: Callable[[int, int], int], figures: Figures
) -> None:
    count, shop = size(10, 200), caller(stage.process())
    assert send(shop, 0).status == 201
    stage.ssm.down = {READ}
    asked, statuses = len(stage.ssm.calls), Counter[int]()
    for number in range(1, count):
        stage.clock.now += KEEP_SECONDS
        statuses[send(shop, number).status] += 1
    figures("SSM fails while a process is warm", promise="2", sends=statuses.total(), sent=statuses[201])
    assert statuses == {201: count - 1}
    assert len(stage.ssm.calls) - asked == count - 1
    assert taken(stage.provider) == texts(count)


def test_while_it_is_cold_nothing_is_accepted_and_the_same_request_succeeds_afterwards(
    stage: Stage, size: Callable[[int, int], int], figures: Figures
) -> None:
    count, shop = size(10, 200), caller(stage.process())
    stage.ssm.down = {READ}
    refused = [send(shop, number) for number in range(count)]
    for answer in refused:
        assert (answer.status, answer.body["code"], answer.body["retryable"]) == (503, "not_accepted", True)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
        assert "id" not in answer.body
    assert (stage.records(), taken(stage.provider)) == (0, Counter())
    stage.ssm.down = set()
    sent = [send(shop, number).status for number in range(count)]
    figures(
        "SSM fails while a process is cold, then the same requests",
        promise="2",
        answered_503=len(refused),
        then_sent=sent.count(201),
    )
    assert sent == [201] * count
    assert (stage.records(), taken(stage.provider)) == (count, texts(count))


def test_while_it_is_cold_an_invocation_fails_so_that_lambda_repeats_it(stage: Stage) -> None:
    payload, herald = {"to": TO, "body": "Text 0"}, stage.process()
    stage.ssm.down = {READ}
    for _ in range(2):
        with pytest.raises(NotAccepted) as failed:
            invocation.answer(payload, "request-1", herald)
        assert failed.value.retryable
    stage.ssm.down = set()
    for _ in range(2):
        assert (invocation.answer(payload, "request-1", herald) or {})["status"] == "sent"
    assert taken(stage.provider) == texts(1)


def test_while_it_is_cold_the_workers_record_comes_back_and_is_sent_later(stage: Stage) -> None:
    queued = caller(stage.process()).send(body="Text 0", mode="async").body
    record = {**recorded("queue")["Records"][0], "body": json.dumps({"id": queued["id"]})}
    stage.process()
    stage.ssm.down = {READ}
    assert len(deliver(record)["batchItemFailures"]) == 1
    stage.ssm.down = set()
    assert deliver(record) == {"batchItemFailures": []}
    assert taken(stage.provider) == texts(1)


def deliver(record: dict[str, Any]) -> Any:
    """Hand a record to the worker."""
    return worker.handler({"Records": [record]}, SimpleNamespace(aws_request_id="1", function_name="herald-dev-worker"))


# ---- The settings are wrong

NONSENSE = "limits: {number_day: many}"
MISTAKE = "settings: limits.number_day must be a whole number from 1 on, or unlimited (line 1)"


def test_while_wrong_settings_are_in_ssm_warm_processes_send_and_the_mend_works_in_all_within_five_seconds(
    stage: Stage, size: Callable[[int, int], int], figures: Figures
) -> None:
    count, warm = size(10, 200), caller(stage.process())
    assert send(warm, 0).status == 201
    stage.store_settings(NONSENSE)
    stage.clock.now += KEEP_SECONDS
    cold = caller(stage.process())
    refused, sent, asked = list[Answer](), Counter[int](), len(stage.ssm.calls)
    for number in range(1, count):
        sent[send(warm, number).status] += 1
        refused.append(send(cold, count + number))
        stage.clock.now += 1
    assert len(stage.ssm.calls) - asked <= 2 * (count / (LOOK_AGAIN / 2) + 1)
    assert sent == {201: count - 1}
    for answer in refused:
        assert (answer.status, answer.body["code"], answer.body["detail"]) == (503, "invalid_settings", MISTAKE)
    stage.store_settings(LIMITS)
    stage.clock.now += LOOK_AGAIN
    again = [send(cold, count + number).status for number in range(1, count)]
    figures(
        "Wrong settings, then right ones, and the same requests",
        promise="2",
        sent_meanwhile=sent[201],
        answered_503=len(refused),
        then_sent=again.count(201),
    )
    assert again == [201] * (count - 1)
    assert taken(stage.provider) == texts(count) + texts(count - 1, first=count + 1)


# ---- A secret is rotated


def test_a_rotated_secret_costs_each_process_one_attempt_which_is_repeated_with_the_new_one(
    stage: Stage, size: Callable[[int, int], int], figures: Figures
) -> None:
    processes, each = size(3, 20), 5
    shops = [caller(stage.process()) for _ in range(processes)]
    for number, shop in enumerate(shops):
        assert send(shop, number).status == 201
    stage.provider.rotate("a-n3w-token")
    stage.store_token("a-n3w-token")
    answers = [send(shops[number % processes], number) for number in range(processes, processes * (1 + each))]
    refusals = stage.provider.statuses[401]
    figures(
        "A secret rotated while processes are warm",
        promise="2",
        processes=processes,
        sends=len(answers),
        sent=sum(answer.status == 201 for answer in answers),
        refused_attempts=refusals,
    )
    assert {(answer.status, answer.body["status"]) for answer in answers} == {(201, "sent")}
    assert refusals == processes
    assert taken(stage.provider) == texts(processes * (1 + each))


def test_a_process_that_reads_the_settings_first_costs_no_attempt(stage: Stage) -> None:
    shop = caller(stage.process())
    assert send(shop, 0).status == 201
    stage.provider.rotate("a-n3w-token")
    stage.store_token("a-n3w-token")
    stage.clock.now += KEEP_SECONDS
    assert send(shop, 1).status == 201
    assert stage.provider.statuses[401] == 0


def test_a_secret_that_only_the_provider_changed_fails_the_message_visibly(stage: Stage) -> None:
    shop = caller(stage.process())
    stage.provider.rotate("a-n3w-token")
    answer = send(shop, 0)
    assert (answer.status, answer.body["code"]) == (422, "credentials_refused")
    assert answer.body["message"]["status"] == "failed"
    assert stage.provider.texts() == []
