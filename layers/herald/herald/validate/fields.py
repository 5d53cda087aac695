"""Fields: read the fields of an untrusted mapping one by one, and note every problem that they have."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar, cast, get_args

from herald.errors import Problem
from herald.hosts import NotAllowed
from herald.moments import NotAMoment
from herald.parse import shown
from herald.phone import NotANumber

MOST_UNKNOWN = 20

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

T = TypeVar("T")
D = TypeVar("D")


class Wrong(ValueError):
    """A value that cannot be used: ``code`` is stable, ``detail`` says what to do and does not repeat the value."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail


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
        except (Wrong, NotANumber, NotAMoment, NotAllowed) as wrong:
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


def yes_or_no(value: object) -> bool:
    """True or false; in a form, the words. Raises ``Wrong``."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise Wrong("wrong_type", "This must be true or false.")
    return choice(value, ("true", "false")) == "true"


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
    """A text without line breaks or other control characters, at most so long."""
    text = string(value)
    if _CONTROL.search(text):
        raise Wrong("control_character", "This holds a line break or another control character.")
    if len(text) > longest:
        raise Wrong("too_long", f"This is longer than {longest} characters.")
    return text


def choice(value: object, choices: Collection[str]) -> str:
    """One of these words."""
    if string(value) in choices:
        return cast(str, value)
    raise Wrong("not_a_choice", f"Choose one of: {', '.join(choices)}." if choices else "There is nothing to choose.")


def one_of(literal: object) -> Callable[[object], str]:
    """A reader of the words of a ``Literal``."""
    return lambda value: choice(value, get_args(literal))
