"""Amazon SNS keeps the contract, through a real boto3 client, and every word of its own is understood."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings, Problem, Refused, Uncertain, Unsupported
from herald.message.kinds import Kind
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.providers._idle import LONGEST
from herald.providers.amazonsns import FAILURES, AmazonSNS
from tests.providers.contract import NUMBER, TEXT, ProviderContract, a_message, transport
from tests.providers.server import Reply, Vendor

CLIENT = transport("sns", "http://127.0.0.1:9")
ID = "94f20ce6-13c5-43a0-9a9e-ca52d816e90b"
EVENTS = Path(__file__).resolve().parents[2] / "events"


def recorded(name: str) -> list[dict[str, Any]]:
    """The entries of SNS's delivery log in a recorded event of CloudWatch Logs."""
    event = json.loads((EVENTS / f"receipt-sns-{name}.json").read_text())
    logs = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    return [json.loads(entry["message"]) for entry in logs["logEvents"]]


(ON_THE_PHONE, AT_ITS_CARRIER), (UNREACHABLE, OPTED_OUT) = recorded("success"), recorded("failure")


def published(inner: str = f"<MessageId>{ID}</MessageId>") -> Reply:
    return Reply.xml(
        '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
        f"<PublishResult>{inner}</PublishResult>"
        "<ResponseMetadata><RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata>"
        "</PublishResponse>"
    )


def error(status: int, code: str, text: str = f"Invalid parameter: {TEXT} to {NUMBER}", **headers: str) -> Reply:
    return Reply.xml(
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
        f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
        "<RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ErrorResponse>",
        status,
        **headers,
    )


def sns(**values: str) -> AmazonSNS:
    return AmazonSNS(CLIENT, **values)


def attributes(provider: AmazonSNS, **changes: Any) -> dict[str, str]:
    """The message attributes, as names and values."""
    sent = provider.request(a_message(**changes))["MessageAttributes"]
    return {name: attribute["StringValue"] for name, attribute in sent.items()}


