"""AWS End User Messaging keeps the contract, through a real boto3 client, and every word of its own is understood."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from herald import wiring
from herald.errors import InvalidSettings, Refused, Unavailable, Uncertain, Unsupported
from herald.message.kinds import Kind
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.providers._base import Callback
from herald.providers.endusermessaging import EndUserMessaging
from tests.providers.contract import CALLBACK, NOW, NUMBER, TEXT, ProviderContract, a_message, transport
from tests.providers.server import Reply, Vendor

SERVICE = "pinpoint-sms-voice-v2"
CLIENT = transport(SERVICE, "http://127.0.0.1:9")
MODEL = Loader().load_service_model(SERVICE, "service-2")
ID = "9539975a-e71f-45f3-b496-8d98dc098a77"
EVENTS = Path(__file__).resolve().parents[2] / "events"
PROOF = CALLBACK.partition("/receipts/")[2]
JSON = "application/x-amz-json-1.0"


def recorded(name: str) -> dict[str, Any]:
    """A recorded event of EventBridge."""
    event: dict[str, Any] = json.loads((EVENTS / f"receipt-endusermessaging-{name}.json").read_text())
    return event


DELIVERED, CARRIER, UNREACHABLE = (recorded(name)["detail"] for name in ("delivered", "carrier", "unreachable"))


def answered(content: object, status: int = 200, **headers: str) -> Reply:
    return Reply.json(content, status, **{"Content-Type": JSON, **headers})


def error(kind: str, status: int = 400, *, headers: Mapping[str, str] | None = None, **more: object) -> Reply:
    """An error as AWS writes it, whose sentence repeats what was sent."""
    content = {"__type": kind, "Message": f"{NUMBER} may not get {TEXT}", **more}
    return answered(content, status, **(headers or {}))


def channel(**values: str) -> EndUserMessaging:
    return EndUserMessaging(CLIENT, **values)  # type: ignore[arg-type]


class TestEndUserMessaging(ProviderContract):
    name = "endusermessaging"
    values: ClassVar[Mapping[str, str]] = {
        "message_type": "Promotional",
        "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "test-secret-key",
        "region_name": "ap-southeast-1",
        "sender": "Gramex",
        "origination_identity": "+12065550100",
        "pool_id": "pool-0123456789abcdef",
        "configuration_set": "herald-dev",
        "protect_configuration": "protect-0123456789abcdef",
        "opt_out_list": "herald-dev",
        "dlt_entity_id": "1101234567890123456",
        "dlt_template_id": "1107654321098765432",
        "keyword": "GRAMEX",
        "max_price": "0.05",
        "message_feedback": "true",
    }
    accepted = answered({"MessageId": ID})
    provider_id = ID
    delivered: ClassVar[Mapping[str, Any]] = DELIVERED
    undelivered: ClassVar[Mapping[str, Any]] = UNREACHABLE
    refused = error("ConflictException", Reason="DESTINATION_PHONE_NUMBER_OPTED_OUT")
    refused_reason = "opted_out"
    throttled = error("ThrottlingException", headers={"Retry-After": "3"})
    retry_after = 3.0
    called_back: ClassVar[Mapping[str, str]] = {"Context.herald_receipts": PROOF}

    def sent_fields(self) -> Mapping[str, str]:
        return {
            "DestinationPhoneNumber": NUMBER,
            "OriginationIdentity": "Gramex",
            "MessageBody": TEXT,
            "MessageType": "PROMOTIONAL",
            "ConfigurationSetName": "herald-dev",
            "ProtectConfigurationId": "protect-0123456789abcdef",
            "Keyword": "GRAMEX",
            "MaxPrice": "0.05",
            "TimeToLive": "86400",
            "DestinationCountryParameters.IN_ENTITY_ID": "1101234567890123456",
            "DestinationCountryParameters.IN_TEMPLATE_ID": "1107654321098765432",
            "MessageFeedbackEnabled": "true",
            "Context.herald_stage": "dev",
            "Context.herald_message": "msg_00000000000000000000000001",
            "Context.herald_attempt": "0",
        }

    def test_it_calls_the_operation_that_sends_and_no_other(self, vendor: Vendor) -> None:
        self.provider(vendor.answers(self.accepted).url).send(a_message())
        (call,) = vendor.calls
        assert call.headers["x-amz-target"] == "PinpointSMSVoiceV2.SendTextMessage"
        assert "/ap-south-1/sms-voice/aws4_request" in call.headers["authorization"]

    def test_the_answer_is_given_whole_with_its_metadata(self, vendor: Vendor) -> None:
        sent = self.provider(vendor.answers(self.accepted).url).send(a_message())
        metadata = sent.response["ResponseMetadata"]
        assert isinstance(metadata, dict)
        assert (sent.response["MessageId"], metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (ID, 200, 0)

    @pytest.mark.parametrize("said", [{}, {"MessageId": ""}, {"MessageId": None}, {"Other": "1"}])
    def test_a_success_without_a_message_id_is_uncertain(self, vendor: Vendor, said: Mapping[str, object]) -> None:
        assert isinstance(self.failure(vendor.answers(answered(said)).url), Uncertain)

    @pytest.mark.parametrize("status", [400, 500])
    def test_a_failure_inside_aws_is_uncertain(self, vendor: Vendor, status: int) -> None:
        assert isinstance(self.failure(vendor.answers(error("InternalServerException", status)).url), Uncertain)

    def test_there_is_no_status_to_ask_for_and_the_answer_says_why(self, vendor: Vendor) -> None:
        with pytest.raises(Unsupported) as caught:
            self.provider(vendor.url).status({"MessageId": ID})
        assert caught.value.detail == "AWS End User Messaging cannot be asked what became of a message."
        assert caught.value.hint == "Its events update the message by themselves."
        assert vendor.calls == []

    def test_every_refusal_of_the_table_has_its_reason_and_keeps_awss_word(self, vendor: Vendor) -> None:
        for kind, why, reason in REFUSALS:
            failure = self.failure(vendor.answers(error(kind, Reason=why)).url)
            assert isinstance(failure, Refused), why
            assert failure.code == reason, why
            assert isinstance(failure.response, dict)
            assert {**failure.response, "request_id": None} == {
                "code": kind, "http_status": 400, "request_id": None, "details": why,
            }  # fmt: skip

    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            ("phone-number", "invalid_sender"), ("sender-id", "invalid_sender"), ("pool", "invalid_sender"),
            ("rcs-agent", "invalid_sender"), ("configuration-set", "channel_invalid"),
            ("protect-configuration", "channel_invalid"), ("keyword", "channel_invalid"),
            ("opt-out-list", "channel_invalid"), ("a kind of next year", "invalid_sender"),
        ],
    )  # fmt: skip
    def test_what_does_not_exist_at_aws_is_the_channels_own(self, vendor: Vendor, kind: str, reason: str) -> None:
        said = error("ResourceNotFoundException", ResourceType=kind, ResourceId=NUMBER)
        failure = self.failure(vendor.answers(said).url)
        assert isinstance(failure, Refused)
        assert (failure.code, failure.channels_own) == (reason, True)

    @pytest.mark.parametrize(
        ("field", "reason"),
        [
            ("DestinationPhoneNumber", "invalid_number"), ("OriginationIdentity", "invalid_sender"),
            ("MessageBody", "invalid_text"), ("DestinationCountryParameters", "not_registered"),
            ("ConfigurationSetName", "channel_invalid"), ("ProtectConfigurationId", "channel_invalid"),
            ("MaxPrice", "channel_invalid"), ("TimeToLive", "request_refused"), ("Context", "request_refused"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("why", ["FIELD_VALIDATION_FAILED", "INVALID_PARAMETER", "MAXIMUM_SIZE_EXCEEDED"])
    def test_a_field_that_is_wrong_says_whose_mistake_it_is(
        self, vendor: Vendor, why: str, field: str, reason: str
    ) -> None:
        fields = [{"Name": field, "Message": f"{NUMBER} is wrong"}]
        failure = self.failure(vendor.answers(error("ValidationException", Reason=why, Fields=fields)).url)
        assert isinstance(failure, Refused)
        assert failure.code == reason
        assert isinstance(failure.response, dict)
        assert failure.response["details"] == f"{why} {field}"
        self.assert_silent(failure)

    @pytest.mark.parametrize("kind", ["ConflictException", "ValidationException", "ServiceQuotaExceededException"])
    @pytest.mark.parametrize("more", [{}, {"Reason": "A_REASON_OF_NEXT_YEAR"}, {"Reason": None}])
    def test_a_refusal_that_is_new_is_still_a_refusal(
        self, vendor: Vendor, kind: str, more: Mapping[str, object]
    ) -> None:
        failure = self.failure(vendor.answers(error(kind, **more)).url)
        assert (type(failure), failure.code) == (Refused, "request_refused")

    @pytest.mark.parametrize("why", ["INSUFFICIENT_ACCOUNT_REPUTATION", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"])
    def test_what_the_account_may_not_lets_another_channel_try(self, vendor: Vendor, why: str) -> None:
        kind = next(kind for kind, reason, _ in REFUSALS if reason == why)
        failure = self.failure(vendor.answers(error(kind, Reason=why)).url)
        assert isinstance(failure, Refused) and failure.channels_own

    def test_a_throttled_text_that_says_no_time_was_not_sent_either(self, vendor: Vendor) -> None:
        failure = self.failure(vendor.answers(error("ThrottlingException")).url)
        assert isinstance(failure, Unavailable)
        assert (failure.code, failure.retry_after) == ("throttled", None)


# From AWS's API reference of SendTextMessage and its errors (November 2026): error, Reason, what it means to us.
REFUSALS = [
    ("AccessDeniedException", "INSUFFICIENT_ACCOUNT_REPUTATION", "not_permitted"),
    ("AccessDeniedException", "ACCOUNT_DISABLED", "not_permitted"),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", "opted_out"),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "not_permitted"),
    ("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", "country_not_enabled"),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", "number_blocked"),
    ("ConflictException", "MESSAGE_TYPE_MISMATCH", "invalid_sender"),
    ("ConflictException", "NUMBER_CAPABILITIES_MISMATCH", "invalid_sender"),
    ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", "invalid_sender"),
    ("ConflictException", "RESOURCE_NOT_ACTIVE", "invalid_sender"),
    ("ConflictException", "KEYWORD_MISMATCH", "channel_invalid"),
    ("ConflictException", "PROTECT_CONFIGURATION_NOT_ASSOCIATED_WITH_CONFIGURATION_SET", "channel_invalid"),
    ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "spend_limit"),
    ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_NOTIFY", "spend_limit"),
    ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_RCS", "spend_limit"),
    ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT", "not_permitted"),
    ("ServiceQuotaExceededException", "DAILY_NOTIFY_TIER_MESSAGE_LIMIT", "not_permitted"),
    ("ValidationException", "PRICE_OVER_THRESHOLD", "price_too_high"),
    ("ValidationException", "SENDER_ID_NOT_REGISTERED", "not_registered"),
    ("ValidationException", "SENDER_ID_REQUIRES_REGISTRATION", "not_registered"),
    ("ValidationException", "SENDER_ID_NOT_SUPPORTED", "invalid_sender"),
    ("ValidationException", "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "invalid_sender"),
    ("ValidationException", "COUNTRY_CODE_MISMATCH", "invalid_sender"),
    ("ValidationException", "INTERNATIONAL_SENDING_NOT_SUPPORTED", "invalid_sender"),
    ("ValidationException", "RESOURCE_NOT_ACCESSIBLE", "invalid_sender"),
    ("ValidationException", "INVALID_ARN", "invalid_sender"),
    ("ValidationException", "COUNTRY_NOT_ENABLED", "country_not_enabled"),
    ("ValidationException", "DESTINATION_COUNTRY_BLOCKED", "country_not_enabled"),
    ("ValidationException", "CHANNEL_NOT_ENABLED", "not_permitted"),
    # Only the fields that they name tell more.
    ("ValidationException", "CANNOT_PARSE", "request_refused"),
    ("ValidationException", "FIELD_VALIDATION_FAILED", "request_refused"),
    ("ValidationException", "INVALID_PARAMETER", "request_refused"),
    ("ValidationException", "INVALID_REQUEST", "request_refused"),
    ("ValidationException", "MAXIMUM_SIZE_EXCEEDED", "request_refused"),
    ("ValidationException", "MISSING_PARAMETER", "request_refused"),
    ("ValidationException", "PARAMETERS_CANNOT_BE_USED_TOGETHER", "request_refused"),
    ("ValidationException", "UNKNOWN_OPERATION", "request_refused"),
    ("ValidationException", "UNSPECIFIED_PARAMETER_NOT_SUPPORTED", "request_refused"),
    ("ValidationException", "OTHER", "request_refused"),
]
# Of operations that send no text: what registers, makes, changes, deletes, receives, speaks, or verifies numbers.
OTHERS = {
    "ConflictException": """
        CREATE_REGISTRATION_VERSION_NOT_ALLOWED DELETION_PROTECTION_ENABLED DISASSOCIATE_REGISTRATION_NOT_ALLOWED
        DISCARD_REGISTRATION_VERSION_NOT_ALLOWED EDIT_REGISTRATION_FIELD_VALUES_NOT_ALLOWED EVENT_DESTINATION_MISMATCH
        LAST_PHONE_NUMBER OPT_OUT_LIST_MISMATCH PHONE_NUMBER_ASSOCIATED_TO_POOL PHONE_NUMBER_ASSOCIATED_TO_REGISTRATION
        PHONE_NUMBER_NOT_ASSOCIATED_TO_POOL PHONE_NUMBER_NOT_IN_REGISTRATION_REGION REGISTRATION_ALREADY_SUBMITTED
        REGISTRATION_NOT_COMPLETE RESOURCE_ALREADY_ASSOCIATED SENDER_ID_ASSOCIATED_TO_POOL RCS_AGENT_ASSOCIATED_TO_POOL
        POOL_ASSOCIATED_TO_NOTIFY_CONFIGURATION RESOURCE_ALREADY_EXISTS RESOURCE_DELETION_NOT_ALLOWED
        RESOURCE_MODIFICATION_NOT_ALLOWED RESOURCE_NOT_EMPTY SELF_MANAGED_OPT_OUTS_MISMATCH
        SUBMIT_REGISTRATION_VERSION_NOT_ALLOWED TWO_WAY_CONFIG_MISMATCH VERIFICATION_CODE_EXPIRED
        VERIFICATION_ALREADY_COMPLETE PROTECT_CONFIGURATION_IS_ACCOUNT_DEFAULT
        PROTECT_CONFIGURATION_ASSOCIATED_WITH_CONFIGURATION_SET RCS_AGENT_ALREADY_ASSOCIATED_TO_REGISTRATION_TYPE
        NOTIFY_CONFIGURATION_NOT_ACTIVE
    """,
    "ServiceQuotaExceededException": """
        ASSOCIATIONS_PER_REGISTRATION CONFIGURATION_SETS_PER_ACCOUNT EVENT_DESTINATIONS_PER_CONFIGURATION_SET
        KEYWORDS_PER_PHONE_NUMBER KEYWORDS_PER_POOL MONTHLY_SPEND_LIMIT_REACHED_FOR_MEDIA
        MONTHLY_SPEND_LIMIT_REACHED_FOR_VOICE NOTIFY_CONFIGURATIONS_PER_ACCOUNT OPT_OUT_LISTS_PER_ACCOUNT
        ORIGINATION_IDENTITIES_PER_POOL PHONE_NUMBERS_PER_ACCOUNT PHONE_NUMBERS_PER_REGISTRATION POOLS_PER_ACCOUNT
        RCS_AGENTS_PER_ACCOUNT REGISTRATION_ATTACHMENTS_CREATED_PER_DAY REGISTRATION_ATTACHMENTS_PER_ACCOUNT
        REGISTRATION_VERSIONS_CREATED_PER_DAY REGISTRATIONS_PER_ACCOUNT SENDER_IDS_PER_ACCOUNT TAGS_PER_RESOURCE
        VERIFIED_DESTINATION_NUMBERS_PER_ACCOUNT VERIFICATION_ATTEMPTS_PER_DAY PROTECT_CONFIGURATIONS_PER_ACCOUNT
    """,
    "ValidationException": """
        CANNOT_ADD_OPTED_OUT_NUMBER ATTACHMENT_TYPE_NOT_SUPPORTED INVALID_FILTER_VALUES INVALID_NEXT_TOKEN
        INVALID_REGISTRATION_ASSOCIATION MEDIA_TYPE_NOT_SUPPORTED PHONE_NUMBER_CANNOT_BE_OPTED_IN
        PHONE_NUMBER_CANNOT_BE_RELEASED REQUESTED_SPEND_LIMIT_HIGHER_THAN_SERVICE_LIMIT TWO_WAY_TOPIC_NOT_PRESENT
        TWO_WAY_NOT_ENABLED TWO_WAY_NOT_SUPPORTED_IN_COUNTRY TWO_WAY_NOT_SUPPORTED_IN_REGION
        TWO_WAY_CHANNEL_NOT_PRESENT UNKNOWN_REGISTRATION_FIELD UNKNOWN_REGISTRATION_SECTION UNKNOWN_REGISTRATION_TYPE
        UNKNOWN_REGISTRATION_VERSION REGISTRATION_FIELD_CANNOT_BE_DELETED VERIFICATION_CODE_MISMATCH
        VOICE_CAPABILITY_NOT_AVAILABLE
    """,
}


class TestModel:
    """What botocore knows of the service is what the tables know: a new word of a later version fails here."""

    def test_every_reason_that_an_error_of_a_send_may_have_is_in_the_table_or_of_another_operation(self) -> None:
        errors = [each["shape"] for each in MODEL["operations"]["SendTextMessage"]["errors"]]
        assert {"ThrottlingException", "InternalServerException", "ResourceNotFoundException"} < set(errors)
        for kind in errors:
            typed = MODEL["shapes"][kind]["members"].get("Reason")
            known = {why for error, why, _ in REFUSALS if error == kind} | set(OTHERS.get(kind, "").split())
            assert known == set(MODEL["shapes"][typed["shape"]]["enum"] if typed else ()), kind

    def test_every_type_of_an_event_of_a_text_is_in_the_table(self) -> None:
        kinds = {kind for kind in MODEL["shapes"]["EventType"]["enum"] if kind.startswith(("TEXT_", "RCS_"))}
        assert {kind for kind, *_ in TYPES} == kinds - {"TEXT_ALL", "RCS_ALL"}

    @pytest.mark.parametrize("changes", [{}, {"message_type": "", "sender": "", "max_price": ""}])
    def test_what_is_sent_are_parameters_of_the_operation_within_its_limits(self, changes: dict[str, str]) -> None:
        """botocore's own validation is off where Herald sends: here it is on."""
        from botocore.validate import ParamValidator

        shape = CLIENT.meta.service_model.operation_model("SendTextMessage").input_shape
        values = {**TestEndUserMessaging.values, **changes}
        sent = channel(**{name: value for name, value in values.items() if value}).request(a_message(), CALLBACK)
        assert not ParamValidator().validate(sent, shape).has_errors()
        assert len(sent["Context"]) <= MODEL["shapes"]["ContextMap"]["max"]


