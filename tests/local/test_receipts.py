"""What the carrier tells of its texts by itself: Exotel's callbacks, on real sockets."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import IncompleteRead, RemoteDisconnected
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.callbacks import Callbacks, Letter
from local.fates import FATES, NUMBERS, Fate
from local.receipts import Manner, Manners, NotAManner, read
from local.server import Server
from local.vendors._base import Reply, Request
from local.vendors.exotel_forms import NEVER, callback, dialled
from tests.local.test_carrier import TEXT, Caller, Clock, running, threads, until

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
NAMES = st.sampled_from(["delay", "copies", "disorder", "count", "x"])
WISHES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)
LETTER = Letter("t-1", "delivered", "", ({"n": "1"},))


class Listener:
    """Somebody on this machine who is called back, and answers with the next of ``statuses``, in the end with 204."""

    def __init__(self, *statuses: int, location: str = "") -> None:
        self.requests: list[Request] = []
        self._statuses, self._location = list(statuses), location
        self._server = Server(0, self._answer, 0)
        self.url = f"http://127.0.0.1:{self._server.server_port}/receipts/exotel/a-token?x=1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def forms(self) -> list[dict[str, str]]:
        return [request.form() for request in self.requests]

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Reply:
        self.requests.append(request)
        status = self._statuses.pop(0) if self._statuses else 204
        return Reply(status, headers={"Location": self._location} if self._location else {})


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.stop()


@pytest.fixture
def caller(clock: Clock) -> Iterator[Caller]:
    with running(clock=clock) as (_, caller):
        yield caller


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wish(caller: Caller, **manner: object) -> None:
    assert caller.json("POST", "/receipts", manner)[0] == 201


class TestExotel:
    def test_a_text_is_told_of_by_itself_after_a_while(self, caller: Caller, listener: Listener) -> None:
        sid = caller.send(StatusCallback=listener.url, CustomField="order 7")["Sid"]
        until(lambda: len(listener.requests) == 1)
        (request,) = listener.requests
        assert (request.method, request.path, request.query) == ("POST", "/receipts/exotel/a-token", "x=1")
        assert request.form() == {
            "SmsSid": sid,
            "To": "09741552552",
            "Status": "sent",
            "SmsUnits": "1",
            "DetailedStatus": "DELIVERED_TO_HANDSET",
            "DetailedStatusCode": "20005",
            "DateSent": "2026-11-25 09:00:01",
            "CustomField": "order 7",
        }
        assert caller.texts()[0]["receipt"] == "delivered"

    @pytest.mark.parametrize("ending", [ending for ending, told in FATES.items() if told.receipt])
    def test_each_fate_is_told_in_exotels_words_and_the_details_agree(
        self, caller: Caller, listener: Listener, ending: str
    ) -> None:
        told = FATES[ending]
        wish(caller, delay=0)
        uri = caller.send(To=NUMBERS + ending, StatusCallback=listener.url)["Uri"]
        until(lambda: len(listener.forms) == told.copies + told.disorder)
        form = listener.forms[0]
        assert (form["Status"], int(form["DetailedStatusCode"]), form["DetailedStatus"]) == told.exotel
        assert (form["DateSent"] == NEVER) == (told.exotel.status != "sent")
        assert caller.texts()[0]["receipt"] == told.receipt
        details = caller.details(uri)
        assert (details["Status"], details["DetailedStatusCode"], details["DetailedStatus"]) == told.exotel

    def test_a_silent_text_is_never_told_of_and_stays_on_its_way(
        self, caller: Caller, listener: Listener, clock: Clock
    ) -> None:
        wish(caller, delay=0, count=2)
        uri = caller.send(To=NUMBERS + "90", StatusCallback=listener.url)["Uri"]
        after = caller.send(StatusCallback=listener.url)["Sid"]
        until(lambda: len(listener.forms) == 1)
        assert listener.forms[0]["SmsSid"] == after
        clock.move(86_400)
        assert caller.details(uri)["Status"] == "submitted"
        assert caller.texts()[0]["receipt"] is None

    def test_a_late_one_is_on_its_way_until_then(self, caller: Caller, clock: Clock) -> None:
        uri = caller.send(To=NUMBERS + "91")["Uri"]
        clock.move(9)
        assert caller.details(uri)["Status"] == "submitted"
        clock.move(1)
        assert caller.details(uri)["Status"] == "sent"

    def test_copies_come_before_the_older_state_that_disorder_adds(self, caller: Caller, listener: Listener) -> None:
        wish(caller, delay=0, copies=2, disorder=True)
        caller.send(To=NUMBERS + "03", StatusCallback=listener.url)
        until(lambda: len(listener.forms) == 3)
        assert [form["DetailedStatusCode"] for form in listener.forms] == ["23015", "23015", "21020"]
        assert caller.texts()[0]["receipt"] == "failed"

    @pytest.mark.parametrize("fault", ["drop_reply", "cut_reply"])
    def test_a_text_whose_answer_was_lost_is_told_of_all_the_same(
        self, caller: Caller, listener: Listener, fault: str
    ) -> None:
        caller.json("POST", "/faults", {"provider": "exotel", "fault": fault})
        wish(caller, delay=0)
        with pytest.raises((RemoteDisconnected, IncompleteRead)):
            caller.send(StatusCallback=listener.url)
        until(lambda: len(listener.forms) == 1)
        assert listener.forms[0]["SmsSid"]

    def test_a_refused_text_is_not_told_of_and_uses_no_manner_up(self, caller: Caller, listener: Listener) -> None:
        wish(caller, delay=0)
        caller.json("POST", "/faults", {"provider": "exotel", "fault": "refuse"})
        answer, _ = caller.exotel({**TEXT, "StatusCallback": listener.url})
        assert answer.status == 400
        assert len(caller.json("GET", "/receipts")[1]) == 1
        assert listener.requests == []

    def test_nobody_is_told_of_a_text_that_names_no_url(self, caller: Caller, listener: Listener) -> None:
        wish(caller, delay=0, count=2)
        caller.send()
        caller.send(StatusCallback=listener.url)
        until(lambda: len(listener.forms) == 1)
        assert [text["receipt"] for text in caller.texts()] == [None, "delivered"]

    def test_an_emptied_phone_does_not_stop_what_is_told(self, caller: Caller, listener: Listener) -> None:
        wish(caller, delay=0.2)
        caller.send(StatusCallback=listener.url)
        assert caller.json("DELETE", "/messages")[0] == 204
        until(lambda: len(listener.forms) == 1)
        assert caller.texts() == []

    @pytest.mark.parametrize(
        ("to", "written"),
        [
            ("+919741552552", "09741552552"),
            ("09741552552", "09741552552"),
            ("9741-552-552", "09741552552"),
            ("+91 9741 552 552", "09741552552"),
            ("+6591234567", "006591234567"),
            ("006591234567", "006591234567"),
            ("+15005550006", "0015005550006"),
        ],
    )
    def test_a_callback_does_not_repeat_the_number_as_it_was_sent(self, to: str, written: str) -> None:
        assert dialled(to) == written
        assert callback("a", {"To": to, "Body": "x"}, FATES["00"].exotel, NOW)["To"] == written


class TestCallbacks:
    def deliver(self, letter: Letter, done: Callable[[], bool], **options: Any) -> None:
        """Post a letter until ``done``."""
        callbacks = Callbacks(lambda text, word: None, **{"again": (0, 0, 0), **options})
        callbacks.start()
        callbacks.put(letter, 0)
        until(done)
        callbacks.stop()

    @pytest.mark.parametrize("status", [200, 202, 204])
    def test_any_2xx_is_enough(self, status: int) -> None:
        listener = Listener(status)
        forms = ({"n": "1"}, {"n": "2"})
        self.deliver(LETTER._replace(url=listener.url, forms=forms), lambda: len(listener.forms) == 2)
        listener.stop()
        assert tuple(listener.forms) == forms

    @pytest.mark.parametrize("status", [302, 403, 404, 500, 503])
    def test_any_other_answer_is_tried_again_three_times_and_nothing_overtakes_it(self, status: int) -> None:
        listener = Listener(*[status] * 4, location="/elsewhere")
        forms = ({"n": "1"}, {"n": "2"})
        self.deliver(LETTER._replace(url=listener.url, forms=forms), lambda: len(listener.forms) == 5)
        listener.stop()
        assert [form["n"] for form in listener.forms] == ["1", "1", "1", "1", "2"]
        assert {request.path for request in listener.requests} == {"/receipts/exotel/a-token"}

    def test_what_went_well_the_second_time_is_not_told_a_third_time(self) -> None:
        listener = Listener(500)
        forms = ({"n": "1"}, {"n": "2"})
        self.deliver(LETTER._replace(url=listener.url, forms=forms), lambda: len(listener.forms) == 3)
        listener.stop()
        assert [form["n"] for form in listener.forms] == ["1", "1", "2"]

    def test_where_nobody_listens_it_is_tried_four_times_and_then_no_more(self, listener: Listener) -> None:
        closed = Listener()
        closed.stop()
        told: list[str] = []
        callbacks = Callbacks(lambda text, _: told.append(text), again=(0, 0, 0))
        callbacks.start()
        callbacks.put(LETTER._replace(url=closed.url), 0)
        until(lambda: len(told) == 4)
        callbacks.put(LETTER._replace(id="after", url=listener.url), 0.1)
        until(lambda: len(listener.forms) == 1)
        callbacks.stop()
        assert told == ["t-1"] * 4 + ["after"]

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "here",
            "http://",
            "http://example.com/receipts",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:0/",
            "https://127.0.0.1/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ],
    )
    def test_nothing_leaves_this_machine(self, listener: Listener, url: str) -> None:
        told: list[str] = []
        callbacks = Callbacks(lambda text, _: told.append(text), again=())
        callbacks.put(LETTER._replace(id="elsewhere", url=url), 0)
        callbacks.put(LETTER._replace(id="here", url=listener.url), 0)
        callbacks.start()
        until(lambda: len(listener.forms) == 1)
        callbacks.stop()
        assert told == ["here"]

    def test_localhost_is_this_machine(self, listener: Listener) -> None:
        url = listener.url.replace("127.0.0.1", "localhost")
        self.deliver(LETTER._replace(url=url), lambda: len(listener.forms) == 1)
        assert str(listener.requests[0].headers["Host"]).startswith("localhost:")

    def test_whoever_does_not_answer_is_broken_off_by_the_end_and_no_thread_survives(self) -> None:
        asked, never = Event(), Event()

        def answer(_: Request) -> Reply:
            asked.set()
            never.wait()
            return Reply(204)

        server = Server(0, answer, 0)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        others = threads("callbacks")
        callbacks = Callbacks(lambda text, word: None, patience=3600)
        callbacks.start()
        callbacks.put(LETTER._replace(url=f"http://127.0.0.1:{server.server_port}/"), 0)
        assert asked.wait(10)
        callbacks.stop()  # It would wait for an hour.
        assert threads("callbacks") <= others
        never.set()
        server.stop()

    def test_whoever_does_not_answer_in_time_is_asked_again(self) -> None:
        first, never = Event(), Event()
        listener = Listener()
        answer = listener._answer

        def slow(request: Request) -> Reply:
            reply = answer(request)
            if not first.is_set():
                first.set()
                never.wait()
            return reply

        listener._server.answer = slow
        self.deliver(LETTER._replace(url=listener.url), lambda: len(listener.forms) == 2, patience=0.2)
        never.set()
        listener.stop()


class TestManners:
    def test_a_manner_is_listed_used_up_and_cleared(self, caller: Caller) -> None:
        wish(caller, delay=0.2, copies=2, disorder=True, count=2)
        caller.send()
        left = {"delay": 0.2, "copies": 2, "disorder": True, "count": 1}
        assert caller.json("GET", "/receipts") == (200, [left])
        wish(caller)
        assert len(caller.json("GET", "/receipts")[1]) == 2
        assert caller.json("DELETE", "/receipts") == (204, None)
        assert caller.json("GET", "/receipts") == (200, [])

    def test_it_says_which_methods_it_knows(self, caller: Caller) -> None:
        answer, _ = caller.ask("PUT", "/receipts", "{}")
        assert (answer.status, answer.getheader("Allow")) == (405, "GET, POST, DELETE")

    @pytest.mark.parametrize(
        ("asked", "word"),
        [
            (None, "JSON object"),
            ([], "JSON object"),
            ({"delay": -1}, "delay"),
            ({"delay": 3601}, "delay"),
            ({"delay": True}, "delay"),
            ({"delay": "1"}, "delay"),
            ({"delay": None}, "delay"),
            ({"copies": 0}, "copies"),
            ({"copies": 21}, "copies"),
            ({"copies": 1.0}, "copies"),
            ({"disorder": 1}, "disorder"),
            ({"count": 0}, "count"),
            ({"count": 1001}, "count"),
            ({"provider": "exotel"}, "provider"),
        ],
    )
    def test_a_wrong_manner_is_400_with_a_sentence_that_names_what_is_right(
        self, caller: Caller, asked: object, word: str
    ) -> None:
        status, answer = caller.json("POST", "/receipts", asked)
        assert status == 400
        assert word in answer["detail"]
        assert caller.json("GET", "/receipts") == (200, [])

    def test_what_it_does_not_say_is_left_to_the_fate(self) -> None:
        late, twice = FATES["91"], FATES["92"]
        assert Manner(copies=3).on(late) == late._replace(copies=3)
        assert Manner(delay=0).on(late).delay == 0
        assert Manner(disorder=True).on(twice) == twice._replace(disorder=True)
        assert Manner().on(twice) == twice

    def test_manners_are_used_up_in_the_order_in_which_they_were_asked_for(self) -> None:
        manners = Manners()
        manners.add(Manner(delay=5, count=2))
        manners.add(Manner(delay=7))
        assert [manners.fate("+919741552552").delay for _ in range(4)] == [5, 5, 7, 1]

    @given(asked=WISHES)
    def test_whatever_is_asked_for_is_read_or_refused_with_a_sentence(self, asked: object) -> None:
        try:
            told: Fate = read(asked).on(FATES["00"])
        except NotAManner as problem:
            assert str(problem).endswith(".")
        else:
            assert 0 <= told.delay <= 3600
            assert 1 <= told.copies <= 20
