"""AWS End User Messaging: texts by SendTextMessage of its API for SMS and voice, version 2."""

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
from herald.providers import _endusermessaging_words as words
from herald.providers._base import Callback, OptOuts, Provider, text_of
from herald.providers._end import SECONDS
from herald.providers._idle import Idle
from herald.providers._receipts import AMOUNT, E164, ID, NUMBER, WORDS, amount, inner, kept, word
from herald.settings.values import Field

# What a message is to AWS. The channel's ``message_type`` stands for the kind that needs no word: transactional.
TYPES = {"otp": "TRANSACTIONAL", "promotional": "PROMOTIONAL"}
IDENTITY = re.compile(r"[A-Za-z0-9_:/+-]{1,256}", re.ASCII)
PRICE = re.compile(r"\d{1,2}(\.\d{1,5})?", re.ASCII)
LONGEST, SHORTEST_WAIT, LONGEST_WAIT = 1600, 5, 259_200  # characters, seconds
SOURCE, DETAIL_TYPE = "aws.sms-voice", "Text Message Delivery Status Updated"
# What AWS gives back with each event, at most five. The template's rule looks for the stage.
STAGE, MESSAGE, ATTEMPT, RECEIPTS = "herald_stage", "herald_message", "herald_attempt", "herald_receipts"
# After so long without a word of the carrier AWS says UNKNOWN by itself: then nobody knows (AWS, November 2026).
SILENCE = timedelta(hours=72)
KEPT = {
    "messageId": ID,
    **dict.fromkeys(("eventType", "messageStatus", "messageStatusDescription", "messageType"), WORDS),
    **dict.fromkeys(("messageEncoding", "carrierName", "isoCountryCode"), WORDS),
    **dict.fromkeys(("mcc", "mnc", "totalMessageParts"), NUMBER),
    **dict.fromkeys(("totalMessagePrice", "totalCarrierFee"), AMOUNT),
}
MILLISECONDS = re.compile(r"[1-9]\d{11,13}", re.ASCII)  # Since 1970, from 1973 on.


