"""Bounds: what a vendor says, cut to what the table can keep, before anybody is told of it. Pure."""

import json
import math
from collections.abc import Mapping

LONGEST_ID, LONGEST_PRICE = 64, 32
MOST_BYTES, LONGEST_TEXT = 4096, 1000
_MOST_ENTRIES, _DEEPEST = 50, 4
_MOST = 10**38  # What DynamoDB, and most who read JSON, hold of a number.
_CUT = "…"


def usable(provider_id: object) -> bool:
    """Whether this can be a vendor's id of a message: up to 64 printable characters."""
    if not isinstance(provider_id, str) or not provider_id.strip():
        return False
    return len(provider_id) <= LONGEST_ID and provider_id.isprintable()


def price(amount: str | None) -> str | None:
    """The amount, unless it is longer than any price."""
    return amount if amount and len(amount) <= LONGEST_PRICE and amount.isprintable() else None


def bounded(said: Mapping[str, object], most: int = MOST_BYTES, longest: int = LONGEST_TEXT) -> dict[str, object]:
    """The fields of an answer as JSON values that every reader takes, in ``most`` bytes of JSON.

    A text is cut after ``longest`` characters, what lies deep or goes on and on is left out. If there is too much even
    so, the largest fields go: ids, codes and statuses are short.
    """
    plain = {_text(name, longest): _plain(value, longest, 1) for name, value in said.items()}
    if len(json.dumps(plain)) <= most:
        return plain
    sizes = {name: len(json.dumps({name: value})) for name, value in plain.items()}
    kept, size = set(), 0
    for name in sorted(sizes, key=lambda name: sizes[name]):
        size += sizes[name]
        if size > most:
            break
        kept.add(name)
    return {name: value for name, value in plain.items() if name in kept}


def _plain(value: object, longest: int, depth: int) -> object:
    if isinstance(value, str):  # As most are.
        return _text(value, longest)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MOST else _CUT
    if isinstance(value, float):
        return value if math.isfinite(value) and abs(value) < _MOST else str(value)
    if isinstance(value, Mapping | list | tuple):
        return _entries(value, longest, depth)
    return _text(value, longest)


def _entries(value: Mapping[object, object] | list[object] | tuple[object, ...], longest: int, depth: int) -> object:
    if depth == _DEEPEST:
        return _CUT
    if isinstance(value, Mapping):
        some = list(value.items())[:_MOST_ENTRIES]
        return {_text(name, longest): _plain(inner, longest, depth + 1) for name, inner in some}
    return [_plain(inner, longest, depth + 1) for inner in value[:_MOST_ENTRIES]]


def _text(value: object, longest: int) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    whole = text.encode("utf-8", "replace").decode()  # Half a surrogate pair has no UTF-8.
    return whole if len(whole) <= longest else whole[:longest] + _CUT
