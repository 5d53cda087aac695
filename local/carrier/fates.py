"""Fates: what becomes of a text, by the last two digits of a magic number; each vendor has its own words for it."""

import re
from typing import NamedTuple

from herald.pipeline.send import simulate

# All of them are numbers that a person in India could have: libphonenumber and the vendors take them.
NUMBERS = "+9198765000"
INDIAN = re.compile(r"(?:\+?91|0)?([0-9]{10})")
SEPARATORS = re.compile(r"[\s().-]+")
USUAL_DELAY = 1.0


class Fate(NamedTuple):
    """What becomes of a text. ``receipt`` is the word for it on the phone, None if nobody is ever told.

    ``delay`` is in seconds. ``copies`` is how often the receipt comes; with ``disorder``, an older state follows it.
    """

    what: str
    receipt: str | None = "delivered"
    delay: float = USUAL_DELAY
    copies: int = 1
    disorder: bool = False

    @property
    def word(self) -> str:
        """What a vendor's ``words`` know it by: why a text failed, or else the receipt; empty if nobody is told."""
        return self.what if self.receipt == "failed" else self.receipt or ""


# Why texts to some of the numbers fail, and which one is silent, is the package's: an API key for tests does the same.
FATES = {
    "00": Fate("delivered"),
    **{ending: Fate(reason, "failed") for ending, reason in simulate.FATES.items()},
    simulate.SILENT: Fate("silent: no receipt ever", None),
    "91": Fate("delivered, told after ten seconds", delay=10.0),
    "92": Fate("delivered, told twice", copies=2),
    "93": Fate("delivered, then told that it is on its way", disorder=True),
    "94": Fate("taken by the carrier, no word of the phone", "sent"),
    "95": Fate("words that nobody knows", "unknown"),
}


def fate(number: str) -> Fate:
    """What becomes of a text to ``number``, however it is written: delivered, if it is no magic number."""
    indian = INDIAN.fullmatch(SEPARATORS.sub("", number))
    magic = simulate.MAGIC.fullmatch(f"+91{indian[1]}") if indian else None
    return FATES.get(magic[1] if magic else "00", FATES["00"])


def listed() -> list[dict[str, str]]:
    """The magic numbers for a page: ``[{"to", "what"}]``."""
    return [{"to": NUMBERS + ending, "what": told.what} for ending, told in FATES.items()]
