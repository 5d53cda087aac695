"""Channels: what one process knows of their health: what it saw itself at once, and within seconds what others saw."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from herald.journal.observed import CLOSED, Breaker, Count, Ended, Observed, Outcome, newest, slot
from herald.message import Message
from herald.pipeline.attempts import HealthItem, Line
from herald.pipeline.ports import Observer
from herald.pipeline.trouble import told

if TYPE_CHECKING:
    from herald.pipeline.health.copied import Copied

Item = TypeVar("Item", bound=HealthItem)
# A process writes no oftener than once in so many seconds what it saw fail.
PAUSE = 3.0
# So many attempts by each channel are remembered; and what went well, for so many seconds, until something fails.
REMEMBERED, KEPT = 200, 60.0


class ChannelHealth(Generic[Item]):
    """The health of a stage's channels. ``item`` is what all processes share; ``clock`` gives the time, in UTC."""

    def __init__(self, item: Item, observer: Observer, clock: Callable[[], datetime]) -> None:
        self.item, self._observer, self._clock, self._lock = item, observer, clock, Lock()
        self._recent: dict[str, deque[Ended]] = {}
        self._own: dict[str, Breaker] = {}
        self._trials: dict[str, str] = {}
        self._judged: dict[str, Observed] = {}
        self._looked, self._wrong = Observed(), False
        self._unwritten: Counter[Count] = Counter()
        self._written = float("-inf")

    def line(self, message: Message, channels: tuple[str, ...], now: datetime) -> Line:
        seen, at = self.item.known(), now.timestamp()
        if self._calm(seen):  # As it mostly is.
            return Line(channels)
        from herald.pipeline.health import breaker as breakers

        found = {channel: self._breaker(seen, channel, at) for channel in channels}
        broken = tuple(channel for channel in channels if found[channel].state != "closed")
        used = [channel for channel in channels if channel not in broken]
        used.sort(key=lambda channel: _avoided(seen, message, channel, found[channel], at))
        waits = {
            channel: breakers.due(found[channel], at, expires=message.expires_at.timestamp(), alone=not used)
            for channel in broken
        }
        trial = next((channel for channel, wait in waits.items() if not wait), None)
        first = channels[0]
        why = "" if used[:1] == [first] else _why(seen, message, first, found[first], at)
        return Line(tuple(used), broken, trial, min(waits.values(), default=0.0), why)

    def take_on(self, message: Message, channel: str, now: datetime) -> bool:
        from herald.pipeline.health import breaker as breakers

        before, at = self._stands(channel), now.timestamp()
        waits = breakers.due(before, at, expires=message.expires_at.timestamp(), alone=True)
        if before.state == "closed" or waits or not self._turn(channel, breakers.tried(before, at)):
            return False
        self._trials[channel] = message.id
        return True

    @contextmanager
    def attempt(self, message: Message) -> Iterator[None]:
        if message.test:
            yield
            return
        try:
            yield
        except Exception as error:
            from herald.pipeline.health.breaker import outcome

            self._ended(message, outcome(error))
            raise
        self._ended(message, "taken")

    def _calm(self, seen: Observed) -> bool:
        """Whether nothing is wrong with any channel, by this copy of the item and by what this process did."""
        if seen is not self._looked:
            self._looked, self._wrong = seen, seen.wrong
        return not (self._wrong or self._own)

    def _stands(self, channel: str) -> Breaker:
        """How a channel's breaker stands, as far as this process knows."""
        return newest(self.item.known().breaker(channel), self._own.get(channel, CLOSED))

    def _breaker(self, seen: Observed, channel: str, now: float) -> Breaker:
        """The same, after it opened if others saw what opens it."""
        from herald.pipeline.health import breaker as breakers

        found = self._stands(channel)
        if found.state == "closed" and self._judged.get(channel) is not seen:
            self._judged[channel] = seen  # Once for each copy of the item.
            if why := breakers.failing(seen, channel, now):
                self._turn(channel, breakers.opened(found, why, now))
        return self._stands(channel)

    def _turn(self, channel: str, after: Breaker) -> bool:
        """Write another state of a breaker; False if somebody else was faster: then it stands as they wrote it. Where
        nothing can be written one that opens is open for this process at least.
        """
        done = None
        with told(self._observer, "breaker not written", channel=channel):
            done = self.item.turn(channel, self.item.known().breaker(channel), after)
        if done or (done is None and after.state == "open"):
            self._own[channel] = after
        return bool(done)

    def looking(self) -> "ChannelHealth[Copied]":
        from herald.pipeline.health.copied import Copied

        other = ChannelHealth(Copied(self.item.known()), self._observer, self._clock)
        with self._lock:
            other._recent = {channel: deque(recent, REMEMBERED) for channel, recent in self._recent.items()}
        other._own, other._trials, other._judged = dict(self._own), dict(self._trials), dict(self._judged)
        return other

    def note(self, counts: Mapping[Count, int]) -> None:
        with self._lock:
            self._unwritten.update(counts)
            pending = self._to_write(self._clock().timestamp())
        if pending:
            with told(self._observer, "health not written"):
                self.item.add(*pending)

    def _ended(self, message: Message, how: Outcome | None) -> None:
        channel, now = message.channel or "", self._clock().timestamp()
        trial = self._trials.get(channel) == message.id
        if trial:
            from herald.pipeline.health import breaker as breakers

            del self._trials[channel]
            self._turn(channel, breakers.ended(self._stands(channel), how, now))
        if how is None:
            return
        why = self._judge(channel, Ended(now, how))
        if why and not trial:
            self._open(channel, why, now)
        self.note({Count(how, channel, "", slot(how, now)): 1})

    def _judge(self, channel: str, ended: Ended) -> str:
        """Remember how an attempt ended; why the channel is not to be used any more, if that is so."""
        with self._lock:
            recent = self._recent.setdefault(channel, deque(maxlen=REMEMBERED))
            recent.append(ended)
        if ended.outcome == "taken":
            return ""
        from herald.pipeline.health.breaker import judged

        since = self._stands(channel).at  # What was before it closed says nothing any more.
        return judged([each for each in recent if each.at > since], ended.at)

    def _to_write(self, now: float) -> tuple[Counter[Count], float] | None:
        """What is to be written now: nothing while senders see that all goes well."""
        long_ago = slot("taken", now - KEPT)
        for count in [count for count in self._unwritten if count.what == "taken" and count.slot < long_ago]:
            del self._unwritten[count]
        if now < self._written + PAUSE or all(count.what == "taken" for count in self._unwritten):
            return None
        found, self._unwritten, self._written = self._unwritten, Counter(), now
        return found, now

    def _open(self, channel: str, why: str, now: float) -> None:
        from herald.pipeline.health import breaker as breakers

        before = self._stands(channel)
        if before.state == "closed":
            self._turn(channel, breakers.opened(before, why, now))
            self._written = float("-inf")  # Who looks why it opened finds what was counted.
        self._recent.pop(channel, None)


def _avoided(seen: Observed, message: Message, channel: str, breaker: Breaker, now: float) -> int:
    """0 for a channel that keeps its place, 1 for one that gives this message to others, 2 for one just mended."""
    if now < breaker.away:
        return 2
    from herald.pipeline.health.drift import away

    moved = away(seen, channel, message.country, now) if seen.drifts else 0
    return int(bool(moved) and _draw(message.id, channel) < moved)


def _draw(message_id: str, channel: str) -> float:
    """A number from 0 to 100, the same whenever a message is looked at."""
    return int.from_bytes(sha256(f"{message_id} {channel} away".encode()).digest()[:4], "big") * 100 / 2**32


def _why(seen: Observed, message: Message, channel: str, breaker: Breaker, now: float) -> str:
    if breaker.state != "closed":
        return f"is {breaker.state}: {breaker.why}"
    if now < breaker.away:
        return "was open until a moment ago"
    from herald.pipeline.health.drift import away

    moved = away(seen, channel, message.country, now)
    return f"gives {moved} of 100 messages to others"
