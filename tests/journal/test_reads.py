"""Reads: what stands in the table, by as few calls as the threads that ask at once allow."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from herald.journal import reads
from herald.journal.reads import Reads, TooBusy


class Watched:
    """A client that notes its calls. While ``held``, the first read waits; ``fails`` is what the others raise."""

    def __init__(self, real: Any) -> None:
        self._real, self.calls = real, list[tuple[str, int]]()
        self.held, self.first, self.fails = threading.Event(), threading.Event(), None
        self.held.set()

    def get_item(self, **request: Any) -> Any:
        assert request["ConsistentRead"] is True
        self.calls.append(("GetItem", 1))
        self.first.set()
        assert self.held.wait(10)
        return self._real.get_item(**request)

    def batch_get_item(self, **request: Any) -> Any:
        ((_, wanted),) = request["RequestItems"].items()
        assert wanted["ConsistentRead"] is True
        self.calls.append(("BatchGetItem", len(wanted["Keys"])))
        if self.fails:
            raise self.fails
        return self._real.batch_get_item(**request)


@pytest.fixture
def client(dynamodb: Any) -> Watched:
    return Watched(dynamodb)


@pytest.fixture
def keys(dynamodb: Any, table: str) -> list[str]:
    """The keys of twelve items, each of which says its own."""
    made = [f"reads#{uuid.uuid4().hex}" for _ in range(12)]
    for key in made:
        dynamodb.put_item(TableName=table, Item={"pk": {"S": key}, "says": {"S": key}})
    return made


@pytest.fixture
def hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(150) as pool:
        yield pool


def says(item: Any) -> str | None:
    return item and item["says"]["S"]


def asked_at_once(client: Watched, store: Reads, first: str, others: list[str], hands: ThreadPoolExecutor) -> list[Any]:
    """What ``others`` get that are all asked for while the call for ``first`` is under way."""
    client.held.clear()
    alone = hands.submit(store.one, first)
    assert client.first.wait(10)
    together = [hands.submit(store.one, key) for key in others]
    while store._asked.qsize() < len(others):
        threading.Event().wait(0.001)
    client.held.set()
    assert says(alone.result(10)) == first
    return together


def test_an_item_is_given_by_its_key_and_none_where_there_is_none(client: Watched, table: str, keys: list[str]) -> None:
    store = Reads(client, table)
    assert says(store.one(keys[0])) == keys[0]
    assert store.one("reads#nobody") is None
    assert client.calls == [("GetItem", 1)] * 2


def test_several_are_given_by_one_call(client: Watched, table: str, keys: list[str]) -> None:
    found = Reads(client, table).many([*keys, keys[0], "reads#nobody"])
    assert {key: says(item) for key, item in found.items()} == {key: key for key in keys}
    assert client.calls == [("BatchGetItem", 13)]


def test_none_are_given_without_a_call(client: Watched, table: str) -> None:
    assert Reads(client, table).many([]) == {}
    assert client.calls == []


def test_threads_that_ask_during_a_call_share_the_next_one(
    client: Watched, table: str, keys: list[str], hands: ThreadPoolExecutor
) -> None:
    others = [*keys[1:], keys[1], "reads#nobody"]
    got = asked_at_once(client, Reads(client, table), keys[0], others, hands)
    assert [says(one.result(10)) for one in got] == [*keys[1:], keys[1], None]
    assert client.calls == [("GetItem", 1), ("BatchGetItem", 12)]


def test_a_few_items_are_asked_for_by_one_call(client: Watched, table: str, keys: list[str]) -> None:
    found = Reads(client, table).some(keys[0], "reads#nobody")
    assert {key: says(item) for key, item in found.items()} == {keys[0]: keys[0]}
    assert client.calls == [("BatchGetItem", 2)]


def test_a_call_holds_no_more_than_dynamodb_takes(
    client: Watched, table: str, keys: list[str], hands: ThreadPoolExecutor
) -> None:
    others = [f"reads#nobody-{n}" for n in range(130)]
    got = asked_at_once(client, Reads(client, table), keys[0], others, hands)
    assert [one.result(10) for one in got] == [None] * 130
    assert client.calls == [("GetItem", 1), ("BatchGetItem", 99), ("BatchGetItem", 31)]


def test_what_fails_is_told_to_each_that_shared_it_and_the_next_read_is_a_new_one(
    client: Watched, table: str, keys: list[str], hands: ThreadPoolExecutor
) -> None:
    store, client.fails = Reads(client, table), ConnectionError("gone")
    got = asked_at_once(client, store, keys[0], keys[1:4], hands)
    for one in got:
        with pytest.raises(ConnectionError, match="gone"):
            one.result(10)
    assert says(store.one(keys[5])) == keys[5]


def test_each_thread_gets_its_own_item_however_they_meet(
    client: Watched, table: str, keys: list[str], hands: ThreadPoolExecutor
) -> None:
    store = Reads(client, table)
    asked = keys * 40
    assert [says(item) for item in hands.map(store.one, asked)] == asked
    assert len(client.calls) < len(asked)


class Busy:
    """A client that leaves out all but the first key of each answer, as a table does that has too much to do."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def batch_get_item(self, **request: Any) -> Any:
        ((table, wanted),) = request["RequestItems"].items()
        now, later = wanted["Keys"][:1], wanted["Keys"][1:]
        answer = self._real.batch_get_item(RequestItems={table: {**wanted, "Keys": now}})
        return {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": later}} if later else {}}


def test_what_a_busy_table_leaves_out_is_asked_for_again(dynamodb: Any, table: str, keys: list[str]) -> None:
    assert Reads(Busy(dynamodb), table).many(keys[:4]).keys() == set(keys[:4])


def test_a_table_that_stays_busy_is_an_error_and_no_answer(dynamodb: Any, table: str, keys: list[str]) -> None:
    with pytest.raises(TooBusy):
        Reads(Busy(dynamodb), table).many(keys[: len(reads.PAUSES) + 1])
