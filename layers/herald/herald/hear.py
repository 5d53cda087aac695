"""Hear: the room that writes down what a provider says later: only forward, whoever else writes at the same time."""

from datetime import datetime

from herald import outcome
from herald.errors import NotAccepted
from herald.journal import Moved, Records
from herald.message import Message, Receipt, Status
from herald.observe import Observer

TRIES = 10


def hear(
    message: Message, receipt: Receipt, attempt: int, *, journal: Records, observer: Observer, now: datetime
) -> Message | None:
    """The message as it stands with this receipt for one of its attempts; None if it is gone.

    Raises the journal's errors, or ``NotAccepted`` if the message is moved again and again: then nothing is written.
    """
    current: Message | None = message
    for _ in range(TRIES):
        new = current and outcome.received(current, receipt, attempt, now)
        if current is None or new is None:
            return current
        try:
            return _told(current, journal.move(current, new), observer)
        except Moved as moved:
            current = moved.current
    raise NotAccepted("The message moved on and on.")


def _told(before: Message, message: Message, observer: Observer) -> Message:
    spent = message.price if before.price is None else None
    if message.status is before.status:
        observer.step("receipt noted", message, spent=spent)
    else:  # The price of one that is sent is counted with it.
        observer.ended(message, spent=None if message.status is Status.SENT else spent)
    return message
