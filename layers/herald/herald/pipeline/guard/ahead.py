"""Ahead: a process that sends many messages counts some of them ahead, where all processes share a counter.

Such a counter costs each message a call, and all calls go to one item. A process takes more than it needs only while
the counter is under half its limit, and never holds more than a tenth of what it has counted: so at most a twentieth of
a limit is counted for messages that never come, because their process ended. From the half on each message is counted
by itself, and exactly as many pass as may.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock

from herald.journal.tally import Full, Looked, Tally
from herald.pipeline.ports import Counters

# What a process may hold: this share of what it has counted, and so many messages at most.
SHARE, MOST = 0.1, 10
# What was counted for days and months that are over is let go so often.
OFTEN_ENOUGH = timedelta(minutes=1)


class CountsAhead:
    """``tallies``, of which the ``shared`` ones are counted ahead. Used by any number of threads."""

    def __init__(self, tallies: Counters) -> None:
        self._tallies, self._stocks, self._lock = tallies, dict[Tally, _Stock](), Lock()
        self._cleaned: datetime | None = None

    def take(self, tally: Tally, now: datetime) -> Full | None:
        if not tally.shared:
            return self._tallies.take(tally, now)
        with self._lock:
            stock = self._stock(tally, now)
            if stock.held:
                stock.held, stock.counted = stock.held - 1, stock.counted + 1
                return None
            more = stock.allowed
            stock.asked += more
        if more and self._filled(stock, tally, more, now):
            return None
        full = self._tallies.take(tally, now)
        with self._lock:
            stock.counted += full is None
        return full

    def look(self, tally: Tally, now: datetime) -> Looked:
        found = self._tallies.look(tally, now)
        with self._lock:
            stock = self._stocks.get(tally) if tally.shared else None
            return found._replace(full=None) if stock and stock.held else found

    def give(self, tally: Tally) -> None:
        with self._lock:
            stock = self._stocks.get(tally)
            if stock and stock.allowed:
                stock.held, stock.counted = stock.held + 1, stock.counted - 1
                return
        self._tallies.give(tally)

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        self._tallies.add(key, amounts, until)

    def forget(self, key: str, counter: str, moment: int) -> None:
        self._tallies.forget(key, counter, moment)

    def _stock(self, tally: Tally, now: datetime) -> "_Stock":
        if self._cleaned is None or not timedelta() <= now - self._cleaned < OFTEN_ENOUGH:
            self._stocks = {old: stock for old, stock in self._stocks.items() if any(now < c.frees for c in old.caps)}
            self._cleaned = now
        return self._stocks.setdefault(tally, _Stock())

    def _filled(self, stock: "_Stock", tally: Tally, more: int, now: datetime) -> bool:
        """Count a message and ``more`` of them ahead; False, and none is counted, if that would be beyond the half."""
        near, held = False, 0
        try:
            near = self._tallies.take(_half(tally, 1 + more), now) is not None
            held = 0 if near else more
        finally:
            with self._lock:
                stock.asked, stock.near = stock.asked - more, stock.near or near
                stock.held, stock.counted = stock.held + held, stock.counted + (held > 0)
        return held > 0


class _Stock:
    """What this process has counted in a tally, and holds for messages to come; ``near`` the limit it takes no more."""

    def __init__(self) -> None:
        self.counted = self.held = self.asked = 0
        self.near = False

    @property
    def allowed(self) -> int:
        """For how many messages more it may count ahead."""
        return 0 if self.near else max(0, min(MOST, int(SHARE * self.counted)) - self.held - self.asked)


def _half(tally: Tally, messages: int) -> Tally:
    """The tally of so many messages at once, up to the half of each limit."""
    caps = (c._replace(amount=messages * c.amount, most=None if c.most is None else c.most // 2) for c in tally.caps)
    return tally._replace(caps=tuple(caps))
