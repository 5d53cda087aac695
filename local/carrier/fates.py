"""Fates: what becomes of a text, by the last two digits of a magic number; in each vendor's own words."""

import re
from typing import NamedTuple

# All of them are numbers that a person in India could have: libphonenumber and the vendors take them.
NUMBERS = "+9198765000"
MAGIC = re.compile(r"(?:\+?91|0)?98765000([0-9]{2})")
SEPARATORS = re.compile(r"[\s().-]+")
USUAL_DELAY = 1.0


class Exotel(NamedTuple):
    """Exotel's ``Status``, ``DetailedStatusCode`` and ``DetailedStatus``."""

    status: str
    code: int
    detail: str


class Sns(NamedTuple):
    """The ``status`` and ``providerResponse`` of an entry in SNS's delivery log."""

    status: str
    text: str


# Exotel's `sent` means delivered.
SENT, UNEXPLAINED = Exotel("sent", 20005, "DELIVERED_TO_HANDSET"), Exotel("failed", 24990, "FAILED_UNKNOWN")
BY_PHONE = Sns("SUCCESS", "Message has been accepted by phone")
BY_CARRIER = Sns("SUCCESS", "Message has been accepted by phone carrier")
NO_CAUSE = Sns("FAILURE", "Unknown error attempting to reach phone")


class Fate(NamedTuple):
    """What becomes of a text. ``receipt`` is the word for it on the phone, None if nobody is ever told.

    ``delay`` is in seconds. ``copies`` is how often the receipt comes; with ``disorder``, an older state follows it.
    """

    what: str
    receipt: str | None = "delivered"
    exotel: Exotel = SENT
    sns: Sns = BY_PHONE
    delay: float = USUAL_DELAY
    copies: int = 1
    disorder: bool = False


def _fails(reason: str, exotel: tuple[int, str] | None, sns: str | None) -> Fate:
    """A text that fails; a vendor that has no words for the cause says that it knows none."""
    code = Exotel("failed_dnd" if exotel[0] == 23005 else "failed", *exotel) if exotel else UNEXPLAINED
    return Fate(reason, "failed", code, Sns("FAILURE", sns) if sns else NO_CAUSE)


FATES = {
    "00": Fate("delivered"),
    "01": _fails("do_not_disturb", (23005, "FAILED_DND"), None),
    "02": _fails("invalid_number", (23010, "FAILED_INVALID_DESTINATION_NUMBER"), "Invalid phone number"),
    "03": _fails("spam", (23015, "FAILED_SPAM"), "Blocked as spam by phone carrier"),
    "04": _fails("opted_out", (23020, "FAILED_BLACKLISTED"), "Phone number is opted out"),
    "05": _fails("no_consent", (23084, "FAILED_DLT_CONSENT"), None),
    "06": _fails("recipient_unavailable", (23035, "FAILED_SUBSCRIBER_UNAVAILABLE"),
                 "Phone is currently unreachable/unavailable"),
    "07": _fails("carrier_blocked", (23060, "FAILED_REJECTED"), "Phone carrier has blocked this message"),
    "08": _fails("carrier_unavailable", (24110, "FAILED_OPERATOR"),
                 "Phone carrier is currently unreachable/unavailable"),
    "09": _fails("invalid_text", (23070, "FAILED_INVALID_MESSAGE"), "Message body is invalid"),
    "10": _fails("invalid_sender", (23072, "FAILED_INVALID_SENDER"), None),
    "11": _fails("not_registered", (23080, "FAILED_DLT_SENDER_BLOCKED"), None),
    "12": _fails("template_mismatch", (23185, "FAILED_DLT_TEMPLATE_DOES_NOT_MATCH"), None),
    "13": _fails("no_route", (23030, "FAILED_NO_ROUTE"), None),
    "14": _fails("provider_failed", (24010, "FAILED_SYSTEM"), None),
    "15": _fails("number_blocked", None, "Phone is on a blocked list"),
    "16": _fails("texts_blocked", None, "Phone has blocked SMS"),
    "17": _fails("spend_limit", None, "No quota left for account"),
    "18": _fails("price_too_high", None, "This delivery would exceed max price"),
    "19": _fails("unexplained", (24990, "FAILED_UNKNOWN"), "Unknown error attempting to reach phone"),
    "90": Fate("silent: no receipt ever", None),
    "91": Fate("delivered, told after ten seconds", delay=10.0),
    "92": Fate("delivered, told twice", copies=2),
    "93": Fate("delivered, then told that it is on its way", disorder=True),
    "94": Fate("taken by the carrier, no word of the phone", "sent", Exotel("sent", 20006, "DELIVERED_TO_OPERATOR"),
               BY_CARRIER),
    "95": Fate("words that nobody knows", "unknown", Exotel("diverted", 30099, "DIVERTED"),
               Sns("DIVERTED", "Message has been diverted")),
}  # fmt: skip


def fate(number: str) -> Fate:
    """What becomes of a text to ``number``, however it is written: delivered, if it is no magic number."""
    magic = MAGIC.fullmatch(SEPARATORS.sub("", number))
    return FATES.get(magic[1] if magic else "00", FATES["00"])


def listed() -> list[dict[str, str]]:
    """The magic numbers for a page: ``[{"to", "what"}]``."""
    return [{"to": NUMBERS + ending, "what": told.what} for ending, told in FATES.items()]
