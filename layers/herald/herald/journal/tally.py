"""Tally: counters that stand in one item of the table, how much may be in each, and which of them is full. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

# Money is counted in millionths, so that no cent is lost to rounding.
MILLIONTHS = 1_000_000
# How an item of counters stands: numbers, and the moments (seconds since 1970) of the latest texts, newest first.
State = Mapping[str, int | list[int]]


class Cap(NamedTuple):
    """``amount`` is added to a counter if no more than ``most`` (None: no end) is in it then.

    ``code`` names the limit; ``frees`` is when the counter begins anew.
    """

    counter: str
    amount: int
    most: int | None
    code: str
    frees: datetime


class Burst(NamedTuple):
    """The moments (seconds since 1970) of the texts to one number: at most ``soon`` of them within ``seconds``.

    ``moment`` is that of the text to come. ``before`` is the item of the day before, if some may stand there still.
    """

    counter: str
    seconds: int
    soon: int
    moment: int
    before: str | None = None


class Growth(NamedTuple):
    """What may grow: the first counter may hold ``times`` the most that it holds in one of the items ``before``."""

    times: int
    before: tuple[str, ...]


class Tally(NamedTuple):
    """The counters of one item that a message is counted in, all or none of them, by one write.

    ``until`` is when nobody needs the item any more. ``growth`` loosens the first cap. ``shared`` are counters that
    many messages, to whomever they go, are counted in. ``name`` is that of the tally among those of a message.
    """

    key: str
    caps: tuple[Cap, ...]
    until: datetime
    burst: Burst | None = None
    growth: Growth | None = None
    shared: bool = False
    name: str = ""


class Full(NamedTuple):
    """The limit that is reached, and after how many seconds it may be worth asking again."""

    code: str
    retry_after: int


class Level(NamedTuple):
    """How full a limit is; of money, in millionths. ``frees`` is when it begins anew; None: bit by bit."""

    code: str
    used: int
    most: int
    frees: datetime | None


class Looked(NamedTuple):
    """What is told of a tally without counting in it: the limit that a message would exceed, and all of them."""

    full: Full | None
    levels: tuple[Level, ...]


SOON = "number_10_minutes"


def full(tally: Tally, state: State, now: datetime, earlier: State | None = None) -> Full | None:
    """The first limit that the tally would exceed; None if it exceeds none. ``earlier``: how the day before stands."""
    burst = tally.burst
    if burst:
        times = [*_times(state, burst.counter), *_times(earlier or {}, burst.counter)]
        ago = _seconds(now) - burst.seconds
        if len(times) >= burst.soon and times[burst.soon - 1] > ago:
            return Full(SOON, times[burst.soon - 1] - ago)
    for cap in tally.caps:
        if cap.most is not None and number(state, cap.counter) + cap.amount > cap.most:
            return Full(cap.code, _wait(cap.frees, now))
    return None


def looked(tally: Tally, state: State, now: datetime, earlier: State | None = None) -> Looked:
    """What would be told of the tally, as loose as the days before allow, if its message was counted now."""
    levels = [
        Level(cap.code, number(state, cap.counter), cap.most, cap.frees) for cap in tally.caps if cap.most is not None
    ]
    if tally.burst:
        sent = lately(tally.burst, state, now) + lately(tally.burst, earlier or {}, now)
        levels.insert(0, Level(SOON, sent, tally.burst.soon, None))
    return Looked(full(tally, state, now, earlier), tuple(levels))


def lately(burst: Burst, earlier: State, now: datetime) -> int:
    """How many texts of a day's item still count."""
    return sum(moment > _seconds(now) - burst.seconds for moment in _times(earlier, burst.counter))


def grown(tally: Tally, best: int) -> Tally:
    """The tally with its first cap as loose as the best of the days before allows."""
    most = tally.caps[0].most if tally.growth else None
    if tally.growth is None or most is None:
        return tally
    first, *others = tally.caps
    return tally._replace(caps=(first._replace(most=max(most, tally.growth.times * best)), *others))


def best(tally: Tally, states: Iterable[State]) -> int:
    """The most that the first counter holds on one of the days before."""
    return max((number(state, tally.caps[0].counter) for state in states), default=0)


def number(state: State, counter: str) -> int:
    """What a counter holds: 0 if it is not there."""
    found = state.get(counter)
    return found if isinstance(found, int) else 0


def _times(state: State, counter: str) -> list[int]:
    found = state.get(counter)
    return found if isinstance(found, list) else []


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _wait(until: datetime, now: datetime) -> int:
    return max(1, -((now - until) // timedelta(seconds=1)))