class TestRequest:
    def test_a_channel_with_no_fields_names_nothing_that_aws_can_choose(self) -> None:
        assert channel().request(a_message()) == {
            "DestinationPhoneNumber": NUMBER,
            "MessageBody": TEXT,
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": 86400,
            "Context": {
                "herald_stage": "dev",
                "herald_message": "msg_00000000000000000000000001",
                "herald_attempt": "0",
            },
        }

    @pytest.mark.parametrize(
        ("configured", "kind", "said"),
        [
            ("TRANSACTIONAL", "transactional", "TRANSACTIONAL"),
            ("TRANSACTIONAL", "promotional", "PROMOTIONAL"),
            ("TRANSACTIONAL", "otp", "TRANSACTIONAL"),
            ("Promotional", "transactional", "PROMOTIONAL"),
            ("promotional", "promotional", "PROMOTIONAL"),
            ("PROMOTIONAL", "otp", "TRANSACTIONAL"),
        ],
    )
    def test_the_kind_of_a_message_decides_and_the_channel_says_the_default(
        self, configured: str, kind: Kind, said: str
    ) -> None:
        assert channel(message_type=configured).request(a_message(kind=kind))["MessageType"] == said

    @pytest.mark.parametrize(
        ("asked", "fields", "identity"),
        [
            ("Jungle", {"sender": "Gramex", "origination_identity": "+12065550100", "pool_id": "pool-1"}, "Jungle"),
            (None, {"sender": "Gramex", "origination_identity": "+12065550100", "pool_id": "pool-1"}, "Gramex"),
            (None, {"origination_identity": "+12065550100", "pool_id": "pool-1"}, "+12065550100"),
            (None, {"pool_id": "pool-1"}, "pool-1"),
            (None, {}, None),
        ],
    )
    def test_the_messages_sender_comes_before_the_channels_and_a_pool_last(
        self, asked: str | None, fields: dict[str, str], identity: str | None
    ) -> None:
        assert channel(**fields).request(a_message(sender=asked)).get("OriginationIdentity") == identity

    @pytest.mark.parametrize("sender", ["a b", "é", "a\n", "a.b", "x" * 257, "\u0967\u0968\u0969", "#1"])
    def test_a_sender_that_aws_would_not_take_is_refused_before_any_call(self, sender: str) -> None:
        for made, message in ((channel(), a_message(sender=sender)), (channel(sender=sender), a_message())):
            with pytest.raises(Refused) as caught:
                made.request(message)
            assert caught.value.code == "invalid_sender"

    def test_a_text_is_as_long_as_aws_takes_it(self) -> None:
        assert len(channel().request(a_message(body="x" * 1600))["MessageBody"]) == 1600
        with pytest.raises(Refused) as caught:
            channel().request(a_message(body="x" * 1601))
        assert caught.value.code == "text_too_long"

    @pytest.mark.parametrize(("left", "waits"), [(-9, 5), (0, 5), (4, 5), (5, 5), (600, 600), (259_200, 259_200)])
    def test_it_waits_at_aws_no_longer_than_the_message_is_valid(self, left: int, waits: int) -> None:
        message = a_message(updated_at=NOW, expires_at=NOW + timedelta(seconds=left))
        assert channel().request(message)["TimeToLive"] == waits

    @given(st.integers(-10, 400 * 86400), st.floats(0, 0.999))
    def test_how_long_it_waits_is_within_what_aws_takes(self, seconds: int, part: float) -> None:
        message = a_message(updated_at=NOW, expires_at=NOW + timedelta(seconds=seconds + part))
        assert 5 <= channel().request(message)["TimeToLive"] <= 259_200

    @pytest.mark.parametrize(
        ("price", "said"), [("0.05", "0.05"), ("1", "1.0"), ("10.5", "10.5"), ("0.00849", "0.00849"), ("99", "99.0")]
    )
    def test_a_maximum_price_is_written_as_aws_reads_it(self, price: str, said: str) -> None:
        assert channel(max_price=price).request(a_message())["MaxPrice"] == said

    @pytest.mark.parametrize(
        "price", ["cheap", "-1", "0,05", "$1", "1e1", "nan", "०.५", "1\n", ".", ".5", "100", "0.123456"]
    )
    def test_anything_else_is_no_price_and_is_reported_with_the_settings(self, price: str) -> None:
        with pytest.raises(InvalidSettings) as caught:
            channel(max_price=price)
        assert [problem.field for problem in caught.value.problems] == ["max_price"]

    @pytest.mark.parametrize(("said", "asked"), [("true", True), ("True", True), ("false", None), (None, None)])
    def test_feedback_is_asked_for_only_where_a_channel_says_so(self, said: str | None, asked: bool | None) -> None:
        fields = {"message_feedback": said} if said else {}
        assert channel(**fields).request(a_message()).get("MessageFeedbackEnabled") is asked

    def test_one_dlt_id_alone_is_handed_over_as_it_is(self) -> None:
        sent = channel(dlt_entity_id="1101").request(a_message())
        assert sent["DestinationCountryParameters"] == {"IN_ENTITY_ID": "1101"}

    def test_aws_is_to_give_back_stage_message_attempt_and_what_proves_them(self) -> None:
        sent = channel(stage="prod").request(a_message(attempts=3), CALLBACK)
        assert sent["Context"] == {
            "herald_stage": "prod",
            "herald_message": "msg_00000000000000000000000001",
            "herald_attempt": "3",
            "herald_receipts": PROOF,
        }
        assert EndUserMessaging.proof({"context": sent["Context"]}) == PROOF

    @pytest.mark.parametrize(("named", "stage"), [("prod", "prod"), (None, "test")])
    def test_the_stage_is_that_of_the_service_that_sends_else_of_the_process(
        self, monkeypatch: pytest.MonkeyPatch, named: str | None, stage: str
    ) -> None:
        monkeypatch.setenv("HERALD_STAGE", "test")
        made = wiring.provider("endusermessaging", {"region_name": "ap-south-1"}, named)
        assert made.request(a_message())["Context"]["herald_stage"] == stage


