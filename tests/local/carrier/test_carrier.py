"""The carrier's own paths and its HTTP, spoken to over real sockets as the service and a test would."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest

from tests.local.carrier.caller import SEND, TEXT, Caller, running
from tests.local.waiting import until


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
