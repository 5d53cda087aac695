"""Killed: a real process that does one thing of Herald's, and kills itself at the moment that it is told.

All that it works with outlives it: journal, turns, queue and schedules on the local engine, the provider in the test's
own process. A template with everything imported is forked for each death, so that one takes milliseconds.
"""

import math
import os
import select
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from herald.aws.queue import Queue
from herald.aws.schedule import Schedule
from herald.entrypoints.worker import Worker
from herald.journal.counters import DynamoCounters
from herald.journal.messages import DynamoJournal
from herald.journal.optouts import DynamoOptOuts
from herald.journal.turns import DynamoTurns
from herald.keys.grant import Grant
from herald.message import Message
from herald.pipeline.flow import Herald
from herald.pipeline.guard.ahead import CountsAhead
from herald.pipeline.health.channels import ChannelHealth
from herald.pipeline.route.slow import SlowChannels
from herald.providers import load
from herald.providers._http import Http
from herald.settings.values import Channel, Limits, Rate, Rule, Settings
from herald.testing.fakes import Notes
from herald.testing.health import MemoryHealth
from tests.promises.ledger import ACCOUNT
from tests.tables import client

Tell = Callable[[str], object]
CALLER, MAX_RECEIVES = "shop", 5
RATE = Rate(1_000_000, 1.0)
# What is told besides calls: the provider has answered, and nobody has read it; the act is over.
ANSWERED, END = "answered", "end"
ROLE, FUNCTION, FAILED = "arn:aws:iam::1:role/x", "arn:aws:lambda:us-east-1:1:function:x", "arn:aws:sqs:us-east-1:1:x"


class Place(NamedTuple):
    """What outlives a process: the engine's URL, the names of table and schedules, the URLs of queue and provider."""

    engine: str
    table: str
    schedules: str
    queue: str
    provider: str


class Broken(Exception):
    """Something that nobody foresaw."""


class Manner(NamedTuple):
    """How Herald is set up: how many channels it may try, and whether it breaks off at each message."""

    channels: int = 1
    broken: bool = False

    def settings(self) -> Settings:
        """The settings. Raises ``Broken`` if Herald is to break off."""
        if self.broken:
            raise Broken
        names = ("exotel", "second")[: self.channels]
        channels = {name: Channel(name, "exotel", rate=RATE) for name in names}
        return Settings(channels=channels, routes=(Rule(names),), limits=Limits(block_day=1_000_000, day=1_000_000))


class Job(NamedTuple):
    """One act of Herald's in a process of its own, which dies at the event ``stop``: its number, or its name."""

    place: Place
    now: datetime
    act: str
    given: tuple[Any, ...]
    stop: int | str | None = None
    manner: Manner = Manner()


class Watched:
    """A part of Herald's whose every call is told before it is made; a move with its two states.

    Who dies before a call dies after the one before it: between them nothing is written anywhere.
    """

    def __init__(self, name: str, part: Any, tell: Tell) -> None:
        self._name, self._part, self._tell = name, part, tell

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._part, operation)

        def told(*given: Any, **named: Any) -> Any:
            states = f" from {given[0].status} to {given[1].status}" if operation == "move" else ""
            self._tell(f"{self._name}.{operation}{states}")
            return call(*given, **named)

        return told


class Undelayed(Queue):
    """A queue whose clock cannot be moved as ours: what comes out too early is put back by whoever gets it."""

    def put(self, message_id: str, delay: float = 0) -> None:
        super().put(message_id)


class Narrowed(DynamoJournal):
    """A journal whose sweep comes as far as one message."""

    only: str | None = None

    def due(self, now: datetime) -> Iterator[str]:
        return (found for found in super().due(now) if self.only in (None, found))


class Ports:
    """The ports at a place: ``parts`` by their names; the settings are those of a manner."""

    secret = b"a secret of the tests"
    url = "https://herald.test"
    journal: Any
    counters: Any
    optouts: Any
    turns: Any
    queue: Any
    schedule: Any

    def __init__(self, manner: Manner, sender: Any, clock: Callable[[], datetime], parts: Mapping[str, Any]) -> None:
        self._manner, self._sender, self.clock, self.observer = manner, sender, clock, Notes()
        self.slow = SlowChannels()
        self.__dict__.update(parts)

    @property
    def settings(self) -> Settings:
        return self._manner.settings()

    @property
    def health(self) -> ChannelHealth[MemoryHealth]:
        """Nobody remembers that the provider failed, so that each message goes the same way."""
        return ChannelHealth(MemoryHealth(), self.observer, self.clock)

    def sleep(self, seconds: float) -> None:
        """Nobody waits."""

    def left(self) -> float:
        """Whoever is killed does not know when."""
        return math.inf

    def sender(self, channel: str) -> Any:
        return self._sender

    def refresh(self) -> None:
        """There is nothing new."""

    def grant(self, name: str, since: datetime) -> Grant:
        """No key is ever revoked."""
        return Grant(name)

    def callback(self, message: Message) -> None:
        """No receipts are awaited."""


