"""Copied: a copy of what all processes share of their channels' health: what is written here, nobody else sees."""

from collections.abc import Mapping

from herald.journal.observed import Breaker, Count, Drift, Observed, Pair


class Copied:
    """A copy of the item, as it was ``seen``."""

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    def known(self) -> Observed:
        return self._seen

    def look(self) -> Observed:
        return self._seen

    def add(self, counts: Mapping[Count, int], now: float) -> None:
        self._seen = self._seen.added(counts, now)

    def turn(self, channel: str, before: Breaker, after: Breaker) -> bool:
        self._seen = self._seen.turned(channel, after)
        return True

    def move(self, pair: Pair, before: Drift | None, after: Drift) -> bool:
        self._seen = self._seen._replace(drifts={**self._seen.drifts, pair: after})
        return True
