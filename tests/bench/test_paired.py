"""A comparison is fair: its order is drawn, pair by pair, and its interval says how far chance may carry a ratio."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.paired import Ratio, compared, interval, orders


@given(pairs=st.integers(1, 60), seed=st.integers(0, 1000))
def test_each_of_the_two_runs_first_in_half_of_the_pairs(pairs: int, seed: int) -> None:
    drawn = orders(pairs, seed)
    assert len(drawn) == pairs
    assert all(sorted(order) == [0, 1] for order in drawn)
    assert abs(2 * drawn.count((0, 1)) - pairs) <= 1


def test_the_order_is_the_seeds() -> None:
    assert orders(25, 1) == orders(25, 1)
    assert orders(25, 1) != orders(25, 2)


def test_nobody_takes_turns_in_going_first() -> None:
    drawn = orders(25, 1)
    assert any(one == two for one, two in pairwise(drawn))


def test_an_interval_is_the_same_for_the_same_seed() -> None:
    taken = _taken(25, 1.1, 0.2)
    assert interval(taken, 1, draws=50) == interval(taken, 1, draws=50)
    assert interval(taken, 1, draws=50) != interval(taken, 2, draws=50)


def test_pairs_that_all_agree_leave_no_doubt() -> None:
    found = compared([(0.5, 1.0)] * 5, 1)
    assert found == Ratio(0.5, 1.0, 2.0, 2.0, 2.0, 2.0)
    assert found.told_apart


def test_a_difference_beyond_the_noise_is_told_apart_and_none_is_not() -> None:
    assert compared(_taken(25, 1.3, 0.05), 1).told_apart
    assert not compared(_taken(25, 1.0, 0.05), 1).told_apart


def test_the_interval_holds_the_true_ratio_nearly_always() -> None:
    found = [interval(_taken(25, 1.1, 0.1, seed), seed, draws=400) for seed in range(60)]
    assert sum(low <= 1.1 <= high for low, high in found) >= 53


def test_more_pairs_make_a_narrower_interval() -> None:
    (low, high), (lower, higher) = interval(_taken(100, 1.1, 0.2), 1), interval(_taken(10, 1.1, 0.2), 1)
    assert high - low < higher - lower


@pytest.mark.parametrize("taken", [[(1.0, 2.0)], [(1.0, 2.0), (2.0, 1.0)], [(1.0, 1.5), (2.0, 3.0), (9.0, 13.5)]])
def test_the_ratio_of_the_medians_lies_in_its_interval(taken: list[tuple[float, float]]) -> None:
    found = compared(taken, 1)
    assert found.low <= found.ratio <= found.high


def test_what_slows_both_of_a_pair_leaves_its_ratio_as_it_is() -> None:
    slower = [(times * before, times * after) for times, (before, after) in enumerate(_taken(25, 1.1, 0), 1)]
    assert compared(slower, 1).of_pairs == pytest.approx(1.1)


def _taken(pairs: int, ratio: float, noise: float, seed: int = 7) -> list[tuple[float, float]]:
    """Pairs of such a true ratio, each time with noise of its own."""
    chance = random.Random(seed)
    return [(chance.lognormvariate(0, noise), ratio * chance.lognormvariate(0, noise)) for _ in range(pairs)]
