"""The texts that an engine's SNS took, as the carrier shows them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.local.carrier.caller import running


class Engine:
    """Shows SNS's texts as the local engine does."""

    def __init__(self) -> None:
        self.phones: dict[str, list[dict[str, Any]]] = {}
        self.path = "/_ministack/sns/sms-messages"
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == engine.path
                self.send_response(200 if found else 404)
                self.end_headers()
                self.wfile.write(json.dumps({"sms_messages": engine.phones} if found else {}).encode())

            def log_request(self, code: object = "-", size: object = "-") -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def publish(self, sid: str, to: str = "+6591234567", body: str = "Hello", sender: str | None = "Acme") -> None:
        attributes = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": sender}} if sender else {}
        record = {
            "PhoneNumber": to,
            "Message": body,
            "MessageId": sid,
            "MessageAttributes": attributes,
            "Subject": None,
        }
        self.phones.setdefault(to, []).append(record)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.stop()


class TestSns:
    def test_a_text_of_sns_is_shown_like_any_other(self, engine: Engine) -> None:
        engine.publish("m-1")
        with running(engine.url) as (_, caller):
            [text] = caller.texts()
        assert datetime.now(UTC) - datetime.fromisoformat(text.pop("at")) < timedelta(minutes=1)
        assert text == {
            "provider": "amazonsns",
            "to": "+6591234567",
            "from": "Acme",
            "body": "Hello",
            "id": "m-1",
            "fields": {"PhoneNumber": "+6591234567", "Message": "Hello", "AWS.SNS.SMS.SenderID": "Acme"},
            "receipt": None,
        }

    def test_without_a_sender_id_from_is_null(self, engine: Engine) -> None:
        engine.publish("m-1", sender=None)
        with running(engine.url) as (_, caller):
            assert caller.texts()[0]["from"] is None

    def test_texts_of_both_stand_in_the_order_in_which_they_were_sent(self, engine: Engine) -> None:
        with running(engine.url) as (_, caller):
            engine.publish("m-1", body="first")
            caller.send(Body="second")
            engine.publish("m-2", body="third")
            caller.send(Body="fourth")
            assert [text["body"] for text in caller.texts()] == ["first", "second", "third", "fourth"]

    def test_a_text_keeps_the_time_when_it_was_first_seen(self, engine: Engine) -> None:
        engine.publish("m-1")
        with running(engine.url) as (_, caller):
            assert caller.texts() == caller.texts()

    def test_emptied_texts_of_sns_do_not_come_back(self, engine: Engine) -> None:
        engine.publish("m-1")
        with running(engine.url) as (_, caller):
            assert caller.json("DELETE", "/messages")[0] == 204
            engine.publish("m-2")
            assert [text["id"] for text in caller.texts()] == ["m-2"]

    def test_an_engine_that_cannot_be_reached_is_said_and_hinders_no_send(self, engine: Engine) -> None:
        with running(engine.url) as (_, caller):
            engine.stop()
            caller.send()
            status, answer = caller.json("GET", "/messages")
            assert (status, "engine" in answer["detail"]) == (502, True)

    def test_an_engine_that_answers_something_else_is_said(self, engine: Engine) -> None:
        engine.path = "/elsewhere"
        with running(engine.url) as (_, caller):
            assert caller.json("GET", "/messages")[0] == 502
