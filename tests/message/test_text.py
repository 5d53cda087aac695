"""Text: encoding and segments are exact, as an independent codec and a naive reference count them."""

from unicodedata import normalize

import gsm0338  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.message.kinds import Encoding
from herald.message.plain import TWINS, plain
from herald.message.text import NEVER_PLAIN, Measure, advice, forcing, measure, named, shows_nothing, smart
from tests.message.replaced import REPLACED

CODEC = gsm0338.Codec()
EVERY_BMP_CHARACTER = [chr(point) for point in range(0x10000) if not 0xD800 <= point <= 0xDFFF]


def in_gsm(character: str) -> bool:
    try:
        return character != "\x1b" and bool(CODEC.encode(character)[0])
    except UnicodeError:
        return False


ALPHABET = [c for c in EVERY_BMP_CHARACTER if in_gsm(c)]
TWO = [c for c in ALPHABET if len(CODEC.encode(c)[0]) == 2]


def reference(body: str) -> Measure:
    """Encode the whole text, then cut it byte by byte as a phone network would."""
    if all(c in ALPHABET for c in body):
        septets = CODEC.encode(body)[0]
        return Measure("GSM-7", len(cut(septets, 160, 153, b"\x1b")), len(septets))
    pairs = body.encode("utf-16-be", "surrogatepass")
    units = bytes(pairs[i] for i in range(0, len(pairs), 2))  # the high bytes tell the first half of a pair
    return Measure("UCS-2", len(cut(units, 70, 67, bytes(range(0xD8, 0xDC)))), len(units))


def cut(units: bytes, alone: int, part: int, opens_a_pair: bytes) -> list[bytes]:
    if len(units) <= alone:
        return [units]
    pieces = []
    while units:
        size = part - 1 if len(units) > part and units[part - 1] in opens_a_pair else part
        pieces.append(units[:size])
        units = units[size:]
    return pieces


def test_the_alphabet_is_the_one_of_an_independent_codec() -> None:
    ours = {c for c in EVERY_BMP_CHARACTER if measure(c).encoding == "GSM-7"}
    assert ours == set(ALPHABET)
    assert len(ours) == 127 + 10
    assert {c for c in ours if measure(c).length == 2} == set(TWO)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Your code is 123456", ("GSM-7", 1, 19)),
        ("Invoice INV-2026/118: €1,250 due on 30 Nov. {ref}", ("GSM-7", 1, 52)),
        ("a" * 160, ("GSM-7", 1, 160)),
        ("a" * 161, ("GSM-7", 2, 161)),
        ("a" * 306, ("GSM-7", 2, 306)),
        ("a" * 307, ("GSM-7", 3, 307)),
        ("€" * 80, ("GSM-7", 1, 160)),
        ("€" * 81, ("GSM-7", 2, 162)),
        ("a" * 152 + "€" + "a" * 151, ("GSM-7", 2, 305)),
        ("a" * 152 + "€" + "a" * 152, ("GSM-7", 3, 306)),
        ("आपका कोड 123456 है", ("UCS-2", 1, 18)),
        ("é" * 160, ("GSM-7", 1, 160)),
        ("ê" * 70, ("UCS-2", 1, 70)),
        ("ê" * 71, ("UCS-2", 2, 71)),
        ("ê" * 134, ("UCS-2", 2, 134)),
        ("ê" * 135, ("UCS-2", 3, 135)),
        ("😀" * 35, ("UCS-2", 1, 70)),
        ("😀" * 36, ("UCS-2", 2, 72)),
        ("😀" * 66, ("UCS-2", 2, 132)),
        ("😀" * 67, ("UCS-2", 3, 134)),
        ("a" * 159 + "’", ("UCS-2", 3, 160)),
        ("ç", ("UCS-2", 1, 1)),
        ("Ç", ("GSM-7", 1, 1)),
        ("a\tb", ("UCS-2", 1, 3)),
        ("", ("GSM-7", 1, 0)),
    ],
)
def test_a_text_travels_as_expected(body: str, expected: tuple[Encoding, int, int]) -> None:
    assert measure(body) == expected


@given(st.text(st.sampled_from(ALPHABET + TWO * 9), max_size=700))
@example("a" * 152 + "€" * 200)
def test_segments_of_gsm_texts_are_those_of_the_reference(body: str) -> None:
    assert measure(body) == reference(body)


@given(st.text(max_size=400) | st.text(st.sampled_from("aé😀ê€\U0010ffff\n"), max_size=400))
@example("ê" * 66 + "😀" * 70)
def test_segments_of_any_text_are_those_of_the_reference(body: str) -> None:
    assert measure(body) == reference(body)


@given(st.text(st.characters(), max_size=300))
def test_even_half_characters_can_be_measured(body: str) -> None:
    assert measure(body).segments >= 1


