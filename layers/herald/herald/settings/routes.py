"""Routes: the rules of a stage: which messages go by which channels, one after the other or by shares."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from herald.message.countries import COUNTRIES, called, in_place_of
from herald.message.kinds import KINDS
from herald.settings.block import no_such
from herald.settings.senders import ID, is_id
from herald.settings.values import Rule, Shares

FIELDS = ("country", "prefix", "kind", "caller", "sender", "channels")
_PREFIX = re.compile(r"\+[1-9]\d{0,13}", re.ASCII)
_CALLER = re.compile(r"[^*\s][^*\x00-\x1f\x7f]{0,255}\*?|\*")
_SHARE = re.compile(r"\d{1,6}", re.ASCII)


class Routes:
    """Reads them; ``problem`` notes a mistake by code and detail. ``channels`` are those that there are."""

    def __init__(self, channels: Collection[str], problem: Callable[[str, str], None]) -> None:
        self._channels, self._problem = channels, problem

    def read(self, value: object) -> tuple[Rule, ...]:
        """All of them, in their order."""
        if not isinstance(value, list):
            self._problem("wrong_type", "routes must hold a list")
            return ()
        rules = (_Route(number, self._channels, self._problem).read(given) for number, given in enumerate(value, 1))
        return tuple(rule for rule in rules if rule)


class _Route:
    """Reads one, which its ``number`` names where there is a mistake."""

    def __init__(self, number: int, channels: Collection[str], problem: Callable[[str, str], None]) -> None:
        self._number, self._channels, self._problem = number, channels, problem

    def read(self, given: object) -> Rule | None:
        if not isinstance(given, dict) or not given.get("channels"):
            self._note("invalid_route", f"must have channels, and may have {', '.join(FIELDS[:-1])}")
            return None
        for name in given.keys() - set(FIELDS):
            self._note("invalid_route", no_such("field", name, FIELDS))
        return Rule(
            self._ranks(given["channels"]),
            countries=self._countries(given.get("country")),
            prefixes=self._some(
                "prefix", given, _begins_a_number, "invalid_prefix", "the beginning of numbers, as '+9174'"
            ),
            kinds=self._some("kind", given, KINDS.__contains__, "unknown_choice", f"one of {', '.join(KINDS)}"),
            callers=self._some("caller", given, _is_caller, "invalid_caller", "a caller such as key:billing, or key:*"),
            senders=self._some("sender", given, is_id, "invalid_sender", ID),
        )

    def _note(self, code: str, detail: str) -> None:
        self._problem(code, f"route {self._number}: {detail}")

    def _countries(self, value: object) -> tuple[str, ...]:
        written = [] if value is None else _listed(value)
        found = tuple(code.upper() for code in written if isinstance(code, str) and code.isascii())
        wrong = [code for code in found if code not in COUNTRIES]
        if wrong or len(found) < len(written) or value == []:
            said = "country must be a two-letter code of a country that there is, such as IN, or a list of them"
            self._note("invalid_country", said + in_place_of(next(iter(wrong), None)))
        return found

    def _some(
        self, name: str, given: Mapping[str, Any], fits: Callable[[str], bool], code: str, what: str
    ) -> tuple[str, ...]:
        """What a field holds: one text, or a list of them."""
        if name not in given:
            return ()
        written = _listed(given[name])
        right = tuple(text for text in written if isinstance(text, str) and fits(text))
        if not right or len(right) < len(written):
            self._note(code, f"{name} must be {what}, or a list of them")
        return right

    def _ranks(self, value: object) -> tuple[str | Shares, ...]:
        if not isinstance(value, list | dict):
            self._note(
                "wrong_type", "channels must hold a list of channels, or their shares such as {exotel: 70, twilio: 30}"
            )
            return ()
        ranks = tuple(self._rank(item) for item in _listed(value))
        named = [name for rank in ranks for name in ([rank] if isinstance(rank, str) else rank)]
        if len(set(named)) < len(named):
            self._note("duplicate_channel", "a channel stands twice")
        return ranks

    def _rank(self, item: object) -> str | Shares:
        names = list(item) if isinstance(item, dict) else [item]
        if not all(isinstance(name, str) and name in self._channels for name in names):
            self._note("unknown_channel", f"a channel is not there; there are: {', '.join(self._channels)}")
        if not isinstance(item, dict):
            return item if isinstance(item, str) else {}
        shares = {name: int(said) for name, said in item.items() if isinstance(said, str) and _SHARE.fullmatch(said)}
        if len(shares) < len(item) or not any(shares.values()):
            self._note("invalid_shares", "shares must be whole numbers such as 70 and 30, and not all 0")
        return shares


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _begins_a_number(text: str) -> bool:
    return bool(_PREFIX.fullmatch(text)) and called(text)


def _is_caller(text: str) -> bool:
    return bool(_CALLER.fullmatch(text))
