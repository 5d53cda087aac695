"""The benchmark measures what it says: its cloud keeps messages as a table does, its runtime is Lambda's."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from bench.__main__ import GOALS, table
from bench.bench import cloud
from bench.cost import WRITES, per_million
from bench.parts import CHECKS, GARBAGE, TOGETHER, post
from bench.runtime import Function, Stack
from bench.tree import CERTIFICATES
from herald.journal.item import item_of
from herald.journal.messages import DynamoJournal
from herald.message.status import Status, Step
from herald.settings.records import Records
from tests.builders import NOW, a_message
from tests.house import ROOT

# What awslambdaric does, in a few lines: asks for an event, and tells what the handler made of it.
CLIENT = """
import json, os, urllib.request
from app import handler
root = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{root}/next") as event:
        said, request = json.loads(event.read()), event.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = json.dumps(handler(said, None)).encode()
    urllib.request.urlopen(urllib.request.Request(f"{root}/{request}/response", answer, method="POST")).read()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with cloud() as address:
        yield address


def test_the_cloud_keeps_a_message_as_the_table_does(url: str) -> None:
    dynamodb = boto3.client("dynamodb", endpoint_url=url, verify=str(CERTIFICATES / "ca.pem"))
    journal, message = DynamoJournal(dynamodb, "herald-bench"), a_message(status=Status.SENDING, attempts=1)
    assert journal.claim(message) is None
    sent = journal.move(message, message.with_(status=Status.SENT, provider_id="x", body=None))
    assert (sent.status, sent.provider_id, sent.to) == (Status.SENT, "x", message.to)
    assert journal.get(message.id) == sent


def test_the_cloud_takes_a_text(url: str) -> None:
    sns = boto3.client("sns", endpoint_url=url, verify=str(CERTIFICATES / "ca.pem"))
    before = texts(url)
    assert sns.publish(PhoneNumber="+919741552552", Message="Hi")["MessageId"]
    assert texts(url) == before + 1


def texts(url: str) -> int:
    """How many texts the cloud says that its providers took."""
    return int(requests.get(f"{url}/texts", verify=str(CERTIFICATES / "ca.pem"), timeout=10).json())


def test_the_cloud_knows_the_key_that_asks_so_that_what_is_queued_is_sent(url: str) -> None:
    ssm = boto3.client("ssm", endpoint_url=url, verify=str(CERTIFICATES / "ca.pem"))
    caller = post(1)["requestContext"]["authorizer"]["principalId"]
    grant = Records(ssm, "bench").grant(caller, age=1)
    assert grant
    assert not grant.test


def test_a_function_answers_its_events_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "awslambdaric").mkdir()
    (tmp_path / "awslambdaric" / "__main__.py").write_text(CLIENT)
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return {'twice': 2 * event['n']}\n")
    stack = Stack("test", tmp_path, (tmp_path,), (sys.executable,), {})
    with Function(stack) as function:
        (first, one), (second, two) = function.invoke({"n": 1}), function.invoke({"n": 2})
        assert (one, two) == ({"twice": 2}, {"twice": 4})
        assert 0 < second < first  # The first includes the start.
        assert function.memory() > 1


@pytest.mark.parametrize("left_out", [GARBAGE, CHECKS, TOGETHER], ids=lambda each: each[0])
def test_what_is_left_out_to_see_what_it_brings_is_there(left_out: tuple[str, ...]) -> None:
    file, *lines = left_out
    source = (ROOT / "layers" / "herald" / file).read_text().splitlines()
    assert [sum(each.strip().startswith(line) for each in source) for line in lines] == [1] * len(lines)


def test_each_request_is_a_message_of_its_own() -> None:
    keys = {post(number)["headers"]["Idempotency-Key"] for number in range(5)}
    assert len(keys) == 5


def test_what_the_bill_calls_one_write_unit_is_one() -> None:
    """A kB begun: by SNS, with a real answer's length; ids, times and hashes have lengths of their own."""
    answer = {
        "MessageId": "0" * 36,
        "ResponseMetadata": {"RequestId": "0" * 36, "HTTPStatusCode": 200, "RetryAttempts": 0},
    }
    trace = (Step(NOW, "accepted", "by https"), Step(NOW, "sending", "by amazonsns: the default channel"))
    claimed = a_message(
        status=Status.SENDING, channel="amazonsns", provider="amazonsns", attempts=1, recipient="0" * 32,
        fingerprint="0" * 32, due_at=NOW, trace=trace, body="a" * 160,
    )  # fmt: skip
    sent = claimed.with_(
        status=Status.SENT,
        due_at=None,
        sent_at=NOW,
        provider_id="0" * 36,
        response=answer,
        trace=(*trace, Step(NOW, "sent")),
    )
    for message in (claimed, sent):
        written = {**item_of(message), "token": {"S": "0" * 32}, "ttl": {"N": "1800000000"}}
        assert size(written) <= 1024


def size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes that DynamoDB counts: names and values; numbers at most."""
    return sum(len(name) + sum(map(_bytes, value.values())) for name, value in item.items())


def _bytes(value: object) -> int:
    if isinstance(value, list):
        return 3 + sum(1 + _bytes(part) for each in value for part in each.values())
    return len(str(value).encode())


def test_the_table_says_what_is_not_reached() -> None:
    ratios = dict.fromkeys(GOALS, 0.9)
    lines = table(ratios, {"cold herald": 0.2}, {"cores": 2, "python": "3"}, 15).splitlines()
    missed = {line.split()[0] for line in lines if line.endswith("not reached")}
    few = {"cold_vs_three_calls", "cold_vs_everything", "pyc_vs_none", "exotel_vs_gramex", "exotel_vs_apprise"}
    assert missed == few
    assert any("200.00 ms" in line for line in lines)


def test_the_bill_is_that_of_the_page_without_what_comes_later() -> None:
    page = (ROOT / "docs" / "cost.md").read_text()
    for price in ("3.50 a million", "0.625 a million", "0.125 a million", "0.20 a million", "0.50 a GB"):
        assert price in page
    assert sum(WRITES.values()) == pytest.approx(7.1)
    # The request, Lambda, the table, and 1.5 kB of logs each, as the page has them.
    assert per_million() == pytest.approx(3.50 + 0.70 + 7.1 * 0.625 + 0.125 + 0.75, abs=0.01)
