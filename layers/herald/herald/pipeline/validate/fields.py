"""Fields: read the fields of an untrusted mapping one by one, and note every problem that they have."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar, cast, get_args

from herald.errors import Problem
from herald.message.text import shows_nothing
from herald.message.wrong import Wrong

MOST_UNKNOWN = 20

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False}
_SURROGATE = re.compile(r"[\ud800-\udfff]")

T = TypeVar("T")
D = TypeVar("D")


class Fields:
    """The fields of a request, and the problems found in those that were read."""

    def __init__(self, mapping: Mapping[str, object]) -> None:
        self.mapping = mapping
        self.problems: list[Problem] = []

    def problem(self, field: str, code: str, detail: str) -> None:
        self.problems.append(Problem(field, code, detail))

    def absent(self, name: str) -> bool:
        """Whether a field is not there, null, or empty: forms send empty fields."""
        value = self.mapping.get(name)
        return value is None or (isinstance(value, str) and not value.strip())

    def read(self, name: str, read: Callable[[object], T], otherwise: D) -> T | D:
        try:
            return read(self.mapping[name])
        except Wrong as wrong:
            self.problem(name, wrong.code, wrong.detail)
            return otherwise

    def optional(self, name: str, read: Callable[[object], T], default: D) -> T | D:
        return default if self.absent(name) else self.read(name, read, default)

    def required(self, name: str, read: Callable[[object], T]) -> T | None:
        if self.absent(name):
            self.problem(name, "required", "This field is required.")
            return None
        return self.read(name, read, None)

    def unknown(self, known: Collection[str], meant: Callable[[str], str]) -> None:
        """Note every field that nobody knows, up to a number that an answer can hold; ``meant`` adds a hint."""
        names = [named(name) for name in self.mapping if name not in known]
        for name in names[:MOST_UNKNOWN]:
            self.problem(shown(name), "unknown_field", f"There is no such field.{meant(name)}")
        if len(names) > MOST_UNKNOWN:
            self.problem("", "unknown_field", f"There are {len(names) - MOST_UNKNOWN} more fields that do not exist.")


def shown(name: str) -> str:
    """The part of a field's name, as a caller wrote it, that an error may repeat: nothing if it might hold a value."""
    harmless = _NAME.fullmatch(name) and sum(c.isdigit() for c in name) <= 4
    return name[:40] if harmless else ""


def yes_or_no(value: object) -> bool:
    """True or false; where there are words only, as in a form or a query, also as 1 or 0. Raises ``Wrong``."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise Wrong("wrong_type", "This must be true or false.")
    return _YES_OR_NO[choice(value, tuple(_YES_OR_NO))]


def whole(value: object, low: int, high: int, unit: str = "") -> int:
    """A whole number from ``low`` to ``high``, also as a text; ``unit`` is what it counts. Raises ``Wrong``."""
    counted = f" {unit}" if unit else ""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong("wrong_type", f"This must be a whole number{f' of {unit}' if unit else ''}.")
    if not low <= value <= high:
        raise Wrong("out_of_range", f"This must be from {low} to {high}{counted}.")
    return value


def named(key: object) -> str:
    """A key of a mapping from Python may be anything; only a string can be a name."""
    return key if isinstance(key, str) else ""


def string(value: object) -> str:
    """A text that has a UTF-8 form. Raises ``Wrong``, as the other readers do."""
    if not isinstance(value, str):
        raise Wrong("wrong_type", "This must be a string.")
    if _SURROGATE.search(value):
        raise Wrong("lone_surrogate", "This holds half of a character (a lone surrogate).")
    return value


def line(value: object, longest: int) -> str:
    """A text without line breaks or other control characters, at most so long, of which something is seen."""
    text = string(value)
    if _CONTROL.search(text):
        raise Wrong("control_character", "This holds a line break or another control character.")
    if len(text) > longest:
        raise Wrong("too_long", f"This is longer than {longest} characters.")
    if text.strip() and shows_nothing(text):
        raise Wrong("empty", "Nobody would see anything of this: write it, or leave it out.")
    return text


def choice(value: object, choices: Collection[str]) -> str:
    """One of these words."""
    if string(value) in choices:
        return cast("str", value)
    raise Wrong("not_a_choice", f"Choose one of: {', '.join(choices)}." if choices else "There is nothing to choose.")


def one_of(literal: object) -> Callable[[object], str]:
    """A reader of the words of a ``Literal``."""
    return lambda value: choice(value, get_args(literal))
