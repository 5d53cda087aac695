"""Counters: hard limits, the same in memory and in the engine's DynamoDB, however many count at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from herald.journal.counters import DynamoCounters
from herald.journal.tally import Burst, Cap, Full, Growth, Level, Tally
from herald.pipeline.ports import Counters
from herald.testing.memory import MemoryCounters
from tests.failing import AnswersLost

NOW = datetime(2026, 11, 26, 23, 50, tzinfo=UTC)
MIDNIGHT = NOW + timedelta(minutes=10)
UNTIL = NOW + timedelta(days=2)
names = iter(range(10**9))


@pytest.fixture(params=["memory", "dynamodb"])
def counters(request: pytest.FixtureRequest) -> Iterator[Counters]:
    if request.param == "memory":
        yield MemoryCounters()
    else:
        yield DynamoCounters(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


def a_key() -> str:
    """An item that nobody has counted in."""
    return f"count#{next(names)}"


def a_cap(amount: int = 1, most: int | None = 3, counter: str = "all", code: str = "day") -> Cap:
    return Cap(counter, amount, most, code, MIDNIGHT)


def a_burst(soon: int = 2, counter: str = "t552", before: str | None = None) -> Burst:
    return Burst(counter, 600, soon, 0, before)


def sent_at(tally: Tally, now: datetime) -> Tally:
    """The tally of a text that is sent now."""
    burst = tally.burst
    return tally._replace(burst=burst._replace(moment=int(now.timestamp()))) if burst else tally


def take(counters: Counters, tally: Tally, after: float = 0) -> Full | None:
    now = NOW + timedelta(seconds=after)
    return counters.take(sent_at(tally, now), now)


def passed(counters: Counters, tally: Tally, *seconds: int) -> list[str | None]:
    """What is said when it is counted at these seconds."""
    return [full and full.code for full in (take(counters, tally, after) for after in seconds)]


def test_as_many_pass_as_may_and_no_more(counters: Counters) -> None:
    tally = Tally(a_key(), (a_cap(most=3),), UNTIL)
    assert passed(counters, tally, 0, 0, 0, 0, 0) == [None, None, None, "day", "day"]


def test_what_is_more_than_the_limit_by_itself_never_passes(counters: Counters) -> None:
    assert passed(counters, Tally(a_key(), (a_cap(amount=4, most=3),), UNTIL), 0) == ["day"]


def test_what_fits_still_passes_where_something_larger_did_not(counters: Counters) -> None:
    key = a_key()
    assert passed(counters, Tally(key, (a_cap(amount=2),), UNTIL), 0, 0) == [None, "day"]
    assert passed(counters, Tally(key, (a_cap(amount=1),), UNTIL), 0, 0) == [None, "day"]


def test_a_counter_without_a_limit_counts_on(counters: Counters) -> None:
    key = a_key()
    assert passed(counters, Tally(key, (a_cap(amount=50, most=None),), UNTIL), 0, 0, 0) == [None] * 3
    assert passed(counters, Tally(key, (a_cap(most=150),), UNTIL), 0) == ["day"]


def test_one_full_counter_counts_in_none(counters: Counters) -> None:
    key = a_key()
    both = Tally(key, (a_cap(most=None, counter="a"), a_cap(most=1, counter="b", code="month")), UNTIL)
    assert passed(counters, both, 0, 0, 0) == [None, "month", "month"]
    assert passed(counters, Tally(key, (a_cap(most=2, counter="a"),), UNTIL), 0, 0) == [None, "day"]


def test_what_is_given_back_can_be_taken_again(counters: Counters) -> None:
    tally = Tally(a_key(), (a_cap(most=1),), UNTIL, a_burst(soon=1))
    assert passed(counters, tally, 0, 1) == [None, "number_10_minutes"]
    counters.give(sent_at(tally, NOW))
    assert passed(counters, tally, 2, 3) == [None, "number_10_minutes"]


def test_an_amount_is_added_whatever_the_limit(counters: Counters) -> None:
    key = a_key()
    counters.add(key, {"a": 5, "b": 0}, UNTIL)
    assert passed(counters, Tally(key, (a_cap(most=5, counter="a"),), UNTIL), 0) == ["day"]


def test_nothing_is_taken_away_that_was_not_counted(counters: Counters) -> None:
    key = a_key()
    counters.add(key, {"a": 5, "b": 1}, UNTIL)
    counters.add(key, {"a": -3, "b": -2, "c": -1}, UNTIL)
    left = [Tally(key, (a_cap(most=most, counter=name),), UNTIL) for name, most in (("a", 3), ("b", 2), ("c", 1))]
    assert [passed(counters, tally, 0, 0) for tally in left] == [[None, "day"]] * 3


def test_only_the_moment_of_the_text_that_never_left_is_forgotten(counters: Counters) -> None:
    tally = Tally(a_key(), (), UNTIL, a_burst(soon=2))
    assert passed(counters, tally, 0, 300, 301) == [None, None, "number_10_minutes"]
    counters.forget(tally.key, "t552", int(NOW.timestamp()))
    assert passed(counters, tally, 302, 899, 900) == [None, "number_10_minutes", None]
    counters.forget(tally.key, "t552", 5)
    counters.forget(a_key(), "t552", 5)
    assert passed(counters, tally, 901) == ["number_10_minutes"]


def test_a_number_gets_so_many_within_any_ten_minutes_across_midnight_too(counters: Counters) -> None:
    yesterday = Tally(a_key(), (), UNTIL, a_burst(soon=3))
    today = Tally(a_key(), (), UNTIL, a_burst(soon=3, before=yesterday.key))
    assert passed(counters, yesterday, 590, 595) == [None, None]
    assert passed(counters, today, 601, 602, 1189, 1190, 1191, 1195) == [
        None, "number_10_minutes", "number_10_minutes", None, "number_10_minutes", None,
    ]  # fmt: skip
    full = Tally(a_key(), (), UNTIL, a_burst(soon=2, before=yesterday.key))
    assert take(counters, full, 700) == Full("number_10_minutes", 490)


def test_a_number_gets_so_many_within_any_ten_minutes(counters: Counters) -> None:
    tally = Tally(a_key(), (a_cap(most=None),), UNTIL, a_burst(soon=2))
    assert passed(counters, tally, 0, 599, 599, 600, 601, 1199, 1200) == [
        None, None, "number_10_minutes", None, "number_10_minutes", None, None,
    ]  # fmt: skip


def test_numbers_of_one_block_share_its_counter(counters: Counters) -> None:
    key = a_key()
    tallies = [Tally(key, (a_cap(most=3, code="block_day"),), UNTIL, a_burst(1, f"t{n}")) for n in range(4)]
    assert [passed(counters, tally, 0)[0] for tally in tallies] == [None, None, None, "block_day"]


@pytest.mark.parametrize(
    ("tally", "code", "seconds"),
    [
        (Tally("", (a_cap(most=1),), UNTIL), "day", 600),
        (Tally("", (a_cap(most=None),), UNTIL, a_burst(soon=1)), "number_10_minutes", 600),
    ],
)
def test_it_is_told_when_asking_again_may_help(counters: Counters, tally: Tally, code: str, seconds: int) -> None:
    tally = tally._replace(key=a_key())
    assert take(counters, tally) is None
    assert take(counters, tally) == Full(code, seconds)


def day(country: str, ordinal: int, most: int = 2) -> Tally:
    """A country's item for a day: thrice the best day of the last week, or ``most``."""
    before = tuple(f"{country}#{n}" for n in range(ordinal - 7, ordinal))
    return Tally(f"{country}#{ordinal}", (a_cap(most=most),), UNTIL, growth=Growth(3, before))


