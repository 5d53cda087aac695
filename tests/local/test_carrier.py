"""The carrier, spoken to over real sockets as the service and a test would."""

import json
import re
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.carrier import Carrier

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
    carrier = Carrier(engine_url, ACCOUNTS, **options)
    caller = Caller(carrier.start())
    yield carrier, caller
    caller.connection.close()
    carrier.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def caller(clock: Clock) -> Iterator[Caller]:
    with running(clock=clock) as (_, caller):
        yield caller


class TestSending:
    def test_an_accepted_text_is_answered_with_exotels_whole_object(self, caller: Caller) -> None:
        message = caller.send()
        assert re.fullmatch("[0-9a-f]{32}", message["Sid"])
        assert message == {
            "Sid": message["Sid"],
            "AccountSid": "acme",
            "From": "ACME",
            "To": "+919741552552",
            "DateCreated": "2026-11-25 09:00:00",
            "DateUpdated": "2026-11-25 09:00:00",
            "DateSent": None,
            "Body": "Your code is 1234",
            "Direction": "outbound-api",
            "Uri": f"/v1/Accounts/acme/SMS/Messages/{message['Sid']}.json",
            "ApiVersion": None,
            "Price": None,
            "Status": "queued",
            "DetailedStatusCode": 21010,
            "DetailedStatus": "PENDING_TO_OPERATOR",
            "SmsUnits": 1,
        }

    def test_an_accepted_text_is_on_the_phone_with_the_very_fields_that_were_sent(self, caller: Caller) -> None:
        message = caller.send(Body="নমস্কার 👋", EncodingType="unicode")
        assert caller.texts() == [
            {
                "provider": "exotel",
                "to": "+919741552552",
                "from": "ACME",
                "body": "নমস্কার 👋",
                "id": message["Sid"],
                "at": "2026-11-25T03:30:00.000Z",
                "fields": {**TEXT, "Body": "নমস্কার 👋", "EncodingType": "unicode"},
                "receipt": None,
            }
        ]

    def test_texts_are_listed_oldest_first(self, caller: Caller, clock: Clock) -> None:
        for body in ("one", "two", "three"):
            caller.send(Body=body)
            clock.move(1)
        assert [text["body"] for text in caller.texts()] == ["one", "two", "three"]

    @pytest.mark.parametrize("path", [SEND, SEND.replace("Sms", "sms"), SEND.replace("Sms", "SMS"), f"{SEND}?a=b"])
    def test_the_path_is_known_in_each_way_that_exotel_writes_it(self, caller: Caller, path: str) -> None:
        assert caller.exotel(TEXT, path=path)[0].status == 200

    def test_without_json_in_the_path_the_answer_is_xml(self, caller: Caller) -> None:
        answer, body = caller.exotel(TEXT, path=SEND.removesuffix(".json"))
        root = ElementTree.fromstring(body)
        assert answer.getheader("Content-Type") == "application/xml"
        assert root.findtext("SMSMessage/Status") == "queued"
        assert root.findtext("SMSMessage/Price") == ""

    @pytest.mark.parametrize(
        ("body", "encoding", "units"),
        [
            ("a" * 160, "plain", 1),
            ("a" * 161, "plain", 2),
            ("a" * 159 + "€", "plain", 2),
            ("a" * 70, "unicode", 1),
            ("a" * 71, "unicode", 2),
            ("👋" * 36, "unicode", 2),
        ],
    )
    def test_units_are_counted_as_exotel_bills_them(self, caller: Caller, body: str, encoding: str, units: int) -> None:
        assert caller.send(Body=body, EncodingType=encoding)["SmsUnits"] == units

    @given(body=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=500).filter(str.strip))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_text_arrives_as_it_was_sent(self, caller: Caller, body: str) -> None:
        caller.send(Body=body, EncodingType="unicode")
        assert caller.texts()[-1]["body"] == body


