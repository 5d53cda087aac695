"""Twilio's twin on the laptop: what Herald's own Twilio sends, asks and is told, on real sockets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.errors import AttemptError, NotFound, Refused, Unavailable, Uncertain
from herald.message import Message
from herald.providers._base import Callback
from herald.providers._http import Http
from herald.providers.twilio import Twilio
from local.carrier.carrier import Carrier
from local.carrier.fates import FATES, NUMBERS
from local.carrier.vendors.twilio import WORDS
from local.carrier.vendors.twilio import Twilio as Twin
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
        self.twilio = cast("Twin", self.carrier.vendors["twilio"])
        self.values = dict(self.twilio.channel(self.url))
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


RIGHT = {"To": "+919741552552", "From": "+15005550006", "Body": "x"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604), ({"To": ""}, 21604), ({"To": "98"}, 21211), ({"To": "+0123456789"}, 21211),
        ({"From": None}, 21603), ({"From": "a name too long"}, 21212), ({"From": "12"}, 21212), ({"From": "-"}, 21212),
        ({"From": "+919741552552"}, 21266), ({"MessagingServiceSid": "MG1"}, 21701),
        ({"From": None, "MessagingServiceSid": "MG1"}, 21701),
        ({"Body": None}, 21602), ({"Body": " "}, 21602), ({"Body": "x" * 1601}, 21617),
        ({"ValidityPeriod": "0"}, 21624), ({"ValidityPeriod": "36001"}, 21624), ({"ValidityPeriod": "soon"}, 21624),
        ({"StatusCallback": "nowhere"}, 21609), ({"StatusCallback": "https://a_b.example.com/"}, 21609),
        ({"StatusCallback": "https://[/"}, 21609),
    ],
)  # fmt: skip
def test_it_refuses_what_twilio_refuses(phones: Phones, changes: dict[str, str | None], code: int) -> None:
    form = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    answer = phones.ask("POST", "/Messages.json", data=form)
    assert (answer.status_code, is_refusal(answer)) == (400, code)
    assert phones.carrier.handset.texts() == []


@pytest.mark.parametrize("sender", ["+15005550006", "12345", "ACME", "Acme 1-2_3"])
def test_a_number_a_short_code_or_a_name_may_send(phones: Phones, sender: str) -> None:
    assert phones.ask("POST", "/Messages.json", data={**RIGHT, "From": sender}).json()["from"] == sender


def is_refusal(answer: requests.Response) -> int:
    """The code of a refusal in Twilio's shape."""
    said = answer.json()
    assert said.keys() == {"code", "message", "more_info", "status"}
    assert said["status"] == answer.status_code
    assert said["more_info"].endswith(f"/{said['code']}") and said["message"]
    code: int = said["code"]
    return code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/Messages/SM1.json", 404, 20404),
        ("GET", "/Messages/" + "SM" + "0" * 32 + ".json", 404, 20404),
        ("GET", "/Messages/" + "SM" + "0" * 32 + "/Media.json", 404, 20404),
        ("GET", "/Messages", 404, 20404),
        ("GET", "/Calls.json", 404, 20404),
        ("GET", "", 404, 20404),
        ("PUT", "/Messages.json", 405, 20004),
        ("DELETE", "/Messages.json", 405, 20004),
        ("POST", ".json", 405, 20004),
    ],
)
def test_a_path_or_a_method_that_is_none_is_refused_as_twilio_does(
    phones: Phones, method: str, path: str, status: int, code: int
) -> None:
    answer = phones.ask(method, path)
    assert (answer.status_code, is_refusal(answer)) == (status, code)


def test_a_text_takes_no_other_method_either(phones: Phones) -> None:
    one = f"/Messages/{phones.send()}"
    assert phones.ask("PUT", f"{one}.json").status_code == phones.ask("POST", f"{one}/Media.json").status_code == 405


