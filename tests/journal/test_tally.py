"""Tally: which limit is reached, and after how many seconds it is worth asking again. To the second."""

from datetime import UTC, datetime, timedelta

import pytest

from herald.journal.tally import Burst, Cap, Full, Growth, State, Tally, best, full, grown, lately, number

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
TOMORROW = datetime(2026, 11, 27, tzinfo=UTC)


def a_tally(*caps: Cap, burst: Burst | None = None, growth: Growth | None = None) -> Tally:
    return Tally("count#1", caps, TOMORROW, burst=burst, growth=growth)


def a_cap(most: int | None, amount: int = 1, frees: datetime = TOMORROW) -> Cap:
    return Cap("all", amount, most, "day", frees)


@pytest.mark.parametrize(
    ("ago", "wait"), [([10, 300], 300), ([0, 599], 1), ([299, 300], 300), ([10, 600], None), ([10], None), ([], None)]
)
def test_the_last_but_one_text_says_when_another_may_be_sent(ago: list[int], wait: int | None) -> None:
    tally = a_tally(burst=Burst("t1", 600, 2, SECONDS))
    found = full(tally, {"t1": [SECONDS - each for each in ago]}, NOW)
    assert found == (Full("number_10_minutes", wait) if wait else None)


def test_the_texts_of_the_day_before_count_for_a_short_while_more() -> None:
    tally = a_tally(burst=Burst("t1", 600, 3, SECONDS, "yesterday"))
    today, before = {"t1": [SECONDS - 100]}, {"t1": [SECONDS - 200, SECONDS - 599, SECONDS - 600]}
    assert full(tally, today, NOW, before) == Full("number_10_minutes", 1)
    assert full(tally, today, NOW + timedelta(seconds=1), before) is None
    assert tally.burst and lately(tally.burst, before, NOW) == 2


@pytest.mark.parametrize(
    ("left", "wait"),
    [(timedelta(seconds=1), 1), (timedelta(seconds=2), 2), (timedelta(milliseconds=1500), 2), (timedelta(), 1)],
)
def test_a_wait_is_whole_seconds_and_at_least_one(left: timedelta, wait: int) -> None:
    assert full(a_tally(a_cap(0, frees=NOW + left)), {}, NOW) == Full("day", wait)


@pytest.mark.parametrize(
    ("counted", "amount", "most", "fits"), [(2, 1, 3, True), (3, 1, 3, False), (0, 4, 3, False), (9, 1, None, True)]
)
def test_an_amount_fits_if_all_of_it_does(counted: int, amount: int, most: int | None, fits: bool) -> None:
    assert (full(a_tally(a_cap(most, amount)), {"all": counted}, NOW) is None) == fits


@pytest.mark.parametrize(("state", "held"), [({}, 0), ({"all": 3}, 3), ({"all": [1, 2]}, 0)])
def test_a_counter_that_is_not_there_holds_nothing(state: State, held: int) -> None:
    assert number(state, "all") == held


def test_a_list_that_is_none_is_empty() -> None:
    assert full(a_tally(burst=Burst("t1", 600, 1, SECONDS)), {"t1": 5}, NOW) is None


@pytest.mark.parametrize(("before", "most"), [([], 100), ([{"all": 30}], 100), ([{"all": 40}, {"all": 50}, {}], 150)])
def test_growth_loosens_the_first_cap_and_no_other(before: list[State], most: int) -> None:
    second = a_cap(7)
    tally = a_tally(a_cap(100), second, growth=Growth(3, ("one", "another")))
    assert grown(tally, best(tally, before)).caps == (a_cap(most), second)


def test_without_an_end_or_without_growth_nothing_is_loosened() -> None:
    for tally in (a_tally(a_cap(None), growth=Growth(3, ("one",))), a_tally(a_cap(5))):
        assert grown(tally, 50) == tally
