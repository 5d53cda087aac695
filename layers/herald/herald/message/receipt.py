"""What providers say of a text: their answer when they take it, and what becomes of it later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from herald.message.bounds import MOST_BYTES, bounded, price, usable
from herald.message.reasons import REASONS, Reason
from herald.message.status import Status
from herald.message.times import rfc3339


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

    def bounded(self) -> Self:
        """The answer as the table can keep it. What repeats the message is not kept, and takes no place of the rest."""
        repeats = {name: value for name, value in self.response.items() if name in self.texts}
        shown = {**bounded(repeats, 16 * MOST_BYTES, MOST_BYTES), **bounded(self.kept)}
        ordered = {name: shown[name] for name in (*self.response, *shown) if name in shown}
        return self._replace(response=ordered, price=price(self.price))

    @property
    def kept(self) -> dict[str, object]:
        """The answer without the fields that repeat what the message says."""
        return {name: value for name, value in self.response.items() if name not in self.texts}


class Listed(NamedTuple):
    """A text in a provider's own list of what it took: its answer as to a send, the text, and when that was (UTC).

    An empty ``body`` is one that the provider no longer tells.
    """

    sent: Sent
    body: str
    at: datetime

    def __repr__(self) -> str:
        return f"Listed({self.sent.provider_id!r})"


class Receipt(NamedTuple):
    """What a provider says later of a text that it took.

    ``status`` is ``sent`` (it is on its way), ``delivered``, ``undelivered`` (with the ``reason``), or ``unknown`` if
    the provider's words say none of these. ``at`` is when that came about, if the provider says so. ``raw`` is the
    provider's own words, without number and text. ``last`` says that no more is to be expected, though it is not known
    whether the text arrived. ``to`` (E.164) is there where the receipt names its message by number
    and ``provider_id`` alone.
    """

    provider_id: str
    status: Status
    reason: Reason | None = None
    at: datetime | None = None
    price: str | None = None
    raw: Mapping[str, object] = {}
    to: str | None = None
    last: bool = False

    def __repr__(self) -> str:
        return f"Receipt({self.provider_id!r}, {str(self.status)!r})"

    def bounded(self) -> Self:
        """The receipt as the table and the queue can keep it."""
        known = self.provider_id if usable(self.provider_id) else ""
        return self._replace(provider_id=known, price=price(self.price), raw=bounded(self.raw))

    def kept(self) -> dict[str, Any]:
        """The receipt as JSON values, without the number: that is a hash wherever it is kept."""
        return {
            "provider_id": self.provider_id,
            "status": str(self.status),
            "reason": self.reason and self.reason.code,
            "at": self.at and rfc3339(self.at),
            "price": self.price,
            "raw": dict(self.raw),
            "last": self.last,
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
            last=kept.get("last", False),
        )


class Report(NamedTuple):
    """A receipt, and what it is about: the attempt at the message ``message_id``, or who got it from which provider.

    ``recipient`` is the keyed hash of the number. ``waits`` counts how often the report waited for its message.
    """

    receipt: Receipt
    message_id: str | None = None
    attempt: int | None = None
    recipient: str = ""
    provider: str = ""
    waits: int = 0

    def kept(self) -> dict[str, Any]:
        """The report as JSON values, for the queue."""
        return {**self._asdict(), "receipt": self.receipt.kept()}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """The report that ``kept`` gave."""
        return cls(**{**kept, "receipt": Receipt.read(kept["receipt"])})
