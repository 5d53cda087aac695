"""Exotel: its HTTP contract for sending one SMS, for asking what became of it, and for telling it unasked."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from local.carrier.callbacks import Letter
from local.carrier.handset import Text
from local.carrier.vendors._accepted import Accepted
from local.carrier.vendors._base import HttpVendor, Shared
from local.carrier.vendors._exotel_forms import State, as_xml, callback, message, problem, refusal
from local.server import Reply, Request

# Exotel writes /Sms/ in its page about sending and /SMS/ in the one about details (November 2026): either works.
PATH = re.compile(
    r"/v1/accounts/(?P<sid>[^/]+)/(?:(?P<balance>balance)|sms/(?:(?P<send>send)|messages/(?P<id>[^/]+?)))"
    r"(?P<json>\.json)?",
    re.IGNORECASE,
)

# How a text fares until its fate.
QUEUED = State("queued", 21010, "PENDING_TO_OPERATOR")
SENDING = State("sending", 21015, "SENDING_TO_OPERATOR")
SUBMITTED = State("submitted", 21020, "SUBMITTED_TO_OPERATOR")
# From which share of that time on it is in which state.
ON_THE_WAY = ((0.6, SUBMITTED), (0.3, SENDING), (0.0, QUEUED))
UNEXPLAINED = State("failed", 24990, "FAILED_UNKNOWN")
WORDS = {
    "delivered": State("sent", 20005, "DELIVERED_TO_HANDSET"),  # `sent` means delivered
    "sent": State("sent", 20006, "DELIVERED_TO_OPERATOR"),
    "unknown": State("diverted", 30099, "DIVERTED"),
    "do_not_disturb": State("failed_dnd", 23005, "FAILED_DND"),
    "invalid_number": State("failed", 23010, "FAILED_INVALID_DESTINATION_NUMBER"),
    "spam": State("failed", 23015, "FAILED_SPAM"),
    "opted_out": State("failed", 23020, "FAILED_BLACKLISTED"),
    "no_consent": State("failed", 23084, "FAILED_DLT_CONSENT"),
    "recipient_unavailable": State("failed", 23035, "FAILED_SUBSCRIBER_UNAVAILABLE"),
    "carrier_blocked": State("failed", 23060, "FAILED_REJECTED"),
    "carrier_unavailable": State("failed", 24110, "FAILED_OPERATOR"),
    "invalid_text": State("failed", 23070, "FAILED_INVALID_MESSAGE"),
    "invalid_sender": State("failed", 23072, "FAILED_INVALID_SENDER"),
    "not_registered": State("failed", 23080, "FAILED_DLT_SENDER_BLOCKED"),
    "template_mismatch": State("failed", 23185, "FAILED_DLT_TEMPLATE_DOES_NOT_MATCH"),
    "no_route": State("failed", 23030, "FAILED_NO_ROUTE"),
    "provider_failed": State("failed", 24010, "FAILED_SYSTEM"),
    # Exotel has no words of their own for these.
    **dict.fromkeys(("number_blocked", "texts_blocked", "spend_limit", "price_too_high", "unexplained"), UNEXPLAINED),
}

SID = "herald-laptop"  # the account of the laptop's channel
UNAUTHORIZED = refusal(401, 34010, "Authentication failed: bad API key or token")
WRONG_METHOD = refusal(405, 40500, "Method not allowed")


class Exotel(HttpVendor):
    """Exotel's API for ``accounts``: sid -> (key, token); if none are given, for the laptop's own, made up anew."""

    name = "exotel"
    words = WORDS
    refusals: ClassVar = {
        "refuse": refusal(400, 34001, "Invalid parameters"),
        "429": refusal(429, 40402, "Too many requests", Retry_After="1", X_RateLimit_Remaining="0"),
        "500": refusal(500, 35000, "Internal server error"),
        "503": refusal(503, 35000, "Service unavailable", Retry_After="1"),
    }

    def __init__(self, shared: Shared, accounts: dict[str, tuple[str, str]] | None = None) -> None:
        super().__init__(shared)
        own = {SID: (secrets.token_urlsafe(16), secrets.token_urlsafe(16))}
        self.accounts = own if accounts is None else accounts
        self.balance = "1000.00"
        self._accepted: dict[str, Accepted] = {}

    def channel(self, url: str) -> Mapping[str, str]:
        key, token = self.accounts[SID]
        return {"sid": SID, "key": key, "token": token, "endpoint_url": url}

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
        elif asked["balance"]:
            data = {"Balance": self.balance, "Currency": "INR", "PricingPlan": "Laptop"}
            reply = Reply(200, {"Account": {"BalanceData": data}})
        else:
            reply = self._details(asked["sid"], asked["id"])
        return reply if asked["json"] else as_xml(reply)

    def _send(self, account: str, fields: Mapping[str, str]) -> Reply:
        if wrong := problem(account, fields):
            return wrong
        sid, at = secrets.token_hex(16), self.shared.clock()
        text = Text(self.name, fields["To"], fields["From"], fields["Body"], sid, at, fields)
        reply = self.accept(text, Reply(200, message(sid, account, fields, at, (QUEUED, at))))
        if reply.status == 200:
            accepted = self._accepted[sid] = Accepted(account, fields, at, self.shared.manners.fate(fields["To"]))
            self._tell(sid, accepted)
        return reply

    def _tell(self, sid: str, accepted: Accepted) -> None:
        fate, url = accepted.fate, accepted.fields.get("StatusCallback")
        if self.shared.callbacks and fate.receipt and url:
            states = [WORDS[fate.word]] * fate.copies + [SUBMITTED] * fate.disorder
            at = accepted.at + timedelta(seconds=fate.delay)
            forms = tuple(callback(sid, accepted.fields, state, at) for state in states)
            self.shared.callbacks.put(Letter(sid, fate.receipt, url, forms), fate.delay)

    def _details(self, account: str, sid: str) -> Reply:
        accepted = self._accepted.get(sid)
        if not accepted or accepted.account != account:
            # Not a 404: Exotel answers 200 and these words (November 2026).
            return Reply(200, b"No matching results", "text/plain")
        now = accepted.state((self.shared.clock() - accepted.at).total_seconds(), WORDS, ON_THE_WAY)
        return Reply(200, message(sid, account, accepted.fields, accepted.at, now))


VENDOR = Exotel