def test_a_country_may_grow_to_thrice_its_best_day_and_no_faster(counters: Counters) -> None:
    key = a_key()
    counts = [passed(counters, day(key, ordinal), *[0] * 200).count(None) for ordinal in range(1, 6)]
    assert counts == [2, 6, 18, 54, 162]


def test_a_day_counts_for_a_week(counters: Counters) -> None:
    key = a_key()
    assert passed(counters, day(key, 1), 0, 0) == [None, None]
    assert passed(counters, day(key, 8), *[0] * 10).count(None) == 6
    assert passed(counters, day(key, 9, most=1), *[0] * 40).count(None) == 18  # thrice the sixth
    assert passed(counters, day(key, 30), *[0] * 10).count(None) == 2


def test_what_is_counted_for_one_day_changes_no_other(counters: Counters) -> None:
    key = a_key()
    assert passed(counters, day(key, 1), 0, 0, 0) == [None, None, "day"]
    for ordinal in range(2, 40):
        assert passed(counters, day(key, ordinal, most=1), 0) == [None]
        counters.give(day(key, ordinal, most=1))
    assert passed(counters, day(key, 1), 0) == ["day"]


def test_the_days_before_are_read_once(dynamodb: Any, table: str) -> None:
    calls: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    counters, key = DynamoCounters(dynamodb, table), a_key()
    passed(counters, day(key, 1), *[0] * 2)
    passed(counters, day(key, 2), *[0] * 5)
    assert calls.count("BatchGetItem") == 1
    assert len(calls) == 2 + 2 + 3 + 2  # The third of the second day is refused, and counted again.


operations = st.lists(
    st.tuples(st.sampled_from(["take", "give"]), st.integers(0, 3), st.integers(0, 1), st.integers(0, 400)),
    max_size=12,
)


