"""Slow: which channels took very long to answer a moment ago, so that what waits for one holds up nothing else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

# An attempt that took so long, in seconds, makes its channel slow; it is left alone for so many times as long as that.
LONG, REST = 5.0, 2.0
# For so long one message of a slow channel is waited for before another is tried: longer than an attempt takes.
TRIED = 30.0


class SlowChannels:
    """What one process knows. A worker gives no more than a third of its time to a channel that does not answer.

    ``clock`` gives seconds and is moved by nobody.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, long: float = LONG, rest: float = REST) -> None:
        self._clock, self._long, self._rest = clock, long, rest
        self._until: dict[str, float] = {}
        self._lock = Lock()

    def wait(self, channel: str) -> float:
        """The seconds for which a channel is to be left alone; 0, and then one message may be tried, if it is over."""
        with self._lock:
            until, now = self._until.get(channel), self._clock()
            if until is None:
                return 0.0
            if until <= now:
                self._until[channel] = now + TRIED
            return max(0.0, until - now)

    @contextmanager
    def attempt(self, channel: str) -> Iterator[None]:
        """Note how long an attempt takes, however it ends."""
        begun = self._clock()
        try:
            yield
        finally:
            now = self._clock()
            with self._lock:
                if now - begun < self._long:
                    self._until.pop(channel, None)
                else:
                    self._until[channel] = now + self._rest * (now - begun)
