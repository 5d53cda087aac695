"""Message: one text to one recipient, with all that is known of it. Values only; standard library only.

A repr tells neither number nor text.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Self

from herald.reasons import REASONS, Reason

Kind = Literal["transactional", "promotional", "otp"]
Encoding = Literal["GSM-7", "UCS-2"]
OnUnknown = Literal["hold", "resend"]


class Status(StrEnum):
    """The closed list of states. A message moves only towards a higher ``rank``; the journal has the one exception."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"

    @property
    def rank(self) -> int:
        """How far the message has come, 0 to 5: receipts never move it back."""
        return _RANKS[self]

    @property
    def final(self) -> bool:
        """True if nothing more will be done; only that it was delivered after all may still be learnt."""
        return self.rank >= 4

    @property
    def unsent(self) -> bool:
        """True if the message was not sent and never will be, whatever its first answer promised."""
        return self in (Status.FAILED, Status.EXPIRED, Status.CANCELED)


_RANKS = {
    Status.ACCEPTED: 0, Status.SCHEDULED: 0, Status.SENDING: 1, Status.UNKNOWN: 2, Status.SENT: 3,
    Status.UNDELIVERED: 4, Status.FAILED: 4, Status.EXPIRED: 4, Status.CANCELED: 4, Status.DELIVERED: 5,
}  # fmt: skip


class Step(NamedTuple):
    """One step of a message's journey: when, what (one word), and why."""

    at: datetime
    step: str
    detail: str = ""


class Sent(NamedTuple):
    """What a provider answered when it took a message.

    ``response`` is the provider's own answer, whole; ``texts`` names those of its fields that repeat
    the message's text or the number, which are not to be kept.
    """

    provider_id: str
    response: Mapping[str, object]
    price: str | None = None
    texts: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Sent({self.provider_id!r})"

    @property
    def kept(self) -> dict[str, object]:
        """The answer without the fields that repeat what the message says."""
        return {name: value for name, value in self.response.items() if name not in self.texts}


class Receipt(NamedTuple):
    """What a provider says later of a text that it took.

    ``status`` is ``sent`` (it is on its way), ``delivered``, ``undelivered`` (with the ``reason``), or ``unknown`` if
    the provider's words say none of these. ``at`` is when that came about, if the provider says so. ``raw`` is the
    provider's own words, without number and text. ``to`` (E.164) is there where the receipt names its message by number
    and ``provider_id`` alone.
    """

    provider_id: str
    status: Status
    reason: Reason | None = None
    at: datetime | None = None
    price: str | None = None
    raw: Mapping[str, object] = {}
    to: str | None = None

    def __repr__(self) -> str:
        return f"Receipt({self.provider_id!r}, {str(self.status)!r})"

    def kept(self) -> dict[str, Any]:
        """The receipt as JSON values, without the number: that is a hash wherever it is kept."""
        return {
            "provider_id": self.provider_id,
            "status": str(self.status),
            "reason": self.reason and self.reason.code,
            "at": self.at and rfc3339(self.at),
            "price": self.price,
            "raw": dict(self.raw),
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """The receipt that ``kept`` gave."""
        reason, at = kept["reason"], kept["at"]
        return cls(
            provider_id=kept["provider_id"],
            status=Status(kept["status"]),
            reason=REASONS.get(reason, REASONS["unexplained"]) if reason else None,
            at=datetime.fromisoformat(at) if at else None,
            price=kept["price"],
            raw=kept["raw"],
        )


class Message(NamedTuple):
    """One text to one recipient. Times are aware and in UTC; ``to`` is E.164; ``country`` is ISO 3166 alpha-2.

    ``channel`` is the one the message goes (or went) through; ``asked_channel`` the one the caller named, if any.
    ``attempts`` counts calls to providers. ``retry_at`` is the moment before which a message that waits for another
    attempt is not sent; ``turn_at`` the moment when its turn is expected, if its channel is busy. ``due_at`` is the
    moment from which the sweep looks after it, if nothing else did: while ``sending``, the end of the lease.
    ``possible_duplicate`` is true once it was sent again although an earlier attempt may have reached the recipient.
    ``body`` is None once the text is no longer needed. ``test`` says that it reaches nobody, ``allowed`` which channels
    its caller may use (joined by commas; None: all), ``reserved`` what it may cost or has cost, in millionths of the
    currency of the setting ``prices``. ``recipient`` is a keyed hash of the number, by which the
    journal finds a person's messages. ``callback_url`` is told what becomes of it.
    """

    id: str
    caller: str
    to: str
    country: str
    body: str | None
    encoding: Encoding
    segments: int
    length: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    status: Status = Status.ACCEPTED
    door: str = "python"
    kind: Kind = "transactional"
    sender: str | None = None
    asked_channel: str | None = None
    channel: str | None = None
    provider: str | None = None
    provider_id: str | None = None
    send_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    attempts: int = 0
    due_at: datetime | None = None
    retry_at: datetime | None = None
    turn_at: datetime | None = None
    reason: Reason | None = None
    reference: str | None = None
    tags: Mapping[str, str] = {}
    on_unknown: OnUnknown = "hold"
    possible_duplicate: bool = False
    price: str | None = None
    fingerprint: str = ""
    recipient: str = ""
    callback_url: str | None = None
    test: bool = False
    allowed: str | None = None
    reserved: int | None = None
    trace: tuple[Step, ...] = ()
    response: Mapping[str, object] | None = None

    def __repr__(self) -> str:
        return f"Message({self.id!r}, {str(self.status)!r})"

    def with_(self, **changes: object) -> Self:
        """A copy with ``changes``."""
        return self._replace(**changes)  # type: ignore[arg-type]

    @property
    def waiting(self) -> bool:
        """True if it may be sent from here: it waits for its time, for another attempt, or for a person's redrive."""
        if self.status is Status.FAILED:
            return self.reason is REASONS["dead_lettered"]
        resend = self.status is Status.UNKNOWN and self.retry_at is not None
        return resend or self.status in (Status.ACCEPTED, Status.SCHEDULED)

    @property
    def text_needed(self) -> bool:
        """True while the text may still have to be sent; afterwards the journal no longer keeps it."""
        return self.status is Status.SENDING or self.waiting

    def expired(self, now: datetime) -> bool:
        """True once the message may not be sent any more."""
        return now >= self.expires_at

    def public(self) -> dict[str, object]:
        """The message as callers see it: JSON values only, without its text."""
        shown = {name: _plain(getattr(self, name)) for name in PUBLIC}
        shown["trace"] = [{"at": rfc3339(s.at), "step": s.step, "detail": s.detail} for s in self.trace]
        return shown


PUBLIC = (
    "id", "status", "to", "country", "channel", "provider", "provider_id", "sender", "kind", "encoding", "segments",
    "created_at", "updated_at", "sent_at", "delivered_at", "send_at", "expires_at", "attempts", "reason", "reference",
    "tags", "price", "possible_duplicate", "test", "trace", "response",
)  # fmt: skip
assert set(PUBLIC) <= set(Message._fields)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Reason):
        return value.public()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, StrEnum) else value


def rfc3339(moment: datetime) -> str:
    """``2026-11-25T03:30:00.000Z``: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
