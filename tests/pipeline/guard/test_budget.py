"""Budget: in which counters a message is counted, and for how long these are kept."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.journal.tally import Burst, Cap, Growth, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.pipeline.guard.budget import QUEUED, tallies, when
from herald.settings.values import DEFAULT_CHANNELS, DEFAULT_LIMITS, Limits, Settings
from tests.builders import a_message

SECRET = b"a secret of the tests"
NOW = datetime(2026, 11, 27, 18, 30, 15, 250_000, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
MIDNIGHT = datetime(2026, 11, 28, tzinfo=UTC)
DECEMBER, JANUARY = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
NEVER = Limits()
BLOCK = Limits(number_10_minutes=5, number_day=20, block_day=100)


def counted(
    limits: Limits = NEVER, grant: Grant | None = None, secret: bytes = SECRET, now: datetime = NOW, **fields: Any
) -> Mapping[str, Tally]:
    """The tallies of a message, each by its key."""
    message, settings = a_sent(**fields), Settings(DEFAULT_CHANNELS, limits=limits)
    found = list(tallies(message, settings, grant, secret, when(message, now)))
    assert len({tally.key for tally in found}) == len(found)
    return {tally.key: tally for tally in found}


def a_sent(**fields: Any) -> Message:
    return a_message(**{"created_at": NOW, "caller": "key:shop", **fields})


def only(found: Mapping[str, Tally]) -> Tally:
    (tally,) = found.values()
    return tally


def test_what_has_no_limit_is_counted_nowhere() -> None:
    assert not counted()


def test_by_default_a_message_at_home_is_counted_in_its_block_and_in_all() -> None:
    block, every = counted(DEFAULT_LIMITS).values()
    assert block.key.startswith("count#block#")
    assert every.key == "count#all#2026-11"


# ---- By the block of a number


def test_a_block_counts_its_numbers_and_each_number_by_itself() -> None:
    tally = only(counted(BLOCK))
    assert tally.caps == (Cap("n552", 1, 20, "number_day", MIDNIGHT), Cap("all", 1, 100, "block_day", MIDNIGHT))
    assert tally.burst == Burst("t552", 600, 5, SECONDS)
    assert (tally.growth, tally.shared, tally.name) == (None, False, "block")


@pytest.mark.parametrize("limits", [Limits(number_10_minutes=1), Limits(number_day=1), Limits(block_day=1)])
def test_any_limit_of_a_number_counts_its_block(limits: Limits) -> None:
    assert only(counted(limits)).key.startswith("count#block#")


@given(st.integers(0, 999), st.integers(0, 999))
def test_numbers_that_differ_in_their_last_three_digits_share_a_block(one: int, other: int) -> None:
    first, second = (only(counted(BLOCK, to=f"+919741552{last:03}")) for last in (one, other))
    assert first.key == second.key
    assert (first.burst == second.burst) == (one == other)


@given(st.from_regex(r"\+91[6-9]\d{9}", fullmatch=True), st.from_regex(r"\+91[6-9]\d{9}", fullmatch=True))
def test_other_numbers_do_not(one: str, other: str) -> None:
    same = only(counted(BLOCK, to=one)).key == only(counted(BLOCK, to=other)).key
    assert same == (one[:-3] == other[:-3])


def test_a_block_is_a_keyed_hash_of_the_day_and_no_number() -> None:
    key = only(counted(BLOCK)).key
    assert key != only(counted(BLOCK, secret=b"another")).key
    assert "741552" not in key
    kind, of, block, day = key.split("#")
    assert (kind, of, len(block), day) == ("count", "block", 32, "2026-11-27")
    assert only(counted(BLOCK, now=NOW + timedelta(days=1))).key == f"count#block#{block}#2026-11-28"


def test_a_block_is_kept_until_its_day_is_surely_over() -> None:
    assert only(counted(BLOCK)).until == MIDNIGHT + timedelta(days=1)


def test_what_is_scheduled_is_no_text_within_ten_minutes_yet() -> None:
    tally = only(counted(BLOCK, send_at=NOW + timedelta(seconds=1)))
    assert tally.burst is None
    assert [cap.counter for cap in tally.caps] == ["n552", "all"]
    assert only(counted(BLOCK, send_at=NOW)).burst == Burst("t552", 600, 5, SECONDS)


def test_what_is_queued_counts_as_sent_a_little_later() -> None:
    message, settings = a_sent(), Settings(DEFAULT_CHANNELS, limits=BLOCK)
    (tally,) = tallies(message, settings, None, SECRET, when(message, NOW, queued=True))
    assert tally.burst == Burst("t552", 600, 5, SECONDS + QUEUED)


@pytest.mark.parametrize(("after", "looks_back"), [(0, True), (600, True), (609, True), (610, False), (86_399, False)])
def test_just_after_midnight_the_texts_of_the_day_before_count_too(after: int, looks_back: bool) -> None:
    burst = only(counted(BLOCK, now=MIDNIGHT + timedelta(seconds=after))).burst
    assert burst and burst.before == (only(counted(BLOCK)).key if looks_back else None)


# ---- By the caller's minute


def test_a_callers_minute_is_counted_until_it_is_over() -> None:
    tally = only(counted(grant=Grant("key:shop", per_minute=3)))
    over = datetime(2026, 11, 27, 18, 31, tzinfo=UTC)
    assert tally == Tally(
        "count#key:shop#2026-11-27T18:30",
        (Cap("all", 1, 3, "caller_minute", over),),
        MIDNIGHT + timedelta(days=1),
        name="minute",
    )


# ---- By country


ABROAD = {"country": "SG", "to": "+6581234567"}


def days(*dates: str) -> tuple[str, ...]:
    """The items of a country's days."""
    return tuple(f"count#country#SG#{date}" for date in dates)


