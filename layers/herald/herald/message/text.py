"""Text: how a text travels: its encoding, and the segments that are paid for."""

from typing import NamedTuple

from herald.message.kinds import Encoding

# 3GPP TS 23.038, section 6.2.1: the default alphabet, and the table behind its escape, whose characters count two.
_ONE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO = frozenset("\f^{}\\[~]|€")
_GSM = _ONE | _TWO
# What fits into a text that travels alone, and into each segment of a longer one (its header takes the rest).
_UNITS: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
# Typographic characters, and what a typewriter has for them. Not U+200C and U+200D: Indian scripts need these.
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_TWINS = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u00b4`",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
    " ": _SPACES,
    "...": "\u2026",
    "": "\u200b\u2060\ufeff",
}
TWINS = {ord(character): twin for twin, characters in _TWINS.items() for character in characters}


class Measure(NamedTuple):
    """How a text travels. ``length`` counts the units of its encoding: septets of GSM-7, UTF-16 units of UCS-2."""

    encoding: Encoding
    segments: int
    length: int


def measure(body: str) -> Measure:
    """Encoding, segments and length of ``body``. One character outside of GSM-7 makes all of it UCS-2."""
    encoding: Encoding = "GSM-7" if _GSM.issuperset(body) else "UCS-2"
    sizes = [1 + (c in _TWO) for c in body] if encoding == "GSM-7" else [1 + (c > "\uffff") for c in body]
    length = sum(sizes)
    alone, part = _UNITS[encoding]
    return Measure(encoding, 1 if length <= alone else _packed(sizes, part), length)


def forcing(body: str) -> str:
    """The characters of ``body`` that GSM-7 does not have, each once, in the order of the text."""
    return "".join(dict.fromkeys(c for c in body if c not in _GSM))


def smart(body: str) -> str:
    """``body`` with the twins of its typographic quotes, dashes and spaces; unchanged if that takes more segments."""
    plain = body.translate(TWINS)
    return plain if measure(plain).segments <= measure(body).segments else body


def advice(body: str) -> str:
    """What makes ``body`` UCS-2 though ``smart`` would make it GSM-7: a sentence for the trace; else nothing."""
    forced = forcing(body)
    if not forced or forcing(smart(body)):
        return ""
    return f"UCS-2 because of {named(forced)}: smart would make it GSM-7"


def _packed(sizes: list[int], size_of_one: int) -> int:
    """How many segments of so many units it takes if nothing of two units is cut across a border."""
    segments, used = 1, 0
    for size in sizes:
        if used + size > size_of_one:
            segments, used = segments + 1, 0
        used += size
    return segments


def named(characters: str, most: int = 3) -> str:
    """``U+2019 RIGHT SINGLE QUOTATION MARK and 2 more``: characters as they are called, the first ones of many."""
    import unicodedata

    names = [f"U+{ord(c):04X} {unicodedata.name(c, '')}".rstrip() for c in characters[:most]]
    more = len(characters) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