@given(st.text(st.sampled_from("aé😀ê€ "), max_size=300), st.text(st.sampled_from("aé😀ê€ "), max_size=300))
def test_a_longer_text_never_takes_fewer_segments(body: str, more: str) -> None:
    assert measure(body + more).segments >= measure(body).segments


def test_the_characters_that_make_a_text_dearer_are_named_once_in_order() -> None:
    assert forcing("It’s “here”, isn’t it? 😀") == "’“”😀"
    assert forcing("Nothing of that: €5 [ok]") == ""


@given(st.text(max_size=200))
def test_a_text_is_ucs2_exactly_if_something_forces_it(body: str) -> None:
    forced = forcing(body)
    assert bool(forced) == (measure(body).encoding == "UCS-2")
    assert len(set(forced)) == len(forced)
    assert measure("".join(c for c in body if c not in forced)).encoding == "GSM-7"


# ---- what nobody sees


INK = [
    ("a", False),
    ("\u00e9", False),
    ("\u0928", False),
    ("\U0001f44b", False),
    ("\U0001fa77", False),
    ("\u0600", False),
]
NO_INK = [
    " ", "\t\r\n", "\u00a0", "\u2003", "\u3000", "\u1680", "\u2028", "\u2800", "\u200b", "\u2060", "\ufeff",
    "\u00ad", "\u200d", "\u202e", "\u2066", "\u115f", "\u1160", "\u3164", "\uffa0", "\u034f", "\u180e", "\ufe0f",
    "\U000e0100", "\U000e0041", "\ufff9", "\ufffc", "\uffff", "\ufdd0", "\U0001fffe", "\u0301", "\u20e3", "\x00",
    "\x85", "\U0001d173", "\u2065",
]  # fmt: skip


@pytest.mark.parametrize(("body", "nothing"), [*INK, *((body, True) for body in NO_INK)], ids=ascii)
def test_it_is_known_of_each_character_whether_somebody_sees_it(body: str, nothing: bool) -> None:
    assert shows_nothing(body) is nothing
    assert shows_nothing(f" {body}\u200b") is nothing


@given(st.lists(st.sampled_from(NO_INK), max_size=30).map("".join), st.sampled_from([body for body, _ in INK]))
def test_one_character_that_is_seen_is_enough(unseen: str, seen: str) -> None:
    assert shows_nothing(unseen)
    assert not shows_nothing(unseen + seen)


@given(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u2800\u3164\uffa0\u115f\u1160\ufffc"))
def test_letters_digits_punctuation_and_symbols_are_seen(character: str) -> None:
    assert not shows_nothing(character)


# ---- smart

replaceable = st.sampled_from(sorted({*map(chr, TWINS), *REPLACED}))
anything = st.characters(exclude_categories=["Cs"])
bodies = st.text(st.one_of(replaceable, st.sampled_from(ALPHABET), anything), max_size=300)
nearly_plain = st.text(st.one_of(st.sampled_from(ALPHABET), replaceable), max_size=700)


def units(body: str) -> int:
    return measure(body).length


def test_every_twin_is_made_of_gsm_7_and_stands_for_what_gsm_7_has_not() -> None:
    assert all(in_gsm(c) for twin in TWINS.values() for c in twin)
    assert not [chr(point) for point in TWINS if in_gsm(chr(point))]


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("It’s “ready” – really", 'It\'s "ready" - really'),
        ("‚a‘ „b“ «c» ‹d› 5′ 3″", "'a' \"b\" \"c\" 'd' 5' 3\""),
        ("a\u00a0b\u2009c\u202fd\te\u2028f", "a b c d e\nf"),
        ("wait…", "wait..."),
        ("zero\u200bwidth\ufeff so\u00adft \u2067a\u2069", "zerowidth soft a"),
        ("plain 'text' - {é}", "plain 'text' - {é}"),
        ("cafe\u0301 man\u0303ana fu\u0308r A\u030aland", "café mañana für Åland"),
        ("ｆｕｌｌ　ｗｉｄｔｈ： １，０００", "full width: 1,000"),
        ("\ufb01nd \u2163 \u338f \u2116 5 \u2122 \u00a9 n\u00ba", "find IV kg No 5 TM (c) no"),
        ("𝐇𝐞𝐥𝐥𝐨 ɴᴇᴡ", "Hello NEW"),
        ("\u00bd 1\u00bd \u00be\u00bd \u215f3", "1/2 1 1/2 3/4 1/2 1/3"),
        ("1① Ⓐ ⒜ ⒈", "1(1) (A) (a) 1."),
        ("2×3 m, 10÷2, ±5 • a·b", "2x3 m, 10/2, +/-5 - a.b"),
        ("\u2126 \u212a \u212b", "Ω K Å"),
        ("\u203c\ufe0f", "!!"),
    ],
)
def test_what_gsm_7_has_a_twin_for_is_replaced_by_it(written: str, made: str) -> None:
    assert smart(written) == made
    assert measure(made).encoding == "GSM-7"


