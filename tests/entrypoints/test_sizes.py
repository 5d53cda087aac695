"""How large a message's item is in DynamoDB, step by step: what docs/cost.md reckons with.

``pytest tests/entrypoints/test_sizes.py -s`` prints the sizes.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import yaml

from functions.api import app as api
from functions.receipts import app as receipts
from herald import wiring
from herald.keys.grant import Grant, written
from herald.settings.parameters import Parameters
from tests.entrypoints.conftest import ROOT, recorded
from tests.promises.ledger import ACCOUNT, Ledger, ledger
from tests.system.ground import sns_log
from tests.tables import a_table, client

CONTEXT = SimpleNamespace(aws_request_id="1", function_name="herald-x")
# One of a shop's usual texts, by the owner of an API key.
TO, BODY = "+919741552552", "Your order 118 is on its way and should be with you tomorrow between 9 and 12. GRAMEX"
COST = (ROOT / "docs" / "cost.md").read_text()


def size(item: dict[str, Any]) -> int:
    """The bytes of an item, as AWS counts them ("DynamoDB Item sizes and formats", November 2026)."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":  # About a byte for two significant digits, and one more.
            return (len(Decimal(held).normalize().as_tuple().digits) + 1) // 2 + 1
        case "L":
            return 3 + sum(1 + _value(each) for each in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(each) for name, each in held.items())
    return 1


class Weighing:
    """A client of DynamoDB that weighs each message after each write."""

    def __init__(self, real: Any) -> None:
        self._real, self.exceptions = real, real.exceptions
        self.sizes: list[tuple[str, int]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            answer = getattr(self._real, operation)(**request)
            key = {"pk": (request.get("Item") or request.get("Key") or {"pk": {"S": ""}})["pk"]}
            if operation in ("put_item", "update_item") and key["pk"]["S"].startswith("message#"):
                item = self._real.get_item(TableName=request["TableName"], Key=key)["Item"]
                self.sizes.append((item["status"]["S"], size(item)))
            return answer

        return call


class Stage(NamedTuple):
    """A stage with both channels, and the scale."""

    provider: Ledger
    weighing: Weighing

    def sent(self, channel: str) -> dict[str, Any]:
        event = recorded("api-post-json")
        event["requestContext"]["authorizer"] = {"principalId": "shop", "grant": written(Grant("shop"))}
        event["headers"] = {"Content-Type": "application/json", "Idempotency-Key": "order-118"}
        answer = api.handler({**event, "body": json.dumps({"to": TO, "body": BODY, "channel": channel})}, CONTEXT)
        assert answer["statusCode"] == 201, answer
        message: dict[str, Any] = json.loads(answer["body"])
        return message

    def weighed(self) -> dict[str, float]:
        """State -> kB, of the last write that led there."""
        return {status: weight / 1024 for status, weight in self.weighing.sizes}


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    name = f"s{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("HERALD_STAGE", name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    weighing, store = Weighing(client("dynamodb", engine)), Parameters(client("ssm", engine), f"/herald/{name}")
    url = "https://a1b2c3d4e5.execute-api.ap-south-1.amazonaws.com/prod"
    queue = client("sqs", engine).create_queue(QueueName=name)["QueueUrl"]
    store.write("stack", json.dumps({"table": a_table(weighing._real), "url": url, "queue": queue}), secret=False)
    store.write("channels/amazonsns", "type: amazonsns\n")
    here = wiring.real(name)
    here.__dict__["_dynamodb"] = weighing
    with ledger() as provider:
        block = {**ACCOUNT, "type": "exotel", "endpoint_url": provider.url}
        store.write("channels/exotel", yaml.safe_dump(block))
        yield Stage(provider, weighing)
    wiring.real.cache_clear()


def by_exotel(stage: Stage) -> None:
    message = stage.sent("exotel")
    (text,) = stage.provider.texts()
    *_, channel, token = text.fields["StatusCallback"].split("/")
    said = {
        "SmsSid": message["provider_id"], "To": "09741552552", "Status": "sent", "SmsUnits": "1",
        "DetailedStatus": "DELIVERED_TO_HANDSET", "DetailedStatusCode": "20005", "DateSent": "2026-11-25 09:00:04",
    }  # fmt: skip
    event = {**recorded("receipt-exotel-delivered"), "body": urlencode(said)}
    answer = receipts.handler({**event, "pathParameters": {"channel": channel, "token": token}}, CONTEXT)
    assert answer and answer["statusCode"] == 204


def by_sns(stage: Stage) -> None:
    message = stage.sent("amazonsns")
    receipts.handler(sns_log(message["provider_id"], TO), CONTEXT)


WAYS = {"Exotel": by_exotel, "Amazon SNS": by_sns}


@pytest.mark.parametrize("vendor", WAYS)
def test_items_are_as_large_as_the_page_about_costs_says(stage: Stage, vendor: str) -> None:
    WAYS[vendor](stage)
    weighed = stage.weighed()
    print(f"\n{vendor}:", ", ".join(f"{status} {weight:.2f} kB" for status, weight in weighed.items()))
    assert weighed.keys() == {"sending", "sent", "delivered"}
    (line,) = re.findall(rf"\| {vendor} \| (\S+) kB \| (\S+) kB \| (\S+) kB \| (\d+) \|", COST)
    said = [float(weight) for weight in line[:3]]
    assert [weighed[status] for status in ("sending", "sent", "delivered")] == pytest.approx(said, abs=0.03)
    assert sum(-int(-weight // 1) for weight in weighed.values()) == int(line[3])


def test_the_scale_weighs_as_aws_says() -> None:
    assert size({"pk": {"S": "é"}}) == 4
    assert [_value({"N": number}) for number in ("7", "118", "1700000000", "-0.25")] == [2, 3, 2, 2]
    assert _value({"L": [{"S": "ab"}, {"BOOL": True}]}) == 3 + 1 + 2 + 1 + 1
    assert _value({"M": {"a": {"S": "b"}, "c": {"NULL": True}}}) == 3 + 1 + 2 + 1 + 2
