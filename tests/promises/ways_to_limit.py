"""Ways to limit: what each way to hold many processes to one rate does, on a virtual clock.

``python -m tests.promises.ways_to_limit`` prints the table of the decision. A way is a generator: it yields the seconds
that a process waits, and returns None if the message goes now, else the seconds after which the queue has it again.
"""

import heapq
import math
import random
from collections.abc import Callable, Generator, Iterable
from functools import partial
from itertools import count

from herald.journal.turns import HEADROOM
from herald.settings.values import Rate

MESSAGES, PATIENCE, WRITE, FOREVER = 2000, 2.0, 0.005, 1e9
# On the way to the provider; its answer on the way back; how much later than it should the queue gives a message out.
REQUEST, ANSWER, LATE = (0.01, 0.04), 0.1, (0.0, 1.5)
RATES = (("SNS 20/s", Rate(20, 1.0)), ("Exotel 200/min", Rate(200, 60.0)))

Steps = Generator[float, None, float | None]
Way = Callable[["World", int, dict[str, float]], Steps]


class World:
    """So many processes, a full queue, a provider with a strict sliding window, and now and then a direct send."""

    def __init__(self, way: Way, rate: Rate, processes: int, headroom: float = HEADROOM) -> None:
        self.way, self.rate, self.processes = way, rate, processes
        self.step = rate.seconds / rate.messages / headroom
        self.now, self.refused, self.writes = 0.0, 0, 0
        self.accepted, self.waits, self.notes = list[float](), list[float](), dict[str, float]()
        self.dice, self._order = random.Random(7), count()
        self._queue = [(0.0, next(self._order), dict[str, float]()) for _ in range(MESSAGES)]
        self._events: list[tuple[float, int, Generator[float, None, None]]] = []
        direct = [self._direct(at) for at in range(5, int(MESSAGES * self.step), 10)]
        self._all = MESSAGES + len(direct)
        for process in [*map(self._process, range(processes)), *direct]:
            self._at(0.0, process)
        while self._events:
            self.now, _, process = heapq.heappop(self._events)
            if (wait := next(process, None)) is not None:
                self._at(self.now + wait, process)

    def row(self) -> Iterable[str]:
        """Refused and rate used in percent, writes a message, and the 95th percentile of a direct send's wait."""
        sent, span = len(self.accepted), self.accepted[-1] - self.accepted[0]
        yield f"{100 * self.refused / (sent + self.refused):.1f}"
        yield f"{100 * (sent - 1) / span * self.rate.seconds / self.rate.messages:.1f}"
        yield f"{self.writes / sent:.1f}"
        yield f"{sorted(self.waits)[len(self.waits) * 95 // 100]:.1f}"

    def take(self, line: str, soonest: float, latest: float) -> float | None:
        """A turn: one conditional write."""
        at = max(soonest, self.notes.get(line, 0.0))
        if at > latest:
            return None
        self.writes += 1
        self.notes[line] = at + self.step
        return at

    def _at(self, at: float, process: Generator[float, None, None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), process))

    def _process(self, number: int) -> Generator[float, None, None]:
        while len(self.accepted) < self._all:
            if self._queue and self._queue[0][0] <= self.now:
                yield from self._handle(number, heapq.heappop(self._queue)[2])
            else:
                yield 0.02

    def _direct(self, at: float) -> Generator[float, None, None]:
        yield at
        yield from self._handle(-1, {"came": self.now})

    def _handle(self, process: int, message: dict[str, float]) -> Generator[float, None, None]:
        back = yield from self.way(self, process, message)
        if back is None:
            yield self.dice.uniform(*REQUEST)
            taken = self._takes()
            yield ANSWER
            if taken:
                self.waits += [self.now - message["came"]] if "came" in message else []
                return
            message.pop("turn", None)
            back = self.dice.uniform(5, 10)
        ready = self.now + min(900, math.ceil(back)) + self.dice.uniform(*LATE)
        heapq.heappush(self._queue, (ready, next(self._order), message))

    def _takes(self) -> bool:
        window = self.accepted[-self.rate.messages :]
        if len(window) == self.rate.messages and window[0] > self.now - self.rate.seconds:
            self.refused += 1
            return False
        self.accepted.append(self.now)
        return True


def kept_turn(world: World, process: int, message: dict[str, float]) -> Steps:
    """A turn is taken once; a message that waits for it in the queue keeps it, unless it comes back 2 s late."""
    if abs(message.get("turn", FOREVER) - world.now) > PATIENCE:
        message["turn"] = world.take("turns", world.now, FOREVER) or 0.0
        yield WRITE
    if message["turn"] <= world.now + PATIENCE:
        yield max(0.0, message["turn"] - world.now)
        return None
    world.writes += 1  # the turn is written down
    return message["turn"] - PATIENCE / 2 - world.now


def place_then_turn(world: World, process: int, message: dict[str, float]) -> Steps:
    """A turn is taken only if it is near; else a place in the line, which says when to come back and take a turn."""
    turn = world.take("turns", world.now, world.now + PATIENCE)
    yield WRITE
    if turn is not None:
        yield max(0.0, turn - world.now)
        return None
    place = world.take("line", world.now + PATIENCE, FOREVER) or 0.0
    world.writes += 1  # the place is written down
    return place - PATIENCE - world.now


def bucket(lease: int, world: World, process: int, message: dict[str, float]) -> Steps:
    """A token bucket; a process takes ``lease`` tokens at once, and without any it puts the message back."""
    mine = f"tokens of {process}"
    if world.notes.get(mine, 0.0) < 1:
        world.writes += 1
        yield WRITE
        since, left = world.notes.get("filled", 0.0), world.notes.get("tokens", float(lease))
        left = min(float(lease), left + (world.now - since) / world.step)
        world.notes |= {"filled": world.now, "tokens": left - lease if left >= lease else left}
        if left < lease:
            return world.dice.uniform(1, max(2.0, 2 * lease * world.step))
        world.notes[mine] = lease
    world.notes[mine] -= 1
    return None


def share(world: World, process: int, message: dict[str, float]) -> Steps:
    """As many workers as the queue's concurrency allows, each at its share; a direct send goes at once."""
    mine = f"next of {process}"
    at = max(world.now, world.notes.get(mine, 0.0))
    world.notes[mine] = at + world.processes * world.step
    yield at - world.now
    return None


WAYS: dict[str, Way] = {
    "turn, kept": kept_turn,
    "place, then turn": place_then_turn,
    "bucket, leases of 5": partial(bucket, 5),
    "bucket, leases of 20": partial(bucket, 20),
    "share of the rate": share,
}


def main() -> None:
    """Print the table of the ways, then that of the headroom."""
    print("| provider | way | processes | refused % | rate used % | writes a message | direct send p95, s |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for provider, rate in RATES:
        for name, way in WAYS.items():
            for processes in (1, 4, 10, 60):
                row = " | ".join(World(way, rate, processes).row())
                print(f"| {provider} | {name} | {processes} | {row} |", flush=True)
    print("\n| headroom | provider | refused % | rate used % |\n|--:|---|--:|--:|")
    for headroom in (1.0, 0.99, 0.98, HEADROOM, 0.95):
        for provider, rate in RATES:
            refused, used, *_ = World(place_then_turn, rate, 10, headroom).row()
            print(f"| {headroom} | {provider} | {refused} | {used} |")


if __name__ == "__main__":
    main()
