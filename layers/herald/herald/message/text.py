"""Text: how a text travels: its encoding, and the segments that are paid for."""

from typing import NamedTuple

from herald.message.kinds import Encoding

# 3GPP TS 23.038, section 6.2.1: the default alphabet, and the table behind its escape, whose characters count two.
_ONE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO = frozenset("\f^{}\\[~]|€")
GSM = _ONE | _TWO
# What fits into a text that travels alone, and into each segment of a longer one (its header takes the rest).
_UNITS: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}

# None of these is ever written in GSM-7: the scripts of India and of its neighbours, and emoji. A text with one of them
# need not be looked up in Unicode's tables.
NEVER_PLAIN = (("\u0900", "\u0fff"), ("\U0001f300", "\U0001faff"))


class Measure(NamedTuple):
    """How a text travels. ``length`` counts the units of its encoding: septets of GSM-7, UTF-16 units of UCS-2."""

    encoding: Encoding
    segments: int
    length: int


def measure(body: str) -> Measure:
    """Encoding, segments and length of ``body``. One character outside of GSM-7 makes all of it UCS-2."""
    encoding: Encoding = "GSM-7" if GSM.issuperset(body) else "UCS-2"
    sizes = [1 + (c in _TWO) for c in body] if encoding == "GSM-7" else [1 + (c > "\uffff") for c in body]
    length = sum(sizes)
    alone, part = _UNITS[encoding]
    return Measure(encoding, 1 if length <= alone else _packed(sizes, part), length)


def forcing(body: str) -> str:
    """The characters of ``body`` that GSM-7 does not have, each once, in the order of the text."""
    return "".join(dict.fromkeys(c for c in body if c not in GSM))


def smart(body: str) -> str:
    """``body`` in GSM-7, if all of it can be written so without more segments; else as it is.

    Of a text that stays UCS-2, letters and their accents become one character where that makes it shorter.
    """
    if not forcing(body):
        return body
    from herald.message.plain import composed, plain  # Only texts outside of GSM-7 need Unicode's tables.

    written, made, whole = measure(body), plain(body), composed(body)
    if GSM.issuperset(made) and measure(made).segments <= written.segments:
        return made
    shorter = measure(whole).length < written.length and measure(whole).segments <= written.segments
    return whole if shorter else body


def advice(body: str, *, asked: bool = False) -> str:
    """What makes ``body`` UCS-2, in a sentence for the trace, if ``smart`` would make it GSM-7; else nothing.

    If ``smart`` was ``asked`` for and left ``body`` as it is: what remains of it that GSM-7 does not have.
    """
    forced = forcing(body)
    if not forced or not (asked or _can_be_plain(body, forced)):
        return ""
    if not asked:
        return f"UCS-2 because of {named(forced)}: smart would make it GSM-7"
    from herald.message.plain import plain

    remain = "".join(c for c in forced if forcing(plain(c)))
    if remain:
        return f"UCS-2 because of {named(remain)}, which smart cannot replace"
    return f"UCS-2 because of {named(forced)}: it would take more segments in GSM-7"


def _can_be_plain(body: str, forced: str) -> bool:
    never = any(first <= c <= last for c in forced for first, last in NEVER_PLAIN)
    return not never and not forcing(smart(body))


def shows_nothing(text: str) -> bool:
    """Whether nobody would see anything of ``text``: it is empty, or all of it blanks, marks and formats."""
    if any("!" <= c <= "~" for c in text):
        return False
    from herald.message.unseen import unseen

    return all(map(unseen, text))


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

    # Unicode has no names for control characters: of those, a text may hold a tab that GSM-7 has not.
    known = {"\t": "CHARACTER TABULATION"}
    names = [f"U+{ord(c):04X} {unicodedata.name(c, known.get(c, ''))}".rstrip() for c in characters[:most]]
    more = len(characters) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
