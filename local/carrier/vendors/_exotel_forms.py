"""Exotel's forms: what it takes, answers and posts, and how it writes numbers, times, units and XML."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import NamedTuple
from xml.etree import ElementTree

from local.carrier.fates import SEPARATORS
from local.server import Reply

IST = timezone(timedelta(hours=5, minutes=30))
NEVER = "1970-01-01 05:30:00"
NUMBER = re.compile(r"\+?[0-9]{8,15}")
INDIAN = re.compile(r"(?:\+?91|0)?([6-9][0-9]{9})")
LONGEST_BODY = 2000
CHOICES = {"EncodingType": ("plain", "unicode"), "Priority": ("normal", "high")}
GSM_7_TWO_SEPTETS = "^{}\\[~]|€\f"


class State(NamedTuple):
    """How a text fares: Exotel's ``Status``, ``DetailedStatusCode`` and ``DetailedStatus``."""

    status: str
    code: int
    detail: str


def refusal(status: int, code: int, text: str, **headers: str) -> Reply:
    """Exotel's answer to what it does not do."""
    content = {"RestException": {"Status": status, "Message": text, "Code": code}}
    return Reply(status, content, headers={name.replace("_", "-"): value for name, value in headers.items()})


def problem(account: str, fields: Mapping[str, str]) -> Reply | None:
    """What Exotel refuses of a form that sends; None if it is right."""
    missing = [name for name in ("To", "Body") if not fields.get(name, "").strip()]
    if missing:
        return refusal(400, 34001, f"Mandatory parameter missing: {missing[0]}")
    if not fields.get("From", "").strip():
        return refusal(400, 40301, f"No SMS SenderId found for Account=[{account}], From=[]")
    if not NUMBER.fullmatch(SEPARATORS.sub("", fields["To"])):
        return refusal(400, 34001, "Invalid recipient")
    if len(fields["Body"]) > LONGEST_BODY:
        return refusal(400, 34001, f"Body is longer than {LONGEST_BODY} characters")
    wrong = [name for name, values in CHOICES.items() if fields.get(name, values[0]) not in values]
    return refusal(400, 34001, f"Invalid value: {wrong[0]}") if wrong else None


def message(
    sid: str, account: str, fields: Mapping[str, str], at: datetime, now: tuple[State, datetime]
) -> dict[str, dict[str, object]]:
    """Exotel's whole object of a text. ``now`` is its state, and since when."""
    state, since = now
    return {"SMSMessage": {
        "Sid": sid, "AccountSid": account, "From": fields["From"], "To": fields["To"],
        "DateCreated": ist(at), "DateUpdated": ist(since), "DateSent": ist(since) if state.status == "sent" else None,
        "Body": fields["Body"], "Direction": "outbound-api", "ApiVersion": None, "Price": None,
        "Uri": f"/v1/Accounts/{account}/SMS/Messages/{sid}.json",
        "Status": state.status, "DetailedStatusCode": state.code, "DetailedStatus": state.detail,
        "SmsUnits": units(fields),
    }}  # fmt: skip


def callback(sid: str, fields: Mapping[str, str], state: State, at: datetime) -> dict[str, str]:
    """The form that tells that a text is in this state since ``at``. Its ``To`` is not as it was sent."""
    return {
        "SmsSid": sid, "To": dialled(fields["To"]), "Status": state.status, "SmsUnits": str(units(fields)),
        "DetailedStatus": state.detail, "DetailedStatusCode": str(state.code),
        "DateSent": ist(at) if state.status == "sent" else NEVER, "CustomField": fields.get("CustomField", ""),
    }  # fmt: skip


def dialled(to: str) -> str:
    """A number as Exotel's callbacks write it: as it is dialled in India, with 0, or with 00 for another country."""
    number = SEPARATORS.sub("", to)
    indian = INDIAN.fullmatch(number)
    return f"0{indian[1]}" if indian else f"00{number.lstrip('+0')}"


def units(fields: Mapping[str, str]) -> int:
    """How many texts are billed."""
    body = fields["Body"]
    if fields.get("EncodingType") == "unicode":
        size, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    else:
        size, single, part = len(body) + sum(body.count(sign) for sign in GSM_7_TWO_SEPTETS), 160, 153
    return 1 if size <= single else -(-size // part)


def ist(moment: datetime) -> str:
    """A time as Exotel writes it: India's, without saying so."""
    return moment.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")


def as_xml(reply: Reply) -> Reply:
    """The same answer for a path without ``.json``."""
    if not isinstance(reply.content, Mapping):
        return reply
    root = ElementTree.Element("TwilioResponse")  # Exotel's own name for it
    for name, fields in reply.content.items():
        parent = ElementTree.SubElement(root, name)
        for key, value in fields.items():
            ElementTree.SubElement(parent, key).text = "" if value is None else str(value)
    return reply._replace(content=ElementTree.tostring(root, "utf-8", xml_declaration=True), type="application/xml")
