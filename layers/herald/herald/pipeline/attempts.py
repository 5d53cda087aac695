"""Attempts: the ports of what decides by which channel a message goes next, and when."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from herald.journal.observed import Breaker, Count, Drift, Observed, Pair
from herald.message import Message
from herald.settings.values import Rate


class Line(NamedTuple):
    """The channels of a message's route, as their health has it.

    ``channels`` are to be used, in this order; ``broken`` are not, for now. One of these, ``trial``, may be tried by
    this message, if it takes it on. ``wait`` is after how many seconds one of them may be tried; ``why`` is what
    the first of the route does or is, if it is not the first here.
    """

    channels: tuple[str, ...]
    broken: tuple[str, ...] = ()
    trial: str | None = None
    wait: float = 0.0
    why: str = ""


class Turns(Protocol):
    """What holds a channel to its rate, in all processes together."""

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        """The next turn in a line, which is then ours; None, and none is taken, if it would be after ``latest``."""

    def look(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        """The turn that ``take`` would give now; nothing is taken."""

    def give(self, line: str, rate: Rate, turn: datetime) -> None:
        """Give back a turn that was not used. Where somebody took the one behind it already, it stays empty."""


class Slow(Protocol):
    """Which channels took very long to answer a moment ago, as far as this process knows."""

    def wait(self, channel: str) -> float:
        """The seconds for which a channel is to be left alone; 0, and then one message may be tried, if it is over."""

    def attempt(self, channel: str) -> AbstractContextManager[None]:
        """What is called meanwhile is an attempt: how long it takes is noted."""


class HealthItem(Protocol):
    """What all processes share of their channels' health. Times are seconds since 1970."""

    def known(self) -> Observed:
        """All of it, as this process saw it a few seconds ago at most if it sends."""

    def look(self) -> Observed:
        """All of it, as it stands now."""

    def add(self, counts: Mapping[Count, int], now: float) -> None:
        """Add to what is counted."""

    def turn(self, channel: str, before: Breaker, after: Breaker) -> bool:
        """Another state of a channel's breaker; False if it does not stand as it did ``before``."""

    def move(self, pair: Pair, before: Drift | None, after: Drift) -> bool:
        """Another move of a channel's messages to a country; False if it does not stand as it did ``before``."""


class Health(Protocol):
    """Which channels are in order, as far as this process knows, and what it tells the others. It raises nothing."""

    @property
    def item(self) -> HealthItem:
        """What all processes share."""

    def line(self, message: Message, channels: tuple[str, ...], now: datetime) -> Line:
        """These channels of a message's route in the order in which they are to be used."""

    def take_on(self, message: Message, channel: str, now: datetime) -> bool:
        """Whether this message is now the one, among all processes, that tries a broken channel."""

    def attempt(self, message: Message) -> AbstractContextManager[None]:
        """What is called meanwhile is an attempt by the message's channel: how it ends is noted."""

    def looking(self) -> "Health":
        """The same for who only looks: what it learns or does is known to nobody else."""

    def note(self, counts: Mapping[Count, int]) -> None:
        """Add to what all processes share what this one counted: at once, or in a few seconds with what follows."""