class TestRefusing:
    @pytest.mark.parametrize("who", [("key", "wrong"), ("key2", "token2"), ("", ""), ("ключ", "token")])
    def test_another_key_or_token_is_401_with_exotels_code(self, caller: Caller, who: tuple[str, str]) -> None:
        answer, body = caller.exotel(TEXT, who=who)
        exception = json.loads(body)["RestException"]
        assert (answer.status, exception["Status"], exception["Code"]) == (401, 401, 34010)
        assert caller.texts() == []

    @pytest.mark.parametrize("header", ["", "Basic", "Basic ?", "Basic /w==", "Bearer a2V5OnRva2Vu"])
    def test_a_broken_authorization_header_is_401(self, caller: Caller, header: str) -> None:
        assert caller.ask("POST", SEND, urlencode(TEXT), {"Authorization": header})[0].status == 401

    def test_an_unknown_account_is_401(self, caller: Caller) -> None:
        assert caller.exotel(TEXT, path=SEND.replace("acme", "nobody"))[0].status == 401

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"To": ""}, 34001),
            ({"Body": " "}, 34001),
            ({"From": ""}, 40301),
            ({"To": "12"}, 34001),
            ({"To": "hello"}, 34001),
            ({"Body": "a" * 2001}, 34001),
            ({"EncodingType": "utf-8"}, 34001),
            ({"Priority": "urgent"}, 34001),
        ],
    )
    def test_a_wrong_field_is_400_and_nothing_is_accepted(
        self, caller: Caller, changes: dict[str, str], code: int
    ) -> None:
        answer, body = caller.exotel({**TEXT, **changes})
        assert (answer.status, json.loads(body)["RestException"]["Code"]) == (400, code)
        assert caller.texts() == []

    def test_json_instead_of_a_form_is_400(self, caller: Caller) -> None:
        basic = b64encode(b"key:token").decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        assert caller.ask("POST", SEND, json.dumps(TEXT), headers)[0].status == 400

    @pytest.mark.parametrize("number", ["+91 9741 552 552", "09741552552", "9741-552-552", "(0974) 155.2552"])
    def test_a_number_may_be_written_as_people_write_it(self, caller: Caller, number: str) -> None:
        assert caller.send(To=number)["To"] == number

    def test_get_on_the_send_path_is_405(self, caller: Caller) -> None:
        assert caller.exotel(method="GET")[0].status == 405


class TestDetails:
    @pytest.mark.parametrize(
        ("age", "status", "code"),
        [
            (0, "queued", 21010),
            (0.4, "sending", 21015),
            (0.7, "submitted", 21020),
            (1, "sent", 20005),
            (99, "sent", 20005),
        ],
    )
    def test_a_text_fares_on_with_its_age(
        self, caller: Caller, clock: Clock, age: float, status: str, code: int
    ) -> None:
        uri = caller.send()["Uri"]
        clock.move(age)
        message = json.loads(caller.exotel(path=uri, method="GET")[1])["SMSMessage"]
        assert (message["Status"], message["DetailedStatusCode"]) == (status, code)
        assert (message["DateSent"] is not None) == (status == "sent")

    def test_an_unknown_sid_is_200_with_words_instead_of_json(self, caller: Caller) -> None:
        answer, body = caller.exotel(path=f"/v1/Accounts/acme/SMS/Messages/{'0' * 32}.json", method="GET")
        assert (answer.status, body) == (200, b"No matching results")

    def test_another_accounts_text_is_unknown(self, caller: Caller) -> None:
        path = caller.send()["Uri"].replace("acme", "other")
        assert caller.exotel(path=path, method="GET", who=ACCOUNTS["other"])[1] == b"No matching results"


class TestEmptying:
    def test_emptied_texts_are_gone_and_new_ones_are_listed(self, caller: Caller) -> None:
        caller.send(Body="before")
        assert caller.json("DELETE", "/messages") == (204, None)
        assert caller.texts() == []
        caller.send(Body="after")
        assert [text["body"] for text in caller.texts()] == ["after"]


