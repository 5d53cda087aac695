"""Observed: counts add up in any order, old ones go, and only so many fit."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from herald.journal.observed import (
    ATTEMPTS,
    ATTEMPTS_KEPT,
    MOST_CHANNELS,
    MOST_PAIRS,
    TEXTS,
    TEXTS_KEPT,
    Count,
    Observed,
    fitting,
    slot,
)  # fmt: skip

NOW = 1_795_000_000.0
WHATS = st.sampled_from(["failed", "uncertain", "taken", "sent", "texts", "timely"])
counts = st.builds(
    lambda what, channel, country, ago: Count(what, channel, country, slot(what, NOW - ago)),
    what=WHATS, channel=st.sampled_from("abc"), country=st.sampled_from(["", "IN", "US"]), ago=st.integers(0, 200),
)  # fmt: skip
batches = st.lists(st.dictionaries(counts, st.integers(1, 100), max_size=8), max_size=6)


@given(batches, st.randoms())
def test_what_processes_counted_adds_up_in_whatever_order_it_is_written(
    found: list[dict[Count, int]], dice: object
) -> None:
    one = other = Observed()
    for batch in found:
        one = one.added(batch, NOW)
    dice.shuffle(found)  # type: ignore[attr-defined]
    for batch in found:
        other = other.added(batch, NOW)
    assert one == other
    assert one.counts == sum(map(Counter, found), Counter())


def test_attempts_are_kept_for_five_minutes_and_texts_for_longer_than_an_hour() -> None:
    attempt, text = Count("sent", "a", "", slot("sent", NOW)), Count("texts", "a", "IN", slot("texts", NOW))
    seen = Observed().added({attempt: 1, text: 2}, NOW)
    assert seen.added({}, NOW + ATTEMPTS_KEPT).counts == seen.counts
    assert seen.added({}, NOW + ATTEMPTS_KEPT + ATTEMPTS).counts == {text: 2}
    assert seen.added({}, NOW + TEXTS_KEPT + TEXTS).counts == {}


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 200)), max_size=300))
def test_however_many_channels_and_countries_there_are_the_item_stays_small(found: list[tuple[int, int]]) -> None:
    seen = Observed()
    for channel, country in found:
        seen = seen.added({Count("texts", f"c{channel}", f"C{country}", 1): 1}, 0.0)
    assert len({count.channel for count in seen.counts}) <= MOST_CHANNELS
    assert len(seen.counts) <= MOST_PAIRS + MOST_CHANNELS


def test_what_is_known_already_always_fits() -> None:
    full = {Count("texts", "a", f"C{n}", 1): 1 for n in range(MOST_PAIRS + MOST_CHANNELS)}
    more = [Count("timely", "a", "C3", 2), Count("texts", "a", "new", 2)]
    assert fitting(full, more) == more[:1]


def test_senders_and_the_stream_count_what_went_well_by_themselves() -> None:
    here = Count("taken", "a", "", 7), Count("sent", "a", "", 7), Count("failed", "a", "", 7)
    assert Observed(dict(zip(here, (3, 5, 1), strict=True))).attempts("a", [7, 8]) == (1, 0, 5)