WEEK = days(*(f"2026-11-{day}" for day in range(20, 27)))


def test_a_country_is_counted_by_the_day_and_may_grow_from_the_week_before() -> None:
    tally = only(counted(Limits(country_day=100), **ABROAD))
    assert (tally.key,) == days("2026-11-27")
    assert tally.caps == (Cap("all", 1, 100, "country_day", MIDNIGHT),)
    assert tally.growth == Growth(3, WEEK)


def test_what_is_only_scheduled_lets_no_country_grow() -> None:
    later = only(counted(Limits(country_day=100), send_at=NOW + timedelta(days=3), **ABROAD))
    assert (later.key,) == days("2026-11-30")
    assert later.growth == Growth(3, days("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"))
    far = only(counted(Limits(country_day=100), send_at=NOW + timedelta(days=8), **ABROAD))
    assert far.growth == Growth(3, ())


def test_a_countrys_day_is_kept_while_a_day_of_the_week_after_looks_at_it() -> None:
    assert only(counted(Limits(country_day=100), **ABROAD)).until == MIDNIGHT + timedelta(days=8)


def test_the_own_country_is_not_counted_as_one() -> None:
    assert not counted(Limits(country_day=100))


# ---- By month: messages and money, of the caller and of all


def test_all_messages_are_counted_by_their_day_in_their_month() -> None:
    assert only(counted(Limits(day=10_000))) == Tally(
        "count#all#2026-11",
        (Cap("sent_27", 1, 10_000, "day", MIDNIGHT),),
        DECEMBER + timedelta(days=31),
        shared=True,
        name="all",
    )


def test_money_is_counted_by_day_and_month_of_the_caller_and_of_all() -> None:
    limits = Limits(spend_day=5, spend_month=50, caller_spend_day=3, caller_spend_month=30)
    own, every = counted(limits, reserved=2500).values()
    assert (own.key, every.key) == ("count#key:shop#2026-11", "count#all#2026-11")
    assert own.caps == (
        Cap("sent_27", 1, None, "caller_day", MIDNIGHT),
        Cap("spent_27", 2500, 3, "caller_spend_day", MIDNIGHT),
        Cap("spent", 2500, 30, "caller_spend_month", DECEMBER),
    )
    assert every.caps == (
        Cap("sent_27", 1, None, "day", MIDNIGHT),
        Cap("spent_27", 2500, 5, "spend_day", MIDNIGHT),
        Cap("spent", 2500, 50, "spend_month", DECEMBER),
    )
    assert own.shared and every.shared


def test_money_is_counted_even_where_it_has_no_limit_so_that_one_may_be_set_later() -> None:
    own, every = counted(reserved=2500).values()
    assert {cap.most for tally in (own, every) for cap in tally.caps} == {None}


def test_a_callers_own_limits_go_before_the_stages_where_they_are_tighter() -> None:
    limits = Limits(caller_spend_day=3_000_000, caller_spend_month=30_000_000)
    tight, wide = (Grant("key:shop", per_day=7, spend_day=each, spend_month=10 * each) for each in (2, 4))
    own, _ = counted(limits, tight, reserved=1).values()
    assert [(cap.counter, cap.most, cap.code) for cap in own.caps] == [
        ("sent_27", 7, "caller_day"),
        ("spent_27", 2_000_000, "caller_spend_day"),
        ("spent", 20_000_000, "caller_spend_month"),
    ]
    own, _ = counted(limits, wide, reserved=1).values()
    assert [cap.most for cap in own.caps] == [7, 3_000_000, 30_000_000]


def test_a_month_ends_in_the_next_year_too() -> None:
    december = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    tally = only(counted(Limits(day=1), now=december))
    assert (tally.key, tally.caps[0].counter, tally.caps[0].frees) == ("count#all#2026-12", "sent_31", JANUARY)
    own, _ = counted(now=december, reserved=1).values()
    assert own.caps[-1].frees == JANUARY


# ---- When, and for whom


def test_a_message_counts_on_the_day_on_which_it_is_to_be_sent() -> None:
    everything = Limits(*[1] * 9)
    later = counted(everything, Grant("key:shop", per_minute=1), send_at=NOW + timedelta(days=7), reserved=1, **ABROAD)
    assert len(later) == 5
    days = {cap.counter for tally in later.values() for cap in tally.caps if cap.counter[0] == "s"} - {"spent"}
    assert days == {"sent_04", "spent_04"}
    assert all("2026-12" in key for key in later)


def test_what_is_only_tried_out_is_counted_apart() -> None:
    everything, grant = Limits(*[1] * 9), Grant("key:shop", per_minute=1)
    live = counted(everything, grant, reserved=1, **ABROAD)
    tried = counted(everything, grant, reserved=1, test=True, **ABROAD)
    assert list(tried) == [key.replace("count#", "count#test#", 1) for key in live]
    alike = [[tally._replace(key="", growth=None) for tally in found.values()] for found in (tried, live)]
    assert alike[0] == alike[1]


def test_the_narrowest_is_counted_first() -> None:
    everything, grant = Limits(*[1] * 9), Grant("key:shop", per_minute=1)
    kinds = [key.split("#")[1] for key in counted(everything, grant, reserved=1, **ABROAD)]
    assert kinds == ["block", "key:shop", "key:shop", "country", "all"]
