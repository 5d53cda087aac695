"""Promises 2 and 3: killed between any two of its calls, a process loses nothing, and under hold it doubles nothing.

A process is killed by SIGKILL before each of its calls and after the last, whatever these are: an unhurt run tells
them. Then the world goes on, and at the end the provider's ledger is compared with the journal.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from herald.message.kinds import OnUnknown
from herald.message.status import COMES_FROM, Status
from herald.message.times import rfc3339
from tests.promises.figures import Figures
from tests.promises.killed import ANSWERED, processes
from tests.promises.ledger import Audit, Ledger, audit, ledger
from tests.promises.survived import START, Process, World

if TYPE_CHECKING:
    from herald.message import Message

Step = Callable[[World, Process], object]
QUEUED, SCHEDULED = {"mode": "async"}, {"send_at": rfc3339(START.replace(minute=1))}


@dataclass(frozen=True)
class Entry:
    """An act at which a process is killed: what happened before, what it meets, and in what manner it is done."""

    name: str
    act: str
    before: tuple[Step, ...] = ()
    asked: Mapping[str, object] = field(default_factory=dict)
    fault: str = ""
    manner: Mapping[str, Any] = field(default_factory=dict)


def asked(fault: str = "") -> Step:
    return lambda world, process: world.ask(fault)


def waited(**time: float) -> Step:
    return lambda world, process: world.clock.pass_(**time)


def swept(world: World, process: Process) -> None:
    world.sweep()


def lost(world: World, process: Process) -> None:
    world.lose()


def buried(world: World, process: Process) -> None:
    world.give_up()


def crashed(world: World, process: Process) -> None:
    world.crash(process)


def busied(world: World, process: Process) -> None:
    world.occupy()


BROKEN, TWO = {"broken": True}, {"channels": 2}
LATER, TOO_LATE = waited(minutes=2, seconds=5), waited(days=2)
UNKNOWN = (asked("drop_reply"), LATER)
ENTRIES = (
    Entry("direct", "ask"),
    Entry("direct, failed over", "ask", fault="503", manner=TWO),
    Entry("direct, refused", "ask", fault="refuse"),
    Entry("direct, answer lost", "ask", fault="drop_reply"),
    Entry("direct, throttled", "ask", fault="429"),
    Entry("direct, no time left", "ask", asked={"valid_for": 1}, fault="503"),
    Entry("direct, busy", "ask", (busied,)),
    Entry("queued", "ask", asked=QUEUED),
    Entry("taken up", "work", (asked(),), QUEUED),
    Entry("taken up, busy", "work", (asked(), busied), QUEUED),
    Entry("taken up too late", "work", (asked(), TOO_LATE), QUEUED),
    Entry("taken up for the last time", "give_up", (asked(),), QUEUED, manner=BROKEN),
    Entry("repeated", "work", (asked("429"), LATER)),
    Entry("scheduled", "ask", asked=SCHEDULED),
    Entry("fired", "resume", (asked(), LATER), SCHEDULED),
    Entry("fired, busy", "resume", (asked(), LATER, busied), SCHEDULED),
    Entry("fired too late", "resume", (asked(), TOO_LATE), SCHEDULED),
    Entry("never fired", "sweep", (asked(), LATER), SCHEDULED),
    Entry("never fired, for the last time", "give_up", (asked(), LATER), SCHEDULED, manner=BROKEN),
    Entry("resent", "work", (*UNKNOWN, swept)),
    Entry("resent, throttled", "work", (*UNKNOWN, swept), fault="429"),
    Entry("resent, answer lost", "work", (*UNKNOWN, swept), fault="drop_reply"),
    Entry("redriven", "work", (asked(), buried), QUEUED),
    Entry("redriven, busy", "work", (asked(), buried, busied), QUEUED),
    Entry("redriven too late", "work", (asked(), buried, TOO_LATE), QUEUED),
    Entry("swept: lease over", "sweep", (crashed, LATER)),
    Entry("swept: forgotten", "sweep", (asked(), lost, LATER), QUEUED),
    Entry("swept: to be resent", "sweep", UNKNOWN),
    Entry("canceled", "cancel", (asked(),), QUEUED),
    Entry("canceled, scheduled", "cancel", (asked(),), SCHEDULED),
)
# Before the request leaves; after the provider accepted, before its answer is read; after it is read.
THREE = ("http.post", ANSWERED, "journal.move from sending to sent")
# What only a receipt brings about, or an answer that comes after the lease.
OF_RECEIPTS = {(old, new) for new in (Status.DELIVERED, Status.UNDELIVERED) for old in COMES_FROM[new]}
OF_RECEIPTS |= {(Status.UNKNOWN, Status.SENT), (Status.UNKNOWN, Status.FAILED)}
# A second channel's text, and who dies with it, has a proof of its own: test_second_channel.
OF_A_SECOND = {(Status.SENT, Status.SENDING)}
POSSIBLE = {(old, new) for new, froms in COMES_FROM.items() for old in froms} - OF_RECEIPTS - OF_A_SECOND
RESENT = {(Status.UNKNOWN, Status.SENDING), (Status.UNKNOWN, Status.UNKNOWN)}
# How often at each point, if the proof is whole.
TIMES = 10


class Deaths:
    """All that was killed under one policy, and what became of it."""

    def __init__(self, engine: str, provider: Ledger, process: Process, policy: OnUnknown) -> None:
        self._engine, self._provider, self._process, self._policy = engine, provider, process, policy
        self.minutes = 0
        self.points: Counter[tuple[str, str, int]] = Counter()
        self.messages: list[Message] = []
        self.stuck: set[str] = set()
        self.too_early: set[str] = set()

    def at(self, entry: Entry, times: int) -> None:
        """Kill at each of the entry's points so often, with a message of its own each time; then let all go on."""
        with ledger() as rehearsal:
            told = self._unhurt(entry, rehearsal)
        stops = {f"{entry.name} {self._policy} {stop} {n}": stop for stop in range(len(told)) for n in range(times)}
        world = self._world(entry, self._provider, *stops)
        for name, stop in stops.items():
            assert self._done(world, entry, name, stop) == signal.SIGKILL, name
            self.points[entry.name, told[stop], stop] += 1
        self._settle(world, entry)

    def audit(self) -> Audit:
        return audit(self.messages, self._provider.texts())

    def times(self) -> Counter[str]:
        """How often each text was accepted."""
        return Counter(text.body for text in self._provider.texts())

    def _unhurt(self, entry: Entry, rehearsal: Ledger) -> list[str]:
        """What a process tells that nobody kills."""
        told = self._done(self._world(entry, rehearsal, "unhurt"), entry, "unhurt")
        assert isinstance(told, list)
        return told

    def _world(self, entry: Entry, provider: Ledger, *names: str) -> World:
        world = World(self._engine, provider, *names, on_unknown=self._policy, **entry.asked)
        for step in entry.before:
            step(world, self._process)
        if entry.act in ("work", "give_up"):
            world.receive()
        return world

    def _done(self, world: World, entry: Entry, name: str, stop: int | None = None) -> list[str] | int:
        world.fault(entry.fault)
        ended = self._process(world.job(entry.act, name, stop, **entry.manner))
        assert not isinstance(ended, str), ended
        handled = isinstance(ended, list) or entry.act == "give_up"
        (world.gone if handled else world.back)(name)
        return ended

    def _settle(self, world: World, entry: Entry) -> None:
        """Whoever got no answer asks again, and the world goes on."""
        unclaimed = set(world.names) - world.messages().keys()
        self.too_early |= unclaimed & self.times().keys()
        if entry.act == "ask":
            world.ask()
        self.minutes = max(self.minutes, world.settle())
        self.stuck |= world.stuck
        self.messages += world.messages().values()


