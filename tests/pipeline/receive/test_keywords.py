"""Keywords: STOP is read however it is written, START again; anything else is none of our business."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.pipeline.receive.keywords import START, STOP, Wish, read

AROUND = ["{}", " {}", "{}.", "{}!", '"{}"', "\n{}\n", "*{}*", "- {} -", "\u201c{}\u201d", "{} \U0001f44d", "\u200f{}"]
# 47 CFR 64.1200(a)(10).
PER_SE = ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]


@pytest.mark.parametrize("form", AROUND)
@pytest.mark.parametrize("word", sorted(STOP))
def test_a_word_that_means_stop_is_read_in_any_case(word: str, form: str) -> None:
    assert [read(form.format(written)) for written in (word, word.lower(), word.title())] == [Wish.STOP] * 3


@pytest.mark.parametrize("form", AROUND)
@pytest.mark.parametrize("word", sorted(START))
def test_a_word_that_means_start_is_read_in_any_case(word: str, form: str) -> None:
    assert [read(form.format(written)) for written in (word, word.lower(), word.title())] == [Wish.START] * 3


def wide(word: str) -> str:
    """In letters of full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" for c in word)


def spelt(word: str) -> list[str]:
    """Other spellings of a word."""
    accented = unicodedata.normalize("NFC", "".join(c + "\u0301" for c in word))
    apart = [sign.join(word) for sign in (" ", ".", "-", "\u00a0", "\u200b", "\u2011")]
    return [wide(word), accented, unicodedata.normalize("NFD", accented), word.swapcase(), *apart]


@pytest.mark.parametrize("word", sorted(STOP))
def test_stop_is_read_without_case_accents_width_and_inner_blanks(word: str) -> None:
    assert {written: read(written) for written in spelt(word)} == dict.fromkeys(spelt(word), Wish.STOP)


@pytest.mark.parametrize("word", sorted(START))
def test_start_is_read_without_case_accents_width_and_inner_blanks(word: str) -> None:
    assert {written: read(written) for written in spelt(word)} == dict.fromkeys(spelt(word), Wish.START)


@pytest.mark.parametrize(
    "text", [*PER_SE, "STOP ALL", "ARRÊT", "arrêt", "opt-out", "Opt  Out", "stop stop!", "END. STOP"]
)
def test_what_the_law_and_carriers_take_for_stop_is_obeyed(text: str) -> None:
    assert read(text) is Wish.STOP


@pytest.mark.parametrize("text", ["Stop. Thank you", "please STOP", "Stop, thanks!", "Unsubscribe please. Thank you."])
def test_a_polite_word_makes_no_sentence_of_stop(text: str) -> None:
    assert read(text) is Wish.STOP


@pytest.mark.parametrize("text", ["Start, please", "Yes please", "yes, thanks", "Thank you", "please", "start stop"])
def test_start_is_read_alone(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=30))
def test_anything_else_is_no_wish(text: str) -> None:
    plain = unicodedata.normalize("NFKD", text)
    if not any(word in "".join(filter(str.isalnum, plain)).upper() for word in STOP | START):
        assert read(text) is None


@pytest.mark.parametrize(
    "text",
    ["Please stop calling at night", "stop it", "don't stop", "no", "ok", "", "STOPP", "non-stop", "alto", "stop 2"],
)
def test_a_sentence_is_no_word(text: str) -> None:
    assert read(text) is None
