"""Deadline: what a handler says of its time is known to whatever it begins, in all threads, and to nothing after it."""

import math
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from herald.aws import deadline


def a_context(milliseconds: float) -> SimpleNamespace:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def test_without_a_function_there_is_no_end() -> None:
    assert deadline.left() == math.inf
    for none in (None, object(), SimpleNamespace()):
        with deadline.of(none):
            assert deadline.left() == math.inf


def test_what_is_left_is_asked_for_anew_each_time() -> None:
    times = [3000, 2500.5]
    with deadline.of(SimpleNamespace(get_remaining_time_in_millis=lambda: times.pop(0))):
        assert [deadline.left(), deadline.left()] == [3.0, 2.5005]


def test_threads_know_it_and_afterwards_it_is_over() -> None:
    with ThreadPoolExecutor(1) as hands:
        with deadline.of(a_context(7000)):
            assert hands.submit(deadline.left).result() == 7.0
        assert hands.submit(deadline.left).result() == math.inf


def test_it_is_over_however_the_function_ends() -> None:
    with pytest.raises(KeyError), deadline.of(a_context(1)):
        raise KeyError
    assert deadline.left() == math.inf
