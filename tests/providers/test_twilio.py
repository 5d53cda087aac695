"""Twilio keeps the contract; its codes, states, prices and times are read as its own pages have them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import pytest

from herald.errors import AttemptError, InvalidSettings, NotFound, Refused, Unavailable, Uncertain
from herald.message.status import Status
from herald.providers._base import Text
from herald.providers._twilio_list import PAGE
from herald.providers.twilio import Twilio
from tests.providers.contract import CALLBACK, NOW, NUMBER, TEXT, a_message, transport
from tests.providers.listing_contract import SINCE, UNTIL, ListingContract
from tests.providers.server import Reply, Vendor

ACCOUNT, TOKEN = "AC" + "0a" * 16, "t0kenOfTheJungle"
SID = "SM" + "1b" * 16
MESSAGE: dict[str, Any] = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "body": TEXT,
    "date_created": "Wed, 25 Nov 2026 03:30:00 +0000",
    "date_sent": None,
    "date_updated": "Wed, 25 Nov 2026 03:30:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15005550006",
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": "USD",
    "sid": SID,
    "status": "queued",
    "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}/Media.json"},
    "to": NUMBER,
    "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json",
}
CALLED_BACK = {
    "MessageSid": SID,
    "SmsSid": SID,
    "AccountSid": ACCOUNT,
    "From": "+15005550006",
    "To": NUMBER,
    "MessageStatus": "undelivered",
    "SmsStatus": "undelivered",
    "ApiVersion": "2010-04-01",
    "ErrorCode": "30003",
    "ErrorMessage": f"Unreachable {NUMBER}",
    "RawDlrDoneDate": "2611250330",
}
LIST = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
# Written down from Twilio's pages of errors, apart from the table of the code: what they are in an answer of HTTP 400.
REFUSED = {
    "request_refused": [
        20001,
        20422,
        21604,
        21609,
        21624,
        21658,
        21266,
        21620,
        21623,
        21654,
        21656,
        21910,
        35111,
        35118,
    ],
    "credentials_refused": [20003, 20151, 21470, 21471, 20404],
    "not_permitted": [20005, 20010, 21472, 20006, 20403, 20008, 21219, 21608],
    "invalid_number": [21211, 21217, 21401, 21265, 21614, 21635, 21268],
    "country_not_enabled": [21408],
    "opted_out": [21610],
    "no_route": [21612],
    "invalid_sender": [
        21212,
        21603,
        21606,
        21607,
        21616,
        21657,
        21659,
        21660,
        21661,
        21264,
        21267,
        21701,
        21705,
        21712,
    ],
    "invalid_text": [21602, 21619, 14103],
    "text_too_long": [21617],
    "not_registered": [21900],
    "template_mismatch": [21901],
}
LATER = {
    "not_permitted": [30002, 30037],
    "throttled": [30001, 30022, 30023, 30027],
    "invalid_number": [30005, 30006],
    "recipient_unavailable": [30003],
    "carrier_blocked": [30004, 30450, 30453, 30485, 30610, 30615, 30620, 30640],
    "spam": [30007, 30038, 30039],
    "unexplained": [30008, 39999],
    "price_too_high": [30010],
    "request_refused": [30011, 30012, 30013],
    "carrier_unavailable": [30017],
    "not_registered": [30018, 30032, 30033, 30034, 30035, 30040, 30041],
    "text_too_long": [30019],
    "provider_failed": [30020, 30021, 30410],
    "invalid_sender": [30024, 30042],
    "expired": [30036],
    "no_route": [30043],
    "spend_limit": [30454, 63038],
    "opted_out": [30630],
}


def pairs(table: Mapping[str, list[int]]) -> list[tuple[int, str]]:
    return [(code, reason) for reason, codes in table.items() for code in codes]


def error(code: object, status: int = 400, text: str = f"The number {NUMBER} is wrong") -> Reply:
    return Reply.json(
        {"code": code, "message": text, "more_info": "https://www.twilio.com/docs/errors", "status": status}, status
    )


class TestTwilio(ListingContract):
    name = "twilio"
    values: ClassVar[Mapping[str, str]] = {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "api_key": "SK" + "2c" * 16,
        "api_secret": "s3cretOfTheJungle",
        "messaging_service_sid": "MG" + "3d" * 16,
        "region": "ie1",
        "edge": "dublin",
        "webhook_secret": "sh4redOfTheJungle",
        "sender": "JUNGLE",
    }
    accepted = Reply.json(MESSAGE, 201)
    provider_id = SID
    delivered: ClassVar[Mapping[str, Any]] = {
        **MESSAGE,
        "status": "delivered",
        "price": "-0.00750",
        "date_sent": MESSAGE["date_created"],
        "RawDlrDoneDate": "2611250330",
    }
    undelivered: ClassVar[Mapping[str, Any]] = CALLED_BACK
    called_back: ClassVar[Mapping[str, str]] = {"StatusCallback": f"{CALLBACK}#rc=3&rp=all"}
    refused = error(21606)
    refused_reason = "invalid_sender"
    throttled = Reply.json({"code": 20429, "status": 429, "message": "Too Many Requests"}, 429, **{"Retry-After": "17"})
    retry_after = 17.0

    def sent_fields(self) -> Mapping[str, str]:
        return {
            "To": NUMBER,
            "From": "JUNGLE",
            "MessagingServiceSid": self.values["messaging_service_sid"],
            "Body": TEXT,
        }

    def an_entry(self, number: int, **changes: Any) -> dict[str, Any]:
        service = self.values["messaging_service_sid"]
        known = {"sid": f"SM{number:032x}", "from": "JUNGLE", "messaging_service_sid": service, "status": "sent"}
        return {**MESSAGE, **known, **changes}

    def a_page(self, *entries: object, following: object = None) -> Reply:
        return Reply.json({"messages": entries, "next_page_uri": following, "page": 0, "uri": LIST})

    @property
    def next_page(self) -> str:
        return f"{LIST}?PageSize=20&Page=1&PageToken=PASM1"

    def unreadable(self) -> tuple[object, ...]:
        fields = [{"sid": None}, {"sid": "SM1"}, {"sid": 7}, {"date_created": None}, {"date_created": "2026-11-25"}]
        return (None, "x", [], {}, *(self.an_entry(2, **changes) for changes in fields))

    def of_others(self) -> tuple[dict[str, Any], ...]:
        times = (
            "Wed, 25 Nov 2026 03:29:54 +0000",
            "Wed, 25 Nov 2026 03:30:21 +0000",
            "Tue, 24 Nov 2026 03:30:00 +0000",
        )
        fields: list[dict[str, Any]] = [
            {"direction": "inbound"}, {"direction": None}, {"to": "+919741552553"}, {"to": None}, {"from": "ZOO"},
            {"messaging_service_sid": None}, {"messaging_service_sid": "MG" + "4e" * 16},
            *({"date_created": at} for at in times),
        ]  # fmt: skip
        return tuple(self.an_entry(1, **changes) for changes in fields)

    def test_the_list_is_asked_for_the_number_and_what_was_sent_since(self, vendor: Vendor) -> None:
        self.listed(vendor, self.a_page())
        asked = urlsplit(vendor.calls[0].path)
        assert asked.path == LIST
        later = {"DateSent<": "2026-11-25T13:30:20Z", "PageSize": "10"}
        assert dict(parse_qsl(asked.query)) == {"To": NUMBER, "DateSent>": "2026-11-25T03:29:55Z", **later}
        assert vendor.calls[0].headers["authorization"].startswith("Basic U0s")  # SK

    def test_a_service_may_not_have_chosen_its_sender_yet(self, vendor: Vendor) -> None:
        assert len(self.listed(vendor, self.a_page(self.an_entry(1, **{"from": None})))) == 1

    def test_without_a_service_twilios_own_service_is_no_other(self, vendor: Vendor) -> None:
        provider = self.provider(vendor.answers(self.a_page(self.an_entry(1))).url, messaging_service_sid="")
        assert len(provider.listed(a_message(), SINCE, UNTIL)) == 1
        assert provider.listed(a_message(sender="ZOO"), SINCE, UNTIL) == []

    def test_with_a_service_alone_any_of_its_senders_may_have_sent_it(self, vendor: Vendor) -> None:
        page = self.a_page(*(self.an_entry(n, **{"from": sender}) for n, sender in enumerate(("ZOO", "+1", None))))
        provider = self.provider(vendor.answers(page).url, sender="")
        assert len(provider.listed(a_message(), SINCE, UNTIL)) == 3

    def test_a_list_at_an_address_with_a_path_goes_on_there(self, vendor: Vendor) -> None:
        vendor.answers(self.a_page(following=self.next_page), self.a_page())
        values = {name: value for name, value in self.values.items() if name not in ("region", "edge")}
        at = Twilio(transport("http", ""), **{**values, "endpoint_url": f"{vendor.url}/prod/"})
        assert at.listed(a_message(), SINCE, UNTIL) == []
        assert [call.path.partition("?")[0] for call in vendor.calls] == [f"/prod{LIST}"] * 2

    def test_a_page_of_the_longest_texts_is_not_too_long_to_be_read(self, vendor: Vendor) -> None:
        page = self.a_page(*(self.an_entry(number, body="\U0001f511" * 1600) for number in range(PAGE)))
        assert len(self.listed(vendor, page)) == PAGE

    def test_the_form_goes_to_the_accounts_route_with_the_api_key_in_the_header(self, vendor: Vendor) -> None:
        self.provider(vendor.answers(self.accepted).url).send(a_message())
        call = vendor.calls[0]
        assert (call.method, call.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        assert call.headers["authorization"].startswith("Basic U0s")  # SK

    def test_account_and_token_are_enough_and_the_message_may_name_its_sender(self, vendor: Vendor) -> None:
        minimal = {name: "" for name in self.values if name not in ("account_sid", "auth_token")}
        self.provider(vendor.answers(self.accepted).url, **minimal).send(a_message(sender="+15005550006"))
        assert vendor.calls[0].form == {"To": NUMBER, "From": "+15005550006", "Body": TEXT}
        assert vendor.calls[0].headers["authorization"].startswith("Basic QUM")  # AC

    def test_without_any_sender_nothing_is_asked(self, vendor: Vendor) -> None:
        with pytest.raises(Refused) as refused:
            self.provider(vendor.url, sender="", messaging_service_sid="").send(a_message())
        assert (refused.value.reason.code, refused.value.channels_own, vendor.calls) == ("invalid_sender", True, [])

    @pytest.mark.parametrize(
        ("left", "said"), [(0.5, "1"), (300, "300"), (35_999, "35999"), (36_000, None), (90_000, None)]
    )
    def test_it_waits_at_twilio_no_longer_than_it_is_valid(self, vendor: Vendor, left: float, said: str | None) -> None:
        message = a_message(updated_at=NOW, expires_at=NOW + timedelta(seconds=left))
        self.provider(vendor.answers(self.accepted).url).send(message)
        assert vendor.calls[0].form.get("ValidityPeriod") == said

    def test_a_text_of_more_than_1600_characters_is_not_sent(self, vendor: Vendor) -> None:
        assert (
            self.failure(vendor.answers(self.accepted).url, a_message(body="x" * 1601)).reason.code == "text_too_long"
        )
        assert vendor.calls == []

    @pytest.mark.parametrize(("code", "reason"), pairs(REFUSED))
    def test_each_of_its_codes_is_a_refusal_with_its_reason(self, vendor: Vendor, code: int, reason: str) -> None:
        failure = self.failure(vendor.answers(error(code)).url)
        assert (type(failure), failure.reason.code, failure.response) == (
            Refused,
            reason,
            {"http_status": 400, "code": code},
        )

    @pytest.mark.parametrize(
        ("reply", "kind", "reason"),
        [
            (error(20429, 429), Unavailable, "throttled"),
            (error(21611), Unavailable, "throttled"),
            (error(14107), Unavailable, "throttled"),
            (error(20503, 503), Unavailable, "provider_unavailable"),
            (error(21730), Unavailable, "provider_unavailable"),
            (error(20500, 500), Uncertain, "answer_unclear"),
            (error(20504, 400), Uncertain, "answer_unclear"),
            (error(20003, 401), Refused, "credentials_refused"),
            (error(None, 401), Refused, "credentials_refused"),
            (error(29999, 403), Refused, "not_permitted"),
            (error(29999), Refused, "request_refused"),
            (error("x"), Refused, "request_refused"),
            (Reply.json({**MESSAGE, "status": "failed", "error_code": 30007}, 201), Refused, "spam"),
            (Reply.json({**MESSAGE, "sid": None}, 201), Uncertain, "answer_unclear"),
        ],
    )
    def test_what_else_it_answers_says_what_may_be_done(
        self, vendor: Vendor, reply: Reply, kind: type[AttemptError], reason: str
    ) -> None:
        failure = self.failure(vendor.answers(reply).url)
        assert (type(failure), failure.reason.code) == (kind, reason)

    def test_a_message_is_asked_for_by_its_sid(self, vendor: Vendor) -> None:
        vendor.answers(Reply.json({**MESSAGE, "status": "delivered"}))
        assert self.provider(vendor.url).status(MESSAGE)["status"] == "delivered"
        assert [(call.method, call.path) for call in vendor.calls] == [
            ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json")
        ]

    @pytest.mark.parametrize(
        "response", [{}, {"sid": ""}, {"sid": None}, {"sid": "../x"}, {"sid": ["a"]}, {"sid": True}]
    )
    def test_a_response_without_a_sid_asks_nobody(self, vendor: Vendor, response: Mapping[str, Any]) -> None:
        with pytest.raises(NotFound):
            self.provider(vendor.url).status(response)
        assert vendor.calls == []

    def test_a_message_that_it_does_not_know_is_not_found(self, vendor: Vendor) -> None:
        with pytest.raises(NotFound):
            self.provider(vendor.answers(error(20404, 404)).url).status(MESSAGE)

    @pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(200), error(20429, 429)])
    def test_a_question_without_an_answer_may_be_asked_again(self, vendor: Vendor, reply: Reply) -> None:
        with pytest.raises(Unavailable):
            self.provider(vendor.answers(reply).url).status(MESSAGE)


@pytest.mark.parametrize(("code", "reason"), pairs(LATER))
def test_each_code_of_a_callback_has_its_reason(code: int, reason: str) -> None:
    receipt = Twilio.parse_receipt({**CALLED_BACK, "ErrorCode": str(code)})
    assert (receipt.status, receipt.reason and receipt.reason.code) == (Status.UNDELIVERED, reason)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("accepted", Status.SENT), ("scheduled", Status.SENT), ("queued", Status.SENT), ("sending", Status.SENT),
        ("sent", Status.SENT), ("delivered", Status.DELIVERED), ("read", Status.DELIVERED),
        ("partially_delivered", Status.SENT), ("undelivered", Status.UNDELIVERED), ("failed", Status.UNDELIVERED),
        ("canceled", Status.UNDELIVERED), ("receiving", Status.UNKNOWN),
        ("received", Status.UNKNOWN), ("", Status.UNKNOWN),
    ],
)  # fmt: skip
def test_its_words_for_how_a_text_fares(said: str, status: Status) -> None:
    assert Twilio.parse_receipt({**CALLED_BACK, "MessageStatus": said, "SmsStatus": said}).status is status
    assert Twilio.parse_receipt({**MESSAGE, "status": said}).status is status


def test_who_canceled_it_at_twilio_is_told_so() -> None:
    reason = Twilio.parse_receipt({**MESSAGE, "status": "canceled"}).reason
    assert reason and reason.code == "canceled"


@pytest.mark.parametrize(
    ("price", "amount"),
    [("-0.00750", "0.00750"), ("0.1", "0.1"), (-0.0075, "0.0075"), (None, None), ("free", None), ("--1", None)],
)
def test_its_price_has_a_minus(price: object, amount: str | None) -> None:
    assert Twilio.parse_receipt({**MESSAGE, "price": price}).price == amount


def test_when_it_changed_is_the_time_of_a_receipt() -> None:
    receipt = Twilio.parse_receipt(
        {**MESSAGE, "status": "delivered", "date_updated": "Wed, 25 Nov 2026 09:00:04 +0530"}
    )
    assert receipt.at == datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)
    assert Twilio.parse_receipt({**MESSAGE, "date_updated": "Wed, 31 Feb 2026 09:00:04 +0530"}).at is None


def test_a_callback_for_another_number_is_not_about_this_text() -> None:
    assert Twilio.addressed_to(CALLED_BACK, NUMBER)
    assert not Twilio.addressed_to({**CALLED_BACK, "To": "+15005550006"}, NUMBER)


def test_what_a_person_wrote_is_their_text_or_what_twilio_made_of_it() -> None:
    written = {"From": NUMBER, "To": "+15005550006", "Body": "Arrêt"}
    assert Twilio.parse_inbound(written) == Text(NUMBER, "Arrêt")
    assert Twilio.parse_inbound({**written, "OptOutType": "STOP"}) == Text(NUMBER, "STOP")
    assert Twilio.parse_inbound({}) == Text()


@pytest.mark.parametrize(
    ("region", "edge", "host"),
    [
        ("", "", "api.twilio.com"),
        ("ie1", "", "api.ie1.twilio.com"),
        ("", "dublin", "api.dublin.us1.twilio.com"),
        ("ie1", "dublin", "api.dublin.ie1.twilio.com"),
    ],
)
def test_region_and_edge_are_in_its_host(region: str, edge: str, host: str) -> None:
    made = Twilio(transport("http", ""), account_sid=ACCOUNT, auth_token=TOKEN, region=region, edge=edge)
    assert made._base == f"https://{host}"


@pytest.mark.parametrize(
    "values", [{"region": "a.b"}, {"edge": "x/y"}, {"edge": "-a"}, {"api_key": "SK1"}, {"api_secret": "s"}]
)
def test_what_cannot_be_used_is_told(values: Mapping[str, str]) -> None:
    with pytest.raises(InvalidSettings):
        Twilio(transport("http", ""), **{"account_sid": ACCOUNT, "auth_token": TOKEN, **values})
