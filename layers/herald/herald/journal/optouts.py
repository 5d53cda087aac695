"""Opt-outs: the people who want no texts, by the keyed hash of the number, in the journal's table.

They outlive every message, and an erasure too: what is kept is only that a hash wants nothing.
"""

from datetime import datetime
from typing import Any

from herald.journal.reads import Reads, item_key
from herald.message.times import rfc3339


class DynamoOptOuts:
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
