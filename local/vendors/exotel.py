"""Exotel: its HTTP contract for sending one SMS and for asking what became of it."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import ClassVar, NamedTuple
from xml.etree import ElementTree

from local.faults import Faults
from local.handset import Handset, Text
from local.vendors._base import Reply, Request, Vendor

# Exotel writes /Sms/ in its page about sending and /SMS/ in the one about details (November 2026): either works.
PATH = re.compile(
    r"/v1/accounts/(?P<sid>[^/]+)/sms/(?:(?P<send>send)|messages/(?P<id>[^/]+?))(?P<json>\.json)?", re.IGNORECASE
)

# How a text fares: after so many seconds it has this Status, DetailedStatusCode and DetailedStatus.
# Exotel's `sent` means delivered.
FATE = (
    (1.0, "sent", 20005, "DELIVERED_TO_HANDSET"),
    (0.6, "submitted", 21020, "SUBMITTED_TO_OPERATOR"),
    (0.3, "sending", 21015, "SENDING_TO_OPERATOR"),
    (0.0, "queued", 21010, "PENDING_TO_OPERATOR"),
)

IST = timezone(timedelta(hours=5, minutes=30))
SEPARATORS = re.compile(r"[\s().-]+")
NUMBER = re.compile(r"\+?[0-9]{8,15}")
LONGEST_BODY = 2000
CHOICES = {"EncodingType": ("plain", "unicode"), "Priority": ("normal", "high")}
GSM_7_TWO_SEPTETS = "^{}\\[~]|€\f"


def _refusal(status: int, code: int, text: str, **headers: str) -> Reply:
    content = {"RestException": {"Status": status, "Message": text, "Code": code}}
    return Reply(status, content, headers={name.replace("_", "-"): value for name, value in headers.items()})


UNAUTHORIZED = _refusal(401, 34010, "Authentication failed: bad API key or token")
WRONG_METHOD = _refusal(405, 40500, "Method not allowed")


class _Accepted(NamedTuple):
    account: str
    fields: Mapping[str, str]
    at: datetime


class Exotel(Vendor):
    """Exotel's API for ``accounts``: sid -> (key, token). ``clock`` gives aware times."""

    name = "exotel"
    refusals: ClassVar = {
        "refuse": _refusal(400, 34001, "Invalid parameters"),
        "429": _refusal(429, 40402, "Too many requests", Retry_After="1", X_RateLimit_Remaining="0"),
        "500": _refusal(500, 35000, "Internal server error"),
        "503": _refusal(503, 40405, "Throttled", Retry_After="1"),
    }

    def __init__(
        self, accounts: Mapping[str, tuple[str, str]], handset: Handset, faults: Faults, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(handset, faults)
        self.accounts = accounts
        self.clock = clock
        self._accepted: dict[str, _Accepted] = {}

    def answer(self, request: Request) -> Reply | None:
        asked = PATH.fullmatch(request.path)
        if not asked:
            return None
        if self.accounts.get(asked["sid"]) != request.basic():
            reply = UNAUTHORIZED
        elif request.method != ("POST" if asked["send"] else "GET"):
            reply = WRONG_METHOD
        elif asked["send"]:
            reply = self._send(asked["sid"], request.form())
        else:
            reply = self._details(asked["sid"], asked["id"])
        return reply if asked["json"] else _as_xml(reply)

    def _send(self, account: str, fields: Mapping[str, str]) -> Reply:
        if problem := _problem(account, fields):
            return problem
        sid, at = secrets.token_hex(16), self.clock()
        text = Text(self.name, fields["To"], fields["From"], fields["Body"], sid, at, fields)
        accepted = _Accepted(account, fields, at)
        reply = self.accept(text, self._shown(sid, accepted))
        if reply.status == 200:
            self._accepted[sid] = accepted
        return reply

    def _details(self, account: str, sid: str) -> Reply:
        accepted = self._accepted.get(sid)
        if not accepted or accepted.account != account:
            # Not a 404: Exotel answers 200 and these words (November 2026).
            return Reply(200, b"No matching results", "text/plain")
        return self._shown(sid, accepted)

    def _shown(self, sid: str, accepted: _Accepted) -> Reply:
        account, fields, at = accepted
        age = (self.clock() - at).total_seconds()
        since, status, code, detail = next(fate for fate in FATE if age >= fate[0] or not fate[0])
        then = at + timedelta(seconds=since)
        message = {
            "Sid": sid, "AccountSid": account, "From": fields["From"], "To": fields["To"],
            "DateCreated": _ist(at), "DateUpdated": _ist(then), "DateSent": _ist(then) if status == "sent" else None,
            "Body": fields["Body"], "Direction": "outbound-api", "ApiVersion": None, "Price": None,
            "Uri": f"/v1/Accounts/{account}/SMS/Messages/{sid}.json",
            "Status": status, "DetailedStatusCode": code, "DetailedStatus": detail,
            "SmsUnits": _units(fields["Body"], fields.get("EncodingType") == "unicode"),
        }  # fmt: skip
        return Reply(200, {"SMSMessage": message})


def _problem(account: str, fields: Mapping[str, str]) -> Reply | None:
    missing = [name for name in ("To", "Body") if not fields.get(name, "").strip()]
    if missing:
        return _refusal(400, 34001, f"Mandatory parameter missing: {missing[0]}")
    if not fields.get("From", "").strip():
        return _refusal(400, 40301, f"No SMS SenderId found for Account=[{account}], From=[]")
    if not NUMBER.fullmatch(SEPARATORS.sub("", fields["To"])):
        return _refusal(400, 34001, "Invalid recipient")
    if len(fields["Body"]) > LONGEST_BODY:
        return _refusal(400, 34001, f"Body is longer than {LONGEST_BODY} characters")
    wrong = [name for name, values in CHOICES.items() if fields.get(name, values[0]) not in values]
    return _refusal(400, 34001, f"Invalid value: {wrong[0]}") if wrong else None


def _units(body: str, unicode: bool) -> int:
    if unicode:
        size, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    else:
        size, single, part = len(body) + sum(body.count(sign) for sign in GSM_7_TWO_SEPTETS), 160, 153
    return 1 if size <= single else -(-size // part)


def _ist(moment: datetime) -> str:
    return moment.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")


def _as_xml(reply: Reply) -> Reply:
    if not isinstance(reply.content, Mapping):
        return reply
    root = ElementTree.Element("TwilioResponse")  # Exotel's own name for it
    for name, fields in reply.content.items():
        parent = ElementTree.SubElement(root, name)
        for key, value in fields.items():
            ElementTree.SubElement(parent, key).text = "" if value is None else str(value)
    return reply._replace(content=ElementTree.tostring(root, "utf-8", xml_declaration=True), type="application/xml")
