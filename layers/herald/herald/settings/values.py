"""Values: what a stage's YAML says. ``settings.parameters`` fetches it, ``settings.read`` reads it."""

import re
from collections.abc import Mapping
from math import ceil
from typing import NamedTuple, Self

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


class Field(NamedTuple):
    """One field of a channel's YAML block. A vendor's file lists those that it knows.

    ``shape`` is a pattern of which a value is a full match, such as ``example``. A ``limit`` is no limit if left out. A
    field that is not ``plain`` holds more than one value, and is read by who knows it.
    """

    name: str
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    shape: str = ""
    example: str = ""
    limit: bool = False
    plain: bool = True


class Rate(NamedTuple):
    """So many messages in so many seconds."""

    messages: int
    seconds: float

    @classmethod
    def read(cls, text: str) -> Self | None:
        """``20/s``, ``200/min`` or ``1000/h``; None for ``unlimited``. Raises ``ValueError`` for anything else."""
        if text.lower() == "unlimited":
            return None
        found = re.fullmatch(r"([1-9]\d{0,5})/(s|min|h)", text, re.ASCII)
        if found is None:
            raise ValueError("not a rate")
        return cls(int(found[1]), _UNITS[found[2]])

    def __str__(self) -> str:
        return f"{self.messages}/{next(unit for unit, seconds in _UNITS.items() if seconds == self.seconds)}"


Senders = Mapping[str, tuple[str, ...]]
"""The sender ids that each country allows, first the one that is used where none is asked for; ``*`` stands for every
other country. Nothing is sent to a country that allows none.
"""


class Channel(NamedTuple):
    """A named, configured account at a provider. ``values`` hold secrets and never show in a repr.

    ``rate`` is how fast the provider takes messages; None: as fast as they come. ``exchange_rate`` is what a unit of
    the money in which the provider tells its prices is worth in that of the setting ``prices``. ``senders`` go before
    those of the stage.
    """

    name: str
    type: str
    values: Mapping[str, str] = {}
    rate: Rate | None = None
    exchange_rate: float = 1.0
    senders: Mapping[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"Channel({self.name!r}, {self.type!r})"


Shares = Mapping[str, int]
"""Channels that share messages: each gets its part of the sum; one of share 0 is only a way round the others."""


class Rule(NamedTuple):
    """One routing rule: the messages that fit it go through these channels: a name after the other, or drawn by shares.

    A message fits if each field that is not empty holds what is the message's: ``callers`` may end in ``*``, and
    ``senders`` are what its caller asked for.
    """

    channels: tuple[str | Shares, ...]
    countries: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()


class Limits(NamedTuple):
    """How much may be sent; None: as much as is asked for. Money in millionths; a day and a month are those of UTC.

    To one number within 10 minutes and a day, to a block of a thousand adjacent numbers, to a country other than the
    default region, and in all; what it may cost in all, and what each caller may spend.
    """

    number_10_minutes: int | None = None
    number_day: int | None = None
    block_day: int | None = None
    country_day: int | None = None
    day: int | None = None
    spend_day: int | None = None
    spend_month: int | None = None
    caller_spend_day: int | None = None
    caller_spend_month: int | None = None


# What a stage has whose settings do not say otherwise.
DEFAULT_LIMITS = Limits(number_10_minutes=5, number_day=20, block_day=100, country_day=100, day=10_000)
MAX_SEGMENTS = 4
# The name that a price has which is for every country without one of its own.
ANYWHERE = "*"


def millionths(amount: float) -> int:
    """An amount of money as it is counted, rounded up: nothing that costs something is free."""
    return ceil(round(amount * 1_000_000, 3))


RESEND_AFTER = 120
# The states that are told to others if the settings do not say which; ``sent`` is the one more that may be.
EVENTS = ("delivered", "undelivered", "failed", "unknown", "expired", "canceled")


class Settings(NamedTuple):
    """All that a stage's YAML says. Times in seconds. ``countries`` None: every country is allowed.

    ``url`` is where the world reaches the stage, if not at the stack's own address. ``callback_hosts`` may be called
    back, signed with each of ``webhook_secrets``. ``events`` are the states that the bus is told of.
    ``mobile_prefixes`` are ranges of numbers that count as mobile although the library does not know them. Only
    ``guests`` are really reached; None: everybody is. ``prices`` are those of a segment by country, in millionths, as
    is ``max_price``, that of a message. Messages of the kinds ``uncounted`` are sent even when no counter can be
    reached. ``deliver_by`` is that of a message of a kind which says none, in seconds. With ``send_revoked`` what an
    API key still has waiting is sent after it was revoked.
    """

    channels: Mapping[str, Channel]
    default_region: str = "IN"
    default_channel: str | None = None
    routes: tuple[Rule, ...] = ()
    countries: frozenset[str] | None = None
    valid_for: int = 86400
    keep_days: int = 30
    resend_after: int = RESEND_AFTER
    url: str | None = None
    callback_hosts: tuple[str, ...] = ()
    events: tuple[str, ...] = EVENTS
    webhook_secrets: tuple[str, ...] = ()
    mobile_prefixes: tuple[str, ...] = ()
    guests: frozenset[str] | None = None
    max_segments: int | None = None
    prices: Mapping[str, int] = {}
    max_price: int | None = None
    limits: Limits = Limits()
    uncounted: frozenset[str] = frozenset()
    send_revoked: bool = False
    deliver_by: Mapping[str, int] = {}
    senders: Mapping[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"Settings({list(self.channels.values())!r})"

    def cost(self, country: str, segments: int) -> int | None:
        """What a message costs, in millionths; None if no price is known."""
        price = self.prices.get(country, self.prices.get(ANYWHERE))
        return None if price is None else price * segments

    def senders_of(self, channel: str, country: str) -> tuple[str, ...] | None:
        """The sender ids that texts to a country may have by this channel; None if any may be asked for."""
        known = self.channels.get(channel)
        for senders in (known.senders if known else {}, self.senders):
            found = senders.get(country, senders.get(ANYWHERE))
            if found is not None:
                return found
        return None


# What a fresh stack has: Amazon SNS under the function's own role.
DEFAULT_CHANNELS = {"amazonsns": Channel("amazonsns", "amazonsns", rate=Rate(20, 1.0))}
