"""Lanes: real processes that share a journal and its turns under a virtual clock.

Each process has several lanes (threads); each lane takes messages from the queue one by one, as a worker does. What a
lane cannot do by itself (sleep, queue, send) it asks of ``virtual_time.Time``.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from herald.errors import Unavailable
from herald.journal.messages import DynamoJournal
from herald.journal.turns import DynamoTurns
from herald.message import Message
from herald.message.receipt import Sent
from herald.pipeline.flow import Herald
from herald.settings.values import Channel, Rate, Settings
from herald.testing.outbox import Outbox
from tests.promises.virtual_time import SILENCE, Time
from tests.tables import client

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHANNEL = "line"


class Lane:
    """What one lane of a process knows of the world: its clock, sleep, queue and provider are all ``Time``'s."""

    calls_back = False

    def __init__(self, line: Connection) -> None:
        self._line, self._now = line, START

    def clock(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._ask("sleep", seconds)

    def put(self, message_id: str, delay: float = 0) -> None:
        self._ask("put", message_id, delay)

    def send(self, message: Message, callback: str | None = None) -> Sent:
        if not self._ask("send", message.id):
            raise Unavailable("throttled")
        return Sent(f"at-{message.id}", {})

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return response

    def ids(self) -> Iterator[str]:
        """Messages from the queue, until there are no more."""
        while message_id := self._ask("next"):
            yield message_id

    def _ask(self, *request: object) -> Any:
        self._line.send(request)
        answer, now = self._line.recv()
        self._now = START + timedelta(seconds=now)
        return answer


class Ports(Outbox):
    """The ports of a lane: real turns and a real journal, and the lane's own time."""

    lane: Any

    def sleep(self, seconds: float) -> None:
        self.lane.sleep(seconds)


def a_herald(lane: Any, journal: DynamoJournal, turns: DynamoTurns, rate: Rate) -> Herald:
    """The real service, with the real journal and turns, in a lane."""
    parts: Any = {"journal": journal, "turns": turns, "queue": lane, "clock": lane.clock}
    settings = Settings(channels={CHANNEL: Channel(CHANNEL, "fake", rate=rate)})
    ports = Ports(providers={CHANNEL: lane}, settings=settings, **parts)
    ports.lane = lane
    return Herald(ports)


def work(engine: str, table: str, rate: Rate, lines: Sequence[Connection]) -> None:
    """One process: a DynamoDB client of its own, and a lane for each line."""
    dynamodb = client("dynamodb", engine)
    journal, turns = DynamoJournal(dynamodb, table), DynamoTurns(dynamodb, table)

    def follow(lane: Lane) -> None:
        herald = a_herald(lane, journal, turns, rate)
        for message_id in lane.ids():
            herald.resume(message_id)

    threads = [Thread(target=follow, args=(Lane(line),)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def processes(number: int, lanes: int, engine: str, table: str, rate: Rate) -> Iterator[Time]:
    """``Time`` with so many processes under it, each with so many lanes."""
    context = get_context("spawn")
    pipes = [context.Pipe() for _ in range(number * lanes)]
    shares = [[there for _, there in pipes[first::number]] for first in range(number)]
    started = [context.Process(target=work, args=(engine, table, rate, share), daemon=True) for share in shares]
    for process in started:
        process.start()
    for _, there in pipes:
        there.close()
    try:
        yield Time([here for here, _ in pipes], rate)
        for process in started:
            process.join(SILENCE)
        assert [process.exitcode for process in started] == [0] * number
    finally:
        for process in started:
            process.kill()
