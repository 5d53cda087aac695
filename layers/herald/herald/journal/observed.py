"""Observed: what all functions together saw of the channels: counts, breakers, and how far shares moved. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

What = Literal["failed", "uncertain", "taken", "sent", "texts", "timely", "lost"]
# Attempts are counted by ten seconds and kept for five minutes; texts by the five minutes in which they were sent, and
# kept for as long as the hour before the last quarter of one counts.
ATTEMPTS, ATTEMPTS_KEPT = 10, 300
TEXTS, TEXTS_KEPT = 300, 4_800
OF_TEXTS, BAD = frozenset({"texts", "timely", "lost"}), frozenset({"failed", "uncertain"})
# The item holds no more than so many channels, and pairs of channel and country: it is read again and again.
MOST_CHANNELS, MOST_PAIRS = 20, 24
Outcome = Literal["failed", "uncertain", "taken"]
Pair = tuple[str, str]
"""A channel and a country."""


class Ended(NamedTuple):
    """How an attempt ended, and when: seconds since 1970."""

    at: float
    outcome: Outcome


class Count(NamedTuple):
    """What is counted: attempts that ``failed`` for sure, whose end is ``uncertain``, that a sender saw ``taken``, or
    that the table's stream shows as ``sent``; and of the ``texts`` of a country those that ended ``timely``, and
    those that were ``lost``: not delivered by a fault of others than the recipient.

    ``slot`` is the number of its ten seconds, or five minutes, since 1970.
    """

    what: What
    channel: str
    country: str
    slot: int

    @property
    def until(self) -> int:
        """When nobody needs it any more: seconds since 1970."""
        length, kept = (TEXTS, TEXTS_KEPT) if self.what in OF_TEXTS else (ATTEMPTS, ATTEMPTS_KEPT)
        return (self.slot + 1) * length + kept


class Breaker(NamedTuple):
    """Whether a channel is used: ``closed`` it is, ``open`` it is not, ``half_open`` one message tries it.

    Times are seconds since 1970: ``at`` when it came into this state, ``until`` when an open one may be tried, or an
    attempt to try counts as lost; ``away`` until when messages prefer other channels. ``trips`` counts how often it
    opened without having been closed for long.
    """

    state: Literal["closed", "open", "half_open"] = "closed"
    at: float = 0.0
    until: float = 0.0
    away: float = 0.0
    trips: int = 0
    why: str = ""


class Drift(NamedTuple):
    """So many ``points`` of a hundred of a channel's messages to a country were moved to others ``at`` that time."""

    points: int
    at: float
    why: str = ""


CLOSED = Breaker()


class Observed(NamedTuple):
    """All of it."""

    counts: Mapping[Count, int] = {}
    breakers: Mapping[str, Breaker] = {}
    drifts: Mapping[Pair, Drift] = {}

    @property
    def wrong(self) -> bool:
        """Whether anything is wrong with a channel, or was lately."""
        return bool(self.breakers or self.drifts) or any(count.what in BAD for count in self.counts)

    def breaker(self, channel: str) -> Breaker:
        """A channel's breaker: closed, if it never opened."""
        return self.breakers.get(channel, CLOSED)

    def number(self, what: What, channel: str, slots: Iterable[int], country: str = "") -> int:
        """How many were counted in these slots."""
        return sum(self.counts.get(Count(what, channel, country, slot), 0) for slot in slots)

    def attempts(self, channel: str, slots: Iterable[int]) -> tuple[int, int, int]:
        """How many attempts failed, are uncertain and went well. Senders and the stream count the last by themselves:
        neither of them sees all in time.
        """
        found = [[self.number(what, channel, [slot]) for what in _ENDS] for slot in slots]
        return (
            sum(failed for failed, *_ in found),
            sum(uncertain for _, uncertain, *_ in found),
            sum(max(taken, sent) for *_, taken, sent in found),
        )

    def added(self, counts: Mapping[Count, int], now: float) -> "Observed":
        """With these counts as well, as far as they fit, and without what is old."""
        all_of_it = {count: number for count, number in self.counts.items() if count.until > now}
        for count in fitting(all_of_it, counts):
            all_of_it[count] = all_of_it.get(count, 0) + counts[count]
        return self._replace(counts=all_of_it)

    def turned(self, channel: str, breaker: Breaker) -> "Observed":
        """With another state of a channel's breaker."""
        return self._replace(breakers={**self.breakers, channel: breaker})


_ENDS: tuple[What, ...] = ("failed", "uncertain", "taken", "sent")


def slot(what: What, moment: float) -> int:
    """The slot of a moment."""
    return int(moment // (TEXTS if what in OF_TEXTS else ATTEMPTS))


def fitting(there: Mapping[Count, int], more: Iterable[Count]) -> list[Count]:
    """Those of ``more`` that fit: of new channels and countries no more than the item may hold."""
    channels, pairs = {count.channel for count in there}, {(count.channel, count.country) for count in there}
    found = []
    for count in more:
        pair = (count.channel, count.country)
        new = pair not in pairs
        if new and (len(pairs) >= MOST_PAIRS + MOST_CHANNELS or _full(channels, count.channel)):
            continue
        channels.add(count.channel)
        pairs.add(pair)
        found.append(count)
    return found


def newest(first: Breaker, second: Breaker) -> Breaker:
    """The state that a breaker came into last, of two that may be told."""
    return max(first, second, key=lambda each: (each.at, each.trips, each.until, each.away, each.state, each.why))


def _full(channels: set[str], channel: str) -> bool:
    return channel not in channels and len(channels) >= MOST_CHANNELS
