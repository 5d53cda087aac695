"""Promise 6: a vendor that tells of hundreds of texts at the same moment is answered, and none of it is lost."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from herald.journal.item import id_of
from local.deploy import client
from local.stack import Stack
from tests.promises.figures import Figures
from tests.system.conftest import environment, until

Aws = Callable[[str], Any]
# A magic number of which the carrier tells nothing: the test is the vendor. And how long a vendor goes on trying.
SILENT, CHANNEL = "+919876500090", "exotel-burst"
TRIES, AGAIN = 30, 1.0
FEW = 20


class Told(NamedTuple):
    """How a callback went: the status of each answer, and the seconds that the first one took."""

    answers: tuple[int, ...]
    seconds: float


@pytest.fixture
def aws(stack: Stack) -> Aws:
    return lambda service: client(service, stack.env["AWS_ENDPOINT_URL"])


@pytest.fixture
def channel(aws: Aws) -> Iterator[str]:
    """A channel of Exotel's that may send as fast as it can."""
    ssm, path = aws("ssm"), "/herald/local/channels"
    block = ssm.get_parameter(Name=f"{path}/exotel", WithDecryption=True)["Parameter"]["Value"]
    ssm.put_parameter(Name=f"{path}/{CHANNEL}", Type="SecureString", Value=f"{block}rate: unlimited\n")
    try:
        with environment(aws, "api", CHANNEL=CHANNEL):
            yield CHANNEL
    finally:
        ssm.delete_parameter(Name=f"{path}/{CHANNEL}")


def sent(stack: Stack, channel: str, number: int) -> list[dict[str, Any]]:
    """Texts that were sent, each with the ``url`` at which its receipts are awaited."""
    message = {"to": SILENT, "body": "Your table is ready.", "channel": channel}
    headers = {"Authorization": f"Bearer {stack.key}"}

    def send(_: int) -> dict[str, Any]:
        answer = requests.post(f"{stack.url}/messages", json=message, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    with ThreadPoolExecutor(2) as callers:
        messages = list(callers.map(send, range(number)))
    texts = requests.get(f"{stack.carrier_url}/messages", timeout=60).json()
    urls = {text["id"]: text["fields"].get("StatusCallback") for text in texts}
    return [{**message, "url": urls[message["provider_id"]]} for message in messages]


def tell(message: dict[str, Any], ready: Barrier) -> Told:
    """Call back as Exotel does: what is not answered with 2xx is said again after a while."""
    form = {
        "SmsSid": message["provider_id"], "To": "0" + SILENT[3:], "Status": "sent", "SmsUnits": "1",
        "DetailedStatus": "DELIVERED_TO_HANDSET", "DetailedStatusCode": "20005",
    }  # fmt: skip
    ready.wait(60)
    start = time.perf_counter()
    answers = [post(message["url"], urlencode(form))]
    seconds = time.perf_counter() - start
    while answers[-1] // 100 != 2 and len(answers) < TRIES:
        time.sleep(AGAIN)
        answers.append(post(message["url"], urlencode(form)))
    return Told(tuple(answers), seconds)


def post(url: str, form: str) -> int:
    """As lightly as can be: hundreds of these share the machine with all that they call."""
    target = urlsplit(url)
    with closing(HTTPConnection(target.netloc, timeout=60)) as connection:
        connection.request("POST", target.path, form, {"Content-Type": "application/x-www-form-urlencoded"})
        return connection.getresponse().status


def burst(messages: list[dict[str, Any]]) -> list[Told]:
    """Tell of all these messages at the same moment."""
    ready = Barrier(len(messages))
    with ThreadPoolExecutor(len(messages)) as vendor:
        return list(vendor.map(lambda message: tell(message, ready), messages))


def undelivered(stack: Stack, messages: list[dict[str, Any]]) -> list[str]:
    """The ids of those that nobody believes to have arrived."""
    dynamodb = client("dynamodb", stack.env["AWS_ENDPOINT_URL"])
    keys = [{"pk": {"S": f"message#{message['id']}"}} for message in messages]
    items = (dynamodb.get_item(TableName=stack.env["HERALD_TABLE"], Key=key)["Item"] for key in keys)
    return [id_of(item) for item in items if item["status"] != {"S": "delivered"}]


def inside(aws: Aws, since: float) -> list[float]:
    """How long each call since then took, as Lambda reports it, in milliseconds: the engine waits for its log, too."""
    logs = aws("logs").get_paginator("filter_log_events")
    pages = logs.paginate(logGroupName="/aws/lambda/herald-local-receipts", startTime=int(since * 1000))
    reports = [event["message"] for page in pages for event in page["events"] if event["message"].startswith("REPORT")]
    return [float(report.partition("Duration: ")[2].split()[0]) for report in reports]


def test_a_burst_of_callbacks_is_recorded_at_the_first_call_and_none_is_lost(
    stack: Stack, channel: str, size: Callable[[int, int], int], figures: Figures
) -> None:
    many = size(20, 200)
    messages = sent(stack, channel, 2 * many + FEW)
    bursts = {"cold": messages[:many], "warm": messages[many:-FEW], "warm, few": messages[-FEW:]}
    for name, some in bursts.items():
        told = burst(some)
        lost, first = undelivered(stack, some), Counter(answer.answers[0] for answer in told)
        times = sorted(1000 * answer.seconds for answer in told)
        figures(
            f"callbacks at the same moment, {name}",
            promise="6",
            callbacks=len(some),
            answered_at_the_first_call=first[204],
            lost=len(lost),
            p50_ms=round(statistics.median(times)),
            p95_ms=round(times[int(len(times) * 0.95)]),
            longest_ms=round(times[-1]),
        )
        assert lost == []
        assert first == {204: len(some)}
        assert all(answer.answers[-1] == 204 for answer in told)


def test_one_callback_after_the_other(
    stack: Stack, aws: Aws, channel: str, size: Callable[[int, int], int], figures: Figures
) -> None:
    messages = sent(stack, channel, size(10, 100) + 1)
    burst(messages[:1])
    since = time.time()
    told = [answer for message in messages[1:] for answer in burst([message])]
    took = until(lambda: len(found := inside(aws, since)) >= len(told) and found, "reports of the function")
    figures(
        "callbacks one after the other",
        promise="6",
        callbacks=len(told),
        lost=len(undelivered(stack, messages)),
        p50_ms=round(1000 * statistics.median(answer.seconds for answer in told)),
        p50_ms_as_lambda_reports=round(statistics.median(took)),
    )
    assert undelivered(stack, messages) == []
    assert {answer.answers for answer in told} == {(204,)}
