"""Settings: the YAML in SSM Parameter Store, read into values. Every mistake is reported at once, never with a value."""

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
    values: Mapping[str, str] = field(repr=False)
