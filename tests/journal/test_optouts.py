"""Opt-outs: the same in memory and in the engine's DynamoDB."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

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
    optouts.remove(person)
    optouts.remove(person)
    assert not optouts.has(person)


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
