"""Exotel keeps the contract, and a message becomes the request that it wants."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from herald.errors import InvalidSettings, NotFound, Refused, Unavailable
from herald.message.kinds import Kind
from herald.providers._base import Text
from herald.providers.exotel import Exotel
from tests.providers.contract import CALLBACK, NUMBER, TEXT, ProviderContract, a_message
from tests.providers.exotel import DELIVERED, DND, MESSAGE, SID, exotel, rest
from tests.providers.server import Reply, Vendor

ACCOUNT = "/v1/Accounts/jungle1"


class TestExotel(ProviderContract):
    name = "exotel"
    values: ClassVar[Mapping[str, str]] = {
        "sid": "jungle1",
        "token": "t0ken-of-jungle",
        "key": "k3y-of-jungle",
        "domain": "api.in.exotel.com",
        "priority": "normal",
        "sender": "JUNGLE",
        "dlt_entity_id": "1101234567890123456",
        "dlt_template_id": "1107654321098765432",
        "sms_type": "transactional_opt_in",
        "country": "IN",
    }
    accepted = Reply.json({"SMSMessage": MESSAGE})
    provider_id = SID
    delivered: ClassVar[Mapping[str, Any]] = {**DELIVERED, "CustomField": TEXT}
    undelivered: ClassVar[Mapping[str, Any]] = {**DND, "CustomField": TEXT}
    called_back: ClassVar[Mapping[str, str]] = {"StatusCallback": CALLBACK}
    refused = Reply.json(rest(400, 40300, f"No SMS SenderId found for Account=[jungle1], From=[{NUMBER}]"), 400)
    refused_reason = "invalid_sender"
    throttled = Reply.json(rest(429, 40403), 429, **{"Retry-After": "17", "X-RateLimit-Remaining": "0"})
    retry_after = 17.0

    def sent_fields(self) -> Mapping[str, str]:
        return {
            "From": "JUNGLE",
            "To": NUMBER,
            "Body": TEXT,
            "EncodingType": "plain",
            "Priority": "normal",
            "DltEntityId": "1101234567890123456",
            "DltTemplateId": "1107654321098765432",
            "SmsType": "transactional_opt_in",
        }

    def test_the_form_goes_to_the_accounts_json_route_with_credentials_in_the_header(self, vendor: Vendor) -> None:
        self.provider(vendor.answers(self.accepted).url).send(a_message())
        call = vendor.calls[0]
        assert (call.method, call.path) == ("POST", f"{ACCOUNT}/Sms/send.json")
        assert call.headers["authorization"] == "Basic azN5LW9mLWp1bmdsZTp0MGtlbi1vZi1qdW5nbGU="
        assert call.headers["content-type"] == "application/x-www-form-urlencoded"

    def test_the_block_of_the_seed_is_enough(self, vendor: Vendor) -> None:
        vendor.answers(self.accepted)
        minimal = {name: "" for name in self.values if name not in ("sid", "token")}
        self.provider(vendor.url, **minimal).send(a_message())
        fields = {"From": "jungle1", "To": NUMBER, "Body": TEXT, "EncodingType": "plain", "Priority": "high"}
        assert vendor.calls[0].form == fields
        assert vendor.calls[0].headers["authorization"] == "Basic anVuZ2xlMTp0MGtlbi1vZi1qdW5nbGU="

    def test_the_details_of_a_message_are_asked_for_by_its_sid(self, vendor: Vendor) -> None:
        vendor.answers(Reply.json({"SMSMessage": {**MESSAGE, "Status": "sent", "DetailedStatusCode": 20005}}))
        assert self.provider(vendor.url).status(MESSAGE)["Status"] == "sent"
        assert [(call.method, call.path) for call in vendor.calls] == [("GET", f"{ACCOUNT}/SMS/Messages/{SID}.json")]
        assert vendor.calls[0].headers["authorization"].startswith("Basic ")

    def test_what_its_details_say_is_a_receipt_too(self, vendor: Vendor) -> None:
        told = {"Status": "sent", "DetailedStatusCode": 20005, "DateSent": "2026-11-25 09:00:04", "Price": 0.1375}
        vendor.answers(Reply.json({"SMSMessage": {**MESSAGE, **told}}))
        receipt = Exotel.parse_receipt(self.provider(vendor.url).status(MESSAGE))
        assert (receipt.provider_id, receipt.status, receipt.reason) == (SID, "delivered", None)
        assert (receipt.at, receipt.price) == (datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC), "0.1375")
        assert receipt.raw == {**told, "Sid": SID, "DateUpdated": "2026-11-25 09:00:00",
                               "DetailedStatus": "PENDING_TO_OPERATOR"}  # fmt: skip

    def test_no_address_in_a_response_is_ever_asked(self, vendor: Vendor) -> None:
        vendor.answers(self.accepted)
        evil = {**MESSAGE, "Uri": "http://169.254.169.254/latest/meta-data", "Sid": "../../../secret?x=y#z"}
        self.provider(vendor.url).status(evil)
        assert vendor.calls[0].path == f"{ACCOUNT}/SMS/Messages/..%2F..%2F..%2Fsecret%3Fx%3Dy%23z.json"

    @pytest.mark.parametrize("response", [{}, {"Sid": ""}, {"Sid": None}, {"Sid": ".."}, {"Sid": ["a"]}, {"Sid": True}])
    def test_a_response_without_a_sid_asks_nobody(self, vendor: Vendor, response: Mapping[str, Any]) -> None:
        with pytest.raises(NotFound):
            self.provider(vendor.url).status(response)
        assert vendor.calls == []

    @pytest.mark.parametrize(
        "reply",
        [
            Reply.json({"RestException": {"Status": 200, "Message": "No matching results", "Code": 20000}}),
            Reply.json({"Message": "No matching results"}),
            Reply.xml("<TwilioResponse><Message>No Matching Results</Message></TwilioResponse>"),
            Reply.json(rest(404, 34002), 404),
        ],
    )
    def test_an_unknown_sid_is_not_found_though_exotel_answers_200(self, vendor: Vendor, reply: Reply) -> None:
        with pytest.raises(NotFound):
            self.provider(vendor.answers(reply).url).status(MESSAGE)

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(500),
            Reply(503),
            Reply(200),
            Reply(302, headers={"Location": "/"}),
            Reply.json(rest(429, 40402), 429),
            *(Reply(200, b"{}" * 99, fault=fault) for fault in ProviderContract.lost),
        ],
    )
    def test_details_that_cannot_be_had_now_may_be_asked_for_again(self, vendor: Vendor, reply: Reply) -> None:
        with pytest.raises(Unavailable) as caught:
            self.provider(vendor.answers(reply).url).status(MESSAGE)
        self.assert_silent(caught.value)
        assert len(vendor.calls) == 1

    def test_details_are_refused_to_wrong_credentials(self, vendor: Vendor) -> None:
        with pytest.raises(Refused) as caught:
            self.provider(vendor.answers(Reply.json(rest(401, 34010), 401)).url).status(MESSAGE)
        assert caught.value.code == "credentials_refused"

    def test_what_is_not_found_says_what_to_look_at(self, vendor: Vendor) -> None:
        provider = self.provider(vendor.answers(Reply(404)).url)
        said = []
        for response in ({}, {"Sid": SID}):
            with pytest.raises(NotFound) as caught:
                provider.status(response)
            said.append((caught.value.detail, caught.value.hint))
        assert said == [
            ("Exotel gave this message no Sid to ask for.", NotFound.hint),
            ("Exotel does not know this message.", "It may belong to another account or cluster."),
        ]


class TestRequest:
    def test_the_messages_sender_comes_before_the_channels(self) -> None:
        assert exotel(sender="JUNGLE").request(a_message(sender="WOLVES"))["From"] == "WOLVES"
        assert exotel(sender="JUNGLE").request(a_message())["From"] == "JUNGLE"
        assert exotel().request(a_message())["From"] == "jungle1"

    def test_the_encoding_is_always_said(self) -> None:
        assert exotel().request(a_message())["EncodingType"] == "plain"
        assert exotel().request(a_message(encoding="UCS-2"))["EncodingType"] == "unicode"

    def test_a_text_of_2000_characters_passes_and_one_more_is_refused_before_any_call(self) -> None:
        assert len(exotel().request(a_message(body="é" * 2000))["Body"]) == 2000
        with pytest.raises(Refused) as caught:
            exotel().request(a_message(body="é" * 2001))
        assert caught.value.code == "text_too_long"

    @pytest.mark.parametrize(
        ("configured", "kind", "said"),
        [
            ("transactional", "transactional", "transactional"),
            ("transactional", "promotional", "promotional"),
            ("promotional", "transactional", "promotional"),
            ("promotional", "otp", "transactional"),
            ("Transactional_Opt_In", "transactional", "transactional_opt_in"),
            ("", "promotional", None),
        ],
    )
    def test_the_kind_of_a_message_decides_its_type_once_the_channel_says_one(
        self, configured: str, kind: Kind, said: str | None
    ) -> None:
        assert exotel(sms_type=configured).request(a_message(kind=kind)).get("SmsType") == said

    @pytest.mark.parametrize("domain", ["api.exotel.com", "api.in.exotel.com", "API.EXOTEL.COM"])
    def test_a_domain_is_a_host_name(self, domain: str) -> None:
        assert exotel(domain=domain)._account == f"https://{domain}/v1/Accounts/jungle1"

    @pytest.mark.parametrize(
        "domain",
        ["https://api.exotel.com", "api.exotel.com/x", "evil.com#", "a@b.com", "api.exotel.com:443", "localhost",
         "127.0.0.1", "-a.com", "a..com", "api.exotel.com\n", " api.exotel.com", "ａpi.exotel.com"],
    )  # fmt: skip
    def test_anything_else_is_no_domain_and_is_not_repeated(self, domain: str) -> None:
        with pytest.raises(InvalidSettings) as caught:
            exotel(domain=domain)
        assert [(problem.field, problem.code) for problem in caught.value.problems] == [("domain", "invalid_host")]
        assert str(caught.value) == "invalid_settings: domain: must be a host name such as api.exotel.com"

    def test_a_wrong_endpoint_is_told_by_its_field(self) -> None:
        with pytest.raises(InvalidSettings) as caught:
            exotel(endpoint_url="http://api.exotel.com")
        assert [problem.field for problem in caught.value.problems] == ["endpoint_url"]

    def test_an_account_cannot_leave_its_place_in_the_path(self) -> None:
        assert exotel(sid="a/../b?c")._account == "https://api.exotel.com/v1/Accounts/a%2F..%2Fb%3Fc"


@pytest.mark.parametrize("country", ["India", "I", "I1", "+91", "\u0131n"])
def test_an_accounts_country_is_a_code_of_two_letters(country: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        exotel(country=country)
    assert [(problem.field, problem.code) for problem in caught.value.problems] == [("country", "invalid_country")]


def test_an_account_is_in_india_unless_its_channel_says_otherwise() -> None:
    assert [Exotel.home(values) for values in ({}, {"country": ""}, {"country": "sg"})] == ["IN", "IN", "SG"]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"SmsSid": "1", "From": "9052161119", "To": "0", "Date": "d", "Body": "STOP"}, Text("9052161119", "STOP")),
        ({"Sender": "+911234567890", "ReceivedOn": "12345", "MessageBody": "Hi"}, Text("+911234567890", "Hi")),
        ({"From": " 911234567890", "Body": ""}, Text(" 911234567890", "")),
        ({"From": "00911234567890", "Body": "a"}, Text("+911234567890", "a")),
        ({"From": "0911234567890", "Body": "a"}, Text("+911234567890", "a")),
        ({"From": "01234567890", "Body": "a"}, Text("01234567890", "a")),
        ({"From": 911234567890, "Body": 1}, Text("911234567890", "1")),
        ({"From": ["a", "b"], "Body": None}, Text(None, None)),
        ({"from": "1", "Text": "STOP"}, Text(None, None)),
        ({}, Text(None, None)),
    ],
)
def test_what_people_write_is_read_in_each_of_exotels_shapes(said: dict[str, Any], text: Text) -> None:
    assert Exotel.parse_inbound(said) == text
