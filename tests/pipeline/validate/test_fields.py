"""Fields: each reader takes what it should, whoever sends it, and says what to write instead of anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.wrong import Wrong
from herald.pipeline.validate.fields import whole, yes_or_no

WORDS = [("true", True), ("1", True), ("false", False), ("0", False)]


@pytest.mark.parametrize(("value", "means"), [*WORDS, (True, True), (False, False)])
def test_yes_and_no_are_words_or_json(value: object, means: bool) -> None:
    assert yes_or_no(value) is means


@pytest.mark.parametrize("value", ["", "yes", "TRUE", "True", "true "])
def test_another_word_is_neither_yes_nor_no(value: object) -> None:
    with pytest.raises(Wrong, match=r"Choose one of: true, 1, false, 0\.") as wrong:
        yes_or_no(value)
    assert wrong.value.code == "not_a_choice"


@pytest.mark.parametrize("value", [0, 1, 2, 1.0, None, [], ["true"], {}])
def test_what_is_no_word_is_neither_yes_nor_no(value: object) -> None:
    with pytest.raises(Wrong, match="true or false") as wrong:
        yes_or_no(value)
    assert wrong.value.code == "wrong_type"


@given(st.integers(1, 100))
def test_a_whole_number_may_be_digits_in_a_text(number: int) -> None:
    assert whole(number, 1, 100) == whole(str(number), 1, 100) == number


@pytest.mark.parametrize("value", [0, 101, "0", "101", "9" * 400, -1])
def test_a_number_beyond_the_ends_is_told_which_they_are(value: object) -> None:
    with pytest.raises(Wrong, match=r"from 1 to 100|whole number") as wrong:
        whole(value, 1, 100)
    assert wrong.value.code == "out_of_range"


@pytest.mark.parametrize("value", ["", "ten", "1.5", 1.5, True, None, [], "\u0661", "-1"])
def test_what_is_no_whole_number_is_told_so_with_its_unit(value: object) -> None:
    with pytest.raises(Wrong, match=r"a whole number of seconds\.") as wrong:
        whole(value, 1, 100, "seconds")
    assert wrong.value.code == "wrong_type"