class TestAmazonSNS(ProviderContract):
    name = "amazonsns"
    values: ClassVar[Mapping[str, str]] = {
        "smstype": "Promotional",
        "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "test-secret-key",
        "region_name": "ap-southeast-1",
        "sender": "Gramex",
        "dlt_entity_id": "1101234567890123456",
        "dlt_template_id": "1107654321098765432",
        "origination_number": "+12065550100",
        "max_price": "0.05",
    }
    accepted = published()
    provider_id = ID
    delivered: ClassVar[Mapping[str, Any]] = ON_THE_PHONE
    undelivered: ClassVar[Mapping[str, Any]] = UNREACHABLE
    refused = error(400, "InvalidParameter", f"Invalid parameter: PhoneNumber Reason: {NUMBER} is not valid")
    refused_reason = "invalid_number"
    throttled = error(400, "Throttling", f"Rate exceeded for {NUMBER}", **{"Retry-After": "3"})
    retry_after = 3.0

    def sent_fields(self) -> Mapping[str, str]:
        wanted = {
            "AWS.SNS.SMS.SMSType": ("String", "Promotional"),
            "AWS.SNS.SMS.SenderID": ("String", "Gramex"),
            "AWS.MM.SMS.OriginationNumber": ("String", "+12065550100"),
            "AWS.MM.SMS.EntityId": ("String", "1101234567890123456"),
            "AWS.MM.SMS.TemplateId": ("String", "1107654321098765432"),
            "AWS.SNS.SMS.MaxPrice": ("Number", "0.05"),
        }
        fields = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": NUMBER, "Message": TEXT}
        for place, (name, (data_type, value)) in enumerate(wanted.items(), 1):
            entry = f"MessageAttributes.entry.{place}"
            fields |= {f"{entry}.Name": name, f"{entry}.Value.DataType": data_type, f"{entry}.Value.StringValue": value}
        return fields

    def test_the_answer_is_given_whole_with_its_metadata(self, vendor: Vendor) -> None:
        sent = self.provider(vendor.answers(self.accepted).url).send(a_message())
        assert sent.response["MessageId"] == ID
        metadata = sent.response["ResponseMetadata"]
        assert isinstance(metadata, dict)
        assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (200, 0)

    @pytest.mark.parametrize("inner", ["", "<MessageId></MessageId>", "<Other>1</Other>"])
    def test_a_success_without_a_message_id_is_uncertain(self, vendor: Vendor, inner: str) -> None:
        assert isinstance(self.failure(vendor.answers(published(inner)).url), Uncertain)

    @pytest.mark.parametrize(
        ("code", "text", "reason"),
        [
            ("InvalidParameter", "Invalid parameter: PhoneNumber Reason: 12 is not valid to publish", "invalid_number"),
            ("InvalidParameter", "Invalid parameter: Message too long", "text_too_long"),
            ("InvalidParameter", "Invalid parameter: Empty message", "invalid_text"),
            ("InvalidParameter", "Invalid parameter: something new", "request_refused"),
            ("ParameterValueInvalid", "The value for AWS.SNS.SMS.SenderID is invalid", "invalid_sender"),
            ("InvalidParameterValue", "AWS.MM.SMS.OriginationNumber is not yours", "invalid_sender"),
            ("ParameterValueInvalid", "", "request_refused"),
            ("OptedOut", "", "opted_out"),
            ("NotFound", "PhoneNumber", "request_refused"),
            ("ACodeOfNextYear", "", "request_refused"),
        ],
    )
    def test_a_refusal_has_its_reason(self, vendor: Vendor, code: str, text: str, reason: str) -> None:
        failure = self.failure(vendor.answers(error(400, code, text)).url)
        assert isinstance(failure, Refused)
        assert failure.code == reason
        assert failure.code in REASONS
        request_id = "f187a3c1-376f-11df-8963-01868b7c937a"
        assert failure.response == {"code": code, "http_status": 400, "request_id": request_id}

    def test_an_account_that_may_not_publish_lets_another_channel_try(self, vendor: Vendor) -> None:
        failure = self.failure(vendor.answers(error(403, "AuthorizationError")).url)
        assert isinstance(failure, Refused)
        assert (failure.code, failure.channels_own) == ("not_permitted", True)

    def test_a_publish_that_failed_inside_sns_is_uncertain(self, vendor: Vendor) -> None:
        assert isinstance(self.failure(vendor.answers(error(500, "InternalError")).url), Uncertain)

    def test_there_is_no_status_to_ask_for_and_the_answer_says_what_to_do(self, vendor: Vendor) -> None:
        with pytest.raises(Unsupported) as caught:
            self.provider(vendor.url).status({"MessageId": ID})
        assert caught.value.detail == "Amazon SNS cannot be asked what became of a message."
        hint = "Switch on SNS delivery logging: its receipts then update the message by themselves."
        assert caught.value.hint == hint
        assert vendor.calls == []


class TestRequest:
    def test_a_channel_with_no_fields_sends_as_transactional_and_names_no_sender(self) -> None:
        assert attributes(sns()) == {"AWS.SNS.SMS.SMSType": "Transactional"}

    @pytest.mark.parametrize(
        ("configured", "kind", "said"),
        [
            ("Transactional", "transactional", "Transactional"),
            ("Transactional", "promotional", "Promotional"),
            ("Transactional", "otp", "Transactional"),
            ("Promotional", "transactional", "Promotional"),
            ("Promotional", "promotional", "Promotional"),
            ("Promotional", "otp", "Transactional"),
            ("promotional", "transactional", "Promotional"),
            ("TRANSACTIONAL", "transactional", "Transactional"),
        ],
    )
    def test_the_kind_of_a_message_decides_and_the_channel_says_the_default(
        self, configured: str, kind: Kind, said: str
    ) -> None:
        assert attributes(sns(smstype=configured), kind=kind)["AWS.SNS.SMS.SMSType"] == said

    def test_the_messages_sender_comes_before_the_channels(self) -> None:
        assert attributes(sns(sender="Gramex"), sender="Jungle")["AWS.SNS.SMS.SenderID"] == "Jungle"
        assert attributes(sns(sender="Gramex"))["AWS.SNS.SMS.SenderID"] == "Gramex"

    @pytest.mark.parametrize("sender", ["a", "A1", "1a", "Gramex", "my-company", "12345678-aB"])
    def test_a_sender_of_1_to_11_letters_digits_or_hyphens_passes(self, sender: str) -> None:
        assert attributes(sns(), sender=sender)["AWS.SNS.SMS.SenderID"] == sender

    @pytest.mark.parametrize("sender", ["123456", "-", "abcdefghijkl", "a b", "a_b", "a.b", "é", "अ", "a\n", "+1206a"])
    def test_any_other_sender_is_refused_before_any_call(self, sender: str) -> None:
        for provider, message in ((sns(), a_message(sender=sender)), (sns(sender=sender), a_message())):
            with pytest.raises(Refused) as caught:
                provider.request(message)
            assert caught.value.code == "invalid_sender"
            assert caught.value.detail == ("A sender id for SNS has 1 to 11 letters, digits or hyphens, and a letter.")

    @pytest.mark.parametrize("price", ["0.05", "1", "10.50"])
    def test_a_maximum_price_is_a_number(self, price: str) -> None:
        sent = sns(max_price=price).request(a_message())["MessageAttributes"]["AWS.SNS.SMS.MaxPrice"]
        assert sent == {"DataType": "Number", "StringValue": price}

    @pytest.mark.parametrize("price", ["cheap", "-1", "0,05", "$1", "1e3", "nan", "०.५", "1\n", "."])
    def test_anything_else_is_no_price_and_is_reported_with_the_settings(self, price: str) -> None:
        with pytest.raises(InvalidSettings) as caught:
            sns(max_price=price)
        problem = Problem("max_price", "invalid_price", "must be an amount in USD such as 0.05")
        assert list(caught.value.problems) == [problem]


