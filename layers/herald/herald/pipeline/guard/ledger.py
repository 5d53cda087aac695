"""Ledger: the items and counters that a message is counted in, and what is to be changed there when it moves on. Pure.

Days, minutes and months are those of UTC. What is counted of a message follows from the message alone, whatever the
settings have become since: only what was taken is given back.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from herald.message import Message
from herald.message.counted import Counted
from herald.message.secret import keyed

# Numbers that differ in their last digits only are one block, as they are sold, and as pumping goes through them.
BLOCK_DIGITS = 3


class Place(NamedTuple):
    """A counter of an item; or, with a ``moment``, that moment in a list of the item."""

    key: str
    counter: str
    moment: int | None = None


Amounts = Mapping[Place, int]


def key(name: str, message: Message, at: datetime, secret: bytes) -> str:
    """The item of the tally with this name, for a message that counts at a moment."""
    # What is only tried out is counted as well, but apart.
    prefix = "count#test#" if message.test else "count#"
    return prefix + _KEYS[name](message, at, secret)


def amounts(name: str, message: Message, at: datetime, cost: int | None) -> dict[str, int]:
    """What a message adds to each counter of that item."""
    if name == "block":
        return {of_number(message): 1, "all": 1}
    if name in ("minute", "country"):
        return {"all": 1}
    spent = {} if cost is None else {f"spent_{at:%d}": cost, "spent": cost}
    return {f"sent_{at:%d}": 1, **spent}


def of_number(message: Message) -> str:
    """The counter of the texts to its number, in the item of its block."""
    return f"n{_last(message)}"


def moments(message: Message) -> str:
    """The list of the moments of the texts to its number, in the item of its block."""
    return f"t{_last(message)}"


def held(message: Message, secret: bytes) -> Amounts:
    """What the counters hold for a message, if nobody else has changed it since."""
    counted = message.counted
    return {} if counted is None or counted.state == "back" else _places(message, counted, message.reserved, secret)


def owed(before: Message, after: Message, secret: bytes) -> Amounts:
    """What is to be added (or taken away) in the counters once a message has moved on from ``before``."""
    new = after.counted
    if before.counted == new and before.reserved == after.reserved:
        return {}
    there, wanted = Counter(held(before, secret)), Counter(held(after, secret))
    if new and before.counted and before.counted._replace(state=new.state) == new:
        return _difference(wanted, there)
    # It was counted anew meanwhile: where it stood already it was not counted twice, unless the first text may be gone.
    taken = _places(after, new, new.cost, secret) if new else {}
    if before.counted and before.counted.gone:
        return _difference(wanted, Counter(taken))
    return _difference(wanted, there | Counter(taken))


def _difference(wanted: Counter[Place], there: Counter[Place]) -> Amounts:
    changes = Counter(wanted)
    changes.subtract(there)
    return {place: change for place, change in changes.items() if change}


def _places(message: Message, counted: Counted, cost: int | None, secret: bytes) -> dict[Place, int]:
    found = {}
    for name in counted.names:
        item = key(name, message, counted.at, secret)
        for counter, amount in amounts(name, message, counted.at, cost).items():
            found[Place(item, counter)] = amount
        if name == "block" and counted.moment is not None:
            found[Place(item, moments(message), counted.moment)] = 1
    return found


def _block(message: Message, at: datetime, secret: bytes) -> str:
    return f"block#{keyed(secret, 'block', message.to[:-BLOCK_DIGITS].encode()).hex()}#{at:%Y-%m-%d}"


def _last(message: Message) -> str:
    return message.to[-BLOCK_DIGITS:]


# The narrowest first.
_KEYS: Mapping[str, Callable[[Message, datetime, bytes], str]] = {
    "block": _block,
    "minute": lambda message, at, _: f"{message.caller}#{at:%Y-%m-%dT%H:%M}",
    "caller": lambda message, at, _: f"{message.caller}#{at:%Y-%m}",
    "country": lambda message, at, _: f"country#{message.country}#{at:%Y-%m-%d}",
    "all": lambda message, at, _: f"all#{at:%Y-%m}",
}
NAMES = tuple(_KEYS)


def by_item(changes: Amounts) -> Iterator[tuple[str, dict[str, int], list[Place]]]:
    """The changes of each item: what is added to its counters, and the moments that are to be removed."""
    for item in dict.fromkeys(place.key for place in changes):
        own = {place: change for place, change in changes.items() if place.key == item}
        counters = {place.counter: change for place, change in own.items() if place.moment is None}
        yield item, counters, [place for place, change in own.items() if place.moment is not None and change < 0]
