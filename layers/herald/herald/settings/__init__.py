"""Settings: the YAML in SSM Parameter Store, as values. ``settings.store`` fetches it, ``settings.read`` reads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a channel's YAML block. A vendor's file lists those that it knows."""

    name: str
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages in so many seconds."""

    count: int
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
        return f"{self.count}/{next(unit for unit, seconds in _UNITS.items() if seconds == self.seconds)}"


@dataclass(frozen=True, slots=True)
class Channel:
    """A named, configured account at a provider. ``values`` hold secrets and never show in a repr.

    ``rate`` is how fast the provider takes messages; None: as fast as they come.
    """

    name: str
    type: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One routing rule: messages of this country and kind (None: any) go through these channels, in this order."""

    channels: tuple[str, ...]
    country: str | None = None
    kind: str | None = None


RESEND_AFTER = 120
# The states that are told to others if the settings do not say which; ``sent`` is the one more that may be.
EVENTS = ("delivered", "undelivered", "failed", "unknown", "expired", "canceled")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a stage's YAML says. Times in seconds. ``countries`` None: every country is allowed.

    ``url`` is where the world reaches the stage, if not at the stack's own address. ``callback_hosts`` may be called
    back, signed with each of ``webhook_secrets``. ``events`` are the states that the bus hears of.
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
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)


# What a fresh stack has: Amazon SNS under the function's own role.
DEFAULT_CHANNELS = {"amazonsns": Channel("amazonsns", "amazonsns", rate=Rate(20, 1.0))}
