"""Exotel: texts by its REST API, version 1."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta, timezone
from html import unescape
from typing import Any, ClassVar
from urllib.parse import quote

from herald.errors import AttemptError, InvalidSettings, NotFound, Problem, Refused, Unavailable
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Sent
from herald.message.status import Status
from herald.providers._base import Provider, Text, text_of
from herald.providers._http import Answer, Http, base_url
from herald.providers._receipts import AMOUNT, ID, NUMBER, TIME, WORDS, amount, kept, moment, word, written
from herald.settings.values import Field

# Why a request is refused: its HTTP status, or more exactly the Code in its RestException (November 2026).
STATUSES = {
    401: "credentials_refused",
    402: "no_balance",  # or the plan's limit
    403: "not_permitted",  # account suspended, no KYC, no balance, country not enabled: 40000-40003, 340030, 34009
    404: "credentials_refused",  # there is no such account
    413: "text_too_long",
}
CODES = {
    "34010": "credentials_refused",
    **dict.fromkeys(("40300", "40301"), "invalid_sender"),  # "No SMS SenderId found", also for an unregistered text
}
THROTTLES = {"40402", "40403", "40404", "40405"}

# Why a message failed: DetailedStatusCode, in answers, details and callbacks. Exotel has a second table (20000, 3000x):
# what is not here is unexplained.
FAILURES = {
    "23005": "do_not_disturb",
    **dict.fromkeys(("23010", "23040"), "invalid_number"),
    "23015": "spam", "23020": "opted_out", "23030": "no_route", "23060": "carrier_blocked",
    **dict.fromkeys(("23035", "23050", "24105", "24120"), "recipient_unavailable"),  # 23050: expired on its way
    "23070": "invalid_text", "23072": "invalid_sender",
    # DLT, India's register of senders and texts: sender blocked, entity blocked, entity not found
    **dict.fromkeys(("23080", "23081", "23281"), "not_registered"),
    # template blocked, scrubbing; template invalid, not found, inactive, blacklisted, does not match, length
    **dict.fromkeys(("23082", "23083", *map(str, range(23181, 23187))), "template_mismatch"),
    "23084": "no_consent",
    "24010": "provider_failed", "24110": "carrier_unavailable", "24990": "unexplained",
}  # fmt: skip

# How a text fares: Status, or DetailedStatusCode where there is no Status that is known. `sent` means delivered, to the
# phone or (20006) to an operator that tells no more. `delivered`, `undelivered` and `expired` are on a newer page only.
STATES = {
    **dict.fromkeys(("queued", "sending", "submitted"), Status.SENT),
    **dict.fromkeys(("sent", "delivered"), Status.DELIVERED),
    **dict.fromkeys(("failed", "failed_dnd", "failed-dnd", "undelivered", "expired"), Status.UNDELIVERED),
    **dict.fromkeys(("21010", "21015", "21020"), Status.SENT),
    **dict.fromkeys(("20005", "20006"), Status.DELIVERED),
    **dict.fromkeys(FAILURES, Status.UNDELIVERED),
}
WHY = {"failed_dnd": "do_not_disturb", "failed-dnd": "do_not_disturb", "expired": "recipient_unavailable"}
KEPT = {
    **dict.fromkeys(("SmsSid", "Sid"), ID),
    **dict.fromkeys(("Status", "DetailedStatus"), WORDS),
    **dict.fromkeys(("DetailedStatusCode", "SmsUnits"), NUMBER),
    **dict.fromkeys(("DateSent", "DateUpdated"), TIME),
    "Price": AMOUNT,
}
IST = timezone(timedelta(hours=5, minutes=30))  # not said: Exotel writes its times without a zone

LONGEST = 2000
ENCODINGS = {"GSM-7": "plain", "UCS-2": "unicode"}  # always said: Exotel's pages disagree on whether it detects them
TYPES = {"promotional": "promotional", "otp": "transactional"}
HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE | re.ASCII)
SEPARATORS = re.compile(r"[\s().+-]")
ABROAD = re.compile(r"00?(?=91\d{10}$)", re.ASCII)
NUMBERED = re.compile(r"0{0,4}[1-9]\d{6,14}", re.ASCII)
ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")


class Exotel(Provider):
    """An Exotel account. ``domain`` must be the one of the account's cluster: api.exotel.com or api.in.exotel.com."""

    name = "exotel"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("sid", required=True),
        Field("token", required=True, secret=True),
        Field("key", secret=True),
        Field("domain"),
        Field("priority", choices=("high", "normal")),
        Field("dlt_entity_id"),
        Field("dlt_template_id"),
        Field("sms_type", choices=("transactional", "transactional_opt_in", "promotional")),
        Field("country"),
    )
    transport = "http"
    rate = "200/min"  # sends and questions for a status together
    keeps_status = True
    calls_back = True
    inbound = True
    texts = frozenset({"To", "Body"})
    words: ClassVar[Mapping[str, str]] = {
        **{f"HTTP {status}": reason for status, reason in STATUSES.items()},
        **CODES,
        **dict.fromkeys(sorted(THROTTLES), "throttled"),
        **FAILURES,
        **WHY,
    }

    def __init__(
        self,
        transport: Http,
        *,
        sid: str,
        token: str,
        key: str = "",
        domain: str = "api.exotel.com",
        priority: str = "high",
        sender: str = "",
        endpoint_url: str = "",
        dlt_entity_id: str = "",
        dlt_template_id: str = "",
        sms_type: str = "",
        country: str = "",
    ) -> None:
        """``key`` is the account's sid by default. ``endpoint_url`` replaces ``https://{domain}``."""
        if not re.fullmatch("([A-Za-z]{2})?", country):
            raise InvalidSettings([Problem("country", "invalid_country", "must be a country code such as IN")])
        if not HOST.fullmatch(domain):
            raise InvalidSettings([Problem("domain", "invalid_host", "must be a host name such as api.exotel.com")])
        base = base_url("endpoint_url", endpoint_url) if endpoint_url else f"https://{domain}"
        self._http, self._account = transport, f"{base}/v1/Accounts/{quote(sid, safe='')}"
        self._auth = (key or sid, token)
        self._sender, self._type = sender or sid, sms_type.lower()
        self._fields = {"Priority": priority.lower(), "DltEntityId": dlt_entity_id, "DltTemplateId": dlt_template_id}

    def request(self, message: Message, callback: str | None = None) -> Mapping[str, str]:
        """The form. SmsType is said only if the channel says it: with it, Exotel looks for no template of its own."""
        body = text_of(message)
        if len(body) > LONGEST:
            raise Refused("text_too_long")
        form = {
            "From": message.sender or self._sender,
            "To": message.to,
            "Body": body,
            "EncodingType": ENCODINGS[message.encoding],
            **self._fields,
            "StatusCallback": callback,
            "SmsType": self._type and TYPES.get(message.kind, self._type),
        }
        return {name: value for name, value in form.items() if value}

    def transmit(self, request: Mapping[str, str]) -> Answer:
        """Post the form, once."""
        return self._http.post(f"{self._account}/Sms/send.json", request, self._auth)

    def read(self, answer: Answer) -> Sent:
        """Accepted, if any 2xx holds a Sid and does not say that the message has failed already."""
        said = parsed(answer.body)
        sid = _sid(said)
        if not answer.ok or not sid:
            raise _failure(answer, said)
        sent = Sent(sid, said, amount(said.get("Price")), self.texts)
        if str(said.get("Status")).lower().startswith("failed"):
            raise Refused(reason(said), response=sent.kept)
        return sent

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """The message's details, now. Exotel's word ``sent`` means delivered. Times are IST without saying so."""
        sid = _sid(response)
        if not sid:
            raise NotFound("Exotel gave this message no Sid to ask for.")
        answer = self._http.get(f"{self._account}/SMS/Messages/{quote(sid, safe='')}.json", self._auth)
        said = parsed(answer.body)
        if answer.ok and _sid(said):
            return said
        # An unknown Sid is answered with 200.
        if answer.status == 404 or (answer.ok and b"no matching results" in answer.body.lower()):
            raise NotFound("Exotel does not know this message.", hint="It may belong to another account or cluster.")
        failure = _failure(answer, said)
        raise failure if isinstance(failure, Refused | Unavailable) else Unavailable()

    @classmethod
    def addressed_to(cls, said: Mapping[str, Any], e164: str) -> bool:
        """False if To is plainly another number. Exotel writes 0 or 00 before it, and X for some digits."""
        to = SEPARATORS.sub("", word(said.get("To")))
        return not NUMBERED.fullmatch(to) or e164.endswith(to.lstrip("0"))

    @classmethod
    def home(cls, values: Mapping[str, str]) -> str:
        """The account's country, which is India for most."""
        return (values.get("country") or "IN").upper()

    @classmethod
    def parse_inbound(cls, said: Mapping[str, Any]) -> Text:
        """What an applet (form, query) or a long code's callback (JSON) says. 0 or 00 may be before a country code."""
        sender, body = written(said, "From", "Sender"), written(said, "Body", "MessageBody")
        return Text(sender and ABROAD.sub("+", sender), body)

    @classmethod
    def parse_receipt(cls, said: Mapping[str, Any]) -> Receipt:
        """What a callback's form, or a message's details, say."""
        status = _state(said)
        return Receipt(
            word(said.get("SmsSid")) or word(said.get("Sid")),
            status,
            REASONS[reason(said)] if status is Status.UNDELIVERED else None,
            moment(said.get("DateSent"), IST),
            amount(said.get("Price")),
            kept(said, KEPT),
        )


