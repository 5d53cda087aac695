"""Virtual time: one clock for many processes, which stands while any of them works. It owns queue and provider."""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing.connection import Connection, wait

from herald.settings.values import Rate

# A request is on its way to the provider, and its answer on the way back; what was delayed comes out of the queue a
# little later than it was to, and now and then twice.
REQUEST, ANSWER, LATE, TWICE = (0.01, 0.04), 0.1, 0.5, 0.01
SILENCE = 60.0


class Time:
    """The clock, the queue (whole seconds, 900 at most) and a provider that refuses what a sliding window forbids."""

    def __init__(self, lines: Sequence[Connection], rate: Rate) -> None:
        self.now, self.refused, self.put_back = 0.0, 0, 0
        self.accepted: list[tuple[float, str]] = []
        self._rate, self._dice, self._order = rate, random.Random(20261122), count()
        self._lines, self._running, self._idle = lines, set(lines), deque[Connection]()
        self._queue: list[tuple[float, int, str]] = []
        self._events: list[tuple[float, int, Callable[[], object]]] = []

    def run(self, message_ids: Sequence[str]) -> None:
        """Queue these messages, and let time pass until nothing is left to do."""
        for message_id in message_ids:
            self._put(message_id, 0.0)
        while len(self._idle) < len(self._lines) or self._queue:
            if self._running:
                self._listen()
            else:
                self._pass()
        for line in self._idle:
            line.send((None, self.now))

    def _listen(self) -> None:
        ready = wait(self._running, timeout=SILENCE)
        assert ready, "a process says nothing any more"
        for line in ready:
            assert isinstance(line, Connection)
            what, *given = line.recv()
            self._running.discard(line)
            getattr(self, f"_on_{what}")(line, *given)

    def _pass(self) -> None:
        """On to the next moment at which something happens."""
        self.now = min(heap[0][0] for heap in (self._events, self._queue if self._idle else []) if heap)
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()
        while self._idle and self._queue and self._queue[0][0] <= self.now:
            self._answer(self._idle.popleft(), heapq.heappop(self._queue)[2])

    def _answer(self, line: Connection, answer: object = None) -> None:
        self._running.add(line)
        line.send((answer, self.now))

    def _after(self, seconds: float, then: Callable[[], object]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), then))

    def _on_next(self, line: Connection) -> None:
        self._idle.append(line)

    def _on_sleep(self, line: Connection, seconds: float) -> None:
        self._after(seconds, lambda: self._answer(line))

    def _on_put(self, line: Connection, message_id: str, delay: float) -> None:
        self.put_back += 1
        self._put(message_id, min(900, math.ceil(delay)))
        self._answer(line)

    def _on_send(self, line: Connection, message_id: str) -> None:
        self._after(self._dice.uniform(*REQUEST), lambda: self._arrives(line, message_id))

    def _arrives(self, line: Connection, message_id: str) -> None:
        since = self.now - self._rate.seconds
        free = len(self.accepted) < self._rate.messages or self.accepted[-self._rate.messages][0] <= since
        if free:
            self.accepted.append((self.now, message_id))
        else:
            self.refused += 1
        self._after(ANSWER, lambda: self._answer(line, free))

    def _put(self, message_id: str, delay: float) -> None:
        for _ in range(2 if self._dice.random() < TWICE else 1):
            at = self.now + delay + self._dice.uniform(0, LATE)
            heapq.heappush(self._queue, (at, next(self._order), message_id))
