"""Opt-outs: the people who want no texts, by the keyed hash of the number, in the journal's table.

They outlive every message, and an erasure too: what is kept is only that a hash wants nothing. That a person wants
texts again is kept for a while, so that no older text's receipt opts them out once more.
"""

from datetime import datetime, timedelta
from typing import Any

from herald.journal.health import HEALTH, DynamoHealth
from herald.journal.reads import Reads, item_key
from herald.message.times import rfc3339

# Longer than a receipt may come after its text, and wait: three days after the text expires, and 14 days in a queue.
RECEIPTS_WAIT = timedelta(days=30)


class DynamoOptOuts:
    """Opt-outs in a DynamoDB table with the key ``pk``. ``client`` is a low-level client; its own errors are raised.

    Each send asks here. Where the copy of ``health`` is old, the same call brings that item as well.
    """

    def __init__(self, client: Any, table: str, health: DynamoHealth | None = None) -> None:
        self._client, self._table, self._reads = client, table, Reads(client, table)
        self._health = health

    def has(self, recipient: str) -> bool:
        key = _pk(recipient)
        if self._health and self._health.stale:
            found = self._reads.some(key, HEALTH)
            self._health.read(found.get(HEALTH))
            item = found.get(key)
        else:
            item = self._reads.one(key)
        return item is not None and "wants" not in item

    def put(self, recipient: str, source: str, now: datetime) -> None:
        self._client.put_item(TableName=self._table, Item=_item(recipient, now, source={"S": source}))

    def learn(self, recipient: str, source: str, at: datetime) -> None:
        item = _item(recipient, at, source={"S": source})
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR since < :at",
                ExpressionAttributeValues={":at": item["since"]},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def remove(self, recipient: str, now: datetime) -> None:
        ttl = {"N": str(int((now + RECEIPTS_WAIT).timestamp()))}
        self._client.put_item(TableName=self._table, Item=_item(recipient, now, wants={"BOOL": True}, ttl=ttl))


def _item(recipient: str, since: datetime, **more: Any) -> dict[str, Any]:
    return {**item_key(_pk(recipient)), "since": {"S": rfc3339(since)}, **more}


def _pk(recipient: str) -> str:
    return f"optout#{recipient}"