class EntryPoints:
    """Herald's entry points on what is at a place. ``tell`` is called with every call."""

    def __init__(
        self, place: Place, clock: Callable[[], datetime], manner: Manner, tell: Tell = lambda event: None
    ) -> None:
        dynamodb, sqs, scheduler = clients(place.engine)
        self._narrowed = Narrowed(dynamodb, place.table)
        self.http = requests.Session()
        self.http.mount("http://", Adapter(tell))
        line = Watched("http", Http(self.http, timeout=(5, 5)), tell)
        sender = load("exotel")(line, **ACCOUNT, endpoint_url=place.provider)
        schedule = Schedule(scheduler, group=place.schedules, role=ROLE, target=FUNCTION, failed=FAILED)
        parts: dict[str, Any] = {
            "journal": self._narrowed, "queue": Undelayed(sqs, place.queue), "schedule": schedule,
            "turns": DynamoTurns(dynamodb, place.table), "counters": CountsAhead(DynamoCounters(dynamodb, place.table)),
            "optouts": DynamoOptOuts(dynamodb, place.table),
        }  # fmt: skip
        watched = {name: Watched(name, part, tell) for name, part in parts.items()}
        self.herald = Herald(Ports(manner, sender, clock, watched))
        self._worker = Worker(lambda: self.herald, max_receives=MAX_RECEIVES, wait=0)

    def ask(self, key: str, fields: Mapping[str, object]) -> None:
        """A caller asks for a message."""
        self.herald.send(fields, caller=CALLER, entrypoint="https", key=key)

    def work(self, record: Mapping[str, Any]) -> None:
        """The worker gets a record."""
        self._worker.send(record)

    def resume(self, message_id: str) -> None:
        """A schedule fires."""
        self.herald.resume(message_id)

    def cancel(self, message_id: str) -> None:
        """The caller no longer wants it."""
        self.herald.cancel(message_id, caller=CALLER)

    def sweep(self, message_id: str | None = None) -> None:
        """The minute is over; with an id the sweep comes only so far."""
        self._narrowed.only = message_id
        self.herald.sweep(lambda: False)


class Adapter(requests.adapters.HTTPAdapter):
    """What ``requests`` calls by. It tells when an answer has come, before anything of it is read."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()

        class Answered(HTTPConnection):
            def getresponse(self) -> Any:
                select.select([self.sock], [], [], 5)
                tell(ANSWERED)
                return super().getresponse()

        class Pool(HTTPConnectionPool):
            ConnectionCls = Answered

        self.poolmanager.pool_classes_by_scheme = {"http": Pool}


@cache
def clients(engine: str) -> tuple[Any, ...]:
    """Clients of DynamoDB, SQS and Scheduler."""
    return tuple(client(service, engine) for service in ("dynamodb", "sqs", "scheduler"))


def run(job: Job) -> list[str]:
    """Do the job. Returns all that was told; does not return if it is to stop."""
    events: list[str] = []

    def tell(event: str) -> None:
        if job.stop in (event, len(events)):
            os.kill(os.getpid(), signal.SIGKILL)
        events.append(event)

    herald = EntryPoints(job.place, lambda: job.now, job.manner, tell)
    with suppress(Broken):
        getattr(herald, job.act)(*job.given)
    tell(END)
    return events


def template(line: Connection, warm: Job) -> None:
    """Fork a process for each job, and say how it ended: with its events, an error's text, or by a signal's number.

    Itself it only does the job ``warm``, which loads what is loaded late; its connections end before the first fork.
    """
    run(warm)
    for each in clients(warm.place.engine):
        each.close()
    while job := line.recv():
        child = os.fork()
        if not child:
            try:
                line.send(run(job))
            except BaseException:
                line.send(traceback.format_exc())
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            line.send(os.WTERMSIG(status))


@contextmanager
def processes(warm: Job) -> Iterator[Callable[[Job], Any]]:
    """What does a job in a process of its own: its events, or the number of the signal that killed it."""
    context = get_context("spawn")
    here, there = context.Pipe()
    parent = context.Process(target=template, args=(there, warm), daemon=True)
    parent.start()
    there.close()

    def do(job: Job) -> Any:
        here.send(job)
        assert here.poll(30), "the process neither ended nor died"
        return here.recv()

    try:
        yield do
        here.send(None)
        parent.join(30)
    finally:
        parent.kill()
