"""Health: what all processes share of their channels' health, in memory, with the rules of the real item."""

from collections.abc import Mapping
from threading import Lock

from herald.journal.observed import Breaker, Count, Drift, Observed, Pair


class MemoryHealth:
    """What all processes share of their channels' health, in memory."""

    def __init__(self) -> None:
        self.shared = Observed()
        self.writes = 0
        self._lock = Lock()

    def known(self) -> Observed:
        return self.shared

    def look(self) -> Observed:
        return self.shared

    def add(self, counts: Mapping[Count, int], now: float) -> None:
        with self._lock:
            self.writes += 1
            self.shared = self.shared.added(counts, now)

    def turn(self, channel: str, before: Breaker, after: Breaker) -> bool:
        with self._lock:
            self.writes += 1
            if self.shared.breaker(channel) != before:
                return False
            self.shared = self.shared.turned(channel, after)
            return True

    def move(self, pair: Pair, before: Drift | None, after: Drift) -> bool:
        with self._lock:
            self.writes += 1
            if self.shared.drifts.get(pair) != before:
                return False
            self.shared = self.shared._replace(drifts={**self.shared.drifts, pair: after})
            return True
