"""Received: what a receipt makes of a message, as it is written. Pure."""

import json
from datetime import datetime
from typing import Any

from herald.message import Message
from herald.message.counted import Counted
from herald.message.price import amount
from herald.message.receipt import Receipt
from herald.message.status import Status, Step
from herald.pipeline.send import second
from herald.pipeline.send.transitions import OVERDUE, left, step_to, told_price

# A provider that goes on and on shall not fill the record: then only what changes something is written down.
MOST_RECEIPTS = 20


def received(message: Message, receipt: Receipt, attempt: int, now: datetime) -> Message | None:
    """What a receipt for one of its attempts makes of a message; None if nothing is new.

    Whatever the order in which receipts come, the end is the same: delivered, if any says so.
    """
    said = json.dumps(dict(receipt.raw), separators=(",", ":"), ensure_ascii=False)
    noted_before = [step.detail for step in message.trace if step.step == "receipt"]
    known = said in noted_before or len(noted_before) >= MOST_RECEIPTS
    own, noted = attempt == message.standing, message
    if not known:
        noted = message.with_(trace=(*message.trace, Step(now, "receipt", said)), updated_at=now)
        if own or _alone(message):
            noted = noted.with_(price=_price(message, receipt), counted=_priced(message.counted, receipt))
    if not _changes(message, receipt, attempt):
        ends = own and receipt.last and message.status is Status.SENT and message.retry_at is not None
        if ends:
            return noted.with_(retry_at=None, due_at=None, counted=_given_back(noted))
        return None if known else noted
    if own and second.may_do_better(message, receipt, now):
        return _by_another(noted, receipt, now)
    return _moved_on(noted, receipt, now, own=own)


def _moved_on(message: Message, receipt: Receipt, now: datetime, *, own: bool) -> Message:
    at = _happened(message, receipt, now)
    reason = receipt.reason if receipt.status is Status.UNDELIVERED else None
    changes: dict[str, Any] = {
        "sent_at": message.sent_at or (at if receipt.status is Status.SENT else None),
        "delivered_at": at if receipt.status is Status.DELIVERED else None,
        "price": _price(message, receipt) if own or _alone(message) else message.price,
        "provider_id": (message.provider_id or receipt.provider_id or None) if own else message.provider_id,
        "reason": reason,
        "counted": _counted(message, receipt, own=own),
    }
    if receipt.status is Status.SENT and not receipt.last and (at_last := second.takes_over(message, now)):
        changes |= {"retry_at": at_last, "due_at": at_last + OVERDUE}
    return step_to(message, receipt.status, now, reason.code if reason else "", **changes)


def _by_another(message: Message, receipt: Receipt, now: datetime) -> Message:
    """The first text does not arrive: the second channel takes over."""
    return step_to(
        message, Status.SENT, now, f"{message.channel} said {receipt.reason and receipt.reason.code}",
        step="second_channel", sent_at=message.sent_at or _happened(message, receipt, now), reason=receipt.reason,
        provider_id=message.provider_id or receipt.provider_id or None, retry_at=now, due_at=now + OVERDUE,
        # If the second was tried already, and not taken, it is what is counted now: and it has not left.
        counted=message.counted if message.earlier else _priced(left(message), receipt),
    )  # fmt: skip


def _changes(message: Message, receipt: Receipt, attempt: int) -> bool:
    """Whether a receipt takes a message on. What an older attempt failed at says nothing of the one that followed."""
    never = attempt > message.attempts or message.status is Status.SCHEDULED
    if never or receipt.status.rank <= message.status.rank:
        return False
    if receipt.status is Status.DELIVERED:
        return True
    sure = message.status in (Status.SENDING, Status.UNKNOWN, Status.SENT)
    return sure and attempt == message.standing and receipt.status is not Status.UNKNOWN


def _counted(message: Message, receipt: Receipt, *, own: bool) -> Counted | None:
    """What it is counted for once the receipt came: for what may have left, and no more."""
    if message.earlier and not message.second_channel:
        return _given_back(message)
    return _priced(left(message), receipt) if own or _alone(message) else message.counted


def _alone(message: Message) -> bool:
    """Whether no attempt but one can have sent it: then it costs what any receipt says."""
    return not (message.possible_duplicate or message.second_channel)


def _given_back(message: Message) -> Counted | None:
    """A second text that was counted but never left is counted no more."""
    counted = message.counted
    waits = message.status is Status.SENT and counted is not None and counted.state == "kept"
    return counted._replace(state="back") if counted and waits else counted


def _priced(counted: Counted | None, receipt: Receipt) -> Counted | None:
    """What a text that left costs is known once a receipt for its end tells it."""
    if counted and counted.gone and receipt.status.final and amount(receipt.price):
        return counted._replace(state="priced")
    return counted


def _price(message: Message, receipt: Receipt) -> str | None:
    """The last word on what it costs: that of a receipt for its end, or any while there is none."""
    new = told_price(receipt.price)
    return new if new and (receipt.status.final or not message.status.final) else message.price


def _happened(message: Message, receipt: Receipt, now: datetime) -> datetime:
    """When it came about, as the provider says, if that can be: not before it was sent, and not in the future."""
    earliest = message.sent_at or message.created_at
    return min(now, max(earliest, receipt.at)) if receipt.at else now
