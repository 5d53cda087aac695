"""Countries: the codes are those of the library that reads numbers, which is too heavy to be asked."""

import phonenumbers
import pytest

from herald.message.countries import CALLING_CODES, COUNTRIES, called, in_place_of


def test_the_countries_are_those_that_the_library_reads_numbers_of() -> None:
    assert set(COUNTRIES) == phonenumbers.SUPPORTED_REGIONS
    assert {int(code) for code in CALLING_CODES} == phonenumbers.COUNTRY_CODE_TO_REGION_CODE.keys()


@pytest.mark.parametrize(("code", "hint"), [("UK", "; did you mean GB?"), ("el", "; did you mean GR?"), ("XX", "")])
def test_a_code_that_is_often_written_is_told_the_right_one(code: str, hint: str) -> None:
    assert in_place_of(code) == hint
    assert code.upper() not in COUNTRIES


@pytest.mark.parametrize("value", [None, [], {}, "", 5])
def test_of_what_is_no_code_nothing_is_told(value: object) -> None:
    assert in_place_of(value) == ""


@pytest.mark.parametrize(
    ("prefix", "known"), [("+91600", True), ("+97", True), ("+1", True), ("+999", False), ("+2101", False)]
)
def test_a_prefix_is_of_a_country_if_its_numbers_may_begin_so(prefix: str, known: bool) -> None:
    assert called(prefix) is known
