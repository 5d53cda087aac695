"""Transitions: what becomes of a message: each state that it may come into, as it is written. Pure."""

import json
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from herald.errors import AttemptError, Unavailable
from herald.message import Message
from herald.message.counted import Counted
from herald.message.price import amount
from herald.message.reasons import Reason
from herald.message.receipt import Receipt, Sent
from herald.message.status import Status, Step
from herald.pipeline.route.turn import PATIENCE, Place, Turn

# Much longer than an attempt may take (2 s until its turn, 15 s for the call; and once more if the credentials were
# refused within 8 s): when it is over, the sender is gone.
LEASE = timedelta(seconds=60)
# A message that was not taken up so long after its time is queued again by the sweep.
OVERDUE = timedelta(seconds=60)
FIRST_WAIT, LONGEST_WAIT, SHORTEST_WAIT = 5.0, 900.0, 1.0
# A provider that goes on and on shall not fill the record: then only what changes something is written down.
MOST_RECEIPTS = 20


def queued(message: Message, now: datetime) -> Message:
    """The message in the queue for the worker."""
    return _next(message, Status.ACCEPTED, now, step="queued", due_at=now + OVERDUE)


def scheduled(message: Message, at: datetime, now: datetime) -> Message:
    """The message while it waits for its time."""
    return _next(message, Status.SCHEDULED, now, due_at=at + OVERDUE)


def in_line(message: Message, place: Place, provider: str | None, now: datetime) -> Message:
    """The message in the queue until its turn is near."""
    return _next(
        message, _waiting(message), now, f"{place.channel} {place.why}", step="queued", channel=place.channel,
        provider=provider, turn_at=place.at, retry_at=message.retry_at, due_at=place.at + OVERDUE,
    )  # fmt: skip


def sending(message: Message, turn: Turn, provider: str | None, now: datetime) -> Message:
    """The message before the provider is called: channel, attempt and lease.

    After ``unknown`` it may be a duplicate from here on; its reason stays, as nothing else explains that.
    """
    again = _again(message)
    return _next(
        message, Status.SENDING, now, f"by {turn.channel}: {turn.why}", channel=turn.channel, provider=provider,
        attempts=message.attempts + 1, due_at=now + LEASE, reason=message.reason if again else None,
        possible_duplicate=again,
    )  # fmt: skip


def sent(message: Message, answer: Sent, now: datetime) -> Message:
    """The provider took it. Of its answer, what repeats text or number is not kept."""
    return _next(
        message, Status.SENT, now, reason=None, sent_at=now, provider_id=answer.provider_id, price=_told(answer.price),
        response=answer.kept, counted=_left(message),
    )  # fmt: skip


def joined(current: Message, sent: Message) -> Message:
    """The message whose receipt was faster than our own writing that it was ``sent``: now it has all of both."""
    return current.with_(
        updated_at=sent.updated_at,
        sent_at=sent.sent_at,
        provider_id=sent.provider_id,
        price=current.price or sent.price,
        response=sent.response,
        trace=current.trace if said_sent(current) else (*current.trace, sent.trace[-1]),
    )


def said_sent(message: Message) -> bool:
    """Whether the trace says already that it was sent: by a receipt that was faster than our own note."""
    return any(step.step == Status.SENT for step in message.trace)


def received(message: Message, receipt: Receipt, attempt: int, now: datetime) -> Message | None:
    """What a receipt for one of its attempts makes of a message; None if nothing is new.

    Whatever the order in which receipts come, the end is the same: delivered, if any says so.
    """
    said = json.dumps(dict(receipt.raw), separators=(",", ":"), ensure_ascii=False)
    noted_before = [step.detail for step in message.trace if step.step == "receipt"]
    known = said in noted_before or len(noted_before) >= MOST_RECEIPTS
    own, price = attempt == message.attempts, _price(message, receipt)
    noted = message
    if not known:
        trace = (*message.trace, Step(now, "receipt", said))
        noted = message.with_(trace=trace, updated_at=now, price=price, counted=_priced(message.counted, receipt))
    if not _changes(message, receipt, attempt):
        return None if known else noted
    at = _happened(message, receipt, now)
    reason = receipt.reason if receipt.status is Status.UNDELIVERED else None
    changes: dict[str, Any] = {
        "sent_at": message.sent_at or (at if receipt.status is Status.SENT else None),
        "delivered_at": at if receipt.status is Status.DELIVERED else None,
        "price": price,
        "provider_id": (message.provider_id or receipt.provider_id or None) if own else message.provider_id,
        "reason": reason,
        "counted": _priced(_left(message), receipt) if own or not message.possible_duplicate else message.counted,
    }
    return _next(noted, receipt.status, now, reason.code if reason else "", **changes)


def unsent(
    message: Message, status: Status, reason: Reason, now: datetime, detail: str = "", *, error: Exception | None = None
) -> Message:
    """It is not sent (any more): ``status`` says how that came. If it may have been sent before, that stays unknown."""
    if _again(message):
        status, detail = Status.UNKNOWN, f"not sent again: {detail or reason.code}"
        reason = message.reason or reason
    new = _next(message, status, now, detail, reason=reason, response=_response(message, error))
    counted = message.counted
    return new.with_(counted=counted._replace(state="back")) if counted and counted.state == "kept" else new


