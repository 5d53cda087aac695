"""Hear: the room that writes down what a provider says later: only forward, whoever else writes at the same time."""

from datetime import datetime

from herald import outcome
from herald.journal import Moved, Records
from herald.message import Message, Receipt, Status
from herald.observe import Observer


def hear(
    message: Message, receipt: Receipt, attempt: int, *, journal: Records, observer: Observer, now: datetime
) -> Message | None:
    """The message as it stands with this receipt for one of its attempts; None if it is gone.

    Raises the journal's errors: then nothing is written.
    """
    new = outcome.received(message, receipt, attempt, now)
    if new is None:
        return message
    try:
        moved = journal.move(message, new)
    except Moved as elsewhere:
        current = elsewhere.current
        return current and hear(current, receipt, attempt, journal=journal, observer=observer, now=now)
    spent = moved.price if message.price is None else None
    if moved.status is message.status:
        observer.step("receipt noted", moved, spent=spent)
    else:  # The price of one that is sent is counted with it.
        observer.ended(moved, spent=None if moved.status is Status.SENT else spent)
    return moved