@given(operations)
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_memory_and_dynamodb_say_the_same(dynamodb: Any, table: str, done: list[tuple[str, int, int, int]]) -> None:
    key, now = a_key(), NOW
    tallies = [
        Tally("", (a_cap(most=4),), UNTIL, a_burst()),
        Tally("", (a_cap(amount=2, most=5), a_cap(most=None, counter="b")), UNTIL),
        Tally("", (a_cap(amount=1, most=2, counter="b", code="month"),), UNTIL, a_burst(1, "t1", f"{key}before")),
        Tally("before", (), UNTIL, a_burst(4, "t1")),
    ]
    real, memory, taken = DynamoCounters(dynamodb, table), MemoryCounters(), list[Tally]()
    for operation, which, _, seconds in done:
        now += timedelta(seconds=seconds)
        tally = sent_at(tallies[which], now)._replace(key=f"{key}{tallies[which].key}")
        if operation == "take":
            taken.append(tally)
            assert real.take(tally, now) == memory.take(tally, now)
        else:
            again = taken[seconds % len(taken)] if taken else tally
            real.give(again)
            memory.give(again)


def test_of_twenty_that_count_at_once_exactly_as_many_pass_as_may(counters: Counters) -> None:
    tally = Tally(a_key(), (a_cap(most=50),), UNTIL)
    with ThreadPoolExecutor(20) as crowd:
        said = list(crowd.map(lambda _: counters.take(tally, NOW), range(120)))
    assert said.count(None) == 50


def test_a_write_whose_answer_was_lost_lets_less_through_and_never_more(dynamodb: Any, table: str) -> None:
    tally = Tally(a_key(), (a_cap(most=3),), UNTIL)
    lossy = DynamoCounters(AnswersLost(dynamodb, lost=1), table)
    said = [lossy.take(tally, NOW) for _ in range(5)]
    assert said.count(None) == 2


def test_what_was_full_and_is_free_by_now_is_refused_for_a_second(dynamodb: Any, table: str) -> None:
    class Late:
        """A client whose refusals tell how the item stands when more may be counted again."""

        def __init__(self) -> None:
            self.exceptions = dynamodb.exceptions

        def update_item(self, **request: Any) -> Any:
            try:
                return dynamodb.update_item(**request)
            except dynamodb.exceptions.ConditionalCheckFailedException as error:
                error.response["Item"] = {"pk": request["Key"]["pk"], "all": {"N": "0"}}
                raise

    caps = (a_cap(most=1), a_cap(most=9, counter="b", code="month"))
    late, tally = DynamoCounters(Late(), table), Tally(a_key(), caps, UNTIL)
    assert late.take(tally, NOW) is None
    assert late.take(tally, NOW) == Full("day", 1)


def test_an_item_of_counters_ends(dynamodb: Any, table: str) -> None:
    tally = Tally(a_key(), (a_cap(),), UNTIL)
    DynamoCounters(dynamodb, table).take(tally, NOW)
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": tally.key}})["Item"]
    assert item["ttl"] == {"N": str(int(UNTIL.timestamp()))}


@pytest.mark.parametrize("tally", [
    Tally("", (a_cap(most=2), a_cap(5, None, "spent", "spend_day")), UNTIL),
    Tally("", (a_cap(most=9),), UNTIL, burst=a_burst(2)),
    Tally("", (), UNTIL, burst=a_burst(1)),
    Tally("", (a_cap(most=1),), UNTIL, growth=Growth(3, ("yesterday",))),
])  # fmt: skip
def test_who_looks_is_told_what_who_counts_is_told_and_counts_nothing(counters: Counters, tally: Tally) -> None:
    key, before = a_key(), a_key()
    take(counters, Tally(before, (a_cap(most=None),), UNTIL))
    tally = tally._replace(key=key, growth=tally.growth and tally.growth._replace(before=(before,)))
    for after in (0, 1, 2, 3, 4, 700):
        now = NOW + timedelta(seconds=after)
        looked = [counters.look(sent_at(tally, now), now) for _ in range(2)]
        assert looked[0] == looked[1]
        assert looked[0].full == take(counters, tally, after)


def test_who_looks_sees_how_full_each_limit_is(counters: Counters) -> None:
    tally = Tally(a_key(), (a_cap(2, 9), a_cap(1, None, "n")), UNTIL, burst=a_burst(3))
    for after in (0, 1, 602):
        take(counters, tally, after)
    now = NOW + timedelta(seconds=602)
    assert counters.look(sent_at(tally, now), now).levels == (
        Level("number_10_minutes", 1, 3, None), Level("day", 6, 9, MIDNIGHT),
    )  # fmt: skip


def test_what_was_sent_just_before_midnight_is_seen_after_it(counters: Counters) -> None:
    yesterday = a_key()
    take(counters, Tally(yesterday, (), UNTIL, burst=a_burst(2)))
    tally = Tally(a_key(), (), UNTIL, burst=a_burst(2, before=yesterday))
    assert counters.look(sent_at(tally, NOW), NOW).levels == (Level("number_10_minutes", 1, 2, None),)