def unknown(
    message: Message, reason: Reason, now: datetime, *, resend_after: float, error: Exception | None = None
) -> Message:
    """Nobody knows. Under ``resend`` it waits so many seconds to be sent once more, if there is time."""
    at = now + timedelta(seconds=resend_after)
    resend = message.on_unknown == "resend" and not message.possible_duplicate and at < message.expires_at
    wait: dict[str, Any] = {"retry_at": at, "due_at": at} if resend else {}
    changes = {"reason": reason, "response": _response(message, error), "counted": _left(message), **wait}
    return _next(message, Status.UNKNOWN, now, reason.code, **changes)


def later(message: Message, error: Unavailable, now: datetime) -> Message:
    """Surely not sent: it waits for another attempt, or has expired if there is no time for one."""
    left = (message.expires_at - now).total_seconds()
    wait = max(min(waiting_time(message.attempts), left / 2), error.retry_after or 0)
    if not SHORTEST_WAIT <= wait < left:
        detail = f"{error.code}: no time left for another attempt"
        return unsent(message, Status.EXPIRED, error.reason, now, detail, error=error)
    at = now + timedelta(seconds=wait)
    reason = message.reason if _again(message) else error.reason
    detail = f"{error.code}: again in {wait:.0f} s"
    return _next(message, _waiting(message), now, detail, reason=reason, retry_at=at, due_at=at + OVERDUE)


def put_off(message: Message, code: str, seconds: float, now: datetime) -> Message:
    """The message while a limit on sending is reached, which is named by ``code``."""
    at, detail = now + timedelta(seconds=seconds), f"{code}: again in {seconds:.0f} s"
    changes = {"reason": message.reason, "retry_at": at, "due_at": at + OVERDUE}
    return _next(message, _waiting(message), now, detail, step="queued", **changes)


def comes_at(message: Message, now: datetime) -> datetime:
    """When a message that waits is to come out of the queue: before its place in the line, to take its turn then."""
    place = message.turn_at and message.turn_at - PATIENCE
    return max(filter(None, (now, message.send_at, message.retry_at, place)))


def waiting_time(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling from 5 to 900, each drawn between half and whole."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 - it only spreads the load


def _changes(message: Message, receipt: Receipt, attempt: int) -> bool:
    """Whether a receipt takes a message on. What an older attempt failed at says nothing of the one that followed."""
    never = attempt > message.attempts or message.status is Status.SCHEDULED
    if never or receipt.status.rank <= message.status.rank:
        return False
    if receipt.status is Status.DELIVERED:
        return True
    sure = message.status in (Status.SENDING, Status.UNKNOWN, Status.SENT)
    return sure and attempt == message.attempts and receipt.status is not Status.UNKNOWN


def _left(message: Message) -> Counted | None:
    """Its text has left, or may have: it stays counted from here on, or is counted again if all was given back."""
    counted = message.counted
    return counted if counted is None or counted.gone else counted._replace(state="left")


def _priced(counted: Counted | None, receipt: Receipt) -> Counted | None:
    """What a text that left costs is known once a receipt for its end tells it."""
    if counted and counted.gone and receipt.status.final and amount(receipt.price):
        return counted._replace(state="priced")
    return counted


def _price(message: Message, receipt: Receipt) -> str | None:
    """The last word on what it costs: that of a receipt for its end, or any while there is none."""
    new = _told(receipt.price)
    return new if new and (receipt.status.final or not message.status.final) else message.price


def _told(price: str | None) -> str | None:
    return price if amount(price) else None


def _happened(message: Message, receipt: Receipt, now: datetime) -> datetime:
    """When it came about, as the provider says, if that can be: not before it was sent, and not in the future."""
    earliest = message.sent_at or message.created_at
    return min(now, max(earliest, receipt.at)) if receipt.at else now


def _again(message: Message) -> bool:
    """True if the message may have been sent before: whatever comes of it now, it cannot be said not to be sent."""
    return message.possible_duplicate or message.status is Status.UNKNOWN


def _waiting(message: Message) -> Status:
    return Status.UNKNOWN if _again(message) else Status.ACCEPTED


def _next(
    message: Message, status: Status, now: datetime, detail: str = "", *, step: str | None = None, **new: Any
) -> Message:
    """The message in its next state, with its step. The times of the state before are over."""
    trace = (*message.trace, Step(now, step or str(status), detail))
    over: dict[str, Any] = {"due_at": None, "retry_at": None, "turn_at": None}
    return message.with_(**{**over, "status": status, "updated_at": now, "trace": trace, **new})


def _response(message: Message, error: Exception | None) -> Mapping[str, Any] | None:
    """What the provider answered, if it did."""
    response = error.response if isinstance(error, AttemptError) else None
    return response if isinstance(response, Mapping) else message.response
