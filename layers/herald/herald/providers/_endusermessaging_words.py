"""AWS End User Messaging's words: why it refuses a text, and what its events say of one."""

from collections.abc import Mapping

from herald.message.status import Status

# The ``Reason`` of an error of SendTextMessage -> ours (botocore 1.43.106, November 2026). Reasons that only other
# operations give are not listed: they would read as `request_refused`.
REFUSALS: Mapping[str, str] = {
    # AccessDeniedException
    **dict.fromkeys(("INSUFFICIENT_ACCOUNT_REPUTATION", "ACCOUNT_DISABLED"), "not_permitted"),
    # ConflictException
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": "opted_out",
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": "not_permitted",  # The account is in the sandbox.
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": "country_not_enabled",
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": "number_blocked",
    **dict.fromkeys(
        ("MESSAGE_TYPE_MISMATCH", "NUMBER_CAPABILITIES_MISMATCH", "NO_ORIGINATION_IDENTITIES_FOUND",
         "RESOURCE_NOT_ACTIVE"),
        "invalid_sender",
    ),
    **dict.fromkeys(
        ("KEYWORD_MISMATCH", "PROTECT_CONFIGURATION_NOT_ASSOCIATED_WITH_CONFIGURATION_SET"), "channel_invalid"
    ),
    # ServiceQuotaExceededException
    **dict.fromkeys(
        ("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "MONTHLY_SPEND_LIMIT_REACHED_FOR_NOTIFY",
         "MONTHLY_SPEND_LIMIT_REACHED_FOR_RCS"),
        "spend_limit",
    ),
    **dict.fromkeys(("DAILY_DESTINATION_CALL_LIMIT", "DAILY_NOTIFY_TIER_MESSAGE_LIMIT"), "not_permitted"),
    # ValidationException
    "PRICE_OVER_THRESHOLD": "price_too_high",
    **dict.fromkeys(("SENDER_ID_NOT_REGISTERED", "SENDER_ID_REQUIRES_REGISTRATION"), "not_registered"),
    **dict.fromkeys(
        ("SENDER_ID_NOT_SUPPORTED", "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "COUNTRY_CODE_MISMATCH",
         "INTERNATIONAL_SENDING_NOT_SUPPORTED", "RESOURCE_NOT_ACCESSIBLE", "INVALID_ARN"),
        "invalid_sender",
    ),
    **dict.fromkeys(("COUNTRY_NOT_ENABLED", "DESTINATION_COUNTRY_BLOCKED"), "country_not_enabled"),
    "CHANNEL_NOT_ENABLED": "not_permitted",
}  # fmt: skip
# Where the Reason only says that a field is wrong (FIELD_VALIDATION_FAILED, INVALID_PARAMETER ...): whose field it is.
FIELDS: Mapping[str, str] = {
    "DestinationPhoneNumber": "invalid_number",
    "OriginationIdentity": "invalid_sender",
    "MessageBody": "invalid_text",
    "DestinationCountryParameters": "not_registered",
    **dict.fromkeys(
        ("ConfigurationSetName", "ProtectConfigurationId", "Keyword", "MaxPrice", "MessageFeedbackEnabled"),
        "channel_invalid",
    ),
}
# The ``ResourceType`` of a ResourceNotFoundException.
MISSING: Mapping[str, str] = {
    **dict.fromkeys(("phone-number", "sender-id", "pool", "rcs-agent"), "invalid_sender"),
    **dict.fromkeys(("configuration-set", "protect-configuration", "keyword", "opt-out-list"), "channel_invalid"),
}
NOT_FOUND = "ResourceNotFoundException"

# The type of an event, without TEXT_ or RCS_ before it. SUCCESSFUL: see ``fate``.
STATES: Mapping[str, Status] = {
    **dict.fromkeys(("QUEUED", "PENDING", "SENT", "SUCCESSFUL", "FALLEN_BACK_TO_SMS"), Status.SENT),
    **dict.fromkeys(("DELIVERED", "READ"), Status.DELIVERED),
}
FAILURES: Mapping[str, str] = {
    "INVALID": "invalid_number",
    "INVALID_MESSAGE": "invalid_text",
    "UNREACHABLE": "recipient_unavailable",
    "CARRIER_UNREACHABLE": "carrier_unavailable",
    "BLOCKED": "number_blocked",
    "CARRIER_BLOCKED": "carrier_blocked",
    "SPAM": "spam",
    "TTL_EXPIRED": "expired",
    "PROTECT_BLOCKED": "country_not_enabled",
    "UNKNOWN": "unexplained",
    "FAILED": "unexplained",
}
# What an event's description says beside its type; SNS writes the same sentences.
BY_PHONE, BLOCKS_TEXTS = "accepted by phone", "has blocked sms"


def refusal(code: str, details: str) -> str | None:
    """Why a text was refused, by the error's code, its ``Reason`` or ``ResourceType``, and the fields that it names."""
    if code == NOT_FOUND:
        return MISSING.get(details, "invalid_sender")
    known = (REFUSALS.get(word) or FIELDS.get(word) for word in details.split())
    return next(filter(None, known), None)


def fate(kind: str, description: str) -> tuple[Status, str | None]:
    """How a text fares, and why, by the type of an event and its description, in any case.

    SUCCESSFUL says that the recipient's carrier took the text; only where the description says that the phone did is it
    there. (AWS says that in some countries DELIVERED and SUCCESSFUL stand for each other: November 2026.)
    """
    name, words = kind.upper().removeprefix("TEXT_").removeprefix("RCS_"), description.lower().rstrip(". ")
    if name == "SUCCESSFUL" and words.endswith(BY_PHONE):
        return Status.DELIVERED, None
    if name == "BLOCKED" and BLOCKS_TEXTS in words:
        return Status.UNDELIVERED, "texts_blocked"
    if name in FAILURES:
        return Status.UNDELIVERED, FAILURES[name]
    return STATES.get(name, Status.UNKNOWN), None
