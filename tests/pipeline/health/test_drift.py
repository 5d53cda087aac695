"""Drift: when messages move to other channels, how many, and how they come back. Pure."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.journal.observed import ATTEMPTS, TEXTS, Count, Drift, Observed, slot
from herald.pipeline.health import drift
from herald.pipeline.health.drift import BACK, HOLD, STEP, away, moves, points

NOW = 1_795_000_000.0 // TEXTS * TEXTS
LAST = slot("texts", NOW - drift.LATE) - 1
PAIR = ("exotel", "IN")


def texts(late: float, *, channel: str = "exotel", usual: float = 0.02, each: int = 50, before: int = 50) -> Observed:
    """Texts of a channel in India, of which this part is late in the last quarter of an hour, and was in the hour
    before.
    """
    found: dict[Count, int] = {}
    for ago in range(15):
        number, part = (each, late) if ago < 3 else (before, usual)
        found[Count("texts", channel, "IN", LAST - ago)] = number
        found[Count("timely", channel, "IN", LAST - ago)] = round(number * (1 - part))
    return Observed(found)


def both(*every: Observed, drifts: Mapping[tuple[str, str], Drift] | None = None) -> Observed:
    counts = {count: number for each in every for count, number in each.counts.items()}
    return Observed(counts, drifts=drifts or {})


@pytest.mark.parametrize(("late", "moved"), [(0.02, False), (0.12, False), (0.18, True), (1.0, True)])
def test_ten_points_move_if_many_more_texts_than_usual_are_late_or_silent(late: float, moved: bool) -> None:
    found = moves(texts(late), NOW)
    assert bool(found) is moved
    if moved:
        assert (found[PAIR].points, found[PAIR].at) == (STEP, NOW)
        assert "late or silent" in found[PAIR].why


def test_a_channel_of_which_texts_are_always_silent_is_not_judged_by_that() -> None:
    assert moves(texts(1.0, usual=1.0), NOW) == {}
    assert moves(texts(0.5, usual=0.4), NOW) == {}


def test_what_has_no_hour_before_or_too_few_texts_is_not_judged() -> None:
    assert moves(texts(1.0, before=0), NOW) == {}
    assert moves(texts(1.0, each=6), NOW) == {}
    assert moves(texts(1.0, each=7), NOW) != {}


def test_texts_are_judged_once_they_had_five_minutes() -> None:
    fresh = Count("texts", "exotel", "IN", slot("texts", NOW - 1))
    found = texts(0.02)
    assert moves(Observed({**found.counts, fresh: 500}), NOW) == {}


def test_where_every_channel_is_slow_nothing_is_gained_by_moving() -> None:
    slow = texts(0.6), texts(0.6, channel="twilio")
    assert moves(both(*slow), NOW) == {}
    assert moves(both(texts(0.6), texts(0.02, channel="twilio")), NOW).keys() == {PAIR}


def test_messages_move_once_in_five_minutes_and_in_the_end_all_of_them() -> None:
    seen, now, sizes = texts(1.0), NOW, []
    for _ in range(12):
        assert moves(seen._replace(drifts={PAIR: Drift(40, now - HOLD + 1)}), now) == {}
        found = moves(seen, now)
        sizes.append(found[PAIR].points)
        seen = seen._replace(drifts=found)
        now, seen = now + TEXTS, shifted(seen)
    assert sizes == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100, 100]


def shifted(seen: Observed) -> Observed:
    """The same texts as if they had been sent five minutes later."""
    return seen._replace(counts={count._replace(slot=count.slot + 1): n for count, n in seen.counts.items()})


def test_they_come_back_by_themselves_ten_points_in_a_quarter_of_an_hour() -> None:
    moved = Drift(30, NOW)
    left = [points(moved, NOW + minutes * 60) for minutes in (0, 14, 15, 30, 44, 45, 600)]
    assert left == [30, 30, 20, 10, 10, 0, 0]
    assert points(None, NOW) == 0


def attempts(bad: int, good: int, channel: str = "exotel") -> Observed:
    at = slot("sent", NOW - 30)
    return Observed({Count("failed", channel, "", at): bad, Count("sent", channel, "", at): good})


def test_attempts_that_fail_move_messages_to_every_country() -> None:
    found = moves(attempts(4, 20), NOW)
    assert found.keys() == {("exotel", "")}
    seen = Observed(drifts=found)
    assert [away(seen, "exotel", country, NOW) for country in ("IN", "US")] == [10, 10]
    assert away(seen, "twilio", "IN", NOW) == 0
    assert moves(attempts(3, 20), NOW) == moves(attempts(4, 15), NOW) == {}
    assert moves(both(attempts(9, 20), attempts(9, 20, "twilio")), NOW) == {}
    assert ATTEMPTS < 30


@given(st.integers(0, 100), st.floats(-1e4, 1e6), st.floats(0, 1e5))
def test_what_is_moved_only_comes_back_with_time_and_is_at_rest_in_the_end(
    moved: int, passed: float, more: float
) -> None:
    before, after = points(Drift(moved, NOW), NOW + passed), points(Drift(moved, NOW), NOW + passed + more)
    assert 0 <= after <= before <= 100
    assert points(Drift(moved, NOW), NOW + BACK * 10) == 0


counts = st.dictionaries(
    st.builds(
        Count, what=st.sampled_from(["failed", "sent", "texts", "timely"]), channel=st.sampled_from("ab"),
        country=st.just("IN"), slot=st.integers(LAST - 20, LAST + 2),
    ),
    st.integers(0, 100), max_size=40,
)  # fmt: skip


@given(counts)
def test_whatever_was_counted_a_move_is_of_ten_points_and_never_of_all_channels(found: dict[Count, int]) -> None:
    moved = moves(Observed(found), NOW)
    assert all(each.points == STEP for each in moved.values())
