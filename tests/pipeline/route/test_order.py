"""Order: rank after rank, each drawn by its shares, the same for a message whenever it is asked."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.ids import from_number
from herald.pipeline.route.order import Draw, draws, order

NAMES = ("alpha", "beta", "gamma", "delta")
MANY = 20_000
shares = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 100), min_size=1)


def ids(many: int = MANY) -> Sequence[str]:
    """As many ids as that, spread as ids are that follow from keys."""
    return [from_number(number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128) for number in range(many)]


def firsts(rank: Mapping[str, float]) -> Counter[str]:
    """How often each channel is the first."""
    return Counter(order([rank], draws(each))[0] for each in ids())


def thrown(**numbers: float) -> Draw:
    """A draw that is known."""
    return lambda channel: numbers[channel]


def test_ranks_come_one_after_the_other() -> None:
    ranks = [{"alpha": 1.0}, {"beta": 1.0, "gamma": 9.0}, {"delta": 1.0}]
    assert order(ranks, thrown(alpha=0.1, beta=0.9, gamma=0.1, delta=0.9)) == ("alpha", "beta", "gamma", "delta")
    assert order(ranks, thrown(alpha=0.1, beta=0.1, gamma=0.9, delta=0.9)) == ("alpha", "gamma", "beta", "delta")


@pytest.mark.parametrize(
    "rank", [{"alpha": 70, "beta": 30}, {"alpha": 1, "beta": 2, "gamma": 7}, {"alpha": 1, "beta": 99}]
)
def test_over_many_messages_the_shares_come_out(rank: Mapping[str, float]) -> None:
    found, whole = firsts(rank), sum(rank.values())
    for name, share in rank.items():
        expected = MANY * share / whole
        assert abs(found[name] - expected) < 4 * (expected * (1 - share / whole)) ** 0.5  # four standard deviations


def test_the_next_is_drawn_from_what_is_left() -> None:
    rank = {"alpha": 50, "beta": 30, "gamma": 20}
    orders = [order([rank], draws(each)) for each in ids()]
    seconds = Counter(second for first, second, _ in orders if first == "alpha")
    assert 0.58 < seconds["beta"] / sum(seconds.values()) < 0.62


@given(st.lists(shares, min_size=1, max_size=3), st.integers(0, 2**128 - 1))
def test_every_channel_comes_once_in_its_rank(ranks: list[dict[str, float]], number: int) -> None:
    found = list(order(ranks, draws(from_number(number))))
    for rank in ranks:
        part, found = found[: len(rank)], found[len(rank) :]
        assert set(part) == set(rank)
        without = [name for name in part if not rank[name]]
        assert part[len(part) - len(without) :] == without == [name for name in rank if not rank[name]]
    assert found == []


@given(shares, st.integers(0, 2**128 - 1))
def test_the_order_depends_on_the_message_and_nothing_else(rank: dict[str, float], number: int) -> None:
    drawn = {name: share for name, share in rank.items() if share}
    turned = dict(reversed(drawn.items()))
    assert order([drawn], draws(from_number(number))) == order([turned], draws(from_number(number)))


@given(shares, st.sampled_from(NAMES), st.integers(0, 2**128 - 1))
def test_without_one_channel_the_others_keep_their_order(rank: dict[str, float], gone: str, number: int) -> None:
    draw = draws(from_number(number))
    rest = {name: share for name, share in rank.items() if name != gone}
    assert order([rest], draw) == tuple(name for name in order([rank], draw) if name != gone)


def test_a_share_that_shrinks_moves_no_message_to_its_channel_and_few_away() -> None:
    before, after = {"alpha": 70, "beta": 30}, {"alpha": 60, "beta": 40}
    moved = Counter(
        (order([before], draws(each))[0], order([after], draws(each))[0])
        for each in ids()
        if order([before], draws(each))[0] != order([after], draws(each))[0]
    )
    assert set(moved) == {("alpha", "beta")}
    assert moved["alpha", "beta"] < MANY * 0.12


@given(st.text(max_size=30), st.sampled_from(NAMES))
def test_a_draw_is_a_number_above_0_and_up_to_1(message_id: str, channel: str) -> None:
    assert 0 < draws(message_id)(channel) <= 1
