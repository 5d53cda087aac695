"""Twilio: texts by its Programmable Messaging API, version 2010-04-01."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from herald.errors import AttemptError, InvalidSettings, NotFound, Problem, Refused, Unavailable, Uncertain
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Listed, Receipt, Sent
from herald.message.status import Status
from herald.providers import _twilio_codes as codes
from herald.providers._base import Callback, Provider, Text, text_of
from herald.providers._end import SECONDS
from herald.providers._http import Answer, Http, base_url
from herald.providers._receipts import AMOUNT, ID, NUMBER, WORDS, kept, word, written
from herald.providers._twilio_fields import DATE, TEXTS, moment, parsed, price, sid
from herald.settings.values import Field

# How a text fares. `sent`: the nearest carrier took it; `delivered`: a carrier confirmed it, perhaps the phone.
STATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent", "partially_delivered"), Status.SENT),
    **dict.fromkeys(("delivered", "read"), Status.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Status.UNDELIVERED),
}
FAILED = ("undelivered", "failed", "canceled")
STATUSES = {401: "credentials_refused", 403: "not_permitted", 404: "credentials_refused", 413: "text_too_long"}
KEPT = {
    **dict.fromkeys(("sid", "MessageSid", "SmsSid"), ID),
    **dict.fromkeys(("status", "MessageStatus", "SmsStatus"), WORDS),
    **dict.fromkeys(("error_code", "ErrorCode", "num_segments"), NUMBER),
    **dict.fromkeys(("date_sent", "date_updated"), DATE),
    "price": re.compile("-?" + AMOUNT.pattern, re.ASCII),
}
LABEL = re.compile(r"([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?)?", re.ASCII)
LONGEST, LONGEST_WAIT = 1600, 36_000  # characters, seconds
# A callback that fails is repeated, whatever the failure is; Twilio's own default is once, and only for a connection.
AGAIN = "#rc=3&rp=all"


class Twilio(Provider):
    """A Twilio account. Callbacks are signed with its auth token, also where requests use an API key."""

    name = "twilio"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("account_sid", required=True, shape="AC[0-9a-fA-F]{32}", example="AC" + "0" * 32),
        Field("auth_token", required=True, secret=True),
        Field("api_key"),
        Field("api_secret", secret=True),
        Field("messaging_service_sid", shape="MG[0-9a-fA-F]{32}", example="MG" + "0" * 32),
        Field("region"),
        Field("edge"),
        Field("webhook_secret", secret=True),
    )
    transport = "http"
    keeps_status = True
    lists = True
    calls_back = True
    inbound = True
    texts = TEXTS
    words: ClassVar[Mapping[str, str]] = {
        **{f"HTTP {status}": reason for status, reason in STATUSES.items()},
        **{str(code): reason for code, reason in sorted((codes.LATER | codes.REASONS).items())},
    }

    def __init__(
        self,
        transport: Http,
        *,
        account_sid: str,
        auth_token: str,
        api_key: str = "",
        api_secret: str = "",
        messaging_service_sid: str = "",
        region: str = "",
        edge: str = "",
        webhook_secret: str = "",
        sender: str = "",
        endpoint_url: str = "",
    ) -> None:
        """``sender`` is a number or a name; with a messaging service it is one of that service's.

        ``webhook_secret`` is the shared key of the account's webhooks rule, if it has one. ``endpoint_url`` replaces
        ``https://api.{edge}.{region}.twilio.com``.
        """
        if bool(api_key) != bool(api_secret):
            raise InvalidSettings([Problem("api_secret", "missing", "api_key and api_secret go together")])
        base = base_url("endpoint_url", endpoint_url) if endpoint_url else f"https://{host(region, edge)}"
        self._http, self._base = transport, base
        self._messages = f"/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages"
        self._auth = (api_key, api_secret) if api_key else (account_sid, auth_token)
        self._from = {"From": sender, "MessagingServiceSid": messaging_service_sid}

    def request(self, message: Message, callback: str | None = None) -> Mapping[str, str]:
        """The form. The text waits at Twilio no longer than the message is valid."""
        body = text_of(message)
        if len(body) > LONGEST:
            raise Refused("text_too_long")
        if not any((origin := self._origin(message)).values()):
            raise Refused("invalid_sender")
        left = int((message.expires_at - message.updated_at).total_seconds())
        form = {
            "To": message.to,
            **origin,
            "Body": body,
            "StatusCallback": callback and callback + AGAIN,
            "ValidityPeriod": str(max(1, left)) if left < LONGEST_WAIT else None,
        }
        return {name: value for name, value in form.items() if value}

    def transmit(self, request: Mapping[str, str]) -> Answer:
        """Post the form, once."""
        return self._http.post(f"{self._base}{self._messages}.json", request, self._auth)

    def read(self, answer: Answer) -> Sent:
        """Accepted, if any 2xx holds a sid and does not say that the message has failed already."""
        said = parsed(answer.body)
        known = sid(said)
        if not answer.ok or not known:
            raise _failure(answer, said)
        sent = Sent(known, said, price(said), self.texts)
        if word(said.get("status")).lower() in FAILED:
            raise Refused(_reason(said), response=sent.kept)
        return sent

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """The message as Twilio has it now."""
        if not (known := sid(response)):
            raise NotFound("Twilio gave this message no sid to ask for.")
        answer = self._get(f"{self._messages}/{known}.json")
        if answer.status == 404:
            raise NotFound("Twilio does not know this message.", hint="It may belong to another account or region.")
        if not sid(said := _told(answer)):
            raise Unavailable
        return said

    def listed(self, message: Message, since: datetime, until: datetime) -> Sequence[Listed]:
        """The texts that Twilio's list of this account has."""
        from herald.providers._twilio_list import listed

        def ask(path: str, seconds: float) -> Mapping[str, Any]:
            return _told(self._get(path, seconds))

        wanted = {"To": message.to, **self._origin(message)}
        return list(listed(ask, f"{self._messages}.json", wanted, since, until).values())

    def _origin(self, message: Message) -> Mapping[str, str]:
        """Who sends it: the message's own sender, or the channel's."""
        return {**self._from, **({"From": message.sender} if message.sender else {})}

    def _get(self, path: str, seconds: float = SECONDS) -> Answer:
        return self._http.get(f"{self._base}{path}", self._auth, seconds=seconds)

    @classmethod
    def verify(cls, values: Mapping[str, str], callback: Callback) -> bool:
        """Whether Twilio signed it: with the auth token, or with the shared key of the account's webhooks rule."""
        from herald.providers._twilio_signature import signed

        return signed(values.get("auth_token", ""), values.get("webhook_secret", ""), callback)

    @classmethod
    def addressed_to(cls, said: Mapping[str, Any], e164: str) -> bool:
        """False if To is another number in full."""
        to = word(said.get("To")) or word(said.get("to"))
        return not re.fullmatch(r"\+\d{7,15}", to, re.ASCII) or to == e164

    @classmethod
    def parse_inbound(cls, said: Mapping[str, Any]) -> Text:
        """What somebody wrote; or what Twilio's Advanced Opt-Out made of it: STOP, START, HELP."""
        return Text(written(said, "From"), written(said, "OptOutType") or written(said, "Body"))

    @classmethod
    def parse_receipt(cls, said: Mapping[str, Any]) -> Receipt:
        """What a callback's form says, or the message itself."""
        status = STATES.get(_state(said), Status.UNKNOWN)
        return Receipt(
            word(said.get("MessageSid")) or word(said.get("SmsSid")) or word(said.get("sid")),
            status,
            REASONS[_reason(said)] if status is Status.UNDELIVERED else None,
            moment(said.get("date_updated")),
            price(said),
            kept(said, KEPT),
        )


