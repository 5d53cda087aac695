"""Opt-outs: the people who want no texts, by the keyed hash of the number, in the journal's table.

They outlive every message, and an erasure too: what is kept is only that a hash wants nothing.
"""

from datetime import datetime
from typing import Any, Protocol

from herald.message import rfc3339
from herald.reads import Reads, item_key


class OptOuts(Protocol):
    """What a list of opt-outs does. ``testing.MemoryOptOuts`` is the other one.

    ``recipient`` is the keyed hash of a number.
    """

    def has(self, recipient: str) -> bool:
        """Whether the person wants no texts."""

    def put(self, recipient: str, source: str, now: datetime) -> None:
        """The person wants no texts from now on; ``source`` says how we know."""

    def remove(self, recipient: str) -> None:
        """The person wants texts again."""


class OptOutList:
    """Opt-outs in a DynamoDB table with the key ``pk``. ``client`` is a low-level client; its own errors are raised."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table, self._reads = client, table, Reads(client, table)

    def has(self, recipient: str) -> bool:
        return self._reads.one(_pk(recipient)) is not None

    def put(self, recipient: str, source: str, now: datetime) -> None:
        item = {**item_key(_pk(recipient)), "since": {"S": rfc3339(now)}, "source": {"S": source}}
        self._client.put_item(TableName=self._table, Item=item)

    def remove(self, recipient: str) -> None:
        self._client.delete_item(TableName=self._table, Key=item_key(_pk(recipient)))


def _pk(recipient: str) -> str:
    return f"optout#{recipient}"
