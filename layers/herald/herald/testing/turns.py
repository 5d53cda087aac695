"""Turns: what holds a channel to its rate, in memory, with the rules of the real ones."""

from datetime import datetime, timedelta
from math import ceil
from threading import Lock

from herald.journal.turns import SKEW
from herald.settings.values import Rate


class MemoryTurns:
    """Turns in memory: the next free moment by line, and what time it was for who took the last turn."""

    def __init__(self) -> None:
        self.next: dict[str, datetime] = {}
        self.taken: dict[str, datetime] = {}
        self._lock = Lock()

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        with self._lock:
            at = self.look(line, rate, now=now, latest=latest)
            if at is None:
                return None
            self.taken[line] = now
            self.next[line] = at + self._interval(rate)
            return at

    def look(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        trusted = self.taken.get(line, now) <= now + SKEW
        at = max(now, self.next.get(line, now)) if trusted else now
        return None if at > latest else at

    def give(self, line: str, rate: Rate, turn: datetime) -> None:
        with self._lock:
            if self.next.get(line) == turn + self._interval(rate):
                self.next[line] = turn

    def _interval(self, rate: Rate) -> timedelta:
        return timedelta(microseconds=ceil(rate.seconds * 1e6 / rate.messages))
