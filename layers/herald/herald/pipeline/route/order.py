"""Order: in which order a message tries its channels: rank after rank, within a rank drawn by shares. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

Draw = Callable[[str], float]
"""Gives each channel a number above 0 and up to 1: the same whenever it is asked, as if thrown for each message."""


def order(ranks: Sequence[Mapping[str, float]], draw: Draw) -> tuple[str, ...]:
    """All channels. Within a rank each is the first one in proportion to its share, and so is the next of what is left;
    those of share 0 come last, as they are written.

    A share that changes moves only the messages that it must: the others keep their order.
    """
    return tuple(name for rank in ranks for name in _drawn(rank, draw))


def draws(message_id: str) -> Draw:
    """The numbers of a message: they follow from its id, so that whoever takes it up finds the same order."""

    def draw(channel: str) -> float:
        found = int.from_bytes(sha256(f"{message_id} {channel}".encode()).digest()[:8], "big")
        return (found + 1) / 2**64

    return draw


def _drawn(rank: Mapping[str, float], draw: Draw) -> list[str]:
    """Weighted sampling without replacement (Efraimidis and Spirakis, 2006): who waits shortest comes first."""
    return sorted(rank, key=lambda name: -math.log(draw(name)) / rank[name] if rank[name] else math.inf)
