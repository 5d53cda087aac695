"""The recorded events, and Herald in memory behind every entry point."""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest

from herald import wiring
from herald.entrypoints.api.routes import METHODS, Https
from herald.keys.grant import SCOPES, Grant, written
from herald.message.status import Status
from herald.settings.values import Channel, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox

ROOT = Path(__file__).resolve().parents[2]
RECORDED = {path.stem: json.loads(path.read_text()) for path in (ROOT / "events").glob("*.json")}
TO = "+919741552552"
# The paths that end in a parameter.
RESOURCES = {"/messages/": "{id}", "/recipients/": "{number}"}
ALL = Grant("shop", scopes=frozenset(SCOPES))
ID = "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"
PROBLEM = {"type", "title", "status", "code", "detail", "errors", "retryable", "hint", "request_id"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
KEY = {"Idempotency-Key": "order-118"}


def recorded(name: str) -> Any:
    """A recorded event, to change at will."""
    return copy.deepcopy(RECORDED[name])


def an_outbox() -> Outbox:
    """Herald in memory with two channels: ``amazonsns``, which is the default, and ``exotel``."""
    providers = {name: FakeProvider(name) for name in ("amazonsns", "exotel")}
    return Outbox(providers=providers, settings=Settings(channels={name: Channel(name, name) for name in providers}))


@pytest.fixture
def box() -> Iterator[Outbox]:
    """Herald in memory, which is also what ``herald.send`` and the functions use."""
    made = an_outbox()
    with wiring.replaced(made):
        yield made


def parts(path: str, resource: str) -> dict[str, str]:
    """The parts of a path that are parameters, as API Gateway gives them: not decoded."""
    return {RESOURCES[resource].strip("{}"): path.removeprefix(resource)}


class Answer(NamedTuple):
    """What the HTTPS API answered; ``body`` is the JSON in it."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Caller:
    """Speaks to the HTTPS API as API Gateway does, in the name of one API key."""

    def __init__(self, api: Https, name: str = "shop", grant: Grant = ALL) -> None:
        self.api, self.name, self.grant = api, name, grant

    def event(self, method: str, path: str, body: str | None, headers: Mapping[str, str], **changes: Any) -> Any:
        """The event of a request: the recorded one of its path, changed. The path may have a query."""
        path, _, query = path.partition("?")
        event = recorded("api-get" if path.startswith("/messages/") else "api-post-json")
        literal = path in METHODS  # Which goes before one with a parameter, as it does for API Gateway.
        resource = next((each for each in RESOURCES if path.startswith(each)), None) if not literal else None
        if resource:
            event |= {"resource": resource + RESOURCES[resource], "pathParameters": parts(path, resource)}
        else:
            event["resource"] = path
        event["requestContext"]["authorizer"] |= {"principalId": self.name, "grant": written(self.grant)}
        given = parse_qs(query, keep_blank_values=True)
        if given:
            event["multiValueQueryStringParameters"] = given
            event["queryStringParameters"] = {name: values[-1] for name, values in given.items()}
        return event | {"path": path, "httpMethod": method, "body": body, "headers": dict(headers), **changes}

    def __call__(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None, **changes: Any
    ) -> Answer:
        answer = self.api.answer(self.event(method, path, body, headers or {}, **changes))
        assert set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"}
        kind = answer["headers"]["Content-Type"]
        content = json.loads(answer["body"]) if "json" in kind and answer["body"] else answer["body"]
        return Answer(answer["statusCode"], content, answer["headers"])

    def send(self, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        """``POST /messages`` as JSON; a text to somebody, unless ``fields`` say otherwise."""
        body = json.dumps({"to": TO, "body": "Your table is ready.", **fields})
        return self("POST", "/messages", body, {"Content-Type": "application/json", **(headers or {})})


@pytest.fixture
def caller(box: Outbox) -> Caller:
    return Caller(Https(box.herald, {"stage": "dev", "version": "1.2.3"}, ROOT / "functions" / "api"))


@pytest.fixture
def another(caller: Caller) -> Caller:
    """The owner of another key."""
    return Caller(caller.api, "another")


class Broken:
    """A part of Herald that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError("a text with +919741552552 in it")


def provider(box: Outbox, name: str = "amazonsns") -> FakeProvider:
    found: FakeProvider = box.providers[name]
    return found


def is_problem(answer: Answer, status: int, code: str) -> bool:
    """True if the answer is a whole problem with this status and code."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body.keys() >= PROBLEM
    assert answer.body["type"] == f"urn:herald:problem:{code}"
    assert answer.body["title"] and answer.body["detail"]
    assert answer.body["request_id"]
    return (answer.status, answer.body["status"], answer.body["code"]) == (status, status, code)


def in_state(box: Outbox, status: Status, **changes: Any) -> str:
    """The id of a message of the key ``shop`` that is in this state."""
    sent = box.herald().send({"to": TO, "body": "Hi"}, caller="key:shop", entrypoint="https").message
    box.journal.messages[sent.id] = sent.with_(status=status, **changes)
    return sent.id
