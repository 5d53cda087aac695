"""The deployed whole, with the clients that its users have."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import pytest
import requests

from herald.journal.health import COUNTED, HEALTH, written
from herald.journal.observed import CLOSED
from herald.journal.reads import item_key
from local.deploy import client
from local.figures.figures import WHOLE
from local.stack import Stack

T = TypeVar("T")


class Answer(NamedTuple):
    """An HTTP answer: status, JSON body, headers."""

    status: int
    body: Any
    headers: Any


class Api:
    """The HTTPS API, as any HTTP client sees it."""

    def __init__(self, stack: Stack) -> None:
        self._url, self._session = stack.url, requests.Session()
        self._session.headers["Authorization"] = f"Bearer {stack.key}"

    def __call__(self, method: str, path: str, **options: Any) -> Answer:
        response = self._session.request(method, self._url + path, timeout=60, **options)
        kind = response.headers.get("Content-Type", "")
        return Answer(response.status_code, response.json() if "json" in kind else response.text, response.headers)

    def send(self, *, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        """``POST /messages`` as JSON."""
        return self("POST", "/messages", json=fields, headers=headers)

    def message(self, message_id: str) -> dict[str, Any]:
        """The message as it stands."""
        found: dict[str, Any] = self("GET", f"/messages/{message_id}").body
        return found

    def becomes(self, message_id: str, status: str, seconds: float = 40) -> dict[str, Any]:
        """The message, as soon as it is in this state."""

        def there() -> dict[str, Any] | None:
            found = self.message(message_id)
            return found if found["status"] == status else None

        return until(there, f"{status} message", seconds)


@pytest.fixture(scope="session")
def api(stack: Stack) -> Api:
    return Api(stack)


@pytest.fixture(scope="session")
def aws(stack: Stack) -> Callable[[str], Any]:
    """Makes clients of the stack's engine."""
    return lambda service: client(service, stack.env["AWS_ENDPOINT_URL"])


@pytest.fixture
def counted(aws: Callable[[str], Any]) -> "Counted":
    return Counted(aws)


@pytest.fixture
def carrier(stack: Stack, aws: Callable[[str], Any]) -> Iterator["Carrier"]:
    seen = Carrier(stack.carrier_url)
    seen.empty()
    well(aws)
    yield seen
    seen.empty()
    well(aws)


def well(aws: Callable[[str], Any]) -> None:
    """What one test makes fail closes no channel for the next: as if a message had just tried each of them."""
    closed = {"S": written(CLOSED._replace(at=time.time()))}
    item = {**item_key(HEALTH), **{f"b|{name}": closed for name in ("exotel", "twilio", "amazonsns")}}
    aws("dynamodb").put_item(TableName="herald-local", Item={**item, "by": {"S": COUNTED}})


class Carrier:
    """The handset: what arrived, and how the next sends shall fail."""

    def __init__(self, url: str) -> None:
        self._url = url

    def texts(self) -> list[dict[str, Any]]:
        """All that was accepted, oldest first."""
        texts: list[dict[str, Any]] = requests.get(f"{self._url}/messages", timeout=10).json()
        return texts

    def bodies(self) -> list[str]:
        """The texts alone."""
        return [text["body"] for text in self.texts()]

    def empty(self) -> None:
        """Forget texts, faults and how the next texts are told of."""
        for what in ("messages", "faults", "receipts"):
            requests.delete(f"{self._url}/{what}", timeout=10).raise_for_status()

    def fail(self, fault: str, count: int = 1, provider: str = "exotel") -> None:
        """Make a provider's next answers fail."""
        wish = {"provider": provider, "fault": fault, "count": count}
        requests.post(f"{self._url}/faults", json=wish, timeout=10).raise_for_status()

    def tell(self, **manner: Any) -> None:
        """How the next text is told of: ``delay``, ``copies``, ``disorder``, ``count``."""
        requests.post(f"{self._url}/receipts", json=manner, timeout=10).raise_for_status()

    def callback(self, provider_id: str) -> str:
        """The URL at which the receipts of a text are awaited."""
        (url,) = [text["fields"]["StatusCallback"] for text in self.texts() if text["id"] == provider_id]
        return str(url)


class Counted:
    """What CloudWatch counted of the whole stage in the last hour, or of one channel."""

    def __init__(self, aws: Callable[[str], Any]) -> None:
        self._cloudwatch = aws("cloudwatch")

    def __call__(self, metric: str, channel: str | None = None, *, stat: str = "Sum") -> float:
        dimensions = {"service": "herald-local"} | ({"channel": channel} if channel else {})
        asked = {
            "Namespace": "Herald",
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        query = {"Id": "asked", "MetricStat": {"Metric": asked, "Period": WHOLE, "Stat": stat}}
        now = time.time()
        answer = self._cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=now - 3600, EndTime=now + 60)
        return float(sum(answer["MetricDataResults"][0]["Values"]))


@contextmanager
def environment(aws: Callable[[str], Any], function: str, **changes: str) -> Iterator[None]:
    """While open, a function of the stack runs with other variables: a new process, as after a deployment."""
    functions, name = aws("lambda"), f"herald-local-{function}"
    before = functions.get_function_configuration(FunctionName=name)["Environment"]
    variables = {**before["Variables"], **changes}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=before)


def until(look: Callable[[], T], what: str, seconds: float = 40) -> T:
    """Look again until there is something to see, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if seen := look():
            return seen
        time.sleep(0.1)
    raise AssertionError(f"in {seconds} s there was no {what}")


def payload(answer: dict[str, Any]) -> Any:
    """What an invoked function returned."""
    return json.loads(answer["Payload"].read())
