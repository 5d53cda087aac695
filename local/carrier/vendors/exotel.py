"""Exotel: its HTTP contract for sending one SMS, for asking what became of it, and for telling it unasked."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from local.carrier import fates
from local.carrier.callbacks import Callbacks, Letter
from local.carrier.fates import Fate
from local.carrier.faults import Faults
from local.carrier.handset import Handset, Text
from local.carrier.manners import Manners
from local.carrier.vendors._base import Vendor
from local.carrier.vendors._exotel_forms import as_xml, callback, ist, problem, refusal, units
from local.server import Reply, Request

# Exotel writes /Sms/ in its page about sending and /SMS/ in the one about details (November 2026): either works.
PATH = re.compile(
    r"/v1/accounts/(?P<sid>[^/]+)/sms/(?:(?P<send>send)|messages/(?P<id>[^/]+?))(?P<json>\.json)?", re.IGNORECASE
)
QUEUED = fates.Exotel("queued", 21010, "PENDING_TO_OPERATOR")
SUBMITTED = fates.Exotel("submitted", 21020, "SUBMITTED_TO_OPERATOR")
# How a text fares until its fate: from which share of that time on.
ON_THE_WAY = ((0.6, SUBMITTED), (0.3, fates.Exotel("sending", 21015, "SENDING_TO_OPERATOR")), (0.0, QUEUED))

UNAUTHORIZED = refusal(401, 34010, "Authentication failed: bad API key or token")
WRONG_METHOD = refusal(405, 40500, "Method not allowed")


class _Accepted(NamedTuple):
    account: str
    fields: Mapping[str, str]
    at: datetime
    fate: Fate

    def state(self, age: float) -> tuple[fates.Exotel, datetime]:
        """How the text fares after ``age`` seconds, and since when."""
        delay = self.fate.delay
        if self.fate.receipt and age >= delay:
            return self.fate.exotel, self.at + timedelta(seconds=delay)
        share, state = next(step for step in ON_THE_WAY if age >= step[0] * delay)
        return state, self.at + timedelta(seconds=share * delay)


class Exotel(Vendor):
    """Exotel's API for ``accounts``: sid -> (key, token). ``clock`` gives aware times.

    ``manners`` says how receipts come, ``callbacks`` posts them: without it nobody is told.
    """

    name = "exotel"
    refusals: ClassVar = {
        "refuse": refusal(400, 34001, "Invalid parameters"),
        "429": refusal(429, 40402, "Too many requests", Retry_After="1", X_RateLimit_Remaining="0"),
        "500": refusal(500, 35000, "Internal server error"),
        "503": refusal(503, 40405, "Throttled", Retry_After="1"),
    }

    def __init__(
        self,
        accounts: Mapping[str, tuple[str, str]],
        handset: Handset,
        faults: Faults,
        clock: Callable[[], datetime],
        *,
        manners: Manners | None = None,
        callbacks: Callbacks | None = None,
    ) -> None:
        super().__init__(handset, faults)
        self.accounts = accounts
        self.clock = clock
        self._manners, self._callbacks = manners or Manners(), callbacks
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
        return reply if asked["json"] else as_xml(reply)

    def _send(self, account: str, fields: Mapping[str, str]) -> Reply:
        if wrong := problem(account, fields):
            return wrong
        sid, at = secrets.token_hex(16), self.clock()
        text = Text(self.name, fields["To"], fields["From"], fields["Body"], sid, at, fields)
        reply = self.accept(text, Reply(200, _message(sid, account, fields, at, (QUEUED, at))))
        if reply.status == 200:
            accepted = self._accepted[sid] = _Accepted(account, fields, at, self._manners.fate(fields["To"]))
            self._tell(sid, accepted)
        return reply

    def _tell(self, sid: str, accepted: _Accepted) -> None:
        fate, url = accepted.fate, accepted.fields.get("StatusCallback")
        if self._callbacks and fate.receipt and url:
            states = [fate.exotel] * fate.copies + [SUBMITTED] * fate.disorder
            at = accepted.at + timedelta(seconds=fate.delay)
            forms = tuple(callback(sid, accepted.fields, state, at) for state in states)
            self._callbacks.put(Letter(sid, fate.receipt, url, forms), fate.delay)

    def _details(self, account: str, sid: str) -> Reply:
        accepted = self._accepted.get(sid)
        if not accepted or accepted.account != account:
            # Not a 404: Exotel answers 200 and these words (November 2026).
            return Reply(200, b"No matching results", "text/plain")
        now = accepted.state((self.clock() - accepted.at).total_seconds())
        return Reply(200, _message(sid, account, accepted.fields, accepted.at, now))


def _message(
    sid: str, account: str, fields: Mapping[str, str], at: datetime, now: tuple[fates.Exotel, datetime]
) -> dict[str, dict[str, object]]:
    state, since = now
    return {"SMSMessage": {
        "Sid": sid, "AccountSid": account, "From": fields["From"], "To": fields["To"],
        "DateCreated": ist(at), "DateUpdated": ist(since), "DateSent": ist(since) if state.status == "sent" else None,
        "Body": fields["Body"], "Direction": "outbound-api", "ApiVersion": None, "Price": None,
        "Uri": f"/v1/Accounts/{account}/SMS/Messages/{sid}.json",
        "Status": state.status, "DetailedStatusCode": state.code, "DetailedStatus": state.detail,
        "SmsUnits": units(fields),
    }}  # fmt: skip
