"""Twilio's twin on the laptop: what Herald's own Twilio sends, asks and is told, on real sockets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from herald.errors import AttemptError, NotFound, Refused, Unavailable, Uncertain
from herald.message import Message
from herald.providers._base import Callback
from herald.providers._http import Http
from herald.providers.twilio import Twilio
from local.carrier.carrier import Carrier
from local.carrier.fates import FATES, NUMBERS
from local.carrier.vendors.twilio import WORDS
from tests.builders import a_message
from tests.local.carrier.caller import Clock
from tests.local.carrier.listener import Listener
from tests.local.waiting import until

TEXT = "Your code is 1234"


class Phones:
    """A carrier, and a Twilio account there."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.carrier = Carrier(None, slow=2, clock=self.clock)
        self.url = self.carrier.start()
        self.values = dict(self.carrier.vendors["twilio"].channel(self.url))
        self.session = requests.Session()
        self.account = Twilio(Http(self.session, timeout=(1, 1)), **self.values)

    def send(self, to: str = "+919741552552", callback: str | None = None, **fields: Any) -> str:
        return self.account.send(self.text(to, **fields), callback).provider_id

    def text(self, to: str = "+919741552552", **fields: Any) -> Message:
        return a_message(to=to, body=TEXT, **fields)

    def wish(self, path: str, **wish: Any) -> None:
        assert requests.post(f"{self.url}/{path}", json=wish, timeout=5).status_code == 201

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        auth = (self.values["account_sid"], self.values["auth_token"])
        url = f"{self.url}/2010-04-01/Accounts/{self.values['account_sid']}{path}"
        return requests.request(method, url, auth=auth, timeout=5, **options)


@pytest.fixture
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.session.close()
    made.carrier.stop()


def test_a_text_is_on_the_phone_and_twilio_says_how_it_fares(phones: Phones) -> None:
    sid = phones.send()
    (text,) = phones.carrier.handset.texts()
    assert (text.provider, text.to, text.sender, text.body, text.id) == (
        "twilio",
        "+919741552552",
        "+15005550006",
        TEXT,
        sid,
    )
    states = []
    for seconds in (0, 0.35, 0.3, 0.4):
        phones.clock.move(seconds)
        states.append(phones.account.status({"sid": sid})["status"])
    assert states == ["queued", "sending", "sent", "delivered"]


@pytest.mark.parametrize("ending", [ending for ending, told in FATES.items() if told.receipt])
def test_each_fate_is_told_by_a_signed_callback_that_herald_reads(
    phones: Phones, listener: Listener, ending: str
) -> None:
    told, words = FATES[ending], WORDS[FATES[ending].word]
    phones.wish("receipts", delay=0)
    sid = phones.send(NUMBERS + ending, listener.url)
    until(lambda: len(listener.requests) == told.copies + told.disorder)
    request = listener.requests[0]
    assert request.form()["MessageStatus"] == words.status
    headers = {name.lower(): value for name, value in request.headers.items()}
    callback = Callback(listener.url, headers, request.form(), body=request.body)
    assert Twilio.verify(phones.values, callback)
    assert not Twilio.verify({**phones.values, "auth_token": "another"}, callback)
    receipt = Twilio.parse_receipt(request.form())
    assert receipt.provider_id == sid
    phones.clock.move(0.1)
    assert Twilio.parse_receipt(phones.account.status({"sid": sid})).status == receipt.status
    assert Twilio.addressed_to(request.form(), NUMBERS + ending)


@pytest.mark.parametrize(
    ("fault", "kind", "arrives"),
    [
        ("refuse", Refused, 0), ("429", Unavailable, 0), ("503", Unavailable, 0), ("500", Uncertain, 0),
        ("slow", Uncertain, 1), ("drop_reply", Uncertain, 1), ("cut_reply", Uncertain, 1),
    ],
)  # fmt: skip
def test_each_fault_is_read_as_what_it_is(phones: Phones, fault: str, kind: type[AttemptError], arrives: int) -> None:
    phones.wish("faults", provider="twilio", fault=fault)
    with pytest.raises(kind):
        phones.send()
    until(lambda: len(phones.carrier.handset.texts()) == arrives)
    assert phones.send()


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 21604),
        ({"To": "98"}, 21211),
        ({"To": "+919741552552"}, 21603),
        ({"To": "+919741552552", "MessagingServiceSid": "MG1"}, 21701),
        ({"To": "+919741552552", "From": "A"}, 21602),
        ({"To": "+919741552552", "From": "A", "Body": "x" * 1601}, 21617),
        ({"To": "+919741552552", "From": "A", "Body": "x", "ValidityPeriod": "0"}, 21624),
    ],
)
def test_it_refuses_what_twilio_refuses(phones: Phones, form: dict[str, str], code: int) -> None:
    answer = phones.ask("POST", "/Messages.json", data=form)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (400, code, 400)


def test_another_account_is_a_stranger(phones: Phones) -> None:
    stranger = Twilio(Http(phones.session), **{**phones.values, "auth_token": "another"})
    with pytest.raises(Refused) as refused:
        stranger.send(phones.text())
    assert refused.value.reason.code == "credentials_refused"
    with pytest.raises(NotFound):
        phones.account.status({"sid": "SM" + "0" * 32})


def test_texts_are_listed_by_number_and_day_newest_first_in_pages(phones: Phones) -> None:
    sids = [phones.send() for _ in range(3)]
    phones.send("+919741552553")
    asked = {"To": "+919741552552", "DateSent": "2026-11-25", "PageSize": 2}
    first = phones.ask("GET", "/Messages.json", params=asked).json()
    assert [message["sid"] for message in first["messages"]] == sids[:0:-1]
    assert urlsplit(first["next_page_uri"]).path.endswith("/Messages.json")
    second = phones.ask("GET", "/Messages.json", params={**asked, "Page": 1}).json()
    assert ([message["sid"] for message in second["messages"]], second["next_page_uri"]) == (sids[:1], None)
    assert phones.ask("GET", "/Messages.json", params={**asked, "DateSent": "2026-11-24"}).json()["messages"] == []


def test_a_text_is_redacted_and_deleted_once_it_has_ended(phones: Phones) -> None:
    sid = phones.send()
    assert phones.ask("DELETE", f"/Messages/{sid}.json").json()["code"] == 20009
    phones.clock.move(5)
    assert phones.ask("POST", f"/Messages/{sid}.json", data={"Status": "canceled"}).json()["code"] == 30409
    assert phones.ask("POST", f"/Messages/{sid}.json", data={"Body": ""}).json()["body"] == ""
    assert phones.ask("DELETE", f"/Messages/{sid}.json").status_code == 204
    assert phones.ask("GET", f"/Messages/{sid}.json").status_code == 404


def test_the_account_itself_can_be_asked_for(phones: Phones) -> None:
    assert phones.ask("GET", ".json").json()["status"] == "active"


def test_a_validity_that_is_over_soon_is_taken(phones: Phones) -> None:
    now = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
    phones.send(updated_at=now, expires_at=now + timedelta(seconds=90))
    (text,) = phones.carrier.handset.texts()
    assert text.fields["ValidityPeriod"] == "90"
