"""Opt-outs: the same in memory and in the engine's DynamoDB."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.journal.optouts import DynamoOptOuts
from herald.pipeline.ports import OptOuts
from herald.testing.memory import MemoryOptOuts
from tests.builders import NOW


@pytest.fixture(params=["memory", "dynamodb"])
def optouts(request: pytest.FixtureRequest) -> Iterator[OptOuts]:
    if request.param == "memory":
        yield MemoryOptOuts()
    else:
        yield DynamoOptOuts(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


@pytest.fixture
def person() -> str:
    return uuid.uuid4().hex


def test_who_said_nothing_wants_texts(optouts: OptOuts, person: str) -> None:
    assert not optouts.has(person)


def test_who_opted_out_wants_none_until_they_opt_in(optouts: OptOuts, person: str) -> None:
    optouts.put(person, "written", NOW)
    optouts.put(person, "provider", NOW)
    assert optouts.has(person)
    optouts.remove(person, NOW)
    optouts.remove(person, NOW)
    assert not optouts.has(person)


@pytest.mark.parametrize("before", [timedelta(0), timedelta(milliseconds=1), timedelta(days=3)])
def test_what_a_provider_knew_before_a_person_opted_in_opts_nobody_out(
    optouts: OptOuts, person: str, before: timedelta
) -> None:
    optouts.remove(person, NOW)
    optouts.learn(person, "provider", NOW - before)
    assert not optouts.has(person)


def test_what_a_provider_knows_of_a_later_text_opts_out(optouts: OptOuts, person: str) -> None:
    optouts.remove(person, NOW)
    optouts.learn(person, "provider", NOW + timedelta(milliseconds=1))
    assert optouts.has(person)


def test_what_a_provider_knows_of_somebody_who_said_nothing_opts_out(optouts: OptOuts, person: str) -> None:
    optouts.learn(person, "provider", NOW)
    assert optouts.has(person)


wishes = st.lists(st.tuples(st.sampled_from(["put", "remove", "learn"]), st.integers(0, 9)), max_size=8)


@given(wishes)
def test_in_any_order_a_persons_own_last_word_counts_unless_a_later_text_was_refused(
    dynamodb: Any, table: str, said: list[tuple[str, int]]
) -> None:
    person, real, fake = uuid.uuid4().hex, DynamoOptOuts(dynamodb, table), MemoryOptOuts()
    out, since = False, -1
    for what, minute in said:
        at = NOW + timedelta(minutes=minute)
        for each in (real, fake):
            each.remove(person, at) if what == "remove" else getattr(each, what)(person, "said", at)
        if what != "learn" or minute > since:
            out, since = what != "remove", minute
        assert (real.has(person), fake.has(person)) == (out, out)


def test_that_somebody_wants_texts_again_is_forgotten_when_no_receipt_can_come_any_more(
    dynamodb: Any, table: str, person: str
) -> None:
    DynamoOptOuts(dynamodb, table).remove(person, NOW)
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": f"optout#{person}"}})["Item"]
    assert set(item) == {"pk", "since", "wants", "ttl"}
    assert item["ttl"] == {"N": str(int((NOW + timedelta(days=30)).timestamp()))}


def test_one_persons_wish_is_nobody_elses(optouts: OptOuts, person: str) -> None:
    optouts.put(person, "written", NOW)
    assert not optouts.has(uuid.uuid4().hex)


def test_an_opt_out_never_ends_and_says_how_we_know(dynamodb: Any, table: str, person: str) -> None:
    DynamoOptOuts(dynamodb, table).put(person, "written", NOW)
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": f"optout#{person}"}})["Item"]
    assert item == {
        "pk": {"S": f"optout#{person}"},
        "source": {"S": "written"},
        "since": {"S": "2026-11-22T12:00:00.000Z"},
    }
