"""Text: encoding and segments are exact, as an independent codec and a naive reference count them."""

import gsm0338  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.message.kinds import Encoding
from herald.message.text import TWINS, Measure, advice, forcing, measure, named, smart

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


# ---- smart

typographic = st.sampled_from(sorted(map(chr, TWINS)))
bodies = st.text(
    st.one_of(typographic, st.sampled_from(ALPHABET), st.characters(exclude_categories=["Cs"])), max_size=300
)


def test_every_twin_is_made_of_gsm_7_and_stands_for_what_gsm_7_has_not() -> None:
    assert all(in_gsm(c) for twin in TWINS.values() for c in twin)
    assert not [chr(point) for point in TWINS if in_gsm(chr(point))]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("It’s “ready” – really", 'It\'s "ready" - really'),
        ("‚a‘ „b“ «c» ‹d› 5′ 3″", "'a' \"b\" \"c\" 'd' 5' 3\""),
        ("a\u00a0b\u2009c\u202fd", "a b c d"),
        ("wait…", "wait..."),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("क्\u200dष", "क्\u200dष"),
        ("plain 'text' - {é}", "plain 'text' - {é}"),
    ],
)
def test_typographic_characters_become_what_a_typewriter_has(written: str, plain: str) -> None:
    assert smart(written) == plain


@given(bodies)
def test_smart_never_takes_more_segments_and_touches_nothing_else(body: str) -> None:
    plain = smart(body)
    assert measure(plain).segments <= measure(body).segments
    assert plain in (body, "".join(TWINS.get(ord(c), c) for c in body))
    assert smart(plain) == plain


@given(bodies)
def test_smart_is_advised_exactly_where_it_makes_the_text_gsm_7(body: str) -> None:
    advised = advice(body)
    assert bool(advised) == (measure(body).encoding == "UCS-2" and measure(smart(body)).encoding == "GSM-7")
    assert not advised or named(forcing(body)) in advised


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
    assert named("\ue000") == "U+E000"
