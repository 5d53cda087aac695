"""Tally: counters that stand in one item of the table, how much may be in each, and which of them is full. Pure."""

from collections.abc import Mapping
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
    """The moments of the texts to one number: at most ``soon`` of them within ``seconds``, and ``most`` in the list.

    Both are 1 or more; None: no end.
    """

    counter: str
    seconds: int
    soon: int | None
    most: int | None
    frees: datetime


class Growth(NamedTuple):
    """What may grow: today's counter may hold ``times`` the most that one of the counters ``before`` held."""

    times: int
    before: tuple[str, ...]


class Tally(NamedTuple):
    """The counters of one item that a message is counted in, one at least, all or none of them, by one write.

    ``until`` is when nobody needs the item any more. ``growth`` loosens the first cap. ``over`` are counters of days
    long gone, which are removed. ``shared`` are counters that many messages, to whomever they go, are counted in.
    """

    key: str
    caps: tuple[Cap, ...]
    until: datetime
    burst: Burst | None = None
    growth: Growth | None = None
    over: tuple[str, ...] = ()
    shared: bool = False


class Full(NamedTuple):
    """The limit that is reached, and after how many seconds it may be worth asking again."""

    code: str
    retry_after: int


SOON, OFTEN = "number_10_minutes", "number_day"


def full(tally: Tally, state: State, now: datetime) -> Full | None:
    """The first limit that the tally would exceed; None if it exceeds none."""
    times = _times(state, tally.burst.counter) if tally.burst else []
    if tally.burst:
        soon, most, ago = tally.burst.soon, tally.burst.most, _seconds(now) - tally.burst.seconds
        if soon is not None and len(times) >= soon and times[soon - 1] > ago:
            return Full(SOON, times[soon - 1] - ago)
        if most is not None and len(times) >= most:
            return Full(OFTEN, _wait(tally.burst.frees, now))
    for cap in grown(tally, state).caps:
        if cap.most is not None and number(state, cap.counter) + cap.amount > cap.most:
            return Full(cap.code, _wait(cap.frees, now))
    return None


def grown(tally: Tally, state: State) -> Tally:
    """The tally with its first cap as loose as what was counted before allows."""
    if not tally.growth:
        return tally
    first, *others = tally.caps
    if first.most is None:
        return tally
    best = max(number(state, counter) for counter in tally.growth.before)
    return tally._replace(caps=(first._replace(most=max(first.most, tally.growth.times * best)), *others))


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
