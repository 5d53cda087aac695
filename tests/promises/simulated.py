"""Simulated: a stage of several processes on one virtual clock, whose providers do as a plan says.

Each process is a thread that stands while another one works, so that every run is the same. The service is the real
one, on the fakes of ``herald.testing``; so is who tells what the table's stream shows, and counts.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Semaphore, Thread
from typing import Any, NamedTuple

from herald.aws.bus import Event
from herald.errors import Unavailable, Uncertain
from herald.journal.health import HEALTH, TURNED, moved, written
from herald.journal.item import item_of
from herald.journal.observed import Breaker, Count, Drift, Observed, Pair
from herald.journal.reads import item_key
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report, Sent
from herald.message.status import Status
from herald.pipeline.announce.announcer import Announcer
from herald.pipeline.route.slow import SlowChannels
from herald.settings.values import Channel, Rule, Settings
from herald.testing.fakes import Clock, Notes
from herald.testing.health import MemoryHealth
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# A call takes so long, in seconds; one that is not answered by anybody takes longer.
CALL, REFUSED = 0.2, 1.5
# The stream is read each second, a receipt comes after 4 to 20, and a process's copy of the item is up to 5 old.
STREAM, RECEIPT, FRESH = 1.0, (4.0, 20.0), 5.0
PROCESSES = 4


class State(NamedTuple):
    """How a provider is: the part of its calls that surely fails, or whose answer is lost; if it tells receipts; and
    why the texts that it takes are not delivered, if they are not.
    """

    failing: float = 0.0
    lost: float = 0.0
    receipts: bool = True
    undelivered: str | None = None


FINE, DOWN = State(), State(failing=1.0)
Plan = Callable[[float], State]
"""How a provider is after so many seconds."""


class Copy:
    """The item as one process sees it: as it was up to five seconds ago, unless it wrote itself."""

    def __init__(self, shared: MemoryHealth, clock: Clock, stream: "Written") -> None:
        self._shared, self._clock, self._stream = shared, clock, stream
        self._seen, self._read = Observed(), START - timedelta(days=1)

    def known(self) -> Observed:
        if self._clock() >= self._read + timedelta(seconds=FRESH):
            self._look()
        return self._seen

    def look(self) -> Observed:
        return self._shared.known()

    def add(self, counts: Mapping[Count, int], now: float) -> None:
        self._shared.add(counts, now)
        self._look()

    def turn(self, channel: str, before: Breaker, after: Breaker) -> bool:
        done = self._shared.turn(channel, before, after)
        if done:
            self._stream.show(_turned(channel, before), _turned(channel, after))
        self._look()
        return done

    def move(self, pair: Pair, before: Drift | None, after: Drift) -> bool:
        done = self._shared.move(pair, before, after)
        if done:
            self._stream.show(_moved(pair, before), _moved(pair, after))
        self._look()
        return done

    def _look(self) -> None:
        self._seen, self._read = self._shared.known(), self._clock()


class Written(MemoryJournal):
    """A journal that keeps what a stream of the table would show."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[dict[str, Any]] = []

    def claim(self, message: Message) -> Message | None:
        before = super().claim(message)
        if before is None:
            self.show({}, item_of(message))
        return before

    def move(self, old: Message, new: Message) -> Message:
        before = self.messages[old.id]
        moved = super().move(old, new)
        self.show(item_of(before), item_of(moved))
        return moved

    def show(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        change = {"OldImage": before, "NewImage": after, "SequenceNumber": str(len(self.stream))}
        self.stream.append({"dynamodb": change})


def _turned(channel: str, breaker: Breaker) -> dict[str, Any]:
    """An image of the item with another state of a breaker."""
    return {**item_key(HEALTH), "by": {"S": TURNED}, f"b|{channel}": {"S": written(breaker)}}


def _moved(pair: Pair, drift: Drift | None) -> dict[str, Any]:
    """The same with another move."""
    channel, country = pair
    move = {f"d|{country}|{channel}": {"S": moved(drift)}} if drift else {}
    return {**item_key(HEALTH), "by": {"S": TURNED}, **move}


class Bus:
    """Who is told."""

    def __init__(self) -> None:
        self.told = list[Event]()

    def put(self, events: Any) -> int:
        self.told.extend(events)
        return len(events)


class Vendor:
    """A provider that keeps a ledger: when it was called, and what it accepted."""

    calls_back = False

    def __init__(self, name: str, world: "World", plan: Plan) -> None:
        self._name, self._world, self._plan = name, world, plan
        self.calls: list[tuple[float, str]] = []
        self.accepted: list[tuple[float, str]] = []

    def send(self, message: Message, callback: str | None = None) -> Sent:
        now, dice = self._world.now, self._world.dice.random()
        state = self._plan(now)
        self.calls.append((now, message.id))
        if dice < state.failing:
            self._world.sleep(REFUSED)
            raise Unavailable
        self.accepted.append((now, message.id))
        self._world.sleep(CALL)
        provider_id = f"{self._name}-{len(self.accepted)}"
        if state.receipts:
            self._world.receipt(provider_id, message, state.undelivered)
        if dice < state.failing + state.lost:
            raise Uncertain("answer_lost")
        return Sent(provider_id, {})

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return response


@dataclass
class Process(Outbox):
    """What one process stands on: the world's table, queue and time, and what it knows by itself."""

    world: Any = None
    turn: Semaphore = field(default_factory=lambda: Semaphore(0))

    def sleep(self, seconds: float) -> None:
        self.world.sleep(seconds)

    def put(self, message_id: str, delay: float = 0) -> None:
        self.world.later(delay, lambda: self.world.work(lambda herald: herald.resume(message_id)))

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        raise AssertionError(what)


Job = Callable[[Any], object]


class World:
    """The clock, the queue, and the processes that share a table. ``plans`` name the channels in the route's order."""

    def __init__(self, plans: Mapping[str, Plan], *, seed: int = 1) -> None:
        self.now, self.dice = 0.0, random.Random(seed)
        random.seed(seed)  # Of how long who was refused waits.
        self.clock, self.bus, self.journal, self.health = Clock(START), Bus(), Written(), MemoryHealth()
        self.vendors = {name: Vendor(name, self, plan) for name, plan in plans.items()}
        self.failures: list[BaseException] = []
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order, self._jobs, self._read = count(), deque[Job](), 0
        self._conductor, self._running = Semaphore(0), self._process()
        self._idle = deque(self._process() for _ in range(PROCESSES))
        self._announcer = Announcer(self._running, lambda: self.bus)  # type: ignore[arg-type, return-value]

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + seconds
        self.later(0, lambda: self._announce(end))
        while self._events and self._events[0][0] <= end:
            self._to(self._events[0][0])
            heapq.heappop(self._events)[2]()
        self._to(end)
        assert self.failures == []

    def ask(self, at: float, **fields: object) -> None:
        """Somebody asks for a text at that time."""
        request = {"to": f"+919741{self.dice.randrange(10**6):06}", "body": "Your code is 4711.", **fields}
        asked = {"caller": "shop", "entrypoint": "python", "key": str(next(self._order))}
        self.later(at - self.now, lambda: self.work(lambda herald: herald.send(request, **asked)))

    def later(self, seconds: float, then: Callable[[], object]) -> None:
        heapq.heappush(self._events, (self.now + max(0.0, seconds), next(self._order), then))

    def work(self, job: Job) -> None:
        """Give a job to a process that is free, or to the first that will be."""
        self._jobs.append(job)
        if self._idle:
            process = self._idle.popleft()
            Thread(target=self._serve, args=(process,), daemon=True).start()
            self._switch(process)

    def sleep(self, seconds: float) -> None:
        """The process that runs now stands for so long."""
        process = self._running
        self.later(seconds, lambda: self._switch(process))
        self._conductor.release()
        process.turn.acquire()

    def receipt(self, provider_id: str, message: Message, code: str | None) -> None:
        """A receipt that a provider will tell: delivered, or why not."""
        end = (
            Receipt(provider_id, Status.UNDELIVERED, REASONS[code]) if code else Receipt(provider_id, Status.DELIVERED)
        )
        report = Report(end, message.id, message.attempts)
        self.later(self.dice.uniform(*RECEIPT), lambda: self.work(lambda herald: herald.waited(report)))

    def messages(self) -> list[Message]:
        return list(self.journal.messages.values())

    def accepted(self) -> list[str]:
        """The ids of all messages that any provider accepted, as often as it did."""
        return [message_id for vendor in self.vendors.values() for _, message_id in vendor.accepted]

    def _process(self) -> Process:
        settings = Settings(
            channels={name: Channel(name, "fake") for name in self.vendors}, routes=(Rule(tuple(self.vendors)),)
        )
        process = Process(
            providers=dict(self.vendors), settings=settings, journal=self.journal, clock=self.clock, observer=Notes(),
            health_item=Copy(self.health, self.clock, self.journal), slow=SlowChannels(lambda: self.now), world=self,
        )  # type: ignore[arg-type]  # fmt: skip
        process.queue = process  # type: ignore[assignment]
        return process

    def _serve(self, process: Process) -> None:
        """One process works until there is no job."""
        process.turn.acquire()
        while self._jobs:
            try:
                self._jobs.popleft()(process.herald())
            except BaseException as error:
                self.failures.append(error)
        self._idle.append(process)
        self._conductor.release()

    def _switch(self, process: Process) -> None:
        """Let a process go on until it sleeps, or has done its work."""
        self._running = process
        process.turn.release()
        self._conductor.acquire()

    def _to(self, moment: float) -> None:
        self.now = max(self.now, moment)
        self.clock.now = START + timedelta(seconds=self.now)

    def _announce(self, end: float) -> None:
        records, self._read = self.journal.stream[self._read :], len(self.journal.stream)
        assert self._announcer.announce(records) == []
        if self.now + STREAM < end:
            self.later(STREAM, lambda: self._announce(end))
