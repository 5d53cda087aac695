"""Health: one item in the table, whose writes lose nothing, and which costs a send no call of its own."""

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.journal.health import COUNTED, FRESH, HEALTH, TURNED, DynamoHealth, observed, turns
from herald.journal.observed import CLOSED, MOST_CHANNELS, TEXTS_KEPT, Breaker, Count, Drift, Observed, slot
from herald.journal.optouts import DynamoOptOuts
from herald.pipeline.attempts import HealthItem
from herald.testing.health import MemoryHealth
from tests.builders import NOW
from tests.failing import AnswersLost
from tests.settings.test_parameters import Seconds
from tests.tables import a_table

AT = NOW.timestamp()
OPEN = Breaker("open", AT, AT + 30.125, AT + 300, 1, "5 failures in a row")
PAIR = ("exotel", "IN")


@pytest.fixture
def own(dynamodb: Any) -> str:
    """A table whose item nobody wrote yet."""
    return a_table(dynamodb)


@pytest.fixture(params=["memory", "dynamodb"])
def health(request: pytest.FixtureRequest) -> Iterator[HealthItem]:
    """The real one and the fake: every test that uses this fixture is part of their contract."""
    if request.param == "memory":
        yield MemoryHealth()
    else:
        yield DynamoHealth(request.getfixturevalue("dynamodb"), request.getfixturevalue("own"))


def count(what: Any = "failed", channel: str = "exotel", country: str = "", ago: float = 0) -> Count:
    return Count(what, channel, country, slot(what, AT - ago))


def test_at_first_nothing_is_known(health: HealthItem) -> None:
    assert health.known() == health.look() == Observed()


def test_what_is_counted_adds_up(health: HealthItem) -> None:
    health.add({count(): 2, count("texts", country="IN"): 1}, AT)
    health.add({count(): 3}, AT)
    assert health.known() == health.look()
    assert health.known().counts == {count(): 5, count("texts", country="IN"): 1}


def test_what_is_old_goes_with_the_next_write(health: HealthItem) -> None:
    health.add({count(): 1, count("texts", country="IN"): 1}, AT)
    health.add({count(ago=-600): 1}, AT + 600)
    assert health.look().counts == {count("texts", country="IN"): 1, count(ago=-600): 1}
    health.add({count(ago=-9000): 1}, AT + TEXTS_KEPT + 600)
    assert health.look().counts == {count(ago=-9000): 1}


def test_a_breaker_turns_once_from_how_it_stood(health: HealthItem) -> None:
    assert health.turn("exotel", CLOSED, OPEN)
    assert not health.turn("exotel", CLOSED, OPEN._replace(at=AT + 1))
    half = OPEN._replace(state="half_open", at=AT + 31, until=AT + 91)
    assert health.turn("exotel", OPEN, half)
    assert not health.turn("exotel", OPEN, half)
    assert health.known() == health.look()
    assert health.known().breakers == {"exotel": half}


def test_a_move_is_made_once_from_how_it_was(health: HealthItem) -> None:
    first, second = Drift(10, AT, "9 of 20 texts late or silent"), Drift(20, AT + 300, "again")
    assert health.move(PAIR, None, first)
    assert not health.move(PAIR, None, second)
    assert health.move(PAIR, first, second)
    assert health.look().drifts == {PAIR: second}


@pytest.fixture
def two(dynamodb: Any, own: str) -> tuple[DynamoHealth, DynamoHealth]:
    """Two processes."""
    return DynamoHealth(dynamodb, own), DynamoHealth(dynamodb, own)


def test_who_was_too_late_knows_how_it_stands(two: tuple[DynamoHealth, DynamoHealth]) -> None:
    one, other = two
    assert one.turn("exotel", CLOSED, OPEN)
    assert not other.turn("exotel", CLOSED, OPEN._replace(why="other"))
    assert other.known().breaker("exotel") == OPEN


def test_however_many_write_at_once_nothing_is_lost(dynamodb: Any, own: str) -> None:
    processes = [DynamoHealth(dynamodb, own) for _ in range(8)]
    with ThreadPoolExecutor(8) as hands:
        for each in [hands.submit(process.add, {count(): 1}, AT) for process in processes for _ in range(10)]:
            each.result(30)
        turned = list(hands.map(lambda process: process.turn("exotel", CLOSED, OPEN), processes))
    found = processes[0].look()
    assert (found.counts, found.breakers) == ({count(): 80}, {"exotel": OPEN})
    assert sorted(turned) == [False] * 7 + [True]


counts = st.dictionaries(
    st.builds(
        count, what=st.sampled_from(["failed", "uncertain", "taken", "sent", "texts", "timely"]),
        channel=st.sampled_from(["exotel", "otp-india", "a.b_c", "x" * 64]), country=st.sampled_from(["", "IN", "US"]),
        ago=st.integers(0, 250),
    ),
    st.integers(1, 1000), max_size=12,
)  # fmt: skip


@given(st.lists(counts, max_size=4))
def test_what_is_kept_is_what_was_counted_in_the_real_item_as_in_the_fake(
    dynamodb: Any, table: str, found: list[dict[Count, int]]
) -> None:
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": HEALTH}})
    real, fake = DynamoHealth(dynamodb, table), MemoryHealth()
    for each in found:
        real.add(each, AT)
        fake.add(each, AT)
    assert real.look() == fake.look()
    assert real.look().counts == sum(map(Counter, found), Counter())


