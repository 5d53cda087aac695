"""Unseen: the characters that nobody sees: blanks, and what only tells how its neighbours are shown."""

import unicodedata

# What looks like a space and is none of Unicode's: Braille without a dot, and the fillers of Hangul.
FILLERS = "\u2800\u3164\uffa0"
# Default_Ignorable_Code_Point, which Python's tables have not: Unicode 15.1, DerivedCoreProperties.txt.
_IGNORABLE = [
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip
# Format characters that are seen nevertheless: Prepended_Concatenation_Mark, Unicode 15.1, PropList.txt.
_SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
# Blanks, controls, formats, halves of characters; and marks, which are seen on a letter only.
_NOTHING = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Me"})


def ignorable(character: str) -> bool:
    """Whether it is a control character, or one that a phone leaves out if it does not know what it is for."""
    point = ord(character)
    return unicodedata.category(character) == "Cc" or any(low <= point <= high for low, high in _IGNORABLE)


def unseen(character: str) -> bool:
    """Whether nothing is seen of it where it stands alone."""
    if unicodedata.category(character) in _NOTHING:
        return character not in _SEEN
    stands_for_nothing = character == "\ufffc" or ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"
    return stands_for_nothing or character in FILLERS or ignorable(character)
