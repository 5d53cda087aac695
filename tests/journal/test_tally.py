"""Tally: which limit is reached, and after how many seconds it is worth asking again. To the second."""

from datetime import UTC, datetime, timedelta

import pytest

from herald.journal.tally import Burst, Cap, Full, Growth, State, Tally, full, grown, number

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
    tally = a_tally(burst=Burst("t1", 600, 2, None, TOMORROW))
    found = full(tally, {"t1": [SECONDS - each for each in ago]}, NOW)
    assert found == (Full("number_10_minutes", wait) if wait else None)


@pytest.mark.parametrize(
    ("texts", "told"), [(3, None), (4, Full("number_day", 43_200)), (5, Full("number_day", 43_200))]
)
def test_a_number_waits_until_tomorrow_after_its_last_text_of_today(texts: int, told: Full | None) -> None:
    tally = a_tally(burst=Burst("t1", 600, None, 4, TOMORROW))
    assert full(tally, {"t1": [SECONDS - 1000] * texts}, NOW) == told


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
    assert full(a_tally(burst=Burst("t1", 600, 1, 1, TOMORROW)), {"t1": 5}, NOW) is None


@pytest.mark.parametrize(("before", "most"), [({}, 100), ({"d1": 30}, 100), ({"d1": 40, "d2": 50}, 150)])
def test_growth_loosens_the_first_cap_and_no_other(before: State, most: int) -> None:
    second = a_cap(7)
    tally = a_tally(a_cap(100), second, growth=Growth(3, ("d1", "d2")))
    assert grown(tally, before).caps == (a_cap(most), second)


def test_without_an_end_or_without_growth_nothing_is_loosened() -> None:
    for tally in (a_tally(a_cap(None), growth=Growth(3, ("d1",))), a_tally(a_cap(5))):
        assert grown(tally, {"d1": 50}) == tally
