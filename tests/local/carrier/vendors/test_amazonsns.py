"""The texts that an engine's SNS took, as the carrier shows them."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.providers.amazonsns import AmazonSNS
from local.carrier.vendors._base import LATE_FAULTS
from local.engine import Engine as LocalEngine
from tests.builders import a_message
from tests.local.carrier.caller import Caller, running
from tests.local.carrier.vendors.patient import SLOWER, client


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


FAULTS: Mapping[str, tuple[type[AttemptError], str]] = {
    "refuse": (Refused, "request_refused"),
    "429": (Unavailable, "throttled"),
    "500": (Uncertain, "answer_unclear"),
    "503": (Unavailable, "provider_unavailable"),
    "slow": (Uncertain, "answer_lost"),
    "drop_reply": (Uncertain, "answer_lost"),
    "cut_reply": (Uncertain, "answer_lost"),
}


class Channel:
    """The laptop's channel, at a carrier before the real engine."""

    def __init__(self, caller: Caller) -> None:
        self.url = f"http://{caller.connection.host}:{caller.connection.port}"
        self.client = client("sns", self.url)
        self.account, self._caller = AmazonSNS(self.client, smstype="Transactional"), caller

    def send(self, body: str) -> str:
        return self.account.send(a_message(to="+919741552552", body=body)).provider_id

    def ids(self, body: str) -> list[str]:
        return [text["id"] for text in self._caller.texts() if text["body"] == body]


@pytest.fixture
def channel(engine_url: str) -> Iterator[Channel]:
    with running(engine_url, slow=SLOWER) as (_, caller):
        yield Channel(caller)


@pytest.fixture(scope="module")
def engine_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = LocalEngine(tmp_path_factory.mktemp("engine"))
    yield started.start()
    started.stop()


class TestPassedOn:
    def test_a_text_through_the_carrier_is_the_engines(self, channel: Channel) -> None:
        assert channel.ids("Through") == []
        identity = channel.send("Through")
        assert channel.ids("Through") == [identity]

    @pytest.mark.parametrize("fault", FAULTS)
    def test_each_fault_ends_as_it_does_at_aws_and_only_a_late_one_was_a_text(
        self, channel: Channel, fault: str
    ) -> None:
        requests.post(f"{channel.url}/faults", json={"provider": "amazonsns", "fault": fault}, timeout=5)
        with pytest.raises(AttemptError) as caught:
            channel.send(fault)
        assert (type(caught.value), caught.value.code) == FAULTS[fault]
        assert len(channel.ids(fault)) == (fault in LATE_FAULTS)
        assert channel.ids(f"after {fault}") == []
        assert [channel.send(f"after {fault}")] == channel.ids(f"after {fault}")

    def test_the_faults_are_those_of_every_vendor(self, channel: Channel) -> None:
        answer = requests.post(f"{channel.url}/faults", json={"provider": "amazonsns", "fault": "x"}, timeout=5)
        assert answer.status_code == 400
        assert all(fault in answer.json()["detail"] for fault in FAULTS)

    def test_what_is_no_text_uses_no_fault_up_and_is_the_engines_too(self, channel: Channel) -> None:
        requests.post(f"{channel.url}/faults", json={"provider": "amazonsns", "fault": "500"}, timeout=5)
        topic = channel.client.create_topic(Name="customers")["TopicArn"]
        channel.client.publish(TopicArn=topic, Message="To all")
        with pytest.raises(Uncertain):
            channel.send("To one")

    def test_without_an_engine_a_text_was_surely_not_sent(self) -> None:
        with running("http://127.0.0.1:9") as (_, caller), pytest.raises(Unavailable):
            Channel(caller).send("Nowhere")