def test_a_write_that_the_sdk_repeats_turns_a_breaker_once(dynamodb: Any, own: str) -> None:
    """Then nobody knows that it was ours; the trial is over when its time is, and another message takes it on."""
    lossy = DynamoHealth(AnswersLost(dynamodb), own)
    assert not lossy.turn("exotel", CLOSED, OPEN)
    assert lossy.known().breaker("exotel") == OPEN


# ---------------------------------------------------------------------------------------------- what is in the table


def item(dynamodb: Any, table: str) -> Any:
    return dynamodb.get_item(TableName=table, Key={"pk": {"S": HEALTH}})["Item"]


def test_an_item_says_what_changed_in_it_so_that_counts_wake_nobody(dynamodb: Any, own: str) -> None:
    health = DynamoHealth(dynamodb, own)
    health.add({count(): 1}, AT)
    assert item(dynamodb, own)["by"] == {"S": COUNTED}
    health.turn("exotel", CLOSED, OPEN)
    assert item(dynamodb, own)["by"] == {"S": TURNED}
    health.add({count(): 1}, AT)
    assert item(dynamodb, own)["by"] == {"S": COUNTED}
    health.move(PAIR, None, Drift(10, AT))
    assert item(dynamodb, own)["by"] == {"S": TURNED}
    assert int(item(dynamodb, own)["ttl"]["N"]) == int(AT) + 2 * 86_400


def test_a_channel_that_is_gone_is_forgotten_after_a_day(dynamodb: Any, own: str) -> None:
    health, closed = DynamoHealth(dynamodb, own), OPEN._replace(state="closed")
    health.turn("old", CLOSED, closed)
    health.turn("still-open", CLOSED, OPEN)
    health.move(PAIR, None, Drift(10, AT))
    later = OPEN._replace(at=AT + 90_000)
    health.turn("exotel", CLOSED, later)
    health.move(("exotel", "US"), None, Drift(10, AT + 90_000))
    found = health.look()
    assert (found.breakers.keys(), found.drifts.keys()) == ({"still-open", "exotel"}, {("exotel", "US")})


def test_of_more_channels_than_it_may_hold_the_others_are_known_to_each_process_alone(dynamodb: Any, own: str) -> None:
    health = DynamoHealth(dynamodb, own)
    done = [health.turn(f"c{n}", CLOSED, OPEN) for n in range(MOST_CHANNELS + 2)]
    assert done == [True] * MOST_CHANNELS + [False] * 2


def test_the_item_stays_small_while_twenty_channels_send_to_every_country(dynamodb: Any, own: str) -> None:
    health = DynamoHealth(dynamodb, own)
    for ago in range(0, TEXTS_KEPT, 600):
        for channel in range(30):
            many = {
                count(what, f"channel-{channel}", f"C{n}", ago): 999 for n in range(20) for what in ("texts", "timely")
            }
            health.add({**many, count("sent", f"channel-{channel}", ago=ago % 300): 99}, AT)
    size = sum(len(name) + len(str(value)) for name, value in item(dynamodb, own).items())
    assert size < 60_000


def test_what_another_version_wrote_is_passed_over() -> None:
    strange = {
        "pk": {"S": "health"}, "by": {"S": "turn"}, "f|x||exotel": {"N": "1"}, "f|1": {"N": "1"}, "b|a": {"S": "ajar"},
        "b|b": {"S": "ajar 1 2 3 4 why"}, "d|IN|exotel": {"S": "ten 1 why"}, "z|1||exotel": {"N": "1"},
        "s|7||exotel": {"N": "3"}, "b|exotel": {"N": "1"},
    }  # fmt: skip
    assert observed(strange) == Observed({Count("sent", "exotel", "", 7): 3})


def test_two_images_tell_which_breakers_turned(dynamodb: Any, own: str) -> None:
    health = DynamoHealth(dynamodb, own)
    health.add({count(): 1}, AT)
    before = item(dynamodb, own)
    health.turn("exotel", CLOSED, OPEN)
    after = item(dynamodb, own)
    assert list(turns(before, after)) == [("exotel", CLOSED, OPEN)]
    assert list(turns(after, after)) == list(turns(after, before)) == []


# ------------------------------------------------------------------------------------- read with what is read anyway


class Calls:
    """A client that notes which operations it is asked for."""

    def __init__(self, real: Any) -> None:
        self._real, self.made, self.exceptions = real, list[str](), real.exceptions

    def __getattr__(self, operation: str) -> Any:
        self.made.append(operation)
        return getattr(self._real, operation)


def test_a_send_asks_for_it_in_the_call_that_it_makes_anyway(dynamodb: Any, own: str) -> None:
    DynamoHealth(dynamodb, own).turn("exotel", CLOSED, OPEN)
    client, clock, person = Calls(dynamodb), Seconds(), uuid.uuid4().hex
    health = DynamoHealth(client, own, clock)
    optouts = DynamoOptOuts(client, own, health)
    DynamoOptOuts(dynamodb, own).put(person, "written", NOW)
    assert [optouts.has(person), optouts.has("nobody"), optouts.has(person)] == [True, False, True]
    assert client.made == ["batch_get_item", "get_item", "get_item"]
    assert health.known().breaker("exotel") == OPEN
    clock.now += FRESH
    assert not optouts.has("nobody")
    assert client.made[3:] == ["batch_get_item"]


def test_where_there_is_no_item_yet_it_is_not_asked_for_each_time(dynamodb: Any, own: str) -> None:
    client = Calls(dynamodb)
    optouts = DynamoOptOuts(client, own, DynamoHealth(client, own, Seconds()))
    assert not any(optouts.has("nobody") for _ in range(3))
    assert client.made == ["batch_get_item", "get_item", "get_item"]
