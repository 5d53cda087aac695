"""The promises hold through the deployed functions when AWS throttles, fails, drops its answers or is restarted."""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import requests

from herald.aws.dead_letters import waiting
from herald.cli.frame import main
from herald.message.status import Status
from herald.message.times import rfc3339
from tests.promises.faulty import Faulty
from tests.promises.figures import Figures
from tests.promises.proxy import Rule
from tests.system.conftest import Api, environment, payload, until

# A magic number of whose texts nobody is told anything after they were sent: that is the end of them here.
TO = "+919876500090"
# As many as the front lets through: more would only start more functions.
AT_ONCE = 4

THROTTLED: Rule = {"service": "dynamodb", "probability": 0.1, "error": {"code": "ThrottlingException"}}
OVER_CAPACITY: Rule = {
    "service": "dynamodb", "probability": 0.1, "error": {"code": "ProvisionedThroughputExceededException"},
}  # fmt: skip
WRITTEN_BUT_UNANSWERED: Rule = {"service": "dynamodb", "probability": 0.1, "response": {"abort_bytes": 0}}
SNS_THROTTLED: Rule = {
    "service": "sns", "operation": "Publish", "probability": 0.2, "error": {"code": "ThrottlingException"},
}  # fmt: skip
SNS_UNANSWERED: Rule = {
    "service": "sns", "operation": "Publish", "probability": 0.05, "response": {"abort_bytes": 0},
}  # fmt: skip
SQS_FAILED: Rule = {
    "service": "sqs", "operation": "SendMessage", "probability": 0.2,
    "error": {"code": "ServiceUnavailable", "status": 503},
}  # fmt: skip
# Three tries of one call fail one after the other: the SDK gives up.
BURSTS: Rule = {
    "service": "dynamodb", "sequence": {"fail": 12, "pass": 200}, "error": {"code": "ThrottlingException"},
}  # fmt: skip
STORM = (BURSTS, THROTTLED, OVER_CAPACITY, WRITTEN_BUT_UNANSWERED, SNS_THROTTLED, SNS_UNANSWERED, SQS_FAILED)