BY_PHONE, BY_CARRIER = "Message has been accepted by phone", "Message has been accepted by phone carrier"
# From AWS's page of event types (November 2026): type, description, our status and reason.
TYPES = [
    ("TEXT_SENT", "Message has been sent", "sent", None),
    ("TEXT_PENDING", "Message is pending", "sent", None),
    ("TEXT_QUEUED", "Message is queued", "sent", None),
    ("TEXT_SUCCESSFUL", BY_CARRIER, "sent", None),
    ("TEXT_SUCCESSFUL", BY_PHONE, "delivered", None),
    ("TEXT_DELIVERED", BY_PHONE, "delivered", None),
    ("TEXT_DELIVERED", "words of next year", "delivered", None),
    ("TEXT_INVALID", "Invalid phone number", "undelivered", "invalid_number"),
    ("TEXT_INVALID_MESSAGE", "Message body is invalid", "undelivered", "invalid_text"),
    ("TEXT_UNREACHABLE", "Phone is currently unreachable/unavailable", "undelivered", "recipient_unavailable"),
    ("TEXT_CARRIER_UNREACHABLE", "Phone carrier is currently unreachable", "undelivered", "carrier_unavailable"),
    ("TEXT_BLOCKED", "Phone is on a blocked list", "undelivered", "number_blocked"),
    ("TEXT_BLOCKED", "Phone has blocked SMS", "undelivered", "texts_blocked"),
    ("TEXT_CARRIER_BLOCKED", "Phone carrier has blocked this message", "undelivered", "carrier_blocked"),
    ("TEXT_SPAM", "Blocked as spam by phone carrier", "undelivered", "spam"),
    ("TEXT_UNKNOWN", "Unknown error attempting to reach phone", "undelivered", "unexplained"),
    ("TEXT_TTL_EXPIRED", "Message has expired", "undelivered", "expired"),
    ("TEXT_PROTECT_BLOCKED", "Blocked by a protect configuration", "undelivered", "country_not_enabled"),
    ("RCS_QUEUED", "", "sent", None),
    ("RCS_SENT", "", "sent", None),
    ("RCS_DELIVERED", "", "delivered", None),
    ("RCS_READ", "", "delivered", None),
    ("RCS_FAILED", "", "undelivered", "unexplained"),
    ("RCS_TTL_EXPIRED", "", "undelivered", "expired"),
    ("RCS_PROTECT_BLOCKED", "", "undelivered", "country_not_enabled"),
    ("RCS_FALLEN_BACK_TO_SMS", "", "sent", None),
]