@pytest.fixture
def provider() -> Iterator[Ledger]:
    with ledger() as made:
        yield made


@pytest.fixture
def process(engine: str) -> Iterator[Process]:
    with ledger() as nobodys:
        world = World(engine, nobodys, "warm", **QUEUED)
        with processes(world.job("ask", "warm")) as made:
            yield made


@pytest.fixture
def deaths(engine: str, provider: Ledger, process: Process) -> Callable[[OnUnknown], Deaths]:
    return lambda policy: Deaths(engine, provider, process, policy)


def moves(deaths: Deaths) -> set[tuple[Status, Status]]:
    """The transitions before which somebody was killed, and after which: before the next call."""
    found = [event.split()[2::2] for _, event, _ in deaths.points if event.startswith("journal.move")]
    return {(Status(old), Status(new)) for old, new in found}


@pytest.mark.parametrize(("policy", "reached"), [("hold", POSSIBLE - RESENT), ("resend", POSSIBLE)])
def test_killed_anywhere_it_loses_nothing_and_doubles_only_what_may_be_resent(
    deaths: Callable[[OnUnknown], Deaths],
    size: Callable[[int, int], int],
    figures: Figures,
    policy: OnUnknown,
    reached: set[tuple[Status, Status]],
) -> None:
    dead = deaths(policy)
    for entry in ENTRIES:
        dead.at(entry, size(1, TIMES))
    found = dead.audit()
    figures(
        f"SIGKILL between any two calls, {policy}",
        promise="2, 3",
        points=len(dead.points),
        kills=dead.points.total(),
        **found._asdict(),
        stuck=len(dead.stuck),
        minutes_until_all_was_over=dead.minutes,
    )
    assert moves(dead) == reached
    assert set(THREE) < {event for entry, event, _ in dead.points if entry == "direct"}
    assert (dead.too_early, dead.stuck) == (set(), set())
    assert (found.lost, found.untrue, found.unmarked) == (0, 0, 0)
    assert found.sent + found.unsent + found.unknown == len(dead.messages) == dead.points.total()
    assert max(dead.times().values()) == (1 if policy == "hold" else 2)


@pytest.mark.parametrize("stop", THREE)
def test_whoever_is_killed_around_the_call_is_unknown_after_one_sweep(
    engine: str, provider: Ledger, process: Process, stop: str
) -> None:
    world = World(engine, provider, "text")
    assert process(world.job("ask", "text", stop)) == signal.SIGKILL
    assert world.messages()["text"].status is Status.SENDING
    assert world.settle() == 1
    assert world.messages()["text"].status is Status.UNKNOWN
    assert len(provider.texts()) == (stop != "http.post")


# ---- The proof can fail


def test_what_is_believed_not_to_be_sent_because_its_sender_died_comes_twice(
    engine: str, provider: Ledger, process: Process
) -> None:
    world = World(engine, provider, "text")
    assert process(world.job("ask", "text", ANSWERED)) == signal.SIGKILL
    died = world.messages()["text"]
    world.journal.move(died, died.with_(status=Status.ACCEPTED))
    world.settle()
    found = audit(world.messages().values(), provider.texts())
    assert (found.doubled, found.unmarked) == (1, 1)


def test_without_a_sweep_what_its_sender_left_is_stuck_for_ever(
    engine: str, provider: Ledger, process: Process
) -> None:
    class Unswept(World):
        def sweep(self) -> None:
            pass

    world = Unswept(engine, provider, "text", **QUEUED)
    assert process(world.job("ask", "text", "queue.put")) == signal.SIGKILL
    with pytest.raises(AssertionError, match="waits for ever"):
        world.settle()
    assert world.stuck == {"text"}
    assert audit(world.messages().values(), provider.texts()).lost == 1
