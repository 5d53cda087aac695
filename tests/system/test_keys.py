"""On the deployed whole: keys are made, listed and revoked by their command, and each does what it may and no more."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from herald.cli.frame import main
from herald.keys.grant import Grant
from herald.keys.key import create
from herald.pipeline.receive.token import inbound
from local.stack import STAGE, Stack
from tests.system.conftest import Answer, Api, Carrier

Aws = Callable[[str], Any]
TO = "+919741552552"


class Keyed(Api):
    """The HTTPS API for the owner of one key."""

    def __init__(self, stack: Stack, key: str) -> None:
        super().__init__(stack)
        self._session.headers["Authorization"] = f"Bearer {key}"


@pytest.fixture
def make(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Makes a key by the command, and gives the API for its owner."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.env["AWS_ENDPOINT_URL"])
    made = []

    def key(*words: str) -> Keyed:
        name = f"k{uuid.uuid4().hex[:8]}"
        assert main(["keys", "create", "--stage", STAGE, "--name", name, *words]) == 0
        made.append(name)
        shown = capsys.readouterr().out.strip()
        return Keyed(stack, shown)

    yield key
    for name in made:
        main(["keys", "revoke", "--stage", STAGE, "--name", name])


def test_a_test_keys_message_is_delivered_and_reaches_nobody(make: Any, carrier: Carrier, api: Api) -> None:
    keyed = make("--test")
    sent = keyed.send(to=TO, body="Is anybody there?")
    assert (sent.status, sent.body["status"], sent.body["test"]) == (201, "sent", True)
    delivered = keyed.becomes(sent.body["id"], "delivered")
    assert [step["step"] for step in delivered["trace"]] == ["accepted", "sending", "sent", "receipt", "delivered"]
    assert keyed.becomes(keyed.send(to="+919876500001", body="Blocked").body["id"], "undelivered")["reason"]["code"]
    assert carrier.texts() == []
    other: Answer = api("GET", f"/messages/{sent.body['id']}")
    assert (other.status, other.body["code"]) == (404, "not_found")


def test_a_key_of_a_version_before_works_and_after_it_was_moved(
    aws: Aws, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.env["AWS_ENDPOINT_URL"])
    made, name = create(Grant("old", test=True)), f"k{uuid.uuid4().hex[:8]}"
    aws("ssm").put_parameter(Name=f"/herald/{STAGE}/keys/{name}", Type="SecureString", Value=made.record)
    keyed = Keyed(stack, made.key)
    queued = keyed.send(to=TO, body="Is anybody there?", mode="async")
    assert queued.status == 202
    keyed.becomes(queued.body["id"], "delivered")
    assert main(["keys", "move", "--stage", STAGE]) == 0
    assert f"/herald-keys/{STAGE}/{name}" in capsys.readouterr().out
    assert keyed.becomes(keyed.send(to=TO, body="And now?", mode="async").body["id"], "delivered")
    assert main(["keys", "revoke", "--stage", STAGE, "--name", name]) == 0


def test_a_key_does_what_it_may_and_no_more(make: Any, carrier: Carrier) -> None:
    limited = make("--scopes", "send", "--countries", "IN", "--kinds", "otp", "--per-minute", "2")
    assert limited("GET", "/messages", params={"to": TO}).body["code"] == "scope_missing"
    assert limited.send(to="+6591234567", body="Hi", kind="otp").body["code"] == "country_not_allowed"
    assert limited.send(to=TO, body="Hi").body["code"] == "kind_not_allowed"
    answers = [limited.send(to=TO, body="Hi", kind="otp") for _ in range(3)]
    # A minute may end between them.
    assert [answer.status for answer in answers] in ([201, 201, 429], [201, 201, 201])
    assert all(answer.body["code"] == "limit_caller_minute" for answer in answers if answer.status == 429)


def test_stop_is_obeyed_at_the_next_send(api: Api, aws: Aws, carrier: Carrier, stack: Stack) -> None:
    person = f"+9198{uuid.uuid4().int % 10**8:08}"
    key = aws("ssm").get_parameter(Name="/herald/local/hash-key", WithDecryption=True)["Parameter"]["Value"]
    url = f"{stack.url}/inbound/exotel/{inbound(key.encode(), 'exotel')}"
    assert api.send(to=person, body="Sale!", channel="exotel").status == 201
    said = {"From": "0" + person[3:], "Body": "Stop"}
    asked = requests.head(url, params=said, timeout=60)
    assert api.send(to=person, body="Sale!", channel="exotel").status == 201
    answers = asked, requests.get(url, params=said, timeout=60)
    assert [(a.status_code, a.headers["Content-Type"], a.text) for a in answers] == [(200, "text/plain", "")] * 2
    refused = api.send(to=person, body="Sale!", channel="exotel")
    assert (refused.status, refused.body["code"], len(carrier.texts())) == (422, "opted_out", 2)
    assert requests.post(url, data={"From": person, "Body": "START"}, timeout=60).status_code == 204
    assert api.send(to=person, body="Welcome back", channel="exotel").status == 201
    for forged in (url[:-1] + ("A" if url[-1] != "A" else "B"), url.replace("/exotel/", "/amazonsns/")):
        answer = requests.post(forged, data={"From": person, "Body": "STOP"}, timeout=60)
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