class EndUserMessaging(Provider):
    """An AWS account and region. What it will not send it refuses at once, and says why."""

    name = "endusermessaging"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("message_type", choices=("TRANSACTIONAL", "PROMOTIONAL")),
        *_aws.ACCESS,
        Field("origination_identity"),
        Field("pool_id"),
        Field("configuration_set"),
        Field("protect_configuration"),
        Field("opt_out_list"),
        Field("dlt_entity_id"),
        Field("dlt_template_id"),
        Field("keyword"),
        Field("max_price", limit=True),
        Field("message_feedback", choices=("true", "false")),
    )
    transport = "pinpoint-sms-voice-v2"
    calls_back = True
    words: ClassVar[Mapping[str, str]] = {
        **_aws.CODES,
        **words.REFUSALS,
        **{f"ValidationException: {field}": reason for field, reason in words.FIELDS.items()},
        **{f"{words.NOT_FOUND}: {kind}": reason for kind, reason in words.MISSING.items()},
        **{f"TEXT_{name}": reason for name, reason in words.FAILURES.items()},
    }

    def __init__(
        self,
        transport: Any,
        *,
        message_type: str = "TRANSACTIONAL",
        sender: str = "",
        origination_identity: str = "",
        pool_id: str = "",
        configuration_set: str = "",
        protect_configuration: str = "",
        dlt_entity_id: str = "",
        dlt_template_id: str = "",
        keyword: str = "",
        max_price: str = "",
        message_feedback: str = "false",
        stage: str = "dev",
        seconds: float = SECONDS,
        **others: str,
    ) -> None:
        """``sender`` goes before ``origination_identity``, and that before ``pool_id``; without any AWS chooses.

        ``max_price`` is in USD, for one text. ``others`` (keys, region, endpoint) are in the client already, or for
        the opt-outs. ``seconds`` are for a call in all.
        """
        if max_price and not PRICE.fullmatch(max_price):
            detail = "must be an amount in USD below 100 such as 0.05, with 5 decimals at most"
            raise InvalidSettings([Problem("max_price", "invalid_price", detail)])
        self._client, self._seconds = _aws.bounded(transport), seconds
        self._idle = Idle(transport.close)
        self._type, self._stage = message_type.upper(), stage
        self._identity = sender or origination_identity or pool_id
        country = {"IN_ENTITY_ID": dlt_entity_id, "IN_TEMPLATE_ID": dlt_template_id}
        self._fixed = {
            "ConfigurationSetName": configuration_set,
            "ProtectConfigurationId": protect_configuration,
            "Keyword": keyword,
            "MaxPrice": max_price and (max_price if "." in max_price else f"{max_price}.0"),
            "DestinationCountryParameters": {name: value for name, value in country.items() if value},
            "MessageFeedbackEnabled": message_feedback.lower() == "true",
        }

    def request(self, message: Message, callback: str | None = None) -> Mapping[str, Any]:
        """The parameters of SendTextMessage. AWS keeps the text while the message is valid, and five seconds at least.

        Raises ``Refused`` for a text or a sender that AWS would not take.
        """
        identity, body = message.sender or self._identity, text_of(message)
        if len(body) > LONGEST:
            raise Refused("text_too_long")
        if identity and not IDENTITY.fullmatch(identity):
            detail = "A sender is a number, a sender id, a pool or the ARN of one: letters, digits and + - _ : / only."
            raise Refused("invalid_sender", detail)
        left = int((message.expires_at - message.updated_at).total_seconds())
        parameters = {
            "DestinationPhoneNumber": message.to,
            "OriginationIdentity": identity,
            "MessageBody": body,
            "MessageType": TYPES.get(message.kind, self._type),
            **self._fixed,
            "TimeToLive": min(max(left, SHORTEST_WAIT), LONGEST_WAIT),
            "Context": self._context(message, callback),
        }
        return {name: value for name, value in parameters.items() if value}

    def transmit(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send, once."""
        self._idle.over()
        return _aws.call(self._client.send_text_message, request, words.refusal, seconds=self._seconds)

    def read(self, answer: Mapping[str, Any]) -> Sent:
        """Accepted, if there is a message id."""
        return _aws.sent(answer)

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """Always raises ``Unsupported``."""
        raise Unsupported(
            "AWS End User Messaging cannot be asked what became of a message.",
            hint="Its events update the message by themselves.",
        )

    def _context(self, message: Message, callback: str | None) -> dict[str, str]:
        """What AWS is to give back: whose text it is, for people, and the end of the URL for receipts as the proof."""
        proof = "/".join(callback.rsplit("/", 2)[1:]) if callback else ""
        said = {STAGE: self._stage, MESSAGE: message.id, ATTEMPT: str(message.attempts), RECEIPTS: proof}
        return {name: value for name, value in said.items() if value}

    @classmethod
    def verify(cls, values: Mapping[str, str], callback: Callback) -> bool:
        """Always False: AWS calls no URL, and its events show to many in the account what was sent with a text."""
        return False

    @classmethod
    def addressed_to(cls, said: Mapping[str, Any], e164: str) -> bool:
        """False if the destination is another number in full; most events name none."""
        to = word(said.get("destinationPhoneNumber"))
        return not E164.fullmatch(to) or to == e164

    @classmethod
    def opt_outs(cls, values: Mapping[str, str]) -> OptOuts:
        """The list that the channel names; a number of AWS's that names none obeys the one called Default."""
        return OptOuts(
            "describe_opted_out_numbers",
            lambda page: ["+" + each["OptedOutNumber"].removeprefix("+") for each in page["OptedOutNumbers"]],
            "sms-voice:DescribeOptedOutNumbers",
            {"OptOutListName": values.get("opt_out_list", "Default")},
        )

    @classmethod
    def entries(cls, event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """What an event of EventBridge says; or a notification of the topic that a configuration set's events go to."""
        if event.get("source") == SOURCE and event.get("detail-type") == DETAIL_TYPE:
            yield inner(event, "detail")
        records = event.get("Records")
        for record in records if isinstance(records, list) else ():
            said = _parsed(inner(record, "Sns").get("Message"))
            if word(said.get("eventType")).startswith(("TEXT_", "RCS_")):
                yield said

    @classmethod
    def proof(cls, said: Mapping[str, Any]) -> str | None:
        """What the text was sent with, in its ``Context``."""
        return word(inner(said, "context").get(RECEIPTS)) or None

    @classmethod
    def parse_receipt(cls, said: Mapping[str, Any]) -> Receipt:
        """What the ``detail`` of an event says. Its price is in USD, the carrier's fee included."""
        kind = word(said.get("eventType")) or word(said.get("messageStatus"))
        status, why = words.fate(kind, word(said.get("messageStatusDescription")))
        at, asked = _moment(said.get("eventTimestamp")), _moment(said.get("messageRequestTimestamp"))
        if why == "unexplained" and at and asked and at - asked >= SILENCE:
            status, why = Status.UNKNOWN, None
        final = said.get("isFinal")
        to = word(said.get("destinationPhoneNumber"))
        return Receipt(
            word(said.get("messageId")),
            status,
            REASONS[why] if why else None,
            at,
            _price(said),
            {**kept(said, KEPT), **({"isFinal": final} if isinstance(final, bool) else {})},
            to if E164.fullmatch(to) else None,
            last=final is True and status is Status.SENT,
        )


def _parsed(text: object) -> Mapping[str, Any]:
    try:
        said = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _moment(value: object) -> datetime | None:
    """A time that AWS writes in milliseconds since 1970."""
    text = word(value)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text)) if MILLISECONDS.fullmatch(text) else None


def _price(said: Mapping[str, Any]) -> str | None:
    price, fee = amount(said.get("totalMessagePrice")), amount(said.get("totalCarrierFee"))
    return amount(float(price) + float(fee or 0)) if price else None


PROVIDER = EndUserMessaging
