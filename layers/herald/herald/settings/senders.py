"""Senders: the sender ids that a country allows, as YAML says them."""

import re
from collections.abc import Callable

from herald.message.countries import COUNTRIES, in_place_of
from herald.settings.values import ANYWHERE, Senders

# A name that phones show, with a letter in it; a number in E.164; a short code, or a header of digits as in India.
_ID = re.compile(
    r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_.&+-]([A-Za-z0-9 _.&+-]{0,9}[A-Za-z0-9_.&+-])?|\+[1-9]\d{6,14}|\d{3,8}", re.ASCII
)
ID = (
    "a sender id: a name of 1 to 11 letters and digits such as HERALD, a number such as '+15005550006', or a short code"
)


def is_id(text: str) -> bool:
    """Whether a text can be a sender id."""
    return bool(_ID.fullmatch(text))


def read_senders(value: object, problem: Callable[[str, str], None]) -> Senders:
    """``{"IN": ("GRMNER",), "SG": ()}``; ``problem`` notes a mistake by code and detail."""
    if not isinstance(value, dict):
        problem("wrong_type", "senders must be a mapping of countries to sender ids, such as {IN: GRMNER, '*': HERALD}")
        return {}
    for country in value:
        if country != ANYWHERE and country not in COUNTRIES:
            said = "senders must name two-letter codes of countries that there are, such as IN, or '*'"
            problem("invalid_country", said + in_place_of(country))
    return {country: _ids(said, problem) for country, said in value.items()}


def _ids(said: object, problem: Callable[[str, str], None]) -> tuple[str, ...]:
    if _is_none(said):
        return ()
    listed = said if isinstance(said, list) else [said]
    right = tuple(text for text in listed if isinstance(text, str) and is_id(text) and not _is_none(text))
    if not right or len(right) < len(listed):
        problem("invalid_sender", f"each of senders must be {ID}; or a list of them; or none")
    return right


def _is_none(said: object) -> bool:
    """Whether no sender id is allowed. No phone shows this word as a name by mistake."""
    return isinstance(said, str) and said.lower() == "none"
