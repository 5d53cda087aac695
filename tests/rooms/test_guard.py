"""Guard: what the settings do not allow is refused before money is spent."""

import pytest

from herald.errors import InvalidMessage
from herald.guard import guard
from herald.settings import DEFAULT_CHANNELS, Settings
from tests.rooms.builders import NUMBER, TEXT, a_message


def settings(*countries: str) -> Settings:
    return Settings(channels=DEFAULT_CHANNELS, countries=frozenset(countries))


def test_without_a_list_every_country_is_allowed() -> None:
    guard(a_message(country="KP"), Settings(channels=DEFAULT_CHANNELS))


def test_a_country_on_the_list_is_allowed() -> None:
    guard(a_message(country="IN"), settings("SG", "IN"))


def test_another_country_is_refused_with_those_that_are_allowed() -> None:
    with pytest.raises(InvalidMessage) as refused:
        guard(a_message(country="KP"), settings("SG", "IN"))
    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == ("to", "country_not_allowed")
    assert "KP" in problem.detail
    assert "IN, SG" in problem.detail


def test_an_empty_list_allows_nothing_and_says_so() -> None:
    with pytest.raises(InvalidMessage, match="none"):
        guard(a_message(), settings())


def test_a_number_of_no_country_is_refused_where_countries_are_listed() -> None:
    with pytest.raises(InvalidMessage):
        guard(a_message(country="001"), settings("IN"))


def test_the_refusal_tells_neither_number_nor_text() -> None:
    with pytest.raises(InvalidMessage) as refused:
        guard(a_message(), settings("SG"))
    assert not [word for word in (NUMBER, TEXT) if word in str(refused.value)]
