"""Message: one text to one recipient, with all that is known of it. Values only; standard library only.

A repr tells neither number nor text.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from herald.message.counted import Counted
from herald.message.earlier import Earlier
from herald.message.kinds import Encoding, Kind, OnUnknown
from herald.message.reasons import REASONS, Reason
from herald.message.status import Status, Step
from herald.message.times import rfc3339


class Message(NamedTuple):
    """One text to one recipient. Times are aware and in UTC; ``to`` is E.164; ``country`` is ISO 3166 alpha-2.

    ``channel`` is the one the message goes (or went) through; ``asked_channel`` the one the caller named, if any.
    ``attempts`` counts calls to providers. ``retry_at`` is the moment before which a message that waits for another
    attempt is not sent; ``turn_at`` the moment when its turn is expected, if its channel is busy. ``due_at`` is the
    moment from which the sweep looks after it, if nothing else did: while ``sending``, the end of the lease.
    ``possible_duplicate`` is true once it was sent again although an earlier attempt may have reached the recipient.
    ``body`` is None once the text is no longer needed. ``test`` says that it reaches nobody, ``allowed`` which channels
    its caller may use (None: all), ``reserved`` what it may cost or has cost, in millionths of the
    currency of the setting ``prices``, ``counted`` in which counters it stands. ``recipient`` is a keyed hash of the
    number, by which the journal finds a person's messages, ``reference_hash`` one of caller and reference.
    ``callback_url`` is told what becomes of it.
    ``deliver_by`` is how many seconds after it was sent it goes by a second channel if no receipt came; then
    ``second_channel`` is true, and ``earlier`` is the text that was sent first.
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
    entrypoint: str = "python"
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
    reference_hash: str = ""
    callback_url: str | None = None
    test: bool = False
    allowed: frozenset[str] | None = None
    reserved: int | None = None
    counted: Counted | None = None
    deliver_by: int | None = None
    second_channel: bool = False
    earlier: Earlier | None = None
    trace: tuple[Step, ...] = ()
    response: Mapping[str, object] | None = None

    def __repr__(self) -> str:
        return f"Message({self.id!r}, {str(self.status)!r})"

    def with_(self, **changes: object) -> Self:
        """A copy with ``changes``."""
        return self._replace(**changes)  # type: ignore[arg-type]

    @property
    def key_name(self) -> str | None:
        """The name of the API key that asked for it; None if none did."""
        return self.caller.removeprefix("key:") if self.entrypoint == "https" else None

    @property
    def waiting(self) -> bool:
        """True if it may be sent from here: it waits for its time, for another attempt, or for a person's redrive."""
        if self.status is Status.FAILED:
            return self.reason is REASONS["dead_lettered"]
        again = self.status in (Status.UNKNOWN, Status.SENT) and self.retry_at is not None
        return again or self.status in (Status.ACCEPTED, Status.SCHEDULED)

    @property
    def text_needed(self) -> bool:
        """True while the text may still have to be sent; afterwards the journal no longer keeps it."""
        return self.status is Status.SENDING or self.waiting

    @property
    def standing(self) -> int:
        """The attempt whose receipts say how it fares: the last, or the first where no second text was sent."""
        return self.earlier.attempt if self.earlier and not self.second_channel else self.attempts

    @property
    def attempted_at(self) -> datetime:
        """When its last attempt began; when it was made, if there was none."""
        return max((step.at for step in self.trace if step.step == Status.SENDING), default=self.created_at)

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
    "tags", "price", "possible_duplicate", "deliver_by", "second_channel", "test", "trace", "response",
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