@pytest.mark.parametrize(
    "body",
    [
        "10² m³ H₂O x⁻¹",  # A power is no digit.
        "São Paulo, città, ç, Łódź",  # Without its accent it is another word.
        "क्\u200dष", "می\u200cخواهم", "സന്\u200dതോഷം", "👨\u200d👩\u200d👧 ❤\ufe0f", "שלום\u200f!", "日本\u3000語、。",
        "It’s 👋", "“नमस्ते” – ok",
    ],
)  # fmt: skip
def test_a_text_that_stays_ucs_2_is_left_as_it_is_written(body: str) -> None:
    assert smart(body) == body


@pytest.mark.parametrize(
    ("written", "whole"), [("a\u0303o 👋", "ão 👋"), ("\u1112\u1161\u11ab", "한"), ("か\u3099\u200d", "が\u200d")]
)
def test_of_a_text_that_stays_ucs_2_letters_and_accents_become_one(written: str, whole: str) -> None:
    assert smart(written) == whole


@pytest.mark.parametrize("around", ["{}", "a{}b", "x{}", "Hi {}!", "9{}9"])
def test_what_message_splitters_commonly_replace_becomes_gsm_7(around: str) -> None:
    assert len(REPLACED) >= 267
    assert sum(measure(smart(around.format(c))).encoding == "GSM-7" for c in REPLACED) >= len(REPLACED) - 3


@given(bodies | nearly_plain)
def test_smart_never_takes_more_segments_and_is_all_or_nothing(body: str) -> None:
    made = smart(body)
    assert measure(made).segments <= measure(body).segments
    if measure(made).encoding == "UCS-2":
        assert made == body or (made == normalize("NFC", body) and units(made) < units(body))
    assert smart(made) == made


@given(bodies | nearly_plain)
def test_what_is_seen_is_still_seen_when_it_is_plain(body: str) -> None:
    assert shows_nothing(body) >= shows_nothing(smart(body))


@given(st.lists(st.sampled_from([*ALPHABET, "e\u0301", "n\u0303", "A\u030a"]), max_size=300).map("".join))
def test_it_makes_no_difference_how_an_accent_is_encoded(body: str) -> None:
    assert smart(body) == smart(normalize("NFC", body))


@given(bodies | nearly_plain)
def test_smart_is_advised_exactly_where_it_makes_the_text_gsm_7(body: str) -> None:
    advised = advice(body)
    assert bool(advised) == (measure(body).encoding == "UCS-2" and measure(smart(body)).encoding == "GSM-7")
    assert not advised or named(forcing(body)) in advised


@pytest.mark.parametrize(("first", "last"), NEVER_PLAIN)
def test_what_is_never_plain_is_not_even_in_part(first: str, last: str) -> None:
    assert [chr(point) for point in range(ord(first), ord(last) + 1) if not forcing(plain(chr(point)))] == []


@given(bodies | nearly_plain)
def test_what_smart_leaves_is_named_exactly_where_it_leaves_something(body: str) -> None:
    sent = smart(body)
    said = advice(sent, asked=True)
    assert bool(said) == (measure(sent).encoding == "UCS-2")
    assert not said or any(named(c) in said for c in forcing(sent))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("It’s 👋", "UCS-2 because of U+1F44B WAVING HAND SIGN, which smart cannot replace"),
        ("a\u0303\t", "UCS-2 because of U+00E3 LATIN SMALL LETTER A WITH TILDE, which smart cannot replace"),
        ("k\u0323\t", "UCS-2 because of U+1E33 LATIN SMALL LETTER K WITH DOT BELOW, which smart cannot replace"),
        ("…" * 70, "UCS-2 because of U+2026 HORIZONTAL ELLIPSIS: it would take more segments in GSM-7"),
        ("\t" + "…" * 69, "UCS-2 because of U+0009 CHARACTER TABULATION, U+2026 HORIZONTAL ELLIPSIS: it would take"),
        ("plain", ""),
    ],
)
def test_what_remains_after_smart_is_named(body: str, said: str) -> None:
    assert advice(smart(body), asked=True).startswith(said)
    assert bool(advice(smart(body), asked=True)) == bool(said)


@given(st.text(st.sampled_from(ALPHABET), max_size=300))
def test_a_gsm_7_text_is_as_it_was(body: str) -> None:
    assert smart(body) == body


def test_dots_that_would_make_it_longer_stay_as_they_are() -> None:
    assert smart("…" * 70) == "…" * 70
    assert smart("…" * 50) == "..." * 50


def test_characters_are_named_as_they_are_called_and_the_rest_is_counted() -> None:
    assert named("’") == "U+2019 RIGHT SINGLE QUOTATION MARK"
    assert named("’“”–—") == (
        "U+2019 RIGHT SINGLE QUOTATION MARK, U+201C LEFT DOUBLE QUOTATION MARK, "
        "U+201D RIGHT DOUBLE QUOTATION MARK and 2 more"
    )
    assert named("\ue000\t") == "U+E000, U+0009 CHARACTER TABULATION"
