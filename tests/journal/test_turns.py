"""Turns: they are dealt one by one, in all processes together, and never faster than the rate."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.journal.turns import HEADROOM, SKEW, DynamoTurns, interval
from herald.pipeline.attempts import Turns
from herald.settings.values import Rate
from herald.testing.turns import MemoryTurns
from tests.builders import NOW
from tests.failing import AnswersLost

SNS, EXOTEL = Rate(20, 1.0), Rate(200, 60.0)
FAR = NOW + timedelta(days=3)
rates = st.builds(Rate, st.integers(1, 999_999), st.sampled_from([1.0, 60.0, 3600.0]))


@pytest.fixture
def turns(dynamodb: Any, table: str) -> DynamoTurns:
    return DynamoTurns(dynamodb, table)


@pytest.fixture(params=["dynamodb", "memory"])
def pace(request: pytest.FixtureRequest) -> Turns:
    """The real one and the fake: every test that uses this fixture is part of their contract."""
    real: Turns = request.getfixturevalue("turns")
    return real if request.param == "dynamodb" else MemoryTurns()


class Counting:
    """A DynamoDB client that counts its writes."""

    def __init__(self, real: Any) -> None:
        self._real, self.writes = real, 0
        self.exceptions = real.exceptions

    def update_item(self, **request: Any) -> Any:
        self.writes += 1
        return self._real.update_item(**request)


def a_channel() -> str:
    """A channel that nobody else uses."""
    return f"channel-{uuid.uuid4().hex[:8]}"


def later(**time: float) -> datetime:
    return NOW + timedelta(**time)


def taken(pace: Turns, channel: str, rate: Rate = SNS, now: datetime = NOW, latest: datetime = FAR) -> datetime:
    """A turn that there is."""
    turn = pace.take(channel, rate, now=now, latest=latest)
    assert turn is not None
    return turn


def item(dynamodb: Any, table: str, channel: str) -> Any:
    """What the table holds of a channel."""
    return dynamodb.get_item(TableName=table, Key={"pk": {"S": f"turns#{channel}"}}, ConsistentRead=True).get("Item")


# ------------------------------------------------------------------------------------------------------------ in turn


def test_the_first_turn_is_now_and_the_next_ones_follow_at_the_rate(pace: Turns) -> None:
    channel = a_channel()
    first, second, third = (taken(pace, channel) for _ in range(3))
    assert first == NOW
    assert second - first == third - second
    assert timedelta(seconds=1 / 20) <= second - first <= timedelta(seconds=1 / 20 / 0.95)


def test_a_channel_that_rested_saves_nothing_up(pace: Turns) -> None:
    channel = a_channel()
    taken(pace, channel)
    assert taken(pace, channel, now=later(hours=1)) == later(hours=1)
    assert taken(pace, channel, now=later(hours=1)) >= later(hours=1, seconds=1 / 20)


def test_channels_do_not_wait_for_each_other(pace: Turns) -> None:
    assert [taken(pace, a_channel()) for _ in range(3)] == [NOW] * 3


def test_a_turn_at_the_very_latest_moment_is_taken(pace: Turns) -> None:
    channel = a_channel()
    assert pace.take(channel, SNS, now=NOW, latest=NOW) == NOW
    second = taken(pace, channel)
    assert pace.take(channel, SNS, now=NOW, latest=second + (second - NOW)) == second + (second - NOW)


def test_a_turn_that_comes_too_late_is_not_taken(pace: Turns) -> None:
    channel = a_channel()
    step = -(taken(pace, channel) - taken(pace, channel))
    for _ in range(3):
        assert pace.take(channel, SNS, now=NOW, latest=NOW + 2 * step - timedelta(microseconds=1)) is None
    assert taken(pace, channel) == NOW + 2 * step


def test_a_latest_moment_that_has_passed_is_no_turn(pace: Turns) -> None:
    channel = a_channel()
    assert pace.take(channel, SNS, now=NOW, latest=later(microseconds=-1)) is None
    assert taken(pace, channel) == NOW


def test_a_new_rate_holds_from_the_next_turn_on(pace: Turns) -> None:
    channel = a_channel()
    taken(pace, channel, Rate(1, 60.0))
    after = taken(pace, channel, SNS)
    assert after >= later(minutes=1)
    assert taken(pace, channel, SNS) - after < timedelta(seconds=0.06)


def test_a_turn_that_is_given_back_is_the_next_ones(pace: Turns) -> None:
    channel = a_channel()
    for _ in range(20):
        turn = taken(pace, channel)
        assert turn == NOW
        pace.give(channel, SNS, turn)


def test_turns_that_are_given_back_from_the_last_on_are_all_free_again(pace: Turns) -> None:
    channel = a_channel()
    turns = [taken(pace, channel) for _ in range(5)]
    for turn in turns[:1:-1]:
        pace.give(channel, SNS, turn)
    assert [taken(pace, channel) for _ in range(3)] == turns[2:]


def test_a_turn_that_is_given_back_before_anothers_stays_empty(pace: Turns) -> None:
    channel = a_channel()
    first, second = taken(pace, channel), taken(pace, channel)
    pace.give(channel, SNS, first)
    assert taken(pace, channel) > second


def test_a_turn_is_given_back_once_and_what_was_not_taken_never(pace: Turns) -> None:
    channel = a_channel()
    pace.give(channel, SNS, NOW)
    first, second = taken(pace, channel), taken(pace, channel)
    for _ in range(2):
        pace.give(channel, SNS, second)
    assert taken(pace, channel) == second > first == NOW


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
skews = st.floats(-SKEW.total_seconds() / 2, SKEW.total_seconds() / 2)


@few
@given(
    rate=rates,
    calls=st.lists(st.tuples(st.floats(0, 2), skews, st.floats(0, 4), st.booleans()), min_size=2, max_size=12),
)
def test_in_whatever_order_processes_with_uneven_clocks_ask_turns_keep_their_distance(
    pace: Turns, rate: Rate, calls: list[tuple[float, float, float, bool]]
) -> None:
    """Some give back each turn that they took."""
    channel, unit, passed, dealt = a_channel(), timedelta(seconds=rate.seconds / rate.messages), NOW, []
    for passes, skew, patience, gives_back in calls:
        passed += passes * unit
        now = passed + timedelta(seconds=skew)
        turn = pace.take(channel, rate, now=now, latest=now + patience * unit)
        if turn is not None:
            assert now <= turn <= now + patience * unit
            if gives_back:
                pace.give(channel, rate, turn)
            else:
                dealt.append(turn)
    assert dealt == sorted(dealt)
    least = unit - timedelta(microseconds=1)
    assert all(after - before >= least for before, after in pairwise(dealt))


# ------------------------------------------------------------------------------------------------------ a wrong clock


def processes(pace: Turns) -> Callable[[], Turns]:
    """Makes processes on the line of ``pace``: each sees what it took itself, and the table."""
    return lambda: DynamoTurns(pace._client, pace._table) if isinstance(pace, DynamoTurns) else pace


@pytest.mark.parametrize(
    "wrong", [timedelta(days=1), timedelta(seconds=30), timedelta(seconds=2), timedelta(days=-400)]
)
@pytest.mark.parametrize("patience", [timedelta(seconds=2), timedelta(days=3)])
def test_whoever_took_a_turn_by_a_wrong_clock_stops_nobody_else(
    pace: Turns, wrong: timedelta, patience: timedelta
) -> None:
    channel, process, step = a_channel(), processes(pace), timedelta(microseconds=interval(SNS))
    right = process()
    taken(right, channel)
    for _ in range(3):
        taken(process(), channel, now=NOW + wrong, latest=NOW + wrong + patience)
        for known in (right, process()):
            turn = taken(known, channel, latest=NOW + patience)
            assert turn <= NOW + 9 * step


def test_a_process_whose_own_clock_is_put_right_goes_on_at_once(pace: Turns) -> None:
    channel = a_channel()
    taken(pace, channel, now=later(days=400), latest=later(days=401))
    assert taken(pace, channel, latest=later(seconds=2)) == NOW
    assert taken(pace, channel, latest=later(seconds=2)) > NOW


@few
@given(
    calls=st.lists(
        st.tuples(st.integers(0, 2), st.floats(0, 1), st.sampled_from([0.0, 0.0, 2.0, 60.0, 86400.0, -60.0, -86400.0])),
        min_size=2,
        max_size=20,
    )
)
def test_however_one_clock_steps_all_others_get_their_turns(pace: Turns, calls: list[tuple[int, float, float]]) -> None:
    """Two processes have the time; that of the third goes where it likes. Each right one asks no more than the rate
    allows, so each gets a turn soon, whatever the third took."""
    channel, passed = a_channel(), NOW
    makes = processes(pace)
    right, wrong = [makes(), makes()], makes()
    for who, passes, step in calls:
        passed += timedelta(seconds=passes + 0.2)
        if who < 2:
            assert right[who].take(channel, SNS, now=passed, latest=passed + timedelta(seconds=2)) is not None
        else:
            off = passed + timedelta(seconds=step)
            wrong.take(channel, SNS, now=off, latest=off + timedelta(seconds=2))


def test_a_line_that_an_older_herald_wrote_goes_on(dynamodb: Any, table: str, turns: DynamoTurns) -> None:
    channel, after = a_channel(), NOW + timedelta(microseconds=interval(SNS))
    number = str(round(after.timestamp() * 1_000_000))
    dynamodb.put_item(TableName=table, Item={"pk": {"S": f"turns#{channel}"}, "next_turn": {"N": number}})
    assert taken(turns, channel) == after


# ------------------------------------------------------------------------------------------------------- the interval


@given(rates)
def test_the_interval_is_the_rate_with_its_headroom_and_never_less(rate: Rate) -> None:
    exact = 1_000_000 * rate.seconds / rate.messages / HEADROOM
    assert exact <= interval(rate) < exact + 1.000001


@given(rates, st.integers(0, 10**9))
def test_no_window_of_a_rate_holds_more_turns_than_it_allows_even_when_one_is_a_little_late(
    rate: Rate, start: int
) -> None:
    window = round(rate.seconds * 1_000_000)
    first_over = start + rate.messages * interval(rate)  # the turn after ``messages`` others
    assert first_over - start >= window * 1.03


def test_at_least_95_percent_of_a_rate_is_used() -> None:
    for rate in (SNS, EXOTEL):
        assert rate.seconds * 1_000_000 / interval(rate) >= 0.95 * rate.messages


# -------------------------------------------------------------------------------------------------------- in DynamoDB


def test_of_a_crowd_each_gets_a_turn_of_its_own(dynamodb: Any, table: str) -> None:
    channel, together = a_channel(), Barrier(20)
    processes = [DynamoTurns(dynamodb, table) for _ in range(5)]

    def take(number: int) -> list[datetime]:
        together.wait()
        return [taken(processes[number % 5], channel) for _ in range(5)]

    with ThreadPoolExecutor(20) as crowd:
        dealt = sorted(turn for turns in crowd.map(take, range(20)) for turn in turns)
    step = timedelta(microseconds=interval(SNS))
    assert dealt == [NOW + number * step for number in range(100)]


def test_of_a_crowd_only_those_get_a_turn_whose_turn_comes_in_time(dynamodb: Any, table: str) -> None:
    channel, together, step = a_channel(), Barrier(20), timedelta(microseconds=interval(SNS))

    def take(_: int) -> datetime | None:
        together.wait()
        return DynamoTurns(dynamodb, table).take(channel, SNS, now=NOW, latest=NOW + 6.5 * step)

    with ThreadPoolExecutor(20) as crowd:
        dealt = sorted(filter(None, crowd.map(take, range(20))))
    assert dealt == [NOW + number * step for number in range(7)]
    assert item(dynamodb, table, channel)["next_turn"]["N"] == str(round((NOW + 7 * step).timestamp() * 1_000_000))


@pytest.mark.parametrize("idle", [True, False])
def test_a_process_that_knows_the_channel_writes_once(dynamodb: Any, table: str, idle: bool) -> None:
    channel, counting = a_channel(), Counting(dynamodb)
    turns = DynamoTurns(counting, table)
    taken(turns, channel)
    assert counting.writes == 1
    taken(turns, channel, now=later(minutes=1) if idle else NOW)
    assert counting.writes == 2


def test_a_turn_that_is_free_from_this_very_moment_is_taken_by_one_write(dynamodb: Any, table: str) -> None:
    channel, counting = a_channel(), Counting(dynamodb)
    turns, free = DynamoTurns(counting, table), NOW + timedelta(microseconds=interval(SNS))
    assert (taken(turns, channel), taken(turns, channel, now=free)) == (NOW, free)
    assert counting.writes == 2


def test_a_process_that_knows_nothing_of_others_writes_twice(dynamodb: Any, table: str, turns: DynamoTurns) -> None:
    channel, counting = a_channel(), Counting(dynamodb)
    taken(turns, channel)
    assert taken(DynamoTurns(counting, table), channel) > NOW
    assert counting.writes == 2


def test_a_process_that_knows_that_all_turns_are_too_late_writes_nothing(dynamodb: Any, table: str) -> None:
    channel, counting = a_channel(), Counting(dynamodb)
    turns = DynamoTurns(counting, table)
    taken(turns, channel, EXOTEL)
    assert turns.take(channel, EXOTEL, now=NOW, latest=later(seconds=0.1)) is None
    assert counting.writes == 1


def test_nothing_of_a_turn_that_comes_too_late_is_written(dynamodb: Any, table: str, turns: DynamoTurns) -> None:
    channel = a_channel()
    taken(turns, channel)
    before = item(dynamodb, table, channel)
    assert DynamoTurns(dynamodb, table).take(channel, SNS, now=NOW, latest=later(seconds=0.01)) is None
    assert item(dynamodb, table, channel) == before


def test_a_channel_whose_item_was_removed_begins_anew(dynamodb: Any, table: str, turns: DynamoTurns) -> None:
    channel = a_channel()
    taken(turns, channel)
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": f"turns#{channel}"}})
    assert taken(turns, channel) == NOW


def test_a_write_that_the_sdk_repeats_only_wastes_a_turn(dynamodb: Any, table: str, turns: DynamoTurns) -> None:
    channel, step = a_channel(), timedelta(microseconds=interval(SNS))
    taken(turns, channel)
    assert taken(DynamoTurns(AnswersLost(dynamodb), table), channel) == NOW + 2 * step
    assert taken(turns, channel) == NOW + 3 * step
    idle = later(minutes=1)
    assert taken(DynamoTurns(AnswersLost(dynamodb), table), channel, now=idle) == idle + step
    assert taken(turns, channel, now=idle) == idle + 2 * step


@pytest.mark.parametrize("waits", [0, 2])
def test_the_item_goes_away_by_itself_and_never_before_its_last_turn(dynamodb: Any, table: str, waits: int) -> None:
    channel, turns = a_channel(), DynamoTurns(dynamodb, table)
    for _ in range(1 + waits):
        last = taken(turns, channel, Rate(1, 3600.0), latest=later(hours=5))
    found = item(dynamodb, table, channel)
    assert found.keys() == {"pk", "next_turn", "taken_at", "ttl"}
    assert last.timestamp() + 3600 < int(found["ttl"]["N"]) <= later(hours=5, days=1).timestamp()


def test_the_item_is_kept_for_a_day_after_the_last_moment_that_was_asked_for(dynamodb: Any, table: str) -> None:
    channel, latest = a_channel(), later(hours=5, microseconds=750_000)
    taken(DynamoTurns(dynamodb, table), channel, latest=latest)
    assert item(dynamodb, table, channel)["ttl"] == {"N": str(int(latest.timestamp()) + 86_400)}


def test_errors_of_the_client_are_its_own(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as error:
        DynamoTurns(dynamodb, "no-such-table").take("x", SNS, now=NOW, latest=FAR)
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_who_looks_is_told_the_turn_that_would_be_dealt_and_takes_none(pace: Turns) -> None:
    channel = a_channel()
    for after, latest in [(0, 2), (0, 2), (0, 0.03), (0.01, 2), (5, 6), (-10, 2), (0, 2)]:
        times = {"now": later(seconds=after), "latest": later(seconds=latest)}
        looked = [pace.look(channel, SNS, **times) for _ in range(2)]
        taken = pace.take(channel, SNS, **times)
        assert looked == [taken, taken]
