"""Post: hands things over at their time, in threads of its own."""

import heapq
import time
from collections.abc import Callable
from itertools import count
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Post(Generic[T]):
    """Hands over what was put, no earlier than its time: ``deliver`` gets up to ``most`` things that are due.

    ``workers`` is how many threads deliver at once. What is still there at the end is dropped.
    """

    def __init__(self, name: str, deliver: Callable[[list[T]], None], *, workers: int = 1, most: int = 1) -> None:
        self._deliver, self._most = deliver, most
        self._threads = [Thread(target=self._work, name=name, daemon=True) for _ in range(workers)]
        self._changed = Condition()
        self._waiting: list[tuple[float, int, T]] = []
        self._order = count()
        self._open = True

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def put(self, thing: T, delay: float) -> None:
        """Have a thing delivered ``delay`` seconds from now."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._order), thing))
            self._changed.notify_all()  # Whoever is free: the one that waits for the next may be busy by then.

    def close(self) -> None:
        """Take nothing more up; what is being delivered goes on."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until nothing is being delivered any more."""
        for thread in self._threads:
            if thread.ident:
                thread.join()

    def _work(self) -> None:
        while things := self._due():
            self._deliver(things)

    def _due(self) -> list[T]:
        """What is due, as soon as something is; nothing when it is closed."""
        with self._changed:
            while self._open:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return self._take()
                self._changed.wait(wait)
            return []

    def _take(self) -> list[T]:
        now = time.monotonic()
        things: list[T] = []
        while self._waiting and self._waiting[0][0] <= now and len(things) < self._most:
            things.append(heapq.heappop(self._waiting)[2])
        return things
