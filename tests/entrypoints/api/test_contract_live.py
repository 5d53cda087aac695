"""The contract against the running service: whatever schemathesis makes of it is answered as the contract says."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from local.stack import Stack

CONTRACT = Path(__file__).resolve().parents[3] / "functions" / "api" / "openapi.json"
# Not `ignored_auth`: the local engine starts the authorizer anew after each refusal, which takes seconds.
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
CONFIG: dict[str, Any] = {
    "seed": 20261125,
    "generation": {"max-examples": 15, "deterministic": True, "no-shrink": True, "database": "none"},
    "phases": {"coverage": {"unexpected-methods": ["PUT", "PATCH"]}, "stateful": {"enabled": False}},
    "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKED}},
}
TO = "+919741552552"
SHOWN_KEY = "order-118-ready"

schema = schemathesis.openapi.from_dict(json.loads(CONTRACT.read_text()), config=SchemathesisConfig.from_dict(CONFIG))


def test_the_service_gives_its_contract(stack: Stack) -> None:
    assert requests.get(f"{stack.url}/openapi.json", timeout=30).json() == json.loads(CONTRACT.read_text())


@schema.parametrize()
def test_the_service_answers_as_its_contract_says(case: Case, stack: Stack) -> None:
    let_it_through(case)
    case.call_and_validate(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"})


def let_it_through(case: Case) -> None:
    """A text that would be right goes to a phone that there is, and is no replay of the one before.

    A path has no line end: for the local engine's authorizers no path with one matches ``*``.
    """
    parts = case.path_parameters or {}
    parts.update({name: re.sub(r"\n|%0A", "0", part) for name, part in parts.items() if isinstance(part, str)})
    if case.headers and case.headers.get("Idempotency-Key") == SHOWN_KEY:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    right = case.meta is not None and case.meta.generation.mode.is_positive
    if right and isinstance(case.body, dict):
        case.body["to"] = TO


class Client:
    """Asks the service, and holds every answer against the contract."""

    def __init__(self, stack: Stack) -> None:
        self.url, self.headers = stack.url, {"Authorization": f"Bearer {stack.key}"}

    def __call__(self, method: str, path: str, part: str = "", **options: Any) -> requests.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        address = self.url + re.sub(r"\{\w+\}", part, path)
        answer = requests.request(method, address, headers=headers, timeout=60, **options)
        schema[path][method].validate_response(answer)
        return answer


@pytest.fixture
def client(stack: Stack) -> Client:
    return Client(stack)


def test_the_life_of_a_scheduled_message_is_as_the_contract_says(client: Client) -> None:
    at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    fields = {"to": TO, "body": "See you", "send_at": at, "tags": {"env": "prod"}}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    made = client("POST", "/messages", json=fields, headers=key)
    assert (made.status_code, made.json()["status"]) == (202, "scheduled")
    message_id = made.json()["id"]
    assert requests.compat.urljoin(made.url, made.headers["Location"]) == f"{client.url}/messages/{message_id}"
    assert client("GET", "/messages/{id}", message_id).json() == made.json()
    assert client("DELETE", "/messages/{id}", message_id).json()["status"] == "canceled"
    replayed = client("POST", "/messages", json=fields, headers=key)
    assert (replayed.status_code, replayed.json()["code"]) == (422, "canceled")
    assert replayed.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("channel", ["amazonsns", "exotel"])
def test_a_sent_message_is_as_the_contract_says(client: Client, channel: str) -> None:
    made = client("POST", "/messages", data={"to": TO, "subject": "Hello", "channel": channel})
    assert made.status_code == 201
    message_id = made.json()["id"]
    assert client("GET", "/messages/{id}", message_id).json()["status"] == "sent"
    assert client("DELETE", "/messages/{id}", message_id).status_code == 409


@pytest.mark.parametrize("channel", ["amazonsns", "exotel"])
def test_looking_up_is_as_the_contract_says(client: Client, channel: str) -> None:
    person = f"%2B9198{uuid.uuid4().int % 10**8:08}"
    ids = []
    for _ in range(3):
        made = client("POST", "/messages", json={"to": unquote(person), "body": "Hello", "channel": channel})
        ids.append(made.json()["id"])
    refreshed = client("GET", "/messages/{id}", ids[0], params={"refresh": "true"})
    assert refreshed.headers["Herald-Refreshed"] in ("true", "false")
    first = client("GET", "/messages", params={"to": unquote(person), "limit": 2}).json()
    second = client("GET", "/messages", params={"to": unquote(person), "after": first["next"]}).json()
    assert [message["id"] for message in first["messages"] + second["messages"]] == ids[::-1]
    assert client("GET", "/messages", params={"to": "98"}).status_code == 422
    assert client("DELETE", "/recipients/{number}", person).json() == {"erased": 3, "left": 0}
    assert client("GET", "/messages/{id}", ids[0]).status_code == 404


def test_a_refused_message_is_as_the_contract_says(client: Client) -> None:
    answer = client("POST", "/messages", json={"to": TO, "body": "Hi", "channel": "amazonsns", "sender": "not an id"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_sender")
    assert answer.json()["message"]["status"] == "failed"


def test_who_has_no_key_is_answered_by_the_gateway_as_the_contract_says(client: Client) -> None:
    client.headers = {}
    assert client("POST", "/messages", json={"to": TO, "body": "Hi"}).status_code == 401


@pytest.mark.parametrize("path", ["/nothing", "/messages/a/b", "/receipts", "/inbound/exotel"])
@pytest.mark.parametrize("with_key", [True, False])
def test_a_path_that_is_not_there_is_a_problem_with_a_key_and_without(stack: Stack, path: str, with_key: bool) -> None:
    headers = {"Authorization": f"Bearer {stack.key}"} if with_key else {}
    answer = requests.get(stack.url + path, headers=headers, timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["title"] == "There is no such page"


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer  ", "BEARER \t"])
def test_a_key_is_taken_however_its_scheme_is_written(stack: Stack, scheme: str) -> None:
    answer = requests.get(f"{stack.url}/messages/msg_1", headers={"Authorization": scheme + stack.key}, timeout=60)
    assert answer.status_code == 404
    for none in (scheme, f"Basic {stack.key}", scheme + stack.key[:-1]):
        answer = requests.get(f"{stack.url}/messages/msg_1", headers={"Authorization": none}, timeout=60)
        assert answer.status_code == 401