Size = Callable[[int, int], int]
Told = dict[str, Any] | None
"""What a caller was told: the message, or None if it was not accepted."""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """A stack of this file's own."""
    stack = Faulty(tmp_path_factory.mktemp("faulty"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(autouse=True)
def _calm(faulty: Faulty) -> Iterator[None]:
    """Each test begins and ends with an AWS that works and an empty phone."""
    faulty.carrier.empty()
    yield
    faulty.faults.make()


class Client:
    """Asks for texts by three entry points: each number has its own text, name (key and reference) and entry point.

    ``refused`` are the numbers of which Herald said, at least once, that it did not accept them.
    """

    def __init__(self, faulty: Faulty) -> None:
        self._run, self._faulty, self._api = uuid.uuid4().hex, faulty, Api(faulty.stack)
        self._asked: dict[int, dict[str, str]] = {}
        self.refused: set[int] = set()

    def name(self, number: int) -> str:
        return f"{self._run}-{number}"

    def text(self, number: int) -> str:
        return f"Text {number} of {self._run}"

    def arrived(self, number: int) -> int:
        """How often the text is on the phone."""
        return self._faulty.texts()[self.text(number)]

    def ask(self, number: int, **more: str) -> Told:
        """Ask once. Asked again, the same number asks the same under the same key."""
        ask = (self.https, partial(self.https, mode="async"), self.invoke)[number % 3]
        return ask(number, **self._asked.setdefault(number, more))

    def https(self, number: int, **more: str) -> Told:
        key = {"Idempotency-Key": self.name(number)}
        try:
            answer = self._api.send(headers=key, **self._fields(number), **more)
        except requests.RequestException:
            return None
        if answer.status in {201, 202}:
            return dict(answer.body)
        problem = answer.body if isinstance(answer.body, dict) else {}
        assert answer.status in {409, 429, 500, 502, 503, 504} or problem["code"] == "throttled", problem
        self._note(number, str(problem.get("code")))
        return None

    def invoke(self, number: int, **more: str) -> Told:
        event = json.dumps({**self._fields(number), **more, "idempotency_key": self.name(number)})
        try:
            answer = self._faulty.aws("lambda").invoke(
                FunctionName=self._faulty.stack.env["HERALD_INVOKE_FUNCTION"], Payload=event
            )
        except Exception:  # Whatever it is that a client meets while its AWS is away.
            return None
        told: dict[str, Any] = payload(answer)
        self._note(number, str(told.get("errorMessage")).partition(":")[0])
        return None if "FunctionError" in answer else told

    def _fields(self, number: int) -> dict[str, str]:
        return {"to": TO, "body": self.text(number), "channel": "amazonsns", "reference": self.name(number)}

    def look_up(self, message_id: str) -> dict[str, Any]:
        """The message as it stands."""
        return dict(self._api("GET", f"/messages/{message_id}").body)

    def _note(self, number: int, code: str) -> None:
        if code == "not_accepted":
            self.refused.add(number)


def judge(faulty: Faulty, client: Client, told: dict[int, Told]) -> Counter[str]:
    """When all has ended, compare what callers were told with the journal and the phone; what became of how many.

    Raises if an accepted message is lost, a text came twice, or the journal does not tell the truth.
    """
    journal, texts, found = faulty.settle(), faulty.texts(), Counter[str]()
    assert max(texts.values(), default=0) <= 1
    for number, message in told.items():
        status, arrived = journal.get(client.name(number)), texts[client.text(number)]
        assert status or not message
        if status is not Status.UNKNOWN:
            assert (status, arrived) in {(Status.SENT, 1), (Status.FAILED, 0), (None, 0)}
        found[status or "refused"] += 1
    return found


def ask_all(client: Client, numbers: range, **more: str) -> dict[int, Told]:
    """All numbers, several at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(numbers, pool.map(partial(client.ask, **more), numbers), strict=True))


def repeated(client: Client, told: dict[int, Told]) -> dict[int, Told]:
    """What was not accepted is asked once more, with the same key, as a client should."""
    return {number: before or client.ask(number) for number, before in told.items()}


def test_when_aws_fails_each_message_is_sent_once_or_told_as_unknown(
    faulty: Faulty, size: Size, figures: Figures
) -> None:
    client, numbers = Client(faulty), range(size(36, 600))
    before = faulty.faults.made()
    faulty.faults.make(*STORM)
    told = ask_all(client, numbers)
    faulty.faults.make()
    made = faulty.faults.made() - before
    refused = client.refused.copy()
    judge(faulty, client, told)
    # What waits may be written and its answer lost: refused, and sent all the same. What is sent at once may not.
    assert [number for number in refused if number % 3 != 1 and client.arrived(number)] == []
    found = judge(faulty, client, repeated(client, told))
    assert found["refused"] == 0
    assert sum(made.values()) >= len(numbers) // 2
    assert found["sent"] >= len(numbers) * 0.8
    figures(
        "the deployed functions, DynamoDB, SNS and SQS failing",
        promise="2",
        messages=len(numbers),
        AWS_calls_that_failed=sum(made.values()),
        refused_at_first=len(refused),
        unknown=found["unknown"],
        failed=found["failed"],
        lost=0,
        doubled=0,
    )


def test_a_claim_that_cannot_be_written_is_refused_and_its_repetition_sends_once(faulty: Faulty) -> None:
    client = Client(faulty)
    client.https(0)
    for number, code in enumerate(("ThrottlingException", "ProvisionedThroughputExceededException"), 1):
        faulty.faults.make({"service": "dynamodb", "operation": "PutItem", "times": 3, "error": {"code": code}})
        assert client.https(number) is None
        assert client.arrived(number) == 0
        answer = client.https(number)
        assert answer
        assert (answer["status"], client.arrived(number)) == ("sent", 1)


def test_a_claim_whose_answers_are_lost_is_still_ours(faulty: Faulty) -> None:
    client = Client(faulty)
    dropped = {"service": "dynamodb", "operation": "PutItem", "times": 2, "response": {"abort_bytes": 0}}
    faulty.faults.make(dropped)
    answer = client.https(0)
    assert answer
    assert answer["status"] == "sent"
    assert faulty.faults.made()["response:abort"] >= 2
    assert client.arrived(0) == 1


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_claim_of_which_no_answer_came_is_refused_taken_back_and_never_sent(faulty: Faulty, mode: str) -> None:
    client = Client(faulty)
    dropped = {"service": "dynamodb", "operation": "PutItem", "times": 3, "response": {"abort_bytes": 0}}
    faulty.faults.make(dropped)
    before = faulty.statuses()
    assert client.https(0, mode=mode) is None
    assert (client.refused, faulty.statuses(), client.arrived(0)) == ({0}, before, 0)
    told = client.https(0, mode=mode)
    assert told
    assert faulty.settle()[told["reference"]] is Status.SENT
    assert client.arrived(0) == 1


def test_a_text_that_sns_throttles_waits_and_is_sent_once(faulty: Faulty) -> None:
    client = Client(faulty)
    faulty.faults.make(SNS_THROTTLED | {"probability": 1, "times": 1})
    answer = client.https(0)
    assert answer
    assert (answer["status"], answer["reason"]["code"]) == ("accepted", "throttled")
    assert faulty.settle()[answer["reference"]] is Status.SENT
    assert client.arrived(0) == 1


def test_a_text_whose_answer_from_sns_is_lost_is_unknown_and_never_repeated(faulty: Faulty) -> None:
    client = Client(faulty)
    faulty.faults.make(SNS_UNANSWERED | {"probability": 1, "times": 1})
    answer = client.https(0)
    assert answer
    assert answer["status"] == "unknown"
    faulty.sweep()
    again = client.https(0)
    assert again
    assert (again["id"], again["status"]) == (answer["id"], "unknown")
    assert client.arrived(0) == 1


def test_a_result_that_cannot_be_written_is_told_and_the_text_never_repeated(faulty: Faulty) -> None:
    client = Client(faulty)
    faulty.faults.make({"service": "dynamodb", "operation": "UpdateItem", "error": {"code": "ThrottlingException"},
                        "body": "contains(to_string(ExpressionAttributeValues), 'sent')"})  # fmt: skip
    answer = client.https(0)
    assert answer
    assert answer["status"] == "sent"
    faulty.faults.make()
    assert faulty.settle()[answer["reference"]] is Status.UNKNOWN
    client.https(0)
    assert client.arrived(0) == 1


def test_a_message_that_cannot_be_queued_is_found_by_the_sweep(faulty: Faulty) -> None:
    client = Client(faulty)
    faulty.faults.make(SQS_FAILED | {"probability": 1})
    told = client.https(0, mode="async")
    faulty.faults.make()
    assert told
    assert (told["status"], client.arrived(0)) == ("accepted", 0)
    assert faulty.settle()[told["reference"]] is Status.SENT
    assert client.arrived(0) == 1


def test_a_message_that_breaks_off_five_times_has_failed_is_a_dead_letter_and_is_redriven(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", faulty.engine.url)
    client, sqs = Client(faulty), faulty.aws("sqs")
    dead = sqs.get_queue_url(QueueName="herald-local-dead")["QueueUrl"]
    never_sending = {"service": "dynamodb", "operation": "UpdateItem", "error": {"code": "ThrottlingException"},
                     "body": "contains(to_string(ExpressionAttributeValues), 'by amazonsns: ')"}  # fmt: skip
    with environment(faulty.aws, "worker", RETRY_SECONDS="0"):
        faulty.faults.make(never_sending)
        told = client.https(0, mode="async")
        until(lambda: waiting(sqs, dead), "dead letter", 120)
        faulty.faults.make()
    assert told
    kept = client.look_up(told["id"])
    assert (kept["status"], kept["reason"]["code"], client.arrived(0)) == ("failed", "dead_lettered", 0)
    assert main(["redrive", "--stage", "local", "--yes"]) == 0
    assert "1 message queued again." in capsys.readouterr().out.splitlines()
    until(lambda: client.look_up(told["id"])["status"] == "sent", "sent message")
    assert client.arrived(0) == 1


def test_a_restarted_engine_loses_nothing_and_doubles_nothing(faulty: Faulty, size: Size, figures: Figures) -> None:
    client, third = Client(faulty), size(8, 120)
    planned, queued, rest = range(third), range(third, 2 * third), range(2 * third, 3 * third)
    faulty.faults.make(SNS_THROTTLED | {"probability": 1})
    told = ask_all(client, planned, send_at=rfc3339(datetime.now(UTC) + timedelta(seconds=10 + third // 4)))
    told |= ask_all(client, queued, mode="async")
    faulty.faults.make()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way = [pool.submit(client.ask, number) for number in rest]
        # The channel that failed is left alone for a while.
        until(lambda: sum(faulty.texts().values()) >= third // 3, "texts before the restart", 300)
        faulty.restart()
        told |= {number: future.result() for number, future in zip(rest, under_way, strict=True)}
    broken_off = sum(message is None for message in told.values())
    faulty.settle()
    found = judge(faulty, client, repeated(client, told))
    assert found["refused"] == 0
    figures(
        "the engine and all functions ended and started again under traffic",
        promise="2",
        messages=len(told),
        broken_off=broken_off,
        unknown=found["unknown"],
        lost=0,
        doubled=0,
    )
