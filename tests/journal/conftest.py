"""A journal, in DynamoDB and in memory, and what is really stored in the table."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from herald.journal.messages import DynamoJournal
from herald.pipeline.ports import Journal
from herald.testing.memory import MemoryJournal


@pytest.fixture(params=["dynamodb", "memory"])
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    """The real one and the fake: every test that uses this fixture is part of their contract."""
    if request.param == "memory":
        yield MemoryJournal()
    else:
        yield DynamoJournal(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


@pytest.fixture
def item(dynamodb: Any, table: str) -> Callable[[str], dict[str, Any]]:
    """The attributes that are really stored for a message's id."""
    key = "message#{}".format
    return lambda name: dynamodb.get_item(TableName=table, Key={"pk": {"S": key(name)}})["Item"]