@pytest.mark.parametrize(
    "path", ["/2010-04-01/Accounts/AC1/Messages.json", "/2010-04-01/Accounts.json", "/2010-04-01/"]
)
def test_an_account_that_is_none_is_not_found_and_nobody_is_let_in_without_a_token(phones: Phones, path: str) -> None:
    auth = (phones.values["account_sid"], phones.values["auth_token"])
    for known, status, code in (
        (auth, 404, 20404),
        (None, 401, 20003),
        (("", ""), 401, 20003),
        ((auth[0], ""), 401, 20003),
    ):
        answer = requests.get(phones.url + path, auth=known, timeout=5)
        assert (answer.status_code, is_refusal(answer)) == (status, code), known


@pytest.mark.parametrize(
    "query",
    [
        {"PageSize": "many"}, {"PageSize": "0"}, {"PageSize": "-1"}, {"PageSize": "1.5"}, {"PageSize": "²"},
        {"PageSize": "9" * 30}, {"Page": "last"}, {"Page": "-1"}, {"DateSent": "yesterday"},
        {"DateSent>": "2026-13-01"}, {"DateSent<": "2026-11-25T99:00:00Z"},
    ],
)  # fmt: skip
def test_a_list_that_is_asked_for_in_words_that_nobody_knows_is_refused(phones: Phones, query: dict[str, str]) -> None:
    answer = phones.ask("GET", "/Messages.json", params=query)
    assert (answer.status_code, is_refusal(answer)) == (400, 20001)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH"]),
    path=st.sampled_from(["", ".json", "/Messages.json", "/Messages/{sid}.json", "/Messages/{sid}/Media.json"])
    | st.text(st.characters(codec="ascii", exclude_characters="?#"), max_size=12).map(lambda text: f"/{quote(text)}"),
    fields=st.dictionaries(
        st.sampled_from(
            ["To", "From", "Body", "Status", "PageSize", "Page", "PageToken", "DateSent", "DateSent>", "x"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from([*RIGHT.values(), "canceled"]),
    ),
    as_json=st.booleans(),
)
def test_whatever_it_is_asked_it_answers_as_twilio(
    phones: Phones, method: str, path: str, fields: dict[str, str], as_json: bool
) -> None:
    sid = next(iter(phones.twilio._accepted), "SM" + "0" * 32)
    how = {"json": fields} if as_json else {"data": fields, "params": fields}
    answer = phones.ask(method, path.format(sid=sid) if "{" in path else path, **how)
    assert answer.status_code in (200, 201, 204, 400, 401, 404, 405, 409)
    assert answer.status_code < 300 or is_refusal(answer)


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
    phones.clock.move(5)
    asked = {"To": "+919741552552", "DateSent": "2026-11-25", "PageSize": "2"}
    first = phones.ask("GET", "/Messages.json", params=asked).json()
    assert [message["sid"] for message in first["messages"]] == sids[:0:-1]
    assert urlsplit(first["next_page_uri"]).path.endswith("/Messages.json")
    second = phones.ask("GET", "/Messages.json", params=dict(parse_qsl(urlsplit(first["next_page_uri"]).query))).json()
    assert ([message["sid"] for message in second["messages"]], second["next_page_uri"]) == (sids[:1], None)
    assert (second["start"], second["end"]) == (2, 2)
    assert phones.ask("GET", "/Messages.json", params={**asked, "DateSent": "2026-11-24"}).json()["messages"] == []


def test_a_text_that_comes_while_somebody_reads_moves_no_page(phones: Phones) -> None:
    sids = [phones.send() for _ in range(3)]
    asked = {"To": "+919741552552", "PageSize": "2"}
    first = phones.ask("GET", "/Messages.json", params=asked).json()
    phones.send()
    second = phones.ask("GET", "/Messages.json", params=dict(parse_qsl(urlsplit(first["next_page_uri"]).query))).json()
    assert [message["sid"] for message in second["messages"]] == sids[:1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 2), ({"DateSent": "2026-11-25"}, 2), ({"DateSent": "2026-11-26"}, 0), ({"From": "+15005550006"}, 2),
        ({"From": "ACME"}, 0), ({"DateSent>": "2026-11-25"}, 2), ({"DateSent<": "2026-11-24"}, 0),
        ({"DateSent>": "2026-11-25T03:30:00Z"}, 2), ({"DateSent>": "2026-11-25T03:30:01Z"}, 1),
        ({"DateSent<": "2026-11-25T03:30:00Z"}, 1), ({"DateSent>": "2026-11-25 03:30:01.000"}, 1),
        ({"DateSent>": "2026-11-25T09:00:01+05:30"}, 1), ({"DateSent>": "Wed, 25 Nov 2026 03:30:01 -0000"}, 1),
        ({"DateSent>": "2026-11-25T03:30:01Z", "DateSent<": "2026-11-25"}, 1),
        ({"DateSent>": "2026-11-25T04:30:00Z"}, 0),
    ],
)  # fmt: skip
def test_texts_are_listed_by_when_they_were_sent(phones: Phones, query: dict[str, str], found: int) -> None:
    phones.send()
    phones.clock.move(60)
    phones.send()
    phones.clock.move(5)
    assert len(phones.ask("GET", "/Messages.json", params=query).json()["messages"]) == found


