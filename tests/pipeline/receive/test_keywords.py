"""Keywords: STOP is read however it is written, START again; anything else is none of our business."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.pipeline.receive.keywords import START, STOP, Wish, read

AROUND = ["{}", " {}", "{}.", "{}!", '"{}"', "\n{}\n", "*{}*", "- {} -"]


@pytest.mark.parametrize("form", AROUND)
@pytest.mark.parametrize("word", sorted(STOP))
def test_a_word_that_means_stop_is_read_in_any_case(word: str, form: str) -> None:
    assert [read(form.format(written)) for written in (word, word.lower(), word.title())] == [Wish.STOP] * 3


@pytest.mark.parametrize("form", AROUND)
@pytest.mark.parametrize("word", sorted(START))
def test_a_word_that_means_start_is_read_in_any_case(word: str, form: str) -> None:
    assert [read(form.format(written)) for written in (word, word.lower(), word.title())] == [Wish.START] * 3


@given(st.text(max_size=30))
def test_anything_else_is_no_wish(text: str) -> None:
    if "".join(c for c in text if c.isalnum()).upper() not in {word.replace("-", "") for word in STOP | START}:
        assert read(text) is None


@pytest.mark.parametrize("text", ["Please stop calling at night", "stop it", "ok", "", "STOPP", "non-stop"])
def test_a_sentence_is_no_word(text: str) -> None:
    assert read(text) is None
