"""Grant: what the owner of an API key may do. Values only; standard library only."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self, cast

SCOPES = ("send", "read", "cancel", "erase")
# What a key may do if nobody said. Erasing reaches every caller's messages, so it is asked for.
DEFAULT_SCOPES = frozenset({"send", "read", "cancel"})
_SETS, _NUMBERS = ("scopes", "channels", "countries", "kinds"), ("per_minute", "per_day")
_AMOUNTS = ("spend_day", "spend_month")


class Grant(NamedTuple):
    """What the owner of a key may do. None: as much as the settings allow.

    ``test``: what is sent goes the whole way and reaches nobody. ``per_minute`` and ``per_day`` count messages;
    ``spend_day`` and ``spend_month`` are amounts in the currency of the setting ``prices``.
    """

    name: str
    test: bool = False
    scopes: frozenset[str] = DEFAULT_SCOPES
    channels: frozenset[str] | None = None
    countries: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    per_minute: int | None = None
    per_day: int | None = None
    spend_day: float | None = None
    spend_month: float | None = None

    def public(self) -> dict[str, Any]:
        """The limits as JSON values, without the name and what is not limited."""
        given = {name: value for name, value in self._asdict().items() if name != "name" and value is not None}
        return {name: sorted(value) if name in _SETS else value for name, value in given.items()}

    @classmethod
    def read(cls, name: str, kept: Mapping[str, Any]) -> Self:
        """The grant that ``public`` gave, for the key's owner. Raises ``ValueError`` for anything else.

        A limit that cannot be understood is no limit that could be kept, so such a grant is none.
        """
        known = cls._fields[1:]
        values: dict[str, Any] = {}
        for field, value in kept.items():
            if field not in known or not _fits(field, value):
                raise ValueError(f"the grant's {field if field in known else 'content'} is not understood")
            values[field] = frozenset(value) if field in _SETS else value
        return cls(name, **values)


def written(grant: Grant) -> str:
    """A grant in one text, as an authorizer hands it on."""
    return json.dumps(grant.public(), separators=(",", ":"))


def nothing(name: str) -> Grant:
    """The grant of somebody of whom nothing is known: nothing is allowed."""
    return Grant(name, scopes=frozenset())


def _fits(field: str, value: object) -> bool:
    if field == "test":
        return isinstance(value, bool)
    if field in _SETS:
        texts = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
        return texts and (field != "scopes" or frozenset(cast("list[str]", value)) <= set(SCOPES))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value >= 0 and (field in _AMOUNTS or isinstance(value, int))