def test_a_connection_that_stood_idle_is_closed_before_the_next_publish() -> None:
    class Client:
        closed = 0

        def close(self) -> None:
            self.closed += 1

        def publish(self, **request: object) -> dict[str, str]:
            return {"MessageId": f"{self.closed} closed"}

    provider = AmazonSNS(Client())
    assert provider.transmit({})["MessageId"] == "0 closed"
    provider._idle._used -= LONGEST + 1
    assert provider.transmit({})["MessageId"] == "1 closed"


class TestRead:
    VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)

    @given(st.dictionaries(st.sampled_from(["MessageId", "ResponseMetadata", "Other"]), VALUES))
    def test_only_a_message_id_makes_a_success(self, answer: dict[str, Any]) -> None:
        try:
            sent = sns().read(answer)
        except Uncertain:
            assert not answer.get("MessageId") or not isinstance(answer["MessageId"], str)
        else:
            assert sent.provider_id == answer["MessageId"]
            assert json.loads(json.dumps(sent.response)) == answer


# Written down from AWS's page of them, apart from the table of the code: status, providerResponse, status, reason.
RESPONSES = [
    ("SUCCESS", "Message has been accepted by phone carrier", "sent", None),
    ("SUCCESS", "Message has been accepted by phone", "delivered", None),
    ("FAILURE", "Blocked as spam by phone carrier", "undelivered", "spam"),
    ("FAILURE", "Destination is on a blocked list", "undelivered", "number_blocked"),
    ("FAILURE", "Invalid phone number", "undelivered", "invalid_number"),
    ("FAILURE", "Message body is invalid", "undelivered", "invalid_text"),
    ("FAILURE", "No quota left for account", "undelivered", "spend_limit"),
    ("FAILURE", "Phone carrier has blocked this message", "undelivered", "carrier_blocked"),
    ("FAILURE", "Phone carrier is currently unreachable/unavailable", "undelivered", "carrier_unavailable"),
    ("FAILURE", "Phone has blocked SMS", "undelivered", "texts_blocked"),
    ("FAILURE", "Phone is on a blocked list", "undelivered", "number_blocked"),
    ("FAILURE", "Phone is currently unreachable/unavailable", "undelivered", "recipient_unavailable"),
    ("FAILURE", "Phone number is opted out", "undelivered", "opted_out"),
    ("FAILURE", "This delivery would exceed max price", "undelivered", "price_too_high"),
    ("FAILURE", "Unknown error attempting to reach phone", "undelivered", "unexplained"),
]


def entry(status: Any, response: Any, base: Mapping[str, Any] = ON_THE_PHONE, **changes: Any) -> dict[str, Any]:
    """An entry of the log with these words; a field of the delivery that is changed to ... is missing."""
    delivery = {**base["delivery"], "providerResponse": response, **changes}
    return {**base, "status": status, "delivery": {name: value for name, value in delivery.items() if value is not ...}}