def reason(said: Mapping[str, Any]) -> str:
    """Why a message failed, from an answer, its details or a callback."""
    why = WHY.get(word(said.get("Status")).lower(), "unexplained")
    return FAILURES.get(word(said.get("DetailedStatusCode")), why)


def _state(said: Mapping[str, Any]) -> Status:
    status, code = word(said.get("Status")).lower(), word(said.get("DetailedStatusCode"))
    if status.startswith("failed"):
        return Status.UNDELIVERED
    return STATES.get(status) or STATES.get(code, Status.UNKNOWN)


def parsed(body: bytes) -> dict[str, Any]:
    """The fields of the SMSMessage or RestException in an answer, JSON or XML; empty if there is none."""
    text = body.decode(errors="replace").strip()
    if text.startswith("<"):
        return {name: unescape(value) for name, value in ELEMENT.findall(text)}
    try:
        answer = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    found = (answer.get("SMSMessage") or answer.get("RestException")) if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def _failure(answer: Answer, said: Mapping[str, Any]) -> AttemptError:
    """How an answer without a message ended. A RestException in a 2xx counts as the status that it names."""
    status, code = str(said.get("Status")), str(said.get("Code"))
    if answer.ok and re.fullmatch(r"\d{3}", status, re.ASCII):
        answer = answer._replace(status=int(status))
    failure = answer.failure()
    if isinstance(failure, Unavailable) and code in THROTTLES:
        failure = Unavailable("throttled", retry_after=failure.retry_after)
    # Not Exotel's Message, which repeats account and sender, and might repeat the number.
    kept = {"http_status": answer.status, "code": code if re.fullmatch(r"\d{1,6}", code, re.ASCII) else None}
    return failure or Refused(CODES.get(code) or STATUSES.get(answer.status, "request_refused"), response=kept)


def _sid(said: Mapping[str, Any]) -> str:
    sid = said.get("Sid")
    return str(sid) if isinstance(sid, str | int) and sid and sid is not True and set(str(sid)) != {"."} else ""


PROVIDER = Exotel
