"""Twilio: its API for one text: send, look up, list, cancel, delete; and its signed callbacks."""

import re
import secrets
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl

from local.carrier.callbacks import Letter
from local.carrier.handset import Text
from local.carrier.vendors._accepted import Accepted
from local.carrier.vendors._base import HttpVendor, Shared
from local.carrier.vendors._twilio_forms import State, callback, message, problem, refusal, signature
from local.server import Reply, Request

PATH = re.compile(r"/2010-04-01/Accounts/(?P<sid>AC[0-9a-fA-F]{32})(?P<messages>/Messages(?:/(?P<id>\w+))?)?\.json")

QUEUED, SENDING, SENT = State("queued"), State("sending"), State("sent")
# From which share of the time until its fate on a text is in which state.
ON_THE_WAY = ((0.6, SENT), (0.3, SENDING), (0.0, QUEUED))
UNEXPLAINED = State("undelivered", 30008)
WORDS = {
    "delivered": State("delivered"),
    "sent": SENT,
    "unknown": State("diverted"),
    "invalid_number": State("undelivered", 30005),
    "spam": State("undelivered", 30007),
    "opted_out": State("failed", 30630),
    "recipient_unavailable": State("undelivered", 30003),
    "carrier_blocked": State("undelivered", 30004),
    "carrier_unavailable": State("undelivered", 30017),
    "invalid_sender": State("undelivered", 30024),
    "not_registered": State("undelivered", 30032),
    "no_route": State("failed", 30043),
    "provider_failed": State("failed", 30410),
    "spend_limit": State("failed", 30454),
    "price_too_high": State("failed", 30010),
    # Twilio has no numbers of their own for these.
    **dict.fromkeys(
        (
            "do_not_disturb", "no_consent", "invalid_text", "template_mismatch", "number_blocked", "texts_blocked",
            "unexplained",
        ),
        UNEXPLAINED,
    ),
}  # fmt: skip
ENDED = ("delivered", "undelivered", "failed", "canceled")
MOST, USUAL = 1000, 50
SENDER = "+15005550006"
UNAUTHORIZED = refusal(401, 20003, "Authenticate")
NOT_FOUND = refusal(404, 20404, "The requested resource was not found")


class Twilio(HttpVendor):
    """Twilio's API for ``accounts``: sid -> auth token; if none are given, for the laptop's own, made up anew."""

    name = "twilio"
    words = WORDS
    refusals: ClassVar = {
        "refuse": refusal(400, 21610, "Attempt to send to unsubscribed recipient"),
        "429": refusal(429, 20429, "Too Many Requests", Retry_After="1"),
        "500": refusal(500, 20500, "Internal Server Error"),
        "503": refusal(503, 20503, "Service Unavailable", Retry_After="1"),
    }

    def __init__(self, shared: Shared, accounts: dict[str, str] | None = None) -> None:
        super().__init__(shared)
        self.accounts = {f"AC{secrets.token_hex(16)}": secrets.token_hex(16)} if accounts is None else accounts
        self._accepted: dict[str, Accepted] = {}

    def channel(self, url: str) -> Mapping[str, str]:
        sid, token = next(iter(self.accounts.items()))
        return {"account_sid": sid, "auth_token": token, "sender": SENDER, "endpoint_url": url}

    def answer(self, request: Request) -> Reply | None:
        asked = PATH.fullmatch(request.path)
        if not asked:
            return None
        account = asked["sid"]
        if request.basic() != (account, self.accounts.get(account)):
            return UNAUTHORIZED
        if not asked["messages"]:
            return Reply(200, {"sid": account, "friendly_name": "Laptop", "status": "active", "type": "Full"})
        if asked["id"]:
            return self._one(request, account, asked["id"])
        return self._send(account, request.form()) if request.method == "POST" else self._list(account, request.query)

    def _send(self, account: str, fields: Mapping[str, str]) -> Reply:
        if wrong := problem(fields):
            return wrong
        sid, at = f"SM{secrets.token_hex(16)}", self.shared.clock()
        text = Text(self.name, fields["To"], fields.get("From"), fields["Body"], sid, at, fields)
        reply = self.accept(text, Reply(201, message(sid, account, fields, at, (QUEUED, at))))
        if reply.status == 201:
            accepted = self._accepted[sid] = Accepted(account, fields, at, self.shared.manners.fate(fields["To"]))
            self._tell(sid, accepted)
        return reply

    def _tell(self, sid: str, accepted: Accepted) -> None:
        fate, url = accepted.fate, accepted.fields.get("StatusCallback", "").partition("#")[0]
        if self.shared.callbacks and fate.receipt and url:
            states = [WORDS[fate.word]] * fate.copies + [SENT] * fate.disorder
            forms = tuple(callback(sid, accepted.account, accepted.fields, state) for state in states)
            token = self.accounts[accepted.account]
            letter = Letter(sid, fate.receipt, url, forms, sign=lambda form: _signed(token, url, form))
            self.shared.callbacks.put(letter, fate.delay)

    def _one(self, request: Request, account: str, sid: str) -> Reply:
        accepted = self._accepted.get(sid)
        if not accepted or accepted.account != account:
            return NOT_FOUND
        said = self._public(sid, accepted)
        if request.method == "GET":
            return Reply(200, said)
        if said["status"] not in ENDED:
            return refusal(409, 20009, "Cannot delete or change a message that is still being sent.")
        if request.method == "DELETE":
            del self._accepted[sid]
            return Reply(204)
        if request.form().get("Body") != "":
            return refusal(400, 30409, "The message cannot be canceled any more.")
        self._accepted[sid] = accepted._replace(fields={**accepted.fields, "Body": ""})
        return Reply(200, {**said, "body": ""})

    def _list(self, account: str, query: str) -> Reply:
        """By ``To``, ``From`` and ``DateSent`` (a day), newest first, in pages."""
        asked = dict(parse_qsl(query))
        size, page = min(int(asked.get("PageSize", USUAL)), MOST), int(asked.get("Page", 0))
        found = [
            self._public(sid, accepted)
            for sid, accepted in reversed(self._accepted.items())
            if accepted.account == account
            and asked.get("To", accepted.fields["To"]) == accepted.fields["To"]
            and asked.get("From", accepted.fields.get("From")) == accepted.fields.get("From")
            and asked.get("DateSent", f"{accepted.at:%Y-%m-%d}")[:10] == f"{accepted.at:%Y-%m-%d}"
        ]
        uri = f"/2010-04-01/Accounts/{account}/Messages.json?PageSize={size}"
        shown, more = found[page * size : (page + 1) * size], len(found) > (page + 1) * size
        return Reply(200, {
            "messages": shown, "page": page, "page_size": size, "start": page * size,
            "end": page * size + len(shown) - 1,
            "uri": f"{uri}&Page={page}", "first_page_uri": f"{uri}&Page=0",
            "next_page_uri": f"{uri}&Page={page + 1}" if more else None,
            "previous_page_uri": f"{uri}&Page={page - 1}" if page else None,
        })  # fmt: skip

    def _public(self, sid: str, accepted: Accepted) -> dict[str, object]:
        now = accepted.state((self.shared.clock() - accepted.at).total_seconds(), WORDS, ON_THE_WAY)
        return message(sid, accepted.account, accepted.fields, accepted.at, now)


def _signed(token: str, url: str, form: Mapping[str, str]) -> Mapping[str, str]:
    return {"X-Twilio-Signature": signature(token, url, form)}


VENDOR = Twilio
