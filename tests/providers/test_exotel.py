"""Exotel keeps the contract, and every word of its own is understood."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import AttemptError, InvalidSettings, NotFound, Refused, Unavailable, Uncertain
from herald.message.kinds import Kind
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.providers._http import Answer
from herald.providers.exotel import FAILURES, Exotel, parsed
from tests.providers.contract import CALLBACK, NUMBER, TEXT, ProviderContract, a_message, said_in, transport
from tests.providers.server import Reply, Vendor

SID = "6dc7b0a9e2f14d7b"
MESSAGE: dict[str, Any] = {
    "Sid": SID,
    "AccountSid": "jungle1",
    "From": "JUNGLE",
    "To": "09741552552",
    "DateCreated": "2026-11-25 09:00:00",
    "DateUpdated": "2026-11-25 09:00:00",
    "DateSent": None,
    "Body": TEXT,
    "Direction": "outbound-api",
    "Uri": f"/v1/Accounts/jungle1/SMS/Messages/{SID}.json",
    "ApiVersion": None,
    "Price": None,
    "Status": "queued",
    "DetailedStatusCode": "21010",
    "DetailedStatus": "PENDING_TO_OPERATOR",
    "SmsUnits": None,
}
ACCOUNT = "/v1/Accounts/jungle1"
EVENTS = Path(__file__).resolve().parents[2] / "events"


def recorded(name: str) -> dict[str, str]:
    """The form of a recorded callback."""
    event = json.loads((EVENTS / f"receipt-exotel-{name}.json").read_text())
    return dict(parse_qsl(event["body"], keep_blank_values=True, strict_parsing=True))


DELIVERED, DND, UNEXPLAINED = recorded("delivered"), recorded("dnd"), recorded("unexplained")


def rest(status: int, code: object = None, message: str = f"It was {TEXT} to {NUMBER} [t0ken-of-jungle]") -> object:
    return {"RestException": {"Status": status, "Message": message, "Code": code}}


def rest_xml(status: int, code: object) -> str:
    fields = f"<Status>{status}</Status><Message>to {NUMBER} &amp; on</Message><Code>{code}</Code>"
    return f'<?xml version="1.0"?><TwilioResponse><RestException>{fields}</RestException></TwilioResponse>'


def read(reply: Reply) -> AttemptError:
    """How an answer ends, by value: no server needed."""
    with pytest.raises(AttemptError) as caught:
        exotel().read(answer(reply))
    return caught.value


def answer(reply: Reply) -> Answer:
    return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)


def exotel(**changes: str) -> Exotel:
    values = {"sid": "jungle1", "token": "t0ken-of-jungle", **changes}
    return Exotel(transport("http", ""), **values)


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


class TestRead:
    @pytest.mark.parametrize("status", [200, 201, 202, 226])
    def test_any_2xx_with_a_sid_is_accepted(self, status: int) -> None:
        assert exotel().read(answer(Reply.json({"SMSMessage": MESSAGE}, status))).provider_id == SID

    @pytest.mark.parametrize("word", ["queued", "sending", "submitted", "sent", "SENT", None, "a word of next year"])
    def test_any_status_but_a_failed_one_is_accepted(self, word: str | None) -> None:
        assert exotel().read(answer(Reply.json({"SMSMessage": {**MESSAGE, "Status": word}}))).provider_id == SID

    def test_the_answer_is_given_whole_and_kept_without_number_and_text(self) -> None:
        sent = exotel().read(answer(Reply.json({"SMSMessage": MESSAGE})))
        assert sent.response == MESSAGE
        assert sent.kept == {name: value for name, value in MESSAGE.items() if name not in ("To", "Body")}

    @pytest.mark.parametrize(
        ("price", "said"),
        [(None, None), ("", None), ("free", None), ("0.12", "0.12"), (0.12, "0.12"), (0.00001, "0.00001"), (0, "0")],
    )
    def test_a_price_is_a_decimal_text(self, price: object, said: str | None) -> None:
        assert exotel().read(answer(Reply.json({"SMSMessage": {**MESSAGE, "Price": price}}))).price == said

    def test_an_answer_in_xml_is_accepted_as_well(self) -> None:
        xml = f"<TwilioResponse><SMSMessage><Sid>{SID}</Sid><Body>a &lt; b</Body></SMSMessage></TwilioResponse>"
        sent = exotel().read(answer(Reply.xml(xml)))
        assert (sent.provider_id, sent.response["Body"]) == (SID, "a < b")

    def test_no_entity_of_an_xml_document_is_ever_resolved(self) -> None:
        bomb = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><RestException><Code>&e;</Code></RestException>'
        assert parsed(bomb.encode()) == {"Code": "&e;"}

    @pytest.mark.parametrize("code", FAILURES)
    @pytest.mark.parametrize("kind", [int, str])
    def test_a_message_that_failed_at_once_is_refused_with_the_reason_of_its_code(self, code: str, kind: Any) -> None:
        failure = read(Reply.json({"SMSMessage": {**MESSAGE, "Status": "failed", "DetailedStatusCode": kind(code)}}))
        assert isinstance(failure, Refused)
        assert failure.code == FAILURES[code]
        assert isinstance(failure.response, Mapping)
        assert failure.response["Sid"] == SID
        assert not said_in(repr(failure.response), TEXT, NUMBER[3:])

    def test_every_reason_of_the_table_is_a_reason(self) -> None:
        assert set(FAILURES.values()) <= REASONS.keys()

    @pytest.mark.parametrize(
        ("word", "code", "reason"),
        [
            ("failed_dnd", None, "do_not_disturb"),
            ("failed-dnd", "", "do_not_disturb"),
            ("failed_dnd", "23020", "opted_out"),
            ("failed", None, "unexplained"),
            ("failed", "30007", "unexplained"),
            ("failed", {"a": 1}, "unexplained"),
        ],
    )
    def test_both_spellings_of_dnd_and_unknown_codes_have_a_reason(self, word: str, code: object, reason: str) -> None:
        failed = {**MESSAGE, "Status": word, "DetailedStatusCode": code}
        assert read(Reply.json({"SMSMessage": failed})).code == reason

    @pytest.mark.parametrize("as_xml", [False, True])
    @pytest.mark.parametrize(
        ("status", "code", "reason"),
        [
            (400, 34001, "request_refused"),
            (400, 40201, "request_refused"),
            (400, 40300, "invalid_sender"),
            (400, 40301, "invalid_sender"),
            (400, 40400, "request_refused"),
            (400, 40406, "request_refused"),
            (401, 34010, "credentials_refused"),
            (401, "UNAUTHORIZED", "credentials_refused"),
            (402, "", "no_balance"),
            (403, 40000, "not_permitted"),
            (403, 40001, "not_permitted"),
            (403, 40002, "not_permitted"),
            (403, 40003, "not_permitted"),
            (403, 340030, "not_permitted"),
            (403, 34009, "not_permitted"),
            (404, "", "credentials_refused"),
            (405, "", "request_refused"),
            (409, "", "request_refused"),
            (413, "", "text_too_long"),
        ],
    )
    def test_a_refusal_has_its_reason(self, status: int, code: object, reason: str, as_xml: bool) -> None:
        reply = Reply.xml(rest_xml(status, code), status) if as_xml else Reply.json(rest(status, code), status)
        failure = read(reply)
        assert isinstance(failure, Refused)
        assert failure.code == reason
        known = code if isinstance(code, int) else None
        assert failure.response == {"http_status": status, "code": known and str(known)}

    @pytest.mark.parametrize("code", [40402, 40403, 40404, 40405, None])
    def test_too_many_requests_are_throttled(self, code: object) -> None:
        failure = read(Reply.json(rest(429, code), 429, **{"Retry-After": "5"}))
        assert isinstance(failure, Unavailable)
        assert (failure.code, failure.retry_after) == ("throttled", 5.0)

    def test_the_older_way_to_throttle_is_a_503(self) -> None:
        assert read(Reply.json(rest(503, 40405), 503)).code == "throttled"
        assert read(Reply.json(rest(503, 35008), 503)).code == "provider_unavailable"

    @pytest.mark.parametrize("code", [35000, 40100, 40300, 34010])
    def test_a_server_error_is_uncertain_whatever_its_code(self, code: int) -> None:
        assert isinstance(read(Reply.json(rest(500, code), 500)), Uncertain)

    def test_a_rest_exception_in_a_200_counts_as_the_status_it_names(self) -> None:
        assert read(Reply.json(rest(403, 40001))).code == "not_permitted"
        assert isinstance(read(Reply.json(rest(429, 40402))), Unavailable)

    @pytest.mark.parametrize("status", [500, 200, 0, -400, 4000, None, "", "bad", [400], {"a": 1}, 4e2, True, "४००"])
    def test_a_rest_exception_in_a_200_that_names_no_refusal_is_uncertain(self, status: Any) -> None:
        assert isinstance(read(Reply.json(rest(status, 40001))), Uncertain)

    @pytest.mark.parametrize("code", ["४००", "²", "1234567", "", "34001x", " 34001"])
    def test_a_code_that_is_no_number_is_not_kept(self, code: str) -> None:
        assert read(Reply.json(rest(400, code), 400)).response == {"http_status": 400, "code": None}

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_what_json_does_not_have_is_a_text(self, word: str) -> None:
        body = f'{{"SMSMessage": {{"Sid": "{SID}", "Price": {word}}}}}'
        sent = exotel().read(answer(Reply(200, body.encode())))
        assert (sent.price, sent.response["Price"]) == (None, word)

    @pytest.mark.parametrize("sid", [None, "", [], {"a": 1}, True, False])
    def test_an_answer_without_a_usable_sid_is_uncertain(self, sid: object) -> None:
        assert isinstance(read(Reply.json({"SMSMessage": {**MESSAGE, "Sid": sid}})), Uncertain)

    @given(st.integers(100, 599), st.binary() | st.text().map(str.encode))
    def test_no_answer_crashes_it(self, status: int, body: bytes) -> None:
        assert isinstance(read(Reply(status, body)), (Unavailable, Refused, Uncertain))

    JSON = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )

    FIELDS = st.fixed_dictionaries(dict.fromkeys(("Status", "Code", "DetailedStatusCode", "Sid", "Price"), JSON))

    @given(st.integers(100, 599), st.sampled_from(["SMSMessage", "RestException"]), FIELDS)
    def test_no_value_in_an_answer_crashes_it(self, status: int, name: str, fields: dict[str, Any]) -> None:
        reply = Reply(status, json.dumps({name: fields}).encode())
        try:
            sent = exotel().read(answer(reply))
        except AttemptError:
            return
        assert 200 <= status < 300
        assert sent.provider_id == str(fields["Sid"])

    def test_a_success_cut_anywhere_is_uncertain(self) -> None:
        whole = Reply.json({"SMSMessage": MESSAGE}).body
        assert all(isinstance(read(Reply(200, whole[:length])), Uncertain) for length in range(len(whole)))


# Written down from Exotel's pages of codes, apart from the table of the code: code, what it means, status, reason.
CODES = [
    (20005, "delivered to the handset", "delivered", None),
    (20006, "delivered to the operator", "delivered", None),
    (21010, "queued", "sent", None),
    (21015, "being sent", "sent", None),
    (21020, "submitted", "sent", None),
    (23005, "do not disturb", "undelivered", "do_not_disturb"),
    (23010, "invalid number", "undelivered", "invalid_number"),
    (23015, "spam", "undelivered", "spam"),
    (23020, "blacklisted by STOP", "undelivered", "opted_out"),
    (23030, "no route", "undelivered", "no_route"),
    (23035, "subscriber unavailable", "undelivered", "recipient_unavailable"),
    (23040, "unknown subscriber", "undelivered", "invalid_number"),
    (23050, "expired", "undelivered", "recipient_unavailable"),
    (23060, "rejected", "undelivered", "carrier_blocked"),
    (23070, "invalid message", "undelivered", "invalid_text"),
    (23072, "invalid sender", "undelivered", "invalid_sender"),
    (23080, "sender blocked by DLT", "undelivered", "not_registered"),
    (23081, "entity blocked", "undelivered", "not_registered"),
    (23082, "template blocked", "undelivered", "template_mismatch"),
    (23083, "scrubbing", "undelivered", "template_mismatch"),
    (23084, "consent", "undelivered", "no_consent"),
    (23181, "template invalid", "undelivered", "template_mismatch"),
    (23182, "template not found", "undelivered", "template_mismatch"),
    (23183, "template inactive", "undelivered", "template_mismatch"),
    (23184, "template blacklisted", "undelivered", "template_mismatch"),
    (23185, "template does not match", "undelivered", "template_mismatch"),
    (23186, "template's length", "undelivered", "template_mismatch"),
    (23281, "entity not found", "undelivered", "not_registered"),
    (24010, "system", "undelivered", "provider_failed"),
    (24105, "handset", "undelivered", "recipient_unavailable"),
    (24110, "operator", "undelivered", "carrier_unavailable"),
    (24120, "subscriber", "undelivered", "recipient_unavailable"),
    (24990, "unknown", "undelivered", "unexplained"),
]
# Of a second page, whose table is another one; and no codes at all.
UNKNOWN = [20000, 20001, 30001, 30007, 99999, 0, -23005, "", None, "2300", "23005x", "ABC", 23005.0, True, [23005], {}]


def fate(receipt: Receipt) -> tuple[str, str | None]:
    return str(receipt.status), receipt.reason and receipt.reason.code


def told(said: Mapping[str, Any], **changes: Any) -> tuple[str, str | None]:
    """Status and reason of a receipt with these changes; a field that is changed to ... is missing."""
    changed = {name: value for name, value in {**said, **changes}.items() if value is not ...}
    return fate(Exotel.parse_receipt(changed))


class TestReceipt:
    @pytest.mark.parametrize(("code", "meaning", "status", "reason"), CODES)
    def test_each_code_has_its_status_and_reason_in_a_callback_and_in_details(
        self, code: int, meaning: str, status: str, reason: str | None
    ) -> None:
        words = {"sent": ["queued", "sending", "submitted"], "delivered": ["sent"], "undelivered": ["failed"]}[status]
        for word in [*words, ..., None, "", "a word of next year"]:
            for written in (code, str(code), f" {code} "):
                for said in (DELIVERED, MESSAGE):
                    assert told(said, Status=word, DetailedStatusCode=written) == (status, reason), (word, meaning)

    def test_every_code_of_the_table_is_tested(self) -> None:
        assert {str(code) for code, _, status, _ in CODES if status == "undelivered"} == FAILURES.keys()

    @pytest.mark.parametrize("code", UNKNOWN)
    def test_a_code_that_is_in_no_table_adds_nothing_to_the_status(self, code: object) -> None:
        assert told(DELIVERED, DetailedStatusCode=code) == ("delivered", None)
        assert told(DELIVERED, DetailedStatusCode=code, Status="submitted") == ("sent", None)
        assert told(DELIVERED, DetailedStatusCode=code, Status="failed") == ("undelivered", "unexplained")
        assert told(DELIVERED, DetailedStatusCode=code, Status="failed_dnd") == ("undelivered", "do_not_disturb")
        assert told(DELIVERED, DetailedStatusCode=code, Status="a word of next year") == ("unknown", None)
        assert told(DELIVERED, DetailedStatusCode=code, Status=...) == ("unknown", None)

    @pytest.mark.parametrize(
        ("word", "status", "reason"),
        [
            ("queued", "sent", None),
            ("sending", "sent", None),
            ("submitted", "sent", None),
            ("sent", "delivered", None),
            (" SENT ", "delivered", None),
            ("delivered", "delivered", None),
            ("failed", "undelivered", "unexplained"),
            ("Failed", "undelivered", "unexplained"),
            ("failed_dnd", "undelivered", "do_not_disturb"),
            ("failed-dnd", "undelivered", "do_not_disturb"),
            ("FAILED-DND", "undelivered", "do_not_disturb"),
            ("failed_for_a_new_reason", "undelivered", "unexplained"),
            ("undelivered", "undelivered", "unexplained"),
            ("expired", "undelivered", "recipient_unavailable"),
            ("resent", "unknown", None),
            ("not sent", "unknown", None),
            ("", "unknown", None),
            (7, "unknown", None),
        ],
    )
    def test_each_word_has_its_status_where_there_is_no_code(
        self, word: object, status: str, reason: str | None
    ) -> None:
        assert told(DELIVERED, Status=word, DetailedStatusCode=...) == (status, reason)

    def test_the_word_decides_where_word_and_code_contradict(self) -> None:
        assert told(DELIVERED, DetailedStatusCode="21020") == ("delivered", None)
        assert told(DELIVERED, Status="submitted", DetailedStatusCode="20005") == ("sent", None)
        assert told(DELIVERED, Status="failed", DetailedStatusCode="20005") == ("undelivered", "unexplained")

    def test_the_code_says_more_exactly_why_than_the_word(self) -> None:
        assert told(DND, DetailedStatusCode="23020") == ("undelivered", "opted_out")

    def test_a_recorded_callback_is_read_whole(self) -> None:
        assert Exotel.parse_receipt(DELIVERED) == Receipt(
            provider_id="6dc7b0a9e2f14d7b9c3a5e8f1b2d4c60",
            status=Status.DELIVERED,
            at=datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC),
            raw={name: value for name, value in DELIVERED.items() if name != "To"},
        )
        assert fate(Exotel.parse_receipt(DND)) == ("undelivered", "do_not_disturb")
        assert fate(Exotel.parse_receipt(UNEXPLAINED)) == ("undelivered", "unexplained")

    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("2026-11-25 09:00:04", datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)),
            ("2026-11-25 02:00:00", datetime(2026, 11, 24, 20, 30, tzinfo=UTC)),
            ("1970-01-01 05:30:00", None),
            ("0000-00-00 00:00:00", None),
            ("", None),
            (None, None),
            (..., None),
        ],
    )
    def test_its_times_are_those_of_india_and_1970_is_none(self, written: Any, moment: datetime | None) -> None:
        said = {name: value for name, value in {**DELIVERED, "DateSent": written}.items() if value is not ...}
        assert Exotel.parse_receipt(said).at == moment

    @pytest.mark.parametrize(("price", "amount"), [("0.1375", "0.1375"), (0.1375, "0.1375"), (None, None), ("-", None)])
    def test_a_price_that_is_an_amount_is_told(self, price: object, amount: str | None) -> None:
        assert Exotel.parse_receipt({**MESSAGE, "Price": price}).price == amount

    @pytest.mark.parametrize(
        ("said", "sid"),
        [
            ({"SmsSid": "a1"}, "a1"),
            ({"Sid": "a1"}, "a1"),
            ({"SmsSid": "a1", "Sid": "b2"}, "a1"),
            ({"SmsSid": "", "Sid": "b2"}, "b2"),
            ({"SmsSid": ["a1"], "Sid": None}, ""),
        ],
    )
    def test_a_text_is_named_by_its_sid(self, said: Mapping[str, Any], sid: str) -> None:
        assert Exotel.parse_receipt(said).provider_id == sid

    def test_who_got_it_is_not_read_from_a_number_without_its_country(self) -> None:
        assert Exotel.parse_receipt(DELIVERED).to is None


class TestAddressedTo:
    @pytest.mark.parametrize(
        "to",
        ["09741552552", "009741552552", "00919741552552", "0919741552552", "919741552552", "+919741552552",
         "9741552552", "09741 552-552", 919741552552, " 09741552552 "],
    )  # fmt: skip
    def test_a_number_is_the_same_with_zeros_before_it_and_without_its_country(self, to: object) -> None:
        assert Exotel.addressed_to({"To": to}, NUMBER)

    @pytest.mark.parametrize(
        "to", ["09741552553", "00919741552553", "+919741552553", "0919841552552", "00449741552552", "29741552552"]
    )
    def test_another_number_is_foreign(self, to: str) -> None:
        assert not Exotel.addressed_to({"To": to}, NUMBER)

    @pytest.mark.parametrize(
        "to", [..., None, "", "0XXXXXX2552", "0974155XXXX", "2552", "552553", ["09741552553"], "a"]
    )
    def test_what_is_not_plainly_a_number_proves_nothing(self, to: object) -> None:
        assert Exotel.addressed_to({} if to is ... else {"To": to}, NUMBER)

    def test_zeros_within_a_number_count(self) -> None:
        assert Exotel.addressed_to({"To": "0390612345678"}, "+390612345678")
        assert Exotel.addressed_to({"To": "00612345678"}, "+390612345678")
        assert not Exotel.addressed_to({"To": "039612345678"}, "+390612345678")
