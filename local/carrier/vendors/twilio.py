"""Twilio: its API for one text: send, look up, list, cancel, delete; and its signed callbacks."""

import re
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from local.carrier.callbacks import Letter
from local.carrier.handset import Text
from local.carrier.vendors._accepted import Accepted
from local.carrier.vendors._base import HttpVendor, Shared
from local.carrier.vendors._twilio_account import PATH, Account
from local.carrier.vendors._twilio_forms import (
    OWN_SENDER,
    WAITS,
    State,
    callback,
    message,
    problem,
    refusal,
    signature,
)
from local.carrier.vendors._twilio_list import listing
from local.server import Reply, Request

if TYPE_CHECKING:
    from datetime import datetime

API = "/2010-04-01/"
ACCOUNT = re.compile(API + r"Accounts/(?P<sid>AC[0-9a-fA-F]{32})(?P<rest>/.*)?\.json")
ONE = re.compile(r"/Messages/(?P<id>(?:SM|MM)[0-9a-fA-F]{32})(?P<media>/Media)?")

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
CANCELED, ACCEPTED = State("canceled"), State("accepted")
UNAUTHORIZED = refusal(401, 20003, "Authenticate")
WRONG_METHOD = refusal(405, 20004, "Method not allowed")


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
        self.account = Account()
        self._accepted: dict[str, Accepted] = {}
        self._canceled: dict[str, datetime] = {}

    def channel(self, url: str) -> Mapping[str, str]:
        sid, token = next(iter(self.accounts.items()))
        return {"account_sid": sid, "auth_token": token, "sender": OWN_SENDER, "endpoint_url": url}

    def answer(self, request: Request) -> Reply | None:
        product = PATH.fullmatch(request.path)
        if not product and not request.path.startswith(API):
            return None
        user, password = request.basic()
        asked = ACCOUNT.fullmatch(request.path)
        if not user or self.accounts.get(user) != password or (asked and asked["sid"] != user):
            return UNAUTHORIZED
        if product:
            return self._only(request, GET=lambda: self.account.products(product))
        return self._known(request, user, asked["rest"] or "") if asked else _missing(request)

    def _known(self, request: Request, user: str, rest: str) -> Reply:
        """What an account is answered; ``rest`` is the path behind it."""
        one = ONE.fullmatch(rest)
        if told := self.account.answer(rest, request.query, user):
            return self._only(request, GET=lambda: told)
        if rest == "/Messages":
            sending, listed = partial(self._send, user, request.form()), partial(self._list, user, request)
            return self._only(request, POST=sending, GET=listed)
        accepted = self._accepted.get(one["id"]) if one else None
        if not one or not accepted or accepted.account != user:
            return _missing(request)
        if one["media"]:
            return self._only(request, GET=lambda: _no_media(request.path))
        return self._one(request, one["id"], accepted)

    def _only(self, request: Request, **methods: Callable[[], Reply]) -> Reply:
        """What a path answers that knows these methods."""
        return methods[request.method]() if request.method in methods else WRONG_METHOD

    def _send(self, account: str, fields: Mapping[str, str]) -> Reply:
        if wrong := problem(fields):
            return wrong
        sid, at = f"SM{secrets.token_hex(16)}", self.shared.clock()
        text = Text(self.name, fields["To"], fields.get("From") or OWN_SENDER, fields["Body"], sid, at, fields)
        reply = self.accept(text, Reply(201, message(sid, account, fields, at, (_first(fields), at))))
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
            letter = Letter(
                sid, fate.receipt, url, forms, sign=lambda form: _signed(token, url, form),
                wanted=lambda: sid not in self._canceled,
            )  # fmt: skip
            self.shared.callbacks.put(letter, fate.delay)

    def _one(self, request: Request, sid: str, accepted: Accepted) -> Reply:
        methods = {
            "GET": lambda: Reply(200, self._public(sid, accepted)),
            "DELETE": lambda: self._deleted(sid, accepted),
            "POST": lambda: self._changed(sid, accepted, request.form()),
        }
        return self._only(request, **methods)

    def _deleted(self, sid: str, accepted: Accepted) -> Reply:
        if self._public(sid, accepted)["status"] not in ENDED:
            return refusal(409, 20009, "Cannot delete this resource before it is complete.")
        del self._accepted[sid]
        return Reply(204)

    def _changed(self, sid: str, accepted: Accepted, form: Mapping[str, str]) -> Reply:
        """Canceled, while it waits; or without its text, once it has ended."""
        said = self._public(sid, accepted)
        if form.get("Status") == "canceled":
            if said["status"] not in WAITS:
                return refusal(409, 30409, "The message cannot be canceled any more.")
            self._canceled[sid] = self.shared.clock()
            self.shared.handset.drop(sid)
        elif form.get("Body") != "" or "Status" in form:
            return refusal(400, 20001, "Only an empty Body, or Status=canceled, can be set.")
        elif said["status"] not in ENDED:
            return refusal(409, 20009, "Cannot change this resource before it is complete.")
        else:
            self._accepted[sid] = accepted._replace(fields={**accepted.fields, "Body": ""})
        return Reply(200, self._public(sid, self._accepted[sid]))

    def _list(self, account: str, request: Request) -> Reply:
        newest_first = [
            self._public(sid, accepted)
            for sid, accepted in reversed(list(self._accepted.items()))
            if accepted.account == account
        ]
        return listing(request.path, request.query, newest_first)

    def _public(self, sid: str, accepted: Accepted) -> dict[str, object]:
        state, since = accepted.state((self.shared.clock() - accepted.at).total_seconds(), WORDS, ON_THE_WAY)
        if sid in self._canceled:
            state, since = CANCELED, self._canceled[sid]
        elif state is QUEUED:
            state = _first(accepted.fields)
        return message(sid, accepted.account, accepted.fields, accepted.at, (state, since))


def _first(fields: Mapping[str, str]) -> State:
    """How a text fares at first: a messaging service has yet to choose its sender."""
    return ACCEPTED if fields.get("MessagingServiceSid") else QUEUED


def _no_media(path: str) -> Reply:
    """A text has no pictures."""
    nothing = {"page": 0, "page_size": 50, "start": 0, "end": 0, "next_page_uri": None, "previous_page_uri": None}
    return Reply(200, {"media_list": [], "uri": path, "first_page_uri": path, **nothing})


def _missing(request: Request) -> Reply:
    return refusal(404, 20404, f"The requested resource {request.path} was not found")


def _signed(token: str, url: str, form: Mapping[str, str]) -> Mapping[str, str]:
    return {"X-Twilio-Signature": signature(token, url, form)}


VENDOR = Twilio