def host(region: str, edge: str) -> str:
    """An edge without a region leads to the United States."""
    for name, value in (("region", region), ("edge", edge)):
        if not LABEL.fullmatch(value):
            raise InvalidSettings([Problem(name, f"invalid_{name}", f"must be one of Twilio's names of a {name}")])
    parts = ["api", edge, region or ("us1" if edge else ""), "twilio.com"]
    return ".".join(filter(None, parts))


def _state(said: Mapping[str, Any]) -> str:
    return (word(said.get("MessageStatus")) or word(said.get("SmsStatus")) or word(said.get("status"))).lower()


def _code(said: Mapping[str, Any], *names: str) -> int:
    text = next(filter(None, (word(said.get(name)) for name in names)), "")
    return int(text) if re.fullmatch(r"\d{5}", text, re.ASCII) else 0


def _reason(said: Mapping[str, Any]) -> str:
    """Why a text failed, from a callback or the message itself."""
    code = _code(said, "ErrorCode", "error_code")
    otherwise = "canceled" if _state(said) == "canceled" else "unexplained"
    return codes.LATER.get(code) or codes.REASONS.get(code, otherwise)


def _told(answer: Answer) -> Mapping[str, Any]:
    """What an answer to a question says. Raises ``Unavailable`` or ``Refused``."""
    said = parsed(answer.body)
    if answer.ok:
        return said
    failure = _failure(answer, said)
    raise failure if isinstance(failure, Refused | Unavailable) else Unavailable()


def _failure(answer: Answer, said: Mapping[str, Any]) -> AttemptError:
    """How an answer without a message ended: by Twilio's code where there is one, else by its HTTP status."""
    code, failure = _code(said, "code"), answer.failure()
    if answer.ok or code in codes.UNCLEAR:
        return Uncertain("answer_unclear")
    if code in codes.LATER:
        return Unavailable(codes.LATER[code], retry_after=getattr(failure, "retry_after", None))
    # Not Twilio's message, which repeats number and sender.
    kept = {"http_status": answer.status, "code": code or None}
    return failure or Refused(codes.REASONS.get(code) or STATUSES.get(answer.status, "request_refused"), response=kept)


PROVIDER = Twilio
