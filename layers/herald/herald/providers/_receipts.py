"""Receipts: how what a vendor says later is read, whatever it holds. Shared by the providers; pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

NUMBER = re.compile(r"\d{1,9}", re.ASCII)
AMOUNT = re.compile(r"\d{1,6}(\.\d{1,12})?", re.ASCII)
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
ID = re.compile(r"[0-9A-Za-z-]{16,64}", re.ASCII)  # longer than any number of a phone
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
WORDS = re.compile(r"(?s).+")
"""What a field that is kept must look like: so nothing else can hide in it. In words, digits are hidden."""

_LONGEST = 200
_DIGITS = re.compile(r"\d(?:[\s().-]?\d){3,}")  # four and more: numbers, and codes to log in with


def word(value: object) -> str:
    """A text, or a number as it is written, without spaces around it; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return str(value).encode(errors="replace").decode().strip()
    except ValueError:  # a whole number of thousands of digits
        return ""


def inner(said: object, name: str) -> Mapping[str, Any]:
    """The mapping behind a name; an empty one if there is none."""
    part = said.get(name) if isinstance(said, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def written(said: Mapping[str, object], *names: str) -> str | None:
    """What the first of these fields that is there says, blanks and all; None if there is none, or it is no text."""
    value = next((said[name] for name in names if name in said), None)
    return value if isinstance(value, str) else word(value) or None


def amount(value: object) -> str | None:
    """A price as a decimal text; None if it is no amount of money."""
    text = f"{value:.8f}".rstrip("0").rstrip(".") if isinstance(value, float) else word(value)
    return text if AMOUNT.fullmatch(text) else None


def moment(value: object, zone: tzinfo) -> datetime | None:
    """A time in UTC; ``zone`` is meant where the vendor writes none. None if it is not set: some say 1970 then."""
    text = word(value)
    try:
        said = datetime.fromisoformat(text) if TIME.fullmatch(text) else None
    except ValueError:  # such as the 30th of February, and 0000-00-00
        return None
    if said is None or not 1970 < said.year < 9999:
        return None
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def kept(said: Mapping[str, object], shapes: Mapping[str, re.Pattern[str]]) -> dict[str, object]:
    """Those fields of ``said`` that look as they should: JSON values, without any number of a phone."""
    shown = {name: _shown(said.get(name), shape) for name, shape in shapes.items()}
    return {name: value for name, value in shown.items() if value is not None}


def _shown(value: object, shape: re.Pattern[str]) -> object:
    text = word(value)
    if not shape.fullmatch(text):
        return None
    if shape is WORDS:
        return _DIGITS.sub("*", text)[:_LONGEST]
    return text if isinstance(value, str) else value