def said(kind: Any, description: Any = "", base: Mapping[str, Any] = DELIVERED, **changes: Any) -> dict[str, Any]:
    """An event's detail of this type; a field that is changed to ... is missing."""
    status = kind.partition("_")[2] if isinstance(kind, str) else kind
    detail = {**base, "eventType": kind, "messageStatus": status, "messageStatusDescription": description, **changes}
    return {name: value for name, value in detail.items() if value is not ...}


def fate(detail: Mapping[str, Any]) -> tuple[str, str | None]:
    receipt = EndUserMessaging.parse_receipt(detail)
    return str(receipt.status), receipt.reason and receipt.reason.code


class TestReceipt:
    @pytest.mark.parametrize(("kind", "description", "status", "reason"), TYPES)
    def test_each_type_has_its_status_and_reason(
        self, kind: str, description: str, status: str, reason: str | None
    ) -> None:
        for words in (description, f" {description}. ", description.upper()):
            assert fate(said(kind, words)) == (status, reason)
            assert fate(said(kind, words, CARRIER)) == (status, reason)
            assert fate(said(kind, words, eventType=...)) == (status, reason)
            assert fate(said(kind.lower(), words, messageStatus=...)) == (status, reason)

    @pytest.mark.parametrize(
        "description",
        [BY_CARRIER, f"{BY_CARRIER} XY", "accepted by phone network", "accepted by", "", None, 7, [BY_PHONE]],
    )
    def test_a_success_is_delivered_only_where_the_phone_itself_took_it(self, description: object) -> None:
        assert fate(said("TEXT_SUCCESSFUL", description)) == ("sent", None)

    @pytest.mark.parametrize("kind", ["TEXT_OF_NEXT_YEAR", "VOICE_ANSWERED", "", None, True, ["TEXT_DELIVERED"], 7])
    def test_a_type_that_is_new_says_nothing(self, kind: object) -> None:
        assert fate(said(kind, BY_PHONE)) == ("unknown", None)

    @pytest.mark.parametrize(
        ("hours", "status", "reason"),
        [
            (0, "undelivered", "unexplained"),
            (71.9, "undelivered", "unexplained"),
            (72, "unknown", None),
            (80, "unknown", None),
        ],
    )
    def test_an_unknown_after_three_days_of_silence_is_no_failure_for_then_aws_does_not_know(
        self, hours: float, status: str, reason: str | None
    ) -> None:
        later = DELIVERED["messageRequestTimestamp"] + round(hours * 3_600_000)
        assert fate(said("TEXT_UNKNOWN", "Unknown", eventTimestamp=later)) == (status, reason)
        assert fate(said("TEXT_SPAM", "", eventTimestamp=later)) == ("undelivered", "spam")

    def test_a_recorded_event_is_read_whole(self) -> None:
        assert EndUserMessaging.parse_receipt(DELIVERED) == Receipt(
            provider_id=ID,
            status=Status.DELIVERED,
            at=datetime(2026, 11, 25, 3, 30, 3, 902_000, tzinfo=UTC),
            price="0.00328",
            raw={
                "messageId": ID,
                "eventType": "TEXT_DELIVERED",
                "messageStatus": "DELIVERED",
                "messageStatusDescription": BY_PHONE,
                "messageType": "TRANSACTIONAL",
                "messageEncoding": "GSM",
                "carrierName": "Vodafone Idea",
                "isoCountryCode": "IN",
                "mcc": "404",
                "mnc": "20",
                "totalMessageParts": 1,
                "totalMessagePrice": 0.00278,
                "totalCarrierFee": 0.0005,
                "isFinal": True,
            },
            to=NUMBER,
        )

    def test_an_event_that_names_no_number_is_read_too(self) -> None:
        receipt = EndUserMessaging.parse_receipt(CARRIER)
        assert (receipt.provider_id, receipt.status, receipt.to) == (ID, Status.SENT, None)

    @pytest.mark.parametrize(
        ("price", "fee", "amount"),
        [
            (0.00849, 0.003, "0.01149"), (0.00849, ..., "0.00849"), (0.00849, None, "0.00849"), (0.0, 0.0, "0"),
            (1, 1, "2"), ("0.02", "0.01", "0.03"), (..., 0.003, None), (None, None, None), (-0.1, 0.1, None),
            (float("nan"), 0.1, None), (0.1, float("inf"), "0.1"), (1e300, 0, None), ("free", 1, None),
        ],
    )  # fmt: skip
    def test_a_price_is_what_aws_takes_and_the_carriers_fee(self, price: Any, fee: Any, amount: str | None) -> None:
        detail = said("TEXT_DELIVERED", totalMessagePrice=price, totalCarrierFee=fee)
        assert EndUserMessaging.parse_receipt(detail).price == amount

    @pytest.mark.parametrize(
        "timestamp",
        [..., None, "", "yesterday", -1, 0, 1, 10**14, 1e300, True, "2026-11-25T03:30:03Z", [1795577403902]],
    )
    def test_without_a_time_it_is_not_known_when(self, timestamp: object) -> None:
        assert EndUserMessaging.parse_receipt(said("TEXT_DELIVERED", eventTimestamp=timestamp)).at is None

    @pytest.mark.parametrize("final", [True, False, ..., None, "true", 1])
    def test_whether_more_is_to_come_is_kept_as_aws_says_it(self, final: object) -> None:
        raw = EndUserMessaging.parse_receipt(said("TEXT_DELIVERED", isFinal=final)).raw
        assert raw.get("isFinal") is (final if isinstance(final, bool) else None)

    @pytest.mark.parametrize("to", [..., None, "", "9741552552", "919741552552", "+1XXX5550100", "+0741552552", 91])
    def test_a_destination_that_is_no_whole_number_is_nobodys_and_may_be_anybodys(self, to: object) -> None:
        detail = said("TEXT_DELIVERED", destinationPhoneNumber=to)
        assert EndUserMessaging.parse_receipt(detail).to is None
        assert EndUserMessaging.addressed_to(detail, NUMBER)

    def test_a_destination_that_is_another_number_is_noticed(self) -> None:
        assert EndUserMessaging.addressed_to(DELIVERED, NUMBER)
        assert not EndUserMessaging.addressed_to(DELIVERED, "+919741552553")


