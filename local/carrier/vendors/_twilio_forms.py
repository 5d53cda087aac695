"""Twilio's forms: what it takes, answers and posts, how it writes times and errors, and how it signs."""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from local.server import Reply

NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
# A number, a short code, or a name with a letter in it.
SENDER = re.compile(r"\+[1-9][0-9]{7,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 _&-]{1,11}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
OWN_SENDER = "+15005550006"
WAITS = ("queued", "accepted")
LONGEST_BODY, LONGEST_WAIT = 1600, 36_000
GSM_7_TWO_SEPTETS = "^{}\\[~]|€\f"
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà" + GSM_7_TWO_SEPTETS
)


class State(NamedTuple):
    """How a text fares: Twilio's ``status``, and its number of the error if it did not arrive."""

    status: str
    error: int | None = None


def refusal(status: int, code: int, text: str, **headers: str) -> Reply:
    """Twilio's answer to what it does not do."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    content = {"code": code, "message": text, "more_info": more, "status": status}
    return Reply(status, content, headers={name.replace("_", "-"): value for name, value in headers.items()})


def problem(fields: Mapping[str, str]) -> Reply | None:
    """What Twilio refuses of a form that sends; None if it is right."""
    to, body, wait = fields.get("To", ""), fields.get("Body", ""), fields.get("ValidityPeriod", "1")
    sender, service = fields.get("From", ""), fields.get("MessagingServiceSid", "")
    found = (
        (not to, 21604, "A 'To' phone number is required."),
        (not NUMBER.fullmatch(to), 21211, "Invalid 'To' Phone Number"),
        (not sender and not service, 21603, "A 'From' phone number is required."),
        (sender and not SENDER.fullmatch(sender), 21212, "Invalid From Number (caller ID)"),
        (sender == to, 21266, "'To' and 'From' number cannot be the same"),
        (service and not SERVICE.fullmatch(service), 21701, "The Messaging Service does not exist."),
        (not body.strip(), 21602, "Message body is required."),
        (len(body) > LONGEST_BODY, 21617, "The concatenated message body exceeds the 1600 character limit."),
        (not _whole(wait, LONGEST_WAIT), 21624, "Invalid ValidityPeriod"),
        (not _callable(fields.get("StatusCallback", "")), 21609, "The StatusCallback URL is not a valid URL."),
    )
    return next((refusal(400, code, text) for wrong, code, text in found if wrong), None)


def message(
    sid: str, account: str, fields: Mapping[str, str], at: datetime, now: tuple[State, datetime]
) -> dict[str, object]:
    """Twilio's whole object of a text. ``now`` is its state, and since when."""
    (status, error), since = now
    chosen = not (fields.get("MessagingServiceSid") and status in WAITS)
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "account_sid": account, "api_version": "2010-04-01", "body": fields["Body"], "date_created": rfc2822(at),
        "date_sent": None if status in (*WAITS, "canceled") else rfc2822(at), "date_updated": rfc2822(since),
        "direction": "outbound-api", "error_code": error, "error_message": error and f"Error {error}",
        "from": fields.get("From") or (OWN_SENDER if chosen else None), "num_media": "0",
        "messaging_service_sid": fields.get("MessagingServiceSid"),
        "num_segments": str(segments(fields["Body"])) if chosen else "0", "price": None, "price_unit": "USD",
        "sid": sid, "status": status, "subresource_uris": {"media": f"{uri}/Media.json"}, "to": fields["To"],
        "uri": f"{uri}.json",
    }  # fmt: skip


def callback(sid: str, account: str, fields: Mapping[str, str], state: State) -> dict[str, str]:
    """The form that tells of a text's state."""
    form = {
        "MessageSid": sid, "SmsSid": sid, "AccountSid": account, "From": fields.get("From", OWN_SENDER),
        "To": fields["To"],
        "MessageStatus": state.status, "SmsStatus": state.status, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    if service := fields.get("MessagingServiceSid"):
        form["MessagingServiceSid"] = service
    if state.error:
        form |= {"ErrorCode": str(state.error), "ErrorMessage": f"Error {state.error}"}
    return form


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """What proves that a form is Twilio's: the URL, without what follows a ``#``, and all fields by their names."""
    said = url + "".join(name + form[name] for name in sorted(form))
    return b64encode(hmac.digest(token.encode(), said.encode(), "sha1")).decode()


def segments(body: str) -> int:
    """How many texts are billed."""
    if set(body) <= GSM_7:
        size, single, part = len(body) + sum(body.count(sign) for sign in GSM_7_TWO_SEPTETS), 160, 153
    else:
        size, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if size <= single else -(-size // part)


def rfc2822(moment: datetime) -> str:
    """A time as Twilio writes it."""
    return format_datetime(moment)


def _callable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return not url or (parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in parts.netloc)
    except ValueError:
        return False


def _whole(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= most
