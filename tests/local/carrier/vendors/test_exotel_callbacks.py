"""What Exotel tells of its texts by itself: callbacks, on real sockets."""

from datetime import UTC, datetime
from http.client import IncompleteRead, RemoteDisconnected

import pytest

from local.carrier.fates import FATES, NUMBERS
from local.carrier.vendors._exotel_forms import NEVER, callback, dialled
from local.carrier.vendors.exotel import WORDS
from tests.local.carrier.caller import TEXT, Caller, Clock, wish
from tests.local.carrier.listener import Listener
from tests.local.waiting import until

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)


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
        told, words = FATES[ending], WORDS[FATES[ending].word]
        wish(caller, delay=0)
        uri = caller.send(To=NUMBERS + ending, StatusCallback=listener.url)["Uri"]
        until(lambda: len(listener.forms) == told.copies + told.disorder)
        form = listener.forms[0]
        assert (form["Status"], int(form["DetailedStatusCode"]), form["DetailedStatus"]) == words
        assert (form["DateSent"] == NEVER) == (words.status != "sent")
        assert caller.texts()[0]["receipt"] == told.receipt
        details = caller.details(uri)
        assert (details["Status"], details["DetailedStatusCode"], details["DetailedStatus"]) == words

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
        assert callback("a", {"To": to, "Body": "x"}, WORDS["delivered"], NOW)["To"] == written
