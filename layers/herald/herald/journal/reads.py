"""Reads: items of the journal's table by their keys, as they stand. Threads that ask at the same time share a call."""

import time
from collections.abc import Collection, Iterator, Mapping
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

Item = Mapping[str, Mapping[str, Any]]
# DynamoDB gives no more in one call; and so many are asked for together at most.
MOST, FEW = 100, 2
# What a busy table leaves out of its answer is asked for again after so many seconds.
PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4)


def item_key(pk: str) -> dict[str, dict[str, str]]:
    """The key of the item that is called so."""
    return {"pk": {"S": pk}}


class TooBusy(Exception):
    """The table left something out of its answer, again and again."""


class Reads:
    """Consistent reads of a DynamoDB table with the key ``pk``. ``client`` is a low-level client.

    Its errors are raised by each thread that shared the call.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self._asked: SimpleQueue[_Asked] = SimpleQueue()
        self._calling = Lock()

    def one(self, key: str) -> Item | None:
        """The item with a key. Who asks while a call is under way waits; then one of them asks for all."""
        return self.some(key).get(key)

    def some(self, *keys: str) -> dict[str, Item]:
        """The items with a few keys, as far as there are any, by one call. Who asks meanwhile waits, as above."""
        asked = _Asked(keys)
        self._asked.put(asked)
        with self._calling:
            while not asked.answered:
                self._answer(list(self._next()))
        if asked.error:
            raise asked.error
        return asked.items

    def many(self, keys: Collection[str]) -> dict[str, Item]:
        """The items with these keys, at most 100, as far as there are any. Raises ``TooBusy``."""
        if not keys:
            return {}
        found: dict[str, Item] = {}
        left: Any = {self._table: {"Keys": [item_key(pk) for pk in dict.fromkeys(keys)], "ConsistentRead": True}}
        for pause in PAUSES:
            time.sleep(pause)
            answer = self._client.batch_get_item(RequestItems=left)
            found |= {item["pk"]["S"]: item for item in answer["Responses"][self._table]}
            left = answer.get("UnprocessedKeys")
            if not left:
                return found
        raise TooBusy

    def _next(self) -> Iterator["_Asked"]:
        """Who asked meanwhile, as many as fit into a call."""
        keys: set[str] = set()
        while len(keys) <= MOST - FEW:
            try:
                asked = self._asked.get_nowait()
            except Empty:
                return
            keys.update(asked.keys)
            yield asked

    def _answer(self, every: list["_Asked"]) -> None:
        try:
            keys = {key for asked in every for key in asked.keys}
            found = self.many(keys) if len(keys) > 1 else self._alone(*keys)
            for asked in every:
                asked.items = {key: found[key] for key in asked.keys if key in found}
        except BaseException as error:
            for asked in every:
                asked.error = error
        for asked in every:
            asked.answered = True

    def _alone(self, key: str) -> dict[str, Item]:
        answer = self._client.get_item(TableName=self._table, Key=item_key(key), ConsistentRead=True)
        return {key: answer["Item"]} if "Item" in answer else {}


class _Asked:
    """What one thread asked for, and what it is told."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys, self.answered = keys, False
        self.items: dict[str, Item] = {}
        self.error: BaseException | None = None