class TestEntries:
    @pytest.mark.parametrize("name", ["delivered", "carrier", "unreachable"])
    def test_an_event_of_a_text_holds_one_entry_and_its_proof(self, name: str) -> None:
        event = recorded(name)
        assert list(EndUserMessaging.entries(event)) == [event["detail"]]
        assert EndUserMessaging.proof(event["detail"]) == PROOF

    @pytest.mark.parametrize(
        "changes",
        [
            {"source": "aws.sns"}, {"source": None}, {"detail-type": "Media Message Delivery Status Updated"},
            {"detail-type": "Registration Status Change"}, {"detail-type": None},
        ],
    )  # fmt: skip
    def test_another_event_holds_none(self, changes: Mapping[str, object]) -> None:
        assert list(EndUserMessaging.entries({**recorded("delivered"), **changes})) == []

    def test_the_topic_of_a_configuration_set_says_the_same(self) -> None:
        notes = [DELIVERED, {**CARRIER, "eventType": "VOICE_ANSWERED"}, UNREACHABLE]
        records = [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(note)}} for note in notes]
        assert list(EndUserMessaging.entries({"Records": records})) == [DELIVERED, UNREACHABLE]

    @given(
        st.dictionaries(
            st.sampled_from(["Records", "source", "detail-type", "detail", "awslogs"]), st.none() | st.text()
        )
        | st.fixed_dictionaries(
            {"Records": st.lists(st.none() | st.dictionaries(st.just("Sns"), st.none() | st.text()))}
        )
        | st.fixed_dictionaries({"Records": st.lists(st.builds(lambda text: {"Sns": {"Message": text}}, st.text()))})
    )
    def test_no_event_of_any_shape_breaks_it(self, event: dict[str, Any]) -> None:
        for entry in EndUserMessaging.entries({**event, "source": "aws.sms-voice"}):
            EndUserMessaging.parse_receipt(entry)

    @pytest.mark.parametrize("context", [..., None, {}, [], "x", {"herald_receipts": None}, {"other": "1"}])
    def test_what_gives_nothing_back_has_no_proof(self, context: object) -> None:
        assert EndUserMessaging.proof(said("TEXT_DELIVERED", context=context)) is None

    def test_no_callback_over_http_is_aws(self) -> None:
        assert not EndUserMessaging.verify({}, Callback(CALLBACK, {}, DELIVERED))
