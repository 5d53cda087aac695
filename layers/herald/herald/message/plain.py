"""Plain: the same text in the characters of GSM-7, as far as Unicode's tables and a short list of twins know them."""

import re
import unicodedata

from herald.message.text import GSM
from herald.message.unseen import FILLERS, ignorable

# What people write for characters of which Unicode has no compatible form in GSM-7. A mark that stands on a letter and
# makes no other letter with it is written behind it.
_TWINS = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u00b4`\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb"
    "\u275b\u275c\u0313\u0314",
    '"': "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u02ba\u02ee\u275d\u275e\u301d\u301e\u301f",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u2043\u23bc\u23bd",
    ",": "\u3001\u0326",
    ".": "\u3002\u00b7",
    ":": "\u02d0\u02f8\u2982\ua789",
    ";": "\u204f",
    "!": "\u01c3",
    "/": "\u00f7\u2044\u2215\u29f8\u0337\u0338",
    "\\": "\u29f5\u29f9\u20e5",
    "|": "\u2223\u23b8\u23b9\u23d0\u239c\u239f\u20d2\u20d3",
    "_": "\u0332\u2017",
    "^": "\u02c6\u0302\u1dcd",
    "~": "\u02dc\u02f7\u223c\u0303\u0330\u0334",
    "+": "\u02d6",
    "=": "\ua78a\u0347",
    "(": "\u2768\u276a\u27ee\u2985",
    ")": "\u2769\u276b\u27ef\u2986",
    "{": "\u2774",
    "}": "\u2775",
    "*": "\u204e\u2217\u229b\u2722\u2723\u2724\u2725\u2731\u2732\u2733\u273a\u273b\u273c\u273d\u2743\u2749\u274a\u274b"
    "\u29c6",
    "x": "\u00d7",
    "+/-": "\u00b1",
    "(c)": "\u00a9",
    "(R)": "\u00ae",
    "\n": "\u2028\u2029",
    " ": "\t" + FILLERS,
}
_SMALL_CAPITALS = dict(
    zip(
        "ABCDEFGHIJKLMNOPRSTUVWYZ",
        "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731"
        "\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22",
        strict=True,
    )
)
TWINS = {ord(c): twin for twin, characters in (_TWINS | _SMALL_CAPITALS).items() for c in characters}
# Raised and lowered digits and signs: 10² is not 102.
_POWERS = frozenset("\u00b2\u00b3\u00b9").union(map(chr, range(0x2070, 0x208F)))
# Between a digit and a fraction, so that 1½ is not 11/2.
_BEFORE_OR_AFTER_A_FRACTION = re.compile(
    "(?<=[\\d\u00bc-\u00be\u2150-\u215e\u2189])(?=[\u00bc-\u00be\u2150-\u215f\u2189])"
    "|(?<=[\u00bc-\u00be\u2150-\u215e\u2189])(?=\\d)"
)


def composed(text: str) -> str:
    """``text`` with each letter and its accents as one character, where Unicode has one."""
    return unicodedata.normalize("NFC", text)


def plain(text: str) -> str:
    """``text`` with all that GSM-7 has a twin for replaced by it; what has none stays as it is, accents above all.

    It is meant to be used only if all of it is GSM-7 then: what cannot be seen is gone, also where a script needs it.
    """
    apart = _BEFORE_OR_AFTER_A_FRACTION.sub(" ", composed(text))
    return "".join(c if c in GSM else _twin(c) for c in apart)


def _twin(character: str) -> str:
    known = TWINS.get(ord(character))
    if known is not None:
        return known
    if character in _POWERS:
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return "" if ignorable(character) else _compatible(character)


def _compatible(character: str) -> str:
    """Its compatibility form, if that can be written in GSM-7; else the character itself."""
    # A diacritic without a letter is a space with a mark on it.
    form = unicodedata.normalize("NFKC", character).lstrip(" ").translate(TWINS)
    if not form or not GSM.issuperset(form):
        return character
    return f"({form})" if unicodedata.decomposition(character).startswith("<circle>") else form
