"""Limits: the settings that say what may be sent at all, how much of it, and what it may cost."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from herald.message.kinds import KINDS
from herald.settings.block import amount, no_such
from herald.settings.values import ANYWHERE, DEFAULT_LIMITS, MAX_SEGMENTS, Limits, millionths

GUARDS = ("mobile_prefixes", "guests", "max_segments", "prices", "max_price", "limits", "send_uncounted")
UNLIMITED = "unlimited"
_LIMITS = Limits._fields
_NUMBER, _PREFIX = re.compile(r"\+[1-9]\d{6,14}", re.ASCII), re.compile(r"\+[1-9]\d{1,10}", re.ASCII)
# Numbers that belong to no country, as those of satellite phones.
_OF_NO_COUNTRY = "001"


class Guarded(TypedDict):
    """The fields of ``Settings`` that are read here."""

    mobile_prefixes: tuple[str, ...]
    guests: frozenset[str] | None
    max_segments: int | None
    prices: Mapping[str, int]
    max_price: int | None
    limits: Limits
    uncounted: frozenset[str]


class Guards:
    """Reads them from the ``given`` values; ``problem`` notes a mistake by name, code and detail."""

    def __init__(self, given: Mapping[str, Any], problem: Callable[[str, str, str], None]) -> None:
        self._given, self._problem = given, problem

    def read(self) -> Guarded:
        """All of them, with the defaults of a stage."""
        prices = self._prices(self._mapping("prices"))
        limits = self._limits(self._mapping("limits"))
        max_price = self._amount("max_price", "max_price", self._given.get("max_price"))
        if not prices and (max_price is not None or _money(limits)):
            detail = (
                "prices is missing: what a segment costs, such as {IN: 0.0025, '*': 0.08}; without it nothing counts"
            )
            self._problem("prices", "missing", detail)
        guests = self._given.get("guests")
        return {
            "mobile_prefixes": self._prefixes(),
            "guests": None
            if guests is None
            else frozenset(self._texts("guests", _NUMBER, "numbers, as '+919741552552'")),
            "max_segments": self._whole("max_segments", "max_segments", self._given.get("max_segments"), MAX_SEGMENTS),
            "prices": prices,
            "max_price": max_price,
            "limits": limits,
            "uncounted": frozenset(
                self._texts("send_uncounted", re.compile("|".join(KINDS)), f"some of {', '.join(KINDS)}")
            ),
        }

    def _prefixes(self) -> tuple[str, ...]:
        prefixes = self._texts("mobile_prefixes", _PREFIX, "the beginnings of numbers, as '+91600'")
        if prefixes:
            from herald.message.countries import called

            if not all(map(called, prefixes)):
                detail = "mobile_prefixes must begin with the calling codes of countries that there are, as '+91600'"
                self._problem("mobile_prefixes", "invalid_country", detail)
        return tuple(prefixes)

    def _prices(self, given: Mapping[str, Any]) -> dict[str, int]:
        """``{"IN": 2500}``: millionths for a segment."""
        if not given:
            return {}
        from herald.message.countries import COUNTRIES, in_place_of  # A fresh stage names none.

        prices = {}
        for country, value in given.items():
            if country not in (ANYWHERE, _OF_NO_COUNTRY) and country not in COUNTRIES:
                said = "prices must name two-letter codes of countries that there are, such as IN, or '*'"
                self._problem("prices", "invalid_country", said + in_place_of(country))
            price = self._amount("prices", "each of prices", value)
            if price is not None:
                prices[country] = price
        return prices

    def _limits(self, given: Mapping[str, Any]) -> Limits:
        for name in given.keys() - set(_LIMITS):
            self._problem("limits", "unknown_field", no_such("limit", name, _LIMITS))
        read: dict[str, int | None] = DEFAULT_LIMITS._asdict()
        for name in _LIMITS:
            if name not in given:
                continue
            shown = f"limits.{name}"
            if "spend" not in name:
                read[name] = self._whole("limits", shown, given[name], None)
            elif given[name] != UNLIMITED:
                read[name] = self._amount("limits", shown, given[name])
        return Limits(**read)

    def _whole(self, name: str, shown: str, value: object, default: int | None) -> int | None:
        if value is None:
            return default
        if value == UNLIMITED:
            return None
        if isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,8}", value, re.ASCII):
            return int(value)
        self._problem(name, "out_of_range", f"{shown} must be a whole number from 1 on, or {UNLIMITED}")
        return default

    def _amount(self, name: str, shown: str, value: object) -> int | None:
        found = amount(value)
        if found is None and value is not None:
            self._problem(name, "invalid_amount", f"{shown} must be an amount such as 0.0025 or 50")
        return None if found is None else millionths(found)

    def _mapping(self, name: str) -> Mapping[str, Any]:
        value = self._given.get(name)
        if value is not None and not isinstance(value, dict):
            self._problem(name, "wrong_type", f"{name} must be a mapping of names to values")
        return value if isinstance(value, dict) else {}

    def _texts(self, name: str, shape: re.Pattern[str], what: str) -> list[str]:
        value = self._given.get(name)
        listed = value if isinstance(value, list) else []
        right = [text for text in listed if isinstance(text, str) and shape.fullmatch(text)]
        if (value is not None and not isinstance(value, list)) or len(right) != len(listed):
            self._problem(name, "invalid_list", f"{name} must hold a list of {what}")
        return right


def _money(limits: Limits) -> bool:
    return any(value is not None for name, value in limits._asdict().items() if "spend" in name)
