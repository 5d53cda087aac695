"""Sweep: look after what nobody else did: attempts whose sender is gone, and whatever waits longer than it should."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from herald.journal import Moved
from herald.message import Message
from herald.message.status import Status, Step
from herald.pipeline.ports import Ports
from herald.pipeline.send.delivery import put
from herald.pipeline.send.find import interrupted
from herald.pipeline.send.settle import move
from herald.pipeline.send.transitions import OVERDUE

LONGEST = timedelta(minutes=15)


class Swept(NamedTuple):
    """How many messages met which end: now ``unknown``, queued (again), looked after by somebody else, or trouble."""

    unknown: int = 0
    queued: int = 0
    settled: int = 0
    troubled: int = 0


class Sweep:
    """Looks after all messages that are due. Two at once do no harm: each message is moved by one of them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def run(self, enough: Callable[[], bool] = lambda: False) -> Swept:
        """Sweep until nothing is due, or ``enough`` says so; the next run goes on. Raises the journal's own errors."""
        swept = Swept()
        for message_id in self._ports.journal.due(self._ports.clock()):
            if enough():
                break
            end = self._look_after(message_id)
            swept = swept._replace(**{end: getattr(swept, end) + 1})
        return swept

    def _look_after(self, message_id: str) -> str:
        try:
            message, now = self._ports.journal.get(message_id), self._ports.clock()
            if message is None or message.due_at is None or message.due_at > now:
                return "settled"
            if message.status is Status.SENDING:
                interrupted(self._ports, message)
                return "unknown"
            self._queue(message, now)
        except Moved:
            return "settled"
        except Exception as error:
            self._ports.observer.trouble("message not swept", error, message_id=message_id)
            return "troubled"
        return "queued"

    def _queue(self, message: Message, now: datetime) -> None:
        """Queue a message, and look again later: the longer it waits already, the later. Raises ``Moved``."""
        wait = min(LONGEST, max(OVERDUE, now - _time(message)))
        trace = (*message.trace, Step(now, "queued", "by the sweep"))
        queued = move(self._ports, message, message.with_(due_at=now + wait, updated_at=now, trace=trace))
        self._ports.observer.step("message queued again", queued)
        put(self._ports, queued)


def _time(message: Message) -> datetime:
    """When the message should have been taken up."""
    return max(filter(None, (message.created_at, message.send_at, message.retry_at, message.turn_at)))