def test_a_text_that_still_waits_was_sent_at_no_time(phones: Phones) -> None:
    phones.send()
    assert phones.ask("GET", "/Messages.json", params={"DateSent>": "2026-11-25"}).json()["messages"] == []
    assert len(phones.ask("GET", "/Messages.json").json()["messages"]) == 1


def test_a_text_whose_answer_got_lost_is_listed_as_herald_looks_for_it(phones: Phones) -> None:
    phones.wish("faults", provider="twilio", fault="drop_reply")
    with pytest.raises(Uncertain):
        phones.send()
    phones.clock.move(5)
    since, until = (phones.clock.now + timedelta(seconds=seconds) for seconds in (-10, 5))
    (found,) = phones.account.listed(phones.text(), since, until)
    (text,) = phones.carrier.handset.texts()
    assert (found.sent.provider_id, found.body) == (text.id, TEXT)
    assert phones.account.listed(phones.text("+919741552553"), since, until) == []
    assert phones.account.listed(phones.text(sender="ACME"), since, until) == []


def test_of_many_texts_all_pages_are_read_and_of_too_many_none(phones: Phones) -> None:
    since, until = (phones.clock.now + timedelta(seconds=seconds) for seconds in (-5, 5))
    for number in range(50):
        phones.ask("POST", "/Messages.json", data={**RIGHT, "Body": str(number)})
    phones.clock.move(1)
    assert len(phones.account.listed(phones.text(), since, until)) == 50
    phones.ask("POST", "/Messages.json", data=RIGHT)
    phones.clock.move(1)
    with pytest.raises(Unavailable):
        phones.account.listed(phones.text(), since, until)


def test_a_text_that_waits_is_canceled_and_nobody_is_told_that_it_came(phones: Phones, listener: Listener) -> None:
    phones.wish("receipts", delay=0.3)
    sid = phones.send(callback=listener.url)
    assert phones.ask("POST", f"/Messages/{sid}.json", data={"Status": "canceled"}).json()["status"] == "canceled"
    told = phones.send(callback=listener.url)
    until(lambda: bool(listener.requests))
    assert [request.form()["MessageSid"] for request in listener.requests] == [told]
    assert [text.id for text in phones.carrier.handset.texts()] == [told]
    assert phones.account.status({"sid": sid})["status"] == "canceled"


def test_a_service_chooses_its_sender_by_itself(phones: Phones) -> None:
    service = "MG" + "3d" * 16
    made = phones.ask(
        "POST", "/Messages.json", data={"To": "+919741552552", "MessagingServiceSid": service, "Body": "x"}
    )
    assert (made.json()["status"], made.json()["from"], made.json()["num_segments"]) == ("accepted", None, "0")
    phones.clock.move(5)
    later = phones.account.status(made.json())
    assert (later["status"], later["from"], later["messaging_service_sid"]) == ("delivered", "+15005550006", service)


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
