"""A carrier that runs, a clock for it, and somebody who speaks to it over a real socket."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from local.carrier.carrier import Carrier
from local.carrier.vendors.exotel import Exotel

ACCOUNTS = {"acme": ("key", "token"), "other": ("key2", "token2")}


SEND = "/v1/Accounts/acme/Sms/send.json"


TEXT = {"From": "ACME", "To": "+919741552552", "Body": "Your code is 1234", "EncodingType": "plain", "Priority": "high"}


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Caller:
    """Speaks to one carrier, keeping its connection while the carrier does."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=20)

    def another(self) -> "Caller":
        return Caller(f"http://{self.connection.host}:{self.connection.port}")

    def send_and_leave(self) -> dict[str, Any]:
        try:
            return self.send()
        finally:
            self.connection.close()

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        self.connection.request(method, path, body, dict(headers or {}))
        answer = self.connection.getresponse()
        return answer, answer.read()

    def json(self, method: str, path: str, content: object = None) -> tuple[int, Any]:
        answer, body = self.ask(method, path, None if content is None else json.dumps(content))
        return answer.status, json.loads(body) if body else None

    def exotel(
        self,
        fields: Mapping[str, str] | None = None,
        *,
        path: str = SEND,
        method: str = "POST",
        who: tuple[str, str] = ("key", "token"),
    ) -> tuple[HTTPResponse, bytes]:
        basic = b64encode(":".join(who).encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask(method, path, urlencode(fields) if fields is not None else None, headers)

    def send(self, **changes: str) -> dict[str, Any]:
        answer, body = self.exotel({**TEXT, **changes})
        assert answer.status == 200
        message: dict[str, Any] = json.loads(body)["SMSMessage"]
        return message

    def texts_and_leave(self) -> list[dict[str, Any]]:
        try:
            return self.texts()
        finally:
            self.connection.close()

    def details(self, uri: str) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.exotel(path=uri, method="GET")[1])["SMSMessage"]
        return message

    def texts(self) -> list[dict[str, Any]]:
        status, texts = self.json("GET", "/messages")
        assert status == 200
        assert isinstance(texts, list)
        return texts


@contextmanager
def running(engine_url: str | None = None, **options: Any) -> Iterator[tuple[Carrier, Caller]]:
    carrier = Carrier(engine_url, **options)
    cast(Exotel, carrier.vendors["exotel"]).accounts = dict(ACCOUNTS)
    caller = Caller(carrier.start())
    yield carrier, caller
    caller.connection.close()
    carrier.stop()


def wish(caller: Caller, **manner: object) -> None:
    assert caller.json("POST", "/receipts", manner)[0] == 201
