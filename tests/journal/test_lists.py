"""Lists: messages are found by their reference, and the latest that ended badly, without any number or id."""

import json
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from herald.journal.item import Mark
from herald.journal.lists import MOST_TROUBLED, TROUBLED
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.ports import Journal
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.journal.moves import claimed


@pytest.fixture
def caller() -> str:
    """A caller of this test alone: all share a table."""
    return uuid.uuid4().hex


@pytest.fixture
def reference() -> str:
    """What stands for a reference of this test alone."""
    return uuid.uuid4().hex


def ids(found: Iterable[Message]) -> list[str]:
    return [message.id for message in found]


def failed(journal: Journal, after: int, caller: str) -> Message:
    """A message that failed so many seconds after the first."""
    message = claimed(journal, caller=caller, status=Status.FAILED)
    journal.note_troubled(caller, {message.id: NOW + timedelta(seconds=after)})
    return message


def test_a_reference_finds_its_messages_newest_first_between_two_moments(journal: Journal, reference: str) -> None:
    made = [
        claimed(journal, status=Status.SENT, reference_hash=reference, created_at=NOW + timedelta(seconds=second))
        for second in range(30)
    ]
    claimed(journal, status=Status.SENT, reference_hash=reference[::-1])
    claimed(journal, status=Status.SENT)
    assert ids(journal.with_reference(reference)) == ids(made[::-1])
    before = Mark(made[20].created_at, made[20].id)
    assert ids(journal.with_reference(reference, since=made[10].created_at, before=before)) == ids(made[10:20][::-1])
    assert ids(journal.with_reference("c" * 32)) == []


def test_what_is_erased_is_found_by_no_reference_and_in_no_list(journal: Journal, caller: str, reference: str) -> None:
    message = claimed(journal, status=Status.FAILED, reference_hash=reference)
    journal.note_troubled(caller, {message.id: NOW})
    assert journal.erase(message)
    assert (ids(journal.with_reference(reference)), ids(journal.troubled(caller))) == ([], [])


def test_a_caller_finds_its_own_that_ended_badly_the_last_one_first(journal: Journal, caller: str) -> None:
    first, second, again = (failed(journal, after, caller) for after in (1, 2, 0))
    theirs = failed(journal, 5, caller[::-1])
    journal.note_troubled(caller, {again.id: NOW + timedelta(seconds=3)})
    journal.note_troubled(caller, {again.id: NOW + timedelta(seconds=3), "msg_GONE": NOW})
    assert ids(journal.troubled(caller)) == ids([again, second, first])
    assert ids(journal.troubled(caller[::-1])) == [theirs.id]
    assert ids(journal.troubled("nobody")) == []


def test_they_are_told_as_they_stand_now(journal: Journal, caller: str) -> None:
    message = claimed(journal, status=Status.UNKNOWN)
    journal.note_troubled(caller, {message.id: NOW})
    delivered = journal.move(message, message.with_(status=Status.DELIVERED))
    assert list(journal.troubled(caller)) == [delivered]


@pytest.mark.parametrize("at_once", [1, 10, 80])
def test_no_more_than_the_latest_are_listed(journal: Journal, caller: str, at_once: int) -> None:
    made = [claimed(journal, status=Status.FAILED) for _ in range(160)]
    for start in range(0, len(made), at_once):
        ended = {made[n].id: NOW + timedelta(seconds=n) for n in range(start, start + at_once)}
        journal.note_troubled(caller, ended)
    assert ids(journal.troubled(caller)) == ids(made[: -MOST_TROUBLED - 1 : -1])


def stored(dynamodb: Any, table: str, caller: str) -> dict[str, Any]:
    item: dict[str, Any] = dynamodb.get_item(TableName=table, Key={"pk": {"S": TROUBLED + caller}})["Item"]
    return item


def test_a_callers_item_holds_ids_and_times_and_never_grows_beyond_twice_as_many(
    dynamodb: Any, table: str, caller: str
) -> None:
    journal = DynamoJournal(dynamodb, table)
    for n in range(2 * MOST_TROUBLED + 1):
        item = stored(dynamodb, table, caller) if n else {}
        assert len(item) <= 2 * MOST_TROUBLED + 2
        journal.note_troubled(caller, {a_message().id: NOW + timedelta(seconds=n)})
    item = stored(dynamodb, table, caller)
    assert len(item) == MOST_TROUBLED + 2
    assert len(json.dumps(item)) < 4096
    assert NUMBER not in json.dumps(item) and TEXT not in json.dumps(item)
    # What wakes who announces is a status, or the item of health that says so.
    assert not item.keys() & {"status", "by", "due", "recipient", "reference_hash", "created_at"}


class Meanwhile:
    """A client through which somebody else notes a message again before old ones are removed."""

    def __init__(self, client: Any, again: Any) -> None:
        self._client, self._again = client, again

    def update_item(self, **request: Any) -> Any:
        if "REMOVE" in request["UpdateExpression"]:
            self._again()
        return self._client.update_item(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_what_somebody_noted_again_meanwhile_is_not_removed(dynamodb: Any, table: str, caller: str) -> None:
    journal, old = DynamoJournal(dynamodb, table), claimed(DynamoJournal(dynamodb, table), status=Status.FAILED)
    later = NOW + timedelta(days=1)
    journal.note_troubled(caller, {old.id: NOW - timedelta(days=1)})
    for n in range(2 * MOST_TROUBLED - 1):
        journal.note_troubled(caller, {a_message().id: NOW + timedelta(seconds=n)})
    client = Meanwhile(dynamodb, lambda: journal.note_troubled(caller, {old.id: later}))
    DynamoJournal(client, table).note_troubled(caller, {a_message().id: NOW + timedelta(hours=1)})
    assert ids(journal.troubled(caller)) == [old.id]


def test_a_message_without_a_reference_is_in_no_such_index(dynamodb: Any, table: str) -> None:
    message = claimed(DynamoJournal(dynamodb, table), status=Status.SENT)
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": f"message#{message.id}"}})["Item"]
    assert "reference_hash" not in item
