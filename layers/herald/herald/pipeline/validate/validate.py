"""Validate: an untrusted mapping becomes a message, or the list of everything that is wrong with it."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, cast

from herald.errors import InvalidMessage, Problem
from herald.message import Message
from herald.message.kinds import Kind, OnUnknown
from herald.message.phone import read as read_number
from herald.message.text import measure, shows_nothing, smart
from herald.message.times import moment, rfc3339
from herald.message.wrong import Wrong
from herald.pipeline.validate.fields import Fields, choice, line, named, one_of, shown, string, whole, yes_or_no

Mode = Literal["sync", "async"]

FIELDS = (
    "to", "body", "subject", "sender", "channel", "kind", "send_at", "valid_for", "reference", "tags", "on_unknown",
    "deliver_by", "callback_url", "mode", "smart",
)  # fmt: skip
LONGEST_BODY, LONGEST_REFERENCE, LONGEST_TAG = 1600, 64, 100
MOST_TAGS = 10
LONGEST_VALIDITY = 259_200
SOONEST_DELIVERY, LATEST_DELIVERY = 5, 86_400
OTP_VALIDITY = 600
FARTHEST = timedelta(days=366)

_SENDER = re.compile(r"[A-Za-z0-9 +\-_.&]{1,16}")
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_CONTROL_IN_BODY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What other services call these fields.
_ELSEWHERE = {
    "text": "body", "message": "body", "msg": "body", "content": "body", "from": "sender", "sender_id": "sender",
    "senderid": "sender", "phone": "to", "number": "to", "mobile": "to", "recipient": "to", "type": "kind",
    "ttl": "valid_for", "schedule_at": "send_at", "provider": "channel", "webhook": "callback_url",
    "webhook_url": "callback_url", "status_callback": "callback_url", "statuscallback": "callback_url",
    "failover_after": "deliver_by",
}  # fmt: skip


class Asked(NamedTuple):
    """What was asked for: a message (its ``id`` and ``caller`` still empty), and whether the caller waits for it."""

    message: Message
    mode: Mode


def validate(
    mapping: Mapping[str, object],
    *,
    now: datetime,
    region: str,
    mobile_prefixes: Collection[str] = (),
    channels: Collection[str],
    valid_for: int,
    callback_hosts: Collection[str] = (),
    signed: bool = True,
    extra: Collection[str] = (),
) -> Asked:
    """The message that ``mapping`` asks for, as of ``now`` (aware, UTC).

    ``region`` is where a number without a country code belongs, ``mobile_prefixes`` are ranges of numbers that count as
    mobile although no numbering plan has them yet, ``channels`` are those that may be named,
    ``valid_for`` is the default validity in seconds, ``callback_hosts`` may be called back if there is a secret with
    which that is ``signed``, and ``extra`` names fields that the entry point itself reads. Of the optional fields, null
    and empty text mean absent. Raises ``InvalidMessage``, which lists every problem and repeats no value.
    """
    if not isinstance(mapping, Mapping):
        raise InvalidMessage([Problem("", "wrong_type", "A message is a mapping of its fields.")])
    fields = _Fields(mapping)
    number = fields.required("to", lambda value: read_number(string(value), region, mobile_prefixes))
    body = fields.body()
    sender = fields.optional("sender", _sender, None)
    channel = fields.optional("channel", lambda value: choice(value, sorted(channels)), None)
    kind = cast("Kind", fields.optional("kind", one_of(Kind), "transactional"))
    send_at = fields.optional("send_at", lambda value: _send_at(value, now), None)
    seconds = fields.optional("valid_for", _validity, OTP_VALIDITY if kind == "otp" else valid_for)
    reference = fields.optional("reference", lambda value: line(value, LONGEST_REFERENCE), None)
    tags = fields.tags()
    on_unknown = cast("OnUnknown", fields.optional("on_unknown", one_of(OnUnknown), "hold"))
    deliver_by = fields.optional("deliver_by", _deliver_by, None)
    callback_url = fields.optional("callback_url", lambda value: _callback_url(value, callback_hosts, signed), None)
    mode = cast("Mode", fields.optional("mode", one_of(Mode), "sync"))
    made_plain = fields.optional("smart", yes_or_no, False)
    known = {*FIELDS, *extra}
    fields.unknown(known, lambda name: _meant(name, known))
    if fields.problems or number is None or body is None:
        raise InvalidMessage(fields.problems)
    body = smart(body) if made_plain else body
    measured = measure(body)
    message = Message(
        id="", caller="", to=number.e164, country=number.country, body=body, encoding=measured.encoding,
        segments=measured.segments, length=measured.length, created_at=now, updated_at=now, sender=sender, kind=kind,
        expires_at=(send_at or now) + timedelta(seconds=seconds), asked_channel=channel, send_at=send_at,
        reference=reference, tags=tags, on_unknown=on_unknown, callback_url=callback_url, deliver_by=deliver_by,
    )  # fmt: skip
    return Asked(message, mode)


def wants_smart(mapping: Mapping[str, object]) -> bool:
    """Whether a valid request asks for ``smart``."""
    return Fields(mapping).optional("smart", yes_or_no, False)


def content(message: Message, mode: Mode) -> bytes:
    """What a caller asked for, as canonical JSON: equal for two requests if, and only if, they ask for the same."""
    asked = {
        "to": message.to, "body": message.body, "sender": message.sender, "channel": message.asked_channel,
        "kind": message.kind, "send_at": message.send_at and rfc3339(message.send_at), "mode": mode,
        "valid_for": (message.expires_at - (message.send_at or message.created_at)) // timedelta(seconds=1),
        "reference": message.reference, "tags": dict(message.tags), "on_unknown": message.on_unknown,
        # Left out where they are not given: requests of the time before there were any are known as they were.
        **({"callback_url": message.callback_url} if message.callback_url else {}),
        **({"deliver_by": message.deliver_by} if message.deliver_by is not None else {}),
    }  # fmt: skip
    return json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()


def words(request: Mapping[str, object]) -> bytes | None:
    """What a caller said, as canonical JSON: as it stays, whatever settings and libraries make of it; None where JSON
    cannot hold it. Only what every entry point forgives is folded: the order, the two names of the text, and null and
    empty fields, which are the same as none.
    """
    fields = Fields(request)
    given = {name: value for name, value in request.items() if not fields.absent(name)}
    text = given.pop("subject", None)
    if text is not None:
        given.setdefault("body", text)
    try:
        return json.dumps(given, sort_keys=True, separators=(",", ":"), default=_mapping).encode()
    except (TypeError, ValueError, RecursionError):
        return None


def _mapping(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


class _Fields(Fields):
    """The fields of a message."""

    def body(self) -> str | None:
        """The text, by either of its names."""
        given = [name for name in ("body", "subject") if not self.absent(name)]
        if not given:
            name = next((n for n in ("body", "subject") if self.mapping.get(n) is not None), "body")
            code = "required" if self.mapping.get(name) is None else "empty"
            self.problem(name, code, "Write the text: it is missing or empty.")
            return None
        texts = [self.read(name, _body, None) for name in given]
        if None not in texts and texts[0] != texts[-1]:
            self.problem("subject", "conflict", "This is another name of body: give one of the two.")
        return texts[0]

    def tags(self) -> dict[str, str]:
        """The tags; every one of them that is wrong is a problem of its own."""
        found = self.optional("tags", _tags, {})
        return {name: self._tag(name, value) for name, value in zip(map(named, found), found.values(), strict=True)}

    def _tag(self, name: str, value: object) -> str:
        field = f"tags.{shown(name)}".rstrip(".")
        if not _TAG.fullmatch(name):
            self.problem(field, "invalid_name", "A tag's name is 1 to 40 letters, digits or _ . -")
        try:
            return line(value, LONGEST_TAG)
        except Wrong as wrong:
            self.problem(field, wrong.code, wrong.detail)
            return ""


def _meant(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    name = name[:40].lower()
    meant = [_ELSEWHERE[name]] if name in _ELSEWHERE else get_close_matches(name, sorted(known), 1)
    return f" Did you mean {meant[0]}?" if meant else f" The fields are {', '.join(FIELDS)}."


def _body(value: object) -> str:
    body = string(value)
    if _CONTROL_IN_BODY.search(body):
        raise Wrong("control_character", "The text holds a control character other than a line break or a tab.")
    if len(body) > LONGEST_BODY:
        raise Wrong("too_long", f"The text is longer than {LONGEST_BODY} characters.")
    if shows_nothing(body):
        raise Wrong("empty", "Write the text: nobody would see anything of this one.")
    return body


def _sender(value: object) -> str:
    sender = string(value).strip()
    if not _SENDER.fullmatch(sender):
        raise Wrong("invalid_sender", "A sender id is 1 to 16 letters, digits, spaces or + - _ . &")
    return sender


def _send_at(value: object, now: datetime) -> datetime:
    send_at = moment(string(value))
    if send_at <= now:
        raise Wrong("in_the_past", "This time has passed: leave the field out to send at once.")
    if send_at > now + FARTHEST:
        raise Wrong("too_far_ahead", f"This is more than {FARTHEST.days} days ahead.")
    return send_at


def _callback_url(value: object, hosts: Collection[str], signed: bool) -> str:
    if not hosts:
        raise Wrong("callbacks_off", "No URL may be called back yet: list its host in the setting callback_hosts.")
    if not signed:
        raise Wrong("callbacks_unsigned", "No secret to sign with is there yet: make one with make secret STAGE=...")
    from herald.settings.hosts import target  # It compiles patterns that few messages need.

    url = string(value)
    target(url, hosts)
    return url


def _validity(value: object) -> int:
    return whole(value, 1, LONGEST_VALIDITY, "seconds")


def _deliver_by(value: object) -> int:
    """Seconds; 0 for no second channel, whatever the settings say."""
    seconds = whole(value, 0, LATEST_DELIVERY, "seconds")
    if 0 < seconds < SOONEST_DELIVERY:
        detail = f"This must be from {SOONEST_DELIVERY} to {LATEST_DELIVERY} seconds, or 0 for no second channel."
        raise Wrong("out_of_range", detail)
    return seconds


def _tags(value: object) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise Wrong("wrong_type", "Tags are a mapping of names to strings.")
    if len(value) > MOST_TAGS:
        raise Wrong("too_many", f"There are more than {MOST_TAGS} tags.")
    return value