def fate(said: Mapping[str, Any]) -> tuple[str, str | None]:
    receipt = AmazonSNS.parse_receipt(said)
    return str(receipt.status), receipt.reason and receipt.reason.code


class TestReceipt:
    @pytest.mark.parametrize(("said", "response", "status", "reason"), RESPONSES)
    @pytest.mark.parametrize("base", [ON_THE_PHONE, OPTED_OUT], ids=["with every field", "with some fields missing"])
    def test_each_text_has_its_status_and_reason(
        self, said: str, response: str, status: str, reason: str | None, base: Mapping[str, Any]
    ) -> None:
        for written in (response, response.upper(), f" {response}. ", response.replace(" ", "  ")):
            assert fate(entry(said, written, base)) == (status, reason)
            assert fate(entry(said.lower(), written, base)) == (status, reason)

    @pytest.mark.parametrize(("said", "response", "status", "reason"), RESPONSES)
    def test_each_text_says_enough_where_the_status_is_missing_or_new(
        self, said: str, response: str, status: str, reason: str | None
    ) -> None:
        for word in (..., None, "", "PENDING", 1):
            shown = {name: value for name, value in entry(word, response).items() if value is not ...}
            assert fate(shown) == (status, reason)

    def test_every_text_of_the_table_is_tested(self) -> None:
        texts = [response.split("/")[0] for said, response, _, _ in RESPONSES if said == "FAILURE"]
        alike = {text.replace("unreachable", "unavailable") for text in texts}
        assert {*texts, *alike} == FAILURES.keys()

    @pytest.mark.parametrize(
        ("response", "reason"),
        [
            ("Phone is currently unavailable", "recipient_unavailable"),
            ("Phone is currently unreachable: no answer in 24 h", "recipient_unavailable"),
            ("Phone carrier is currently unavailable", "carrier_unavailable"),
            ("Blocked as spam by phone carrier (filter)", "spam"),
            ("+919876500090 is opted out", "opted_out"),
            ("Phone number +91 98765 00090 is opted out", "opted_out"),
            ("The recipient has opted out.", "opted_out"),
            ("Phone is blacklisted", "number_blocked"),
            ("Destination is blacklisted", "number_blocked"),
            ("A failure of next year", "unexplained"),
            ("Message has been accepted by phone", "unexplained"),
            ("", "unexplained"),
            (None, "unexplained"),
            (["Invalid phone number"], "unexplained"),
        ],
    )
    def test_a_failure_is_undelivered_whatever_its_words(self, response: object, reason: str) -> None:
        for status in ("FAILURE", "failure", " Failure "):
            assert fate(entry(status, response)) == ("undelivered", reason)

    @pytest.mark.parametrize(("said", "response", "status", "reason"), RESPONSES)
    @pytest.mark.parametrize("number", ["+919876500090", "919876500090", "+91 98765 00090", "+91******0090"])
    def test_a_sentence_is_read_wherever_it_stands_and_whoever_is_its_subject(
        self, said: str, response: str, status: str, reason: str | None, number: str
    ) -> None:
        subjects = re.compile("^(Phone number|Phone(?! carrier)|Destination)|(?<=by )phone$|(?<=reach )phone$")
        for written in (f"{number}: {response}", f"Error 5 - {response}", subjects.sub(number, response)):
            assert fate(entry(said, written)) == (status, reason), written
        if said == "FAILURE":
            assert fate(entry(said, f"{response}: {number}")) == (status, reason)

    @pytest.mark.parametrize(
        "response",
        ["Message has been accepted by phone carrier", "Message has been accepted by phone carrier XY",
         "Message has been accepted by phone network", "Message has been accepted by phones", "Invalid phone number",
         "Message has been accepted by", "OK", "", None, 7],
    )  # fmt: skip
    def test_only_the_phone_itself_makes_it_delivered_and_a_success_in_other_words_is_sent(
        self, response: object
    ) -> None:
        for status in ("SUCCESS", "success"):
            assert fate(entry(status, response)) == ("sent", None)

    @pytest.mark.parametrize("status", ["PENDING", "", None, True, ["SUCCESS"]])
    @pytest.mark.parametrize("response", ["words of next year", "", None])
    def test_what_is_neither_a_success_nor_a_failure_is_unknown(self, status: object, response: object) -> None:
        assert fate(entry(status, response)) == ("unknown", None)

    def test_a_recorded_entry_is_read_whole(self) -> None:
        assert AmazonSNS.parse_receipt(ON_THE_PHONE) == Receipt(
            provider_id=ID,
            status=Status.DELIVERED,
            at=datetime(2026, 11, 25, 3, 30, 3, 902_000, tzinfo=UTC),
            price="0.00278",
            raw={
                "messageId": ID,
                "status": "SUCCESS",
                "providerResponse": "Message has been accepted by phone",
                "phoneCarrier": "Vodafone Idea",
                "smsType": "Transactional",
                "mcc": 404,
                "mnc": 20,
                "numberOfMessageParts": 1,
                "dwellTimeMs": 599,
                "dwellTimeMsUntilDeviceAck": 1344,
                "priceInUSD": 0.00278,
            },
            to=NUMBER,
        )
        assert fate(AT_ITS_CARRIER) == ("sent", None)

    def test_an_entry_without_price_and_carrier_is_read_too(self) -> None:
        receipt = AmazonSNS.parse_receipt(OPTED_OUT)
        assert (receipt.price, receipt.to, receipt.reason) == (None, NUMBER, REASONS["opted_out"])
        assert receipt.raw.keys() == {"messageId", "status", "providerResponse", "smsType", "dwellTimeMs"}

    @pytest.mark.parametrize(
        ("until_ack", "dwell", "later"),
        [(1344, 599, 1344), ("1344", 599, 1344), (..., 599, 599), (None, 599, 599), (0, 599, 0), (..., ..., 0),
         (-5, 599, 599), (10**9, ..., 0), (259_200_000, 599, 259_200_000), ("soon", "late", 0), (True, 1.5, 0)],
    )  # fmt: skip
    def test_it_came_about_when_the_phone_or_else_the_carrier_had_answered(
        self, until_ack: Any, dwell: Any, later: int
    ) -> None:
        said = entry("SUCCESS", "OK", dwellTimeMsUntilDeviceAck=until_ack, dwellTimeMs=dwell)
        published = datetime(2026, 11, 25, 3, 30, 2, 558_000, tzinfo=UTC)
        assert AmazonSNS.parse_receipt(said).at == published + timedelta(milliseconds=later)

    @pytest.mark.parametrize("timestamp", [None, "", "yesterday", "2026-13-25 03:30:02.558", 1795577402558])
    def test_without_a_time_it_is_not_known_when(self, timestamp: object) -> None:
        said = {**ON_THE_PHONE, "notification": {"messageId": ID, "timestamp": timestamp}}
        assert AmazonSNS.parse_receipt(said).at is None

    @pytest.mark.parametrize(
        ("price", "amount"),
        [(0.00645, "0.00645"), (0.0, "0"), (1, "1"), ("0.02", "0.02"), (0.00001, "0.00001"), (None, None), (..., None),
         (-0.1, None), (float("nan"), None), (float("inf"), None), (1e300, None), ("free", None)],
    )  # fmt: skip
    def test_a_price_is_a_decimal_text(self, price: Any, amount: str | None) -> None:
        assert AmazonSNS.parse_receipt(entry("SUCCESS", "OK", priceInUSD=price)).price == amount

    @pytest.mark.parametrize(
        "destination",
        [..., None, "", "9741552552", "919741552552", "+1XXX5550100", "+0741552552", "+91974", "+9197415525520000", 91],
    )
    def test_a_destination_that_is_no_whole_number_is_nobodys(self, destination: object) -> None:
        assert AmazonSNS.parse_receipt(entry("SUCCESS", "OK", destination=destination)).to is None

    @pytest.mark.parametrize("part", [None, "", [], 7, "Phone number is opted out"])
    def test_an_entry_whose_parts_are_no_objects_is_read_as_far_as_it_goes(self, part: object) -> None:
        said = {"notification": part, "delivery": part, "status": "FAILURE"}
        receipt = AmazonSNS.parse_receipt(said)
        assert (receipt.provider_id, receipt.status, receipt.raw) == ("", "undelivered", {"status": "FAILURE"})
