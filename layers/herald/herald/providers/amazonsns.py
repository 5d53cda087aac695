"""Amazon SNS: texts by Publish to a phone number."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from herald.errors import InvalidSettings, Problem, Refused, Unsupported
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Sent
from herald.message.status import Status
from herald.providers import _aws
from herald.providers._base import OptOuts, Provider, text_of
from herald.providers._end import SECONDS
from herald.providers._idle import Idle
from herald.providers._receipts import AMOUNT, E164, ID, NUMBER, WORDS, amount, inner, kept, moment, word
from herald.settings.values import Field

# What SNS calls a message. The channel's ``smstype`` stands for the kind that needs no word: transactional.
TYPES = {"otp": "Transactional", "promotional": "Promotional"}
SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}")

# SNS has one code for every parameter it does not like; which one, only its text says (read November 2026).
PARAMETER = {
    "PhoneNumber": "invalid_number",
    "AWS.SNS.SMS.SenderID": "invalid_sender",
    "AWS.MM.SMS.OriginationNumber": "invalid_sender",
    "Message too long": "text_too_long",
    "Empty message": "invalid_text",
}
CODES = {"OptedOut": "opted_out", "KMSOptInRequired": "not_permitted"}

# Why a text was not delivered: providerResponse in the delivery log says so (November 2026), as a whole or within more
# words. The number itself may stand for "phone number".
FAILURES = {
    "Blocked as spam by phone carrier": "spam",
    "Destination is on a blocked list": "number_blocked",
    "Invalid phone number": "invalid_number",
    "Message body is invalid": "invalid_text",
    "No quota left for account": "spend_limit",
    "Phone carrier has blocked this message": "carrier_blocked",
    "Phone carrier is currently unreachable": "carrier_unavailable",  # unreachable/unavailable
    "Phone carrier is currently unavailable": "carrier_unavailable",
    "Phone has blocked SMS": "texts_blocked",
    "Phone is on a blocked list": "number_blocked",
    "Phone is currently unreachable": "recipient_unavailable",  # unreachable/unavailable
    "Phone is currently unavailable": "recipient_unavailable",
    "Phone number is opted out": "opted_out",
    "This delivery would exceed max price": "price_too_high",
    "Unknown error attempting to reach phone": "unexplained",
}
# What AWS wrote before (aws-sdk-js#3133, March 2020), and what matters in whatever words it is said.
OLDER = {
    "Destination is blacklisted": "number_blocked",
    "Phone is blacklisted": "number_blocked",
    "opted out": "opted_out",
}
ACCEPTED = "has been accepted by"
DELIVERED = "has been accepted by phone"  # and nothing more: `by phone carrier` is on its way only
# Whose phone it is: by name, or by the number, which may be masked.
PHONE = re.compile(r"(?:\+?\d[\d*x ().-]{4,}[\d*x]|destination|phone number|phone)(?!\w)", re.IGNORECASE)
KEPT = {
    "messageId": ID,
    **dict.fromkeys(("status", "providerResponse", "phoneCarrier", "smsType"), WORDS),
    **dict.fromkeys(("mcc", "mnc", "numberOfMessageParts", "dwellTimeMs", "dwellTimeMsUntilDeviceAck"), NUMBER),
    "priceInUSD": AMOUNT,
}


class AmazonSNS(Provider):
    """An AWS account and region. SNS answers with an id even when nothing will be delivered: only its logs tell."""

    name = "amazonsns"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("smstype", choices=("Transactional", "Promotional")),
        *_aws.ACCESS,
        Field("dlt_entity_id"),
        Field("dlt_template_id"),
        Field("origination_number"),
        Field("max_price", limit=True),
    )
    transport = "sns"
    rate = "20/s"
    words: ClassVar[Mapping[str, str]] = {
        **_aws.CODES,
        **{f"InvalidParameter: {words}": reason for words, reason in PARAMETER.items()},
        **CODES,
        **FAILURES,
        **OLDER,
    }

    def __init__(
        self,
        transport: Any,
        *,
        smstype: str = "Transactional",
        sender: str = "",
        dlt_entity_id: str = "",
        dlt_template_id: str = "",
        origination_number: str = "",
        max_price: str = "",
        seconds: float = SECONDS,
        **connection: str,
    ) -> None:
        """``connection`` (keys, region, endpoint) is already in the client. ``max_price`` is in USD, for one text.

        ``seconds`` are for a call in all.
        """
        if max_price and not re.fullmatch(r"\d+(\.\d+)?", max_price, re.ASCII):
            raise InvalidSettings([Problem("max_price", "invalid_price", "must be an amount in USD such as 0.05")])
        self._client, self._seconds = _aws.bounded(transport), seconds
        self._idle = Idle(transport.close)
        self._type, self._sender, self._max_price = smstype.capitalize(), sender, max_price
        self._attributes = {
            "AWS.MM.SMS.OriginationNumber": origination_number,
            "AWS.MM.SMS.EntityId": dlt_entity_id,
            "AWS.MM.SMS.TemplateId": dlt_template_id,
        }

    def request(self, message: Message, callback: str | None = None) -> Mapping[str, Any]:
        """The parameters of Publish. Raises ``Refused`` for a sender id that SNS would not take."""
        sender = message.sender or self._sender
        if sender and not SENDER.fullmatch(sender):
            raise Refused("invalid_sender", "A sender id for SNS has 1 to 11 letters, digits or hyphens, and a letter.")
        texts = {
            "AWS.SNS.SMS.SMSType": TYPES.get(message.kind, self._type),
            "AWS.SNS.SMS.SenderID": sender,
            **self._attributes,
        }
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in texts.items() if value}
        if self._max_price:
            attributes["AWS.SNS.SMS.MaxPrice"] = {"DataType": "Number", "StringValue": self._max_price}
        return {"PhoneNumber": message.to, "Message": text_of(message), "MessageAttributes": attributes}

    def transmit(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Publish, once."""
        self._idle.over()
        return _aws.call(self._client.publish, request, reason, seconds=self._seconds)

    def read(self, answer: Mapping[str, Any]) -> Sent:
        """Accepted, if there is a message id."""
        return _aws.sent(answer)

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """Always raises ``Unsupported``."""
        raise Unsupported(
            "Amazon SNS cannot be asked what became of a message.",
            hint="Switch on SNS delivery logging: its receipts then update the message by themselves.",
        )

    @classmethod
    def opt_outs(cls, values: Mapping[str, str]) -> OptOuts:
        """The one list of an account and region."""
        needed = "sns:ListPhoneNumbersOptedOut"
        return OptOuts("list_phone_numbers_opted_out", lambda page: page["phoneNumbers"], needed)

    @classmethod
    def entries(cls, event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The entries of SNS's delivery log that a subscription hands over; a line that is no JSON object is empty.

        What CloudWatch writes to see whether anybody listens (``CONTROL_MESSAGE``) is none.
        """
        import gzip

        packed = event.get("awslogs")
        batch = json.loads(gzip.decompress(base64.b64decode(packed["data"]))) if packed else {"logEvents": ()}
        for line in batch["logEvents"] if batch.get("messageType") != "CONTROL_MESSAGE" else ():
            try:
                entry = json.loads(line["message"])
            except (ValueError, RecursionError):
                entry = None
            yield entry if isinstance(entry, dict) else {}

    @classmethod
    def parse_receipt(cls, said: Mapping[str, Any]) -> Receipt:
        """What an entry of SNS's delivery log says: ``{notification, delivery, status}``. Its price is in USD."""
        notification, delivery = inner(said, "notification"), inner(said, "delivery")
        status, why = _fate(word(said.get("status")).upper(), word(delivery.get("providerResponse")))
        to = word(delivery.get("destination"))
        return Receipt(
            word(notification.get("messageId")),
            status,
            REASONS[why] if why else None,
            _at(notification, delivery),
            amount(delivery.get("priceInUSD")),
            kept({**notification, **delivery, "status": said.get("status")}, KEPT),
            to if E164.fullmatch(to) else None,
            last=status is Status.SENT,  # SNS logs each text once.
        )


def reason(code: str, text: str) -> str | None:
    """Why SNS refused, from its code and its text, which is read here and kept nowhere."""
    if code in ("InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"):
        return next((why for word, why in PARAMETER.items() if word in text), None)
    return CODES.get(code)


def _fate(status: str, response: str) -> tuple[Status, str | None]:
    """How a text fares, and why. SUCCESS in words that are new says that it was handed on: so it is at least sent."""
    words = _plain(response)
    said = [(words.find(_plain(sentence)), reason) for sentence, reason in (FAILURES | OLDER).items()]
    why = min((place for place in said if place[0] >= 0), default=(0, None))[1]
    if status == "FAILURE" or (why and status != "SUCCESS"):
        return Status.UNDELIVERED, why or "unexplained"
    if status == "SUCCESS" or ACCEPTED in words:
        return Status.DELIVERED if words.endswith(DELIVERED) else Status.SENT, None
    return Status.UNKNOWN, None


def _plain(sentence: str) -> str:
    """A sentence in small letters, in which whatever stands for the phone is ``phone``, said once."""
    words = re.sub(r"[^\w/]+", " ", PHONE.sub("phone", sentence)).lower().strip()
    return re.sub(r"\bphone(?: phone)+\b", "phone", words)


def _at(notification: Mapping[str, Any], delivery: Mapping[str, Any]) -> datetime | None:
    """When it was published, and then the time until the phone or the carrier answered."""
    published = moment(notification.get("timestamp"), UTC)
    took = (word(delivery.get(name)) for name in ("dwellTimeMsUntilDeviceAck", "dwellTimeMs"))
    known = next((int(ms) for ms in took if NUMBER.fullmatch(ms)), 0)
    return published and published + timedelta(milliseconds=known)


PROVIDER = AmazonSNS
