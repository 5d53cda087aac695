"""Settings: the YAML in SSM Parameter Store, as values. ``settings.store`` fetches it, ``settings.read`` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a channel's YAML block. A vendor's file lists those that it knows."""

    name: str
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """A named, configured account at a provider. ``values`` hold secrets and never show in a repr."""

    name: str
    type: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One routing rule: messages of this country and kind (None: any) go through these channels, in this order."""

    channels: tuple[str, ...]
    country: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a stage's YAML says. Times in seconds. ``countries`` None: every country is allowed."""

    channels: Mapping[str, Channel]
    default_region: str = "IN"
    default_channel: str | None = None
    routes: tuple[Rule, ...] = ()
    countries: frozenset[str] | None = None
    valid_for: int = 86400
    keep_days: int = 30


# What a fresh stack has: Amazon SNS under the function's own role.
DEFAULT_CHANNELS = {"amazonsns": Channel("amazonsns", "amazonsns")}
