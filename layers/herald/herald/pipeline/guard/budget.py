"""Budget: how much may be counted in each item: by number, by country, by caller and in all. Pure.

A message counts when it is sent: one with a ``send_at`` in the minute, on the day and in the month of that.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from herald.journal.tally import Burst, Cap, Growth, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.pipeline.guard.ledger import NAMES, amounts, key, moments, of_number
from herald.settings.values import Settings, millionths

SHORT_WHILE = 600
# A message in the queue is counted as sent so many seconds later: if it comes out by then, it need not be counted anew.
QUEUED = 10
# A country other than the default region may have so many times the messages of its best day of the last week.
GROWTH, WEEK = 3, 7
_MINUTE, _DAY, _MONTH = timedelta(minutes=1), timedelta(days=1), timedelta(days=31)
_TICK = timedelta(milliseconds=1)


class When(NamedTuple):
    """Of which minute, day and month a message is, at which moment (seconds since 1970) it is sent at the latest if it
    is sent next (None: later), and what the time is now.
    """

    at: datetime
    moment: int | None
    now: datetime

    def after(self, at: datetime) -> Self:
        """The same, and another time than ``at``, as it is written: what is counted anew is told from what was."""
        return self._replace(at=max(self.at, at + _TICK))


class _Limit(NamedTuple):
    """How much may be in a counter, the limit's name, and when the counter begins anew."""

    most: int | None
    code: str
    frees: datetime


def when(message: Message, now: datetime, *, queued: bool = False) -> When:
    """When a message counts that is asked for, or taken up, now."""
    if message.send_at and message.send_at > now:
        return When(message.send_at, None, now)
    return When(now, int(now.timestamp()) + (QUEUED if queued else 0), now)


def tallies(message: Message, settings: Settings, grant: Grant | None, secret: bytes, asked: When) -> Iterator[Tally]:
    """What a message is counted in, the narrowest first. ``message.reserved`` is what it may cost, in millionths."""
    at, own = asked.at, grant or Grant(message.caller)
    for name in NAMES:
        limits = _LIMITS[name](message, settings, own, at)
        if limits is None:
            continue
        none = _Limit(None, "", _tomorrow(at))
        counters = amounts(name, message, at, message.reserved).items()
        caps = tuple(Cap(counter, amount, *limits.get(counter, none)) for counter, amount in counters)
        yield Tally(
            key(name, message, at, secret),
            caps,
            until(name, at),
            burst=_burst(message, settings, secret, asked) if name == "block" else None,
            growth=_growth(message, secret, asked) if name == "country" else None,
            shared=name in ("caller", "all"),
            name=name,
        )


def until(name: str, at: datetime) -> datetime:
    """When nobody needs an item of this name any more."""
    if name in ("caller", "all"):
        return _next_month(at) + _MONTH
    return _tomorrow(at) + timedelta(days=WEEK + 1) if name == "country" else _tomorrow(at) + _DAY


def _block(message: Message, settings: Settings, own: Grant, at: datetime) -> Mapping[str, _Limit] | None:
    limits = settings.limits
    if all(limit is None for limit in (limits.number_10_minutes, limits.number_day, limits.block_day)):
        return None
    number = _Limit(limits.number_day, "number_day", _tomorrow(at))
    return {of_number(message): number, "all": _Limit(limits.block_day, "block_day", _tomorrow(at))}


def _minute(message: Message, settings: Settings, own: Grant, at: datetime) -> Mapping[str, _Limit] | None:
    if own.per_minute is None:
        return None
    over = at.replace(second=0, microsecond=0) + _MINUTE
    return {"all": _Limit(own.per_minute, "caller_minute", over)}


def _country(message: Message, settings: Settings, own: Grant, at: datetime) -> Mapping[str, _Limit] | None:
    if settings.limits.country_day is None or message.country == settings.default_region:
        return None
    return {"all": _Limit(settings.limits.country_day, "country_day", _tomorrow(at))}


def _caller(message: Message, settings: Settings, own: Grant, at: datetime) -> Mapping[str, _Limit] | None:
    limits = settings.limits
    day, month = _tighter(limits.caller_spend_day, own.spend_day), _tighter(limits.caller_spend_month, own.spend_month)
    return _monthly(message, at, ("caller_", own.per_day, day, month))


def _all(message: Message, settings: Settings, own: Grant, at: datetime) -> Mapping[str, _Limit] | None:
    limits = settings.limits
    return _monthly(message, at, ("", limits.day, limits.spend_day, limits.spend_month))


def _monthly(
    message: Message, at: datetime, most: tuple[str, int | None, int | None, int | None]
) -> Mapping[str, _Limit] | None:
    """What is counted by the month and its days: messages, and money where a price is known."""
    code, day, spend_day, spend_month = most
    if day is None and message.reserved is None:
        return None
    return {
        f"sent_{at:%d}": _Limit(day, f"{code}day", _tomorrow(at)),
        f"spent_{at:%d}": _Limit(spend_day, f"{code}spend_day", _tomorrow(at)),
        "spent": _Limit(spend_month, f"{code}spend_month", _next_month(at)),
    }


_LIMITS = {"block": _block, "minute": _minute, "caller": _caller, "country": _country, "all": _all}


def _burst(message: Message, settings: Settings, secret: bytes, asked: When) -> Burst | None:
    """The texts to the number within a short while; just after midnight some of them stand in the item of yesterday."""
    soon = settings.limits.number_10_minutes
    if soon is None or asked.moment is None:
        return None
    began = asked.at - timedelta(seconds=SHORT_WHILE + QUEUED)
    before = key("block", message, began, secret) if began.date() != asked.at.date() else None
    return Burst(moments(message), SHORT_WHILE, soon, asked.moment, before)


def _growth(message: Message, secret: bytes, asked: When) -> Growth:
    """The days before that are over: what is only scheduled lets nothing grow."""
    days = [asked.at - timedelta(days=ago) for ago in range(WEEK, 0, -1)]
    over = [day for day in days if day.date() < asked.now.date()]
    return Growth(GROWTH, tuple(key("country", message, day, secret) for day in over))


def _tighter(one: int | None, other: float | None) -> int | None:
    both = [limit for limit in (one, None if other is None else millionths(other)) if limit is not None]
    return min(both, default=None)


def _tomorrow(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY


def _next_month(at: datetime) -> datetime:
    return (at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + _MONTH + _DAY).replace(day=1)
