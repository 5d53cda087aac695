"""Sweep: look after what nobody else did: attempts whose sender is gone, and whatever waits longer than it should."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import takewhile
from threading import Lock
from typing import NamedTuple

from herald.journal import Moved
from herald.message import Message
from herald.message.status import Status, Step
from herald.pipeline.ports import Ports
from herald.pipeline.send.find import interrupted
from herald.pipeline.send.settle import move
from herald.pipeline.send.transitions import OVERDUE
from herald.pipeline.send.waiting import put

LONGEST = timedelta(minutes=15)
# Each message takes three calls of AWS, one after the other. Clients keep as many connections.
HANDS = 10


class Swept(NamedTuple):
    """How many messages met which end: now ``unknown``, queued (again), looked after by somebody else, or trouble."""

    unknown: int = 0
    queued: int = 0
    settled: int = 0
    troubled: int = 0


class _Due:
    """What is due, handed out one by one to many threads, until it is enough."""

    def __init__(self, ids: Iterator[str], enough: Callable[[], bool]) -> None:
        self._ids = takewhile(lambda _: not enough(), ids)
        self._lock, self._over = Lock(), False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._lock:
            if self._over:
                raise StopIteration
            self._over = True  # Unless there is one more: what breaks off is over as well.
            found = next(self._ids)
            self._over = False
            return found


class Sweep:
    """Looks after all messages that are due. Two at once do no harm: each message is moved by one of them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def run(self, enough: Callable[[], bool] = lambda: False) -> Swept:
        """Sweep until nothing is due, or ``enough`` says so; the next run goes on. Raises the journal's own errors."""
        due = _Due(self._ports.journal.due(self._ports.clock()), enough)
        with ThreadPoolExecutor(HANDS) as hands:
            ended = [hands.submit(lambda: Counter(map(self._look_after, due))) for _ in range(HANDS)]
        return Swept(**sum((each.result() for each in ended), Counter()))

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
