"""Deadline: how long Lambda lets a function work on its event: its handler says it once, for all that is begun."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# One event at a time: a process of Lambda gets the next when it has answered this one, whatever threads it has.
_milliseconds: list[Callable[[], float]] = [lambda: math.inf]


@contextmanager
def of(context: object) -> Iterator[None]:
    """While open, ``left`` is what remains of the invocation that has this context of Lambda's.

    What has no such context (a test, a call from a laptop) has no end.
    """
    _milliseconds.append(getattr(context, "get_remaining_time_in_millis", _milliseconds[-1]))
    try:
        yield
    finally:
        _milliseconds.pop()


def left() -> float:
    """The seconds until the function is stopped; endless where nobody said."""
    return _milliseconds[-1]() / 1000
