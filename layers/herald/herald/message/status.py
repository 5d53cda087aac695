"""Status: the closed list of a message's states, which may follow which, and the steps that it took."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


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


# What went wrong, or may have: the latest messages in these states are listed for their caller.
TROUBLED = frozenset({Status.FAILED, Status.UNKNOWN, Status.UNDELIVERED, Status.EXPIRED})
_RANKS = {
    Status.ACCEPTED: 0, Status.SCHEDULED: 0, Status.SENDING: 1, Status.UNKNOWN: 2, Status.SENT: 3,
    Status.UNDELIVERED: 4, Status.FAILED: 4, Status.EXPIRED: 4, Status.CANCELED: 4, Status.DELIVERED: 5,
}  # fmt: skip


# From which other states a message may come into each state. `accepted` comes again only from an attempt that surely
# did not send. Nothing is sent once the text is removed: after `failed` it is kept for dead letters only, after
# `unknown` only for a message that is to be resent, after `sent` only for a second channel. And a text that reached the
# phone was delivered, whatever we believed before.
COMES_FROM: Mapping[Status, frozenset[Status]] = {
    Status.ACCEPTED: frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.FAILED}),
    Status.SCHEDULED: frozenset({Status.SCHEDULED}),
    Status.SENDING: frozenset(
        {Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.UNKNOWN, Status.SENT, Status.FAILED}
    ),
    Status.UNKNOWN: frozenset({Status.SENDING, Status.UNKNOWN}),
    Status.SENT: frozenset({Status.SENDING, Status.UNKNOWN}),
    Status.DELIVERED: frozenset(Status) - {Status.DELIVERED, Status.SCHEDULED},
    Status.UNDELIVERED: frozenset({Status.SENDING, Status.UNKNOWN, Status.SENT}),
    Status.FAILED: frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.UNKNOWN}),
    Status.EXPIRED: frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.FAILED}),
    Status.CANCELED: frozenset({Status.ACCEPTED, Status.SCHEDULED}),
}


def comes_from(old: Status, new: Status) -> frozenset[Status]:
    """The states in which a message that becomes ``new`` may be written over ``old``; its own only if it had that."""
    own = frozenset({new})
    return COMES_FROM[new] | own if old is new else COMES_FROM[new] - own


class Step(NamedTuple):
    """One step of a message's way: when, what (one word), and why."""

    at: datetime
    step: str
    detail: str = ""
