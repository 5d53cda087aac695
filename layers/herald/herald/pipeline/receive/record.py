"""Record: what a provider says later is written down: only forward, whoever else writes at the same time."""

from herald.errors import NotAccepted
from herald.journal import Moved
from herald.message import Message
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.pipeline.ports import Ports
from herald.pipeline.send.received import received
from herald.pipeline.send.settle import move
from herald.pipeline.send.waiting import put

TRIES = 10


def record(ports: Ports, message: Message, receipt: Receipt, attempt: int) -> Message | None:
    """The message as it stands with this receipt for one of its attempts; None if it is gone.

    Raises the journal's errors, or ``NotAccepted`` if the message is moved again and again: then nothing is written.
    """
    current: Message | None = message
    now = ports.clock()
    for _ in range(TRIES):
        new = current and received(current, receipt, attempt, now)
        if current is None or new is None:
            return current
        try:
            return _told(ports, current, move(ports, current, new))
        except Moved as moved:
            current = moved.current
    raise NotAccepted("The message moved on and on.")


def _told(ports: Ports, before: Message, message: Message) -> Message:
    observer = ports.observer
    if message.status is Status.SENT and message.retry_at not in (None, before.retry_at):
        put(ports, message)
    spent = message.price if before.price is None else None
    if message.status is before.status:
        observer.step("receipt noted", message, spent=spent)
    else:  # The price of one that is sent is counted with it.
        observer.ended(message, spent=None if message.status is Status.SENT else spent)
    return message
