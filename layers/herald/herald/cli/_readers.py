"""Readers: what is said of a key on the command line -> values. Each raises ``BadParameter``."""

import re
from collections.abc import Callable

from typer import BadParameter

from herald.message.countries import COUNTRIES, in_place_of

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def names(text: str) -> frozenset[str]:
    """``exotel,amazonsns``."""
    items = frozenset(item.strip() for item in text.split(","))
    if not all(map(NAME.fullmatch, items)):
        raise BadParameter("must be names, joined by commas")
    return items


def countries(text: str) -> frozenset[str]:
    """``IN,SG``."""
    items = frozenset(item.strip() for item in text.split(","))
    if not items <= COUNTRIES:
        hint = next(filter(None, map(in_place_of, sorted(items - COUNTRIES))), "")
        raise BadParameter(f"must be codes of countries that there are, such as IN,SG{hint}")
    return items


def some_of(choices: tuple[str, ...]) -> Callable[[str], frozenset[str]]:
    """Some of ``choices``, joined by commas."""

    def read(text: str) -> frozenset[str]:
        items = frozenset(item.strip() for item in text.split(","))
        if not items <= set(choices):
            raise BadParameter(f"must be some of {','.join(choices)}, joined by commas")
        return items

    return read


def count(text: str) -> int:
    """A whole number."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise BadParameter("must be a whole number")
    return int(text)


def amount(text: str) -> float:
    """An amount of money."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text, re.ASCII):
        raise BadParameter("must be an amount such as 25 or 12.50")
    return float(text)
