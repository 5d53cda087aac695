"""Amazon SNS: texts by Publish to a phone number."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from herald.errors import InvalidSettings, Problem, Refused, Uncertain, Unsupported
from herald.message import Message, Sent
from herald.providers._aws import call
from herald.providers._base import Provider, text_of
from herald.providers._idle import Idle
from herald.settings import Field

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


class AmazonSNS(Provider):
    """An AWS account and region. SNS answers with an id even when nothing will be delivered: only its logs tell."""

    name = "amazonsns"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("smstype", choices=("Transactional", "Promotional")),
        Field("aws_access_key_id"),
        Field("aws_secret_access_key", secret=True),
        Field("region_name"),
        Field("dlt_entity_id"),
        Field("dlt_template_id"),
        Field("origination_number"),
        Field("max_price"),
    )
    transport = "sns"
    rate = "20/s"

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
        **connection: str,
    ) -> None:
        """``connection`` (keys, region, endpoint) is already in the client. ``max_price`` is in USD, for one text."""
        if max_price and not re.fullmatch(r"\d+(\.\d+)?", max_price, re.ASCII):
            raise InvalidSettings([Problem("max_price", "invalid_price", "must be an amount in USD such as 0.05")])
        self._client = transport
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
        return call(self._client.publish, request, reason)

    def read(self, answer: Mapping[str, Any]) -> Sent:
        """Accepted, if there is a message id."""
        provider_id = answer.get("MessageId")
        if not provider_id or not isinstance(provider_id, str):
            raise Uncertain("answer_unclear")
        return Sent(provider_id, dict(answer), texts=self.texts)

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """Always raises ``Unsupported``."""
        raise Unsupported(
            "Amazon SNS cannot be asked what became of a message.",
            hint="Switch on SNS delivery logging: its receipts then update the message by themselves.",
        )


def reason(code: str, text: str) -> str | None:
    """Why SNS refused, from its code and its text, which is read here and kept nowhere."""
    if code in ("InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"):
        return next((why for word, why in PARAMETER.items() if word in text), None)
    return CODES.get(code)


PROVIDER = AmazonSNS