def ask_for(caller: Caller, fault: str, count: int = 1) -> None:
    assert caller.json("POST", "/faults", {"provider": "exotel", "fault": fault, "count": count})[0] == 201


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "wait"), [("refuse", 400, None), ("429", 429, "1"), ("500", 500, None), ("503", 503, "1")]
    )
    def test_a_fault_that_refuses_accepts_nothing(
        self, caller: Caller, fault: str, status: int, wait: str | None
    ) -> None:
        ask_for(caller, fault)
        answer, body = caller.exotel(TEXT)
        assert (answer.status, answer.getheader("Retry-After")) == (status, wait)
        assert json.loads(body)["RestException"]["Status"] == status
        assert caller.texts() == []

    def test_drop_reply_accepts_and_then_says_nothing(self, caller: Caller) -> None:
        ask_for(caller, "drop_reply")
        with pytest.raises(RemoteDisconnected):
            caller.exotel(TEXT)
        assert len(caller.texts()) == 1

    def test_cut_reply_accepts_and_stops_in_the_middle_of_the_answer(self, caller: Caller) -> None:
        ask_for(caller, "cut_reply")
        with pytest.raises(IncompleteRead) as cut:
            caller.exotel(TEXT)
        assert cut.value.expected is not None
        assert abs(len(cut.value.partial) - cut.value.expected) <= 1
        caller.connection.close()
        assert len(caller.texts()) == 1

    def test_slow_accepts_and_answers_in_the_end(self) -> None:
        with running(slow=0.01) as (_, caller):
            ask_for(caller, "slow")
            assert caller.send()["Status"] == "queued"

    def test_a_slow_answer_keeps_neither_the_text_from_the_phone_nor_the_carrier_from_stopping(self) -> None:
        with running(slow=600) as (carrier, caller):
            ask_for(caller, "slow")
            with ThreadPoolExecutor(1) as pool:
                sending = pool.submit(caller.another().send_and_leave)
                until(lambda: len(caller.texts()) == 1)
                assert not sending.done()
                carrier.stop()
                sending.exception(timeout=10)  # answered or cut off: it ends
                assert sending.done()

    def test_faults_are_used_up_in_the_order_in_which_they_were_asked_for(self, caller: Caller) -> None:
        ask_for(caller, "500", 2)
        ask_for(caller, "429")
        assert [caller.exotel(TEXT)[0].status for _ in range(4)] == [500, 500, 429, 200]

    def test_a_text_that_is_wrong_in_itself_uses_no_fault_up(self, caller: Caller) -> None:
        ask_for(caller, "500")
        assert caller.exotel({**TEXT, "To": ""})[0].status == 400
        assert caller.exotel(TEXT, who=("no", "body"))[0].status == 401
        assert caller.exotel(TEXT)[0].status == 500

    def test_pending_faults_are_listed_and_cleared(self, caller: Caller) -> None:
        ask_for(caller, "500", 2)
        caller.exotel(TEXT)
        assert caller.json("GET", "/faults") == (200, [{"provider": "exotel", "fault": "500", "count": 1}])
        assert caller.json("DELETE", "/faults") == (204, None)
        assert caller.json("GET", "/faults") == (200, [])
        caller.send()

    def test_a_number_is_as_good_as_its_digits(self, caller: Caller) -> None:
        assert caller.json("POST", "/faults", {"provider": "exotel", "fault": 429})[0] == 201
        assert caller.exotel(TEXT)[0].status == 429

    @pytest.mark.parametrize(
        ("asked", "word"),
        [
            (None, "JSON object"),
            ([], "JSON object"),
            ({}, "provider"),
            ({"provider": "exotel"}, "drop_reply"),
            ({"provider": "amazonsns", "fault": "500"}, "exotel"),
            ({"provider": "exotel", "fault": "500", "count": 0}, "count"),
            ({"provider": "exotel", "fault": "500", "count": True}, "count"),
            ({"provider": "exotel", "fault": "500", "times": 2}, "times"),
        ],
    )
    def test_a_wrong_fault_is_400_with_a_sentence_that_names_what_is_right(
        self, caller: Caller, asked: object, word: str
    ) -> None:
        status, answer = caller.json("POST", "/faults", asked)
        assert status == 400
        assert word in answer["detail"]

    def test_a_body_that_is_no_json_is_400(self, caller: Caller) -> None:
        assert caller.ask("POST", "/faults", b"\xff{")[0].status == 400


class TestHttp:
    @pytest.mark.parametrize("path", ["/", "/v1", "/v1/Accounts/acme/Sms", "/message", "/messages/1"])
    def test_an_unknown_path_is_404(self, caller: Caller, path: str) -> None:
        status, answer = caller.json("GET", path)
        assert (status, list(answer)) == (404, ["detail"])

    def test_a_known_path_tells_its_methods(self, caller: Caller) -> None:
        answer, _ = caller.ask("POST", "/messages")
        assert (answer.status, answer.getheader("Allow")) == (405, "GET, DELETE")

    def test_one_connection_serves_many_requests(self, caller: Caller) -> None:
        caller.send()
        before = caller.connection.sock
        caller.send()
        assert before is caller.connection.sock is not None

    @pytest.mark.parametrize("length", ["-1", "x", "²", "1000001", "9" * 5000])
    def test_a_wrong_length_is_400(self, caller: Caller, length: str) -> None:
        with socket.create_connection((caller.connection.host, caller.connection.port), 10) as raw:
            raw.sendall(f"POST {SEND} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode())
            assert raw.recv(12) == b"HTTP/1.1 400"

    def test_it_listens_on_loopback_only(self, caller: Caller) -> None:
        assert caller.connection.host == "127.0.0.1"

    def test_a_stopped_carrier_closes_the_connections_that_were_kept(self) -> None:
        with running() as (carrier, caller):
            caller.send()
            carrier.stop()
            with pytest.raises((OSError, HTTPException)):
                caller.connection.request("GET", "/messages")
                caller.connection.getresponse()

    def test_many_at_a_time_are_all_accepted(self, caller: Caller) -> None:
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda _: caller.another().send_and_leave(), range(20)))
        assert len({text["id"] for text in caller.texts()}) == 20


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


def threads(*names: str) -> set[Thread]:
    """The threads of these names that are alive: other carriers, such as the whole stack's, may have some too."""
    return {thread for thread in enumerate_threads() if thread.name in names}


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
