"""Budget: in which counters a message is counted, by number, by country, by caller and in all. Pure.

Days and months are those of UTC. A message with a ``send_at`` is counted on the day on which it is to be sent.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from herald.journal.tally import Burst, Cap, Growth, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.secret import keyed
from herald.settings.values import Settings, millionths

# Numbers that differ in their last digits only are one block, as they are sold, and as pumping goes through them.
BLOCK_DIGITS = 3
SHORT_WHILE = 600
# A country other than the default region may have so many times the messages of its best day of the last week.
GROWTH, WEEK = 3, 7
_DAY, _MONTH = timedelta(days=1), timedelta(days=31)


def tallies(message: Message, settings: Settings, grant: Grant | None, secret: bytes) -> Iterator[Tally]:
    """What a message is counted in, the narrowest first. ``message.reserved`` is what it may cost, in millionths."""
    at, limits, own = counted_at(message), settings.limits, grant or Grant(message.caller)
    prefix = _prefix(message)
    if any(limit is not None for limit in (limits.number_10_minutes, limits.number_day, limits.block_day)):
        yield _block(f"{prefix}block", message.to, at, settings, secret)
    if own.per_minute is not None:
        yield _minute(f"{prefix}{message.caller}", at, own.per_minute)
    spend_day = _tighter(limits.caller_spend_day, own.spend_day)
    spend_month = _tighter(limits.caller_spend_month, own.spend_month)
    yield from _spent(message, message.caller, _Most("caller_", own.per_day, spend_day, spend_month))
    if limits.country_day is not None and message.country != settings.default_region:
        yield _country(f"{prefix}country#{message.country}", at, limits.country_day)
    yield from _spent(message, "all", _Most("", limits.day, limits.spend_day, limits.spend_month))


def spent_in(message: Message) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The items that hold what a message costs, and the counters of each."""
    at, prefix = counted_at(message), _prefix(message)
    for whose in (message.caller, "all"):
        yield _monthly(f"{prefix}{whose}", at), ("spent", f"spent_{at:%d}")


def counted_at(message: Message) -> datetime:
    """When a message counts: when it is to be sent."""
    return message.send_at or message.created_at


def _prefix(message: Message) -> str:
    """What is only tried out is counted as well, but apart."""
    return "count#test#" if message.test else "count#"


def _block(key: str, e164: str, at: datetime, settings: Settings, secret: bytes) -> Tally:
    limits, tomorrow = settings.limits, _tomorrow(at)
    block = keyed(secret, "block", e164[:-BLOCK_DIGITS].encode()).hex()
    caps = (Cap("all", 1, limits.block_day, "block_day", tomorrow),)
    burst = Burst(f"t{e164[-BLOCK_DIGITS:]}", SHORT_WHILE, limits.number_10_minutes, limits.number_day, tomorrow)
    return Tally(f"{key}#{block}#{at:%Y-%m-%d}", caps, at + 2 * _DAY, burst)


def _minute(key: str, at: datetime, most: int) -> Tally:
    minute = at.replace(second=0, microsecond=0)
    over = minute + timedelta(minutes=1)
    return Tally(f"{key}#{minute:%Y-%m-%dT%H:%M}", (Cap("all", 1, most, "caller_minute", over),), over + _DAY)


def _country(key: str, at: datetime, most: int) -> Tally:
    today = at.toordinal()
    before = tuple(f"d{day}" for day in range(today - WEEK, today))
    cap, growth = Cap(f"d{today}", 1, most, "country_day", _tomorrow(at)), Growth(GROWTH, before)
    return Tally(key, (cap,), at + timedelta(days=WEEK + 2), growth=growth, over=(f"d{today - WEEK - 1}",))


class _Most(NamedTuple):
    """How many messages a day, and how much money; ``code`` begins the names of these limits."""

    code: str
    messages: int | None
    spend_day: int | None
    spend_month: int | None


def _spent(message: Message, whose: str, most: _Most) -> Iterator[Tally]:
    """What is counted by the month and its days: messages, and money where a price is known."""
    at, caps = counted_at(message), []
    if most.messages is not None:
        caps.append(Cap(f"sent_{at:%d}", 1, most.messages, f"{most.code}day", _tomorrow(at)))
    if message.reserved is not None:
        caps.append(Cap(f"spent_{at:%d}", message.reserved, most.spend_day, f"{most.code}spend_day", _tomorrow(at)))
        caps.append(Cap("spent", message.reserved, most.spend_month, f"{most.code}spend_month", _next_month(at)))
    if caps:
        yield Tally(
            _monthly(f"{_prefix(message)}{whose}", at),
            tuple(caps),
            _next_month(at) + _MONTH,
            shared=True,
        )


def _monthly(key: str, at: datetime) -> str:
    return f"{key}#{at:%Y-%m}"


def _tighter(one: int | None, other: float | None) -> int | None:
    both = [limit for limit in (one, None if other is None else millionths(other)) if limit is not None]
    return min(both, default=None)


def _tomorrow(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY


def _next_month(at: datetime) -> datetime:
    return (at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + _MONTH + _DAY).replace(day=1)
