"""Lists: messages that are found without their ids: what is due, a person's, a reference's, and what ended badly."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from herald.journal.item import DUE, LEASED, Mark, id_of, key_of, message_of, pk_of
from herald.journal.reads import MOST, Item, Reads, item_key
from herald.message import Message
from herald.message.times import rfc3339

# The sparse index: only what the sweep may have to look after is in it.
BY_DUE = "due"
# The indexes by a keyed hash, and the attribute that it stands in: no number and no reference is in any of them.
BY_HASH = {"recipient": "recipient", "reference_hash": "reference"}
_PAGE = 25
# One item for each caller: the ids of so many messages that ended badly, each with its time in milliseconds. It is cut
# when it holds twice as many, and goes when nothing was added for longer than the journal keeps any message.
TROUBLED, MOST_TROUBLED = "trouble#", 50
_KEPT = timedelta(days=400)


class Lists:
    """What finds messages in a DynamoDB table. ``client`` is a low-level client; its own errors are raised."""

    def __init__(self, client: Any, table: str, reads: Reads) -> None:
        self._client, self._table, self._reads = client, table, reads

    def due(self, now: datetime) -> Iterator[str]:
        """``Journal.due``."""
        for partition in (LEASED, DUE):
            for page in self._due(partition, rfc3339(now)):
                yield from map(id_of, page)

    def waiting(self, caller: str) -> Iterator[Message]:
        """``Journal.waiting``."""
        for page in self._due(DUE, "A", Limit=MOST):  # Which every time comes before.
            whole = self._whole([item["pk"]["S"] for item in page])
            yield from (message for message in whole if message.caller == caller and message.waiting)

    def newest(
        self,
        name: Literal["recipient", "reference_hash"],
        value: str,
        since: datetime | None,
        before: Mark | None,
    ) -> Iterator[Message]:
        """The messages in which this field is so, newest first, read as they are needed; as ``Journal.sent_to``."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": BY_HASH[name],
            "KeyConditionExpression": f"{name} = :value AND created_at >= :since",
            "ExpressionAttributeValues": {":value": {"S": value}, ":since": {"S": rfc3339(since) if since else "0"}},
            "ScanIndexForward": False,
            "Limit": _PAGE,
        }
        start = before and {
            **key_of(before.id),
            name: {"S": value},
            "created_at": {"S": rfc3339(before.created_at)},
        }
        while True:
            page = self._client.query(**query, **({"ExclusiveStartKey": start} if start else {}))
            yield from self._whole([item["pk"]["S"] for item in page["Items"]])
            start = page.get("LastEvaluatedKey")
            if not start:
                return

    def troubled(self, caller: str) -> Iterator[Message]:
        """``Journal.troubled``."""
        listed = _listed(self._reads.one(TROUBLED + caller) or {})[:MOST_TROUBLED]
        yield from self._whole([pk_of(message_id) for message_id, _ in listed])

    def note_troubled(self, caller: str, ended: Mapping[str, datetime]) -> None:
        """``Journal.note_troubled``."""
        latest = sorted(ended.items(), key=lambda each: each[1])[-MOST_TROUBLED:]
        if not latest:
            return
        names = {f"#m{n}": message_id for n, (message_id, _) in enumerate(latest)}
        values = {f":m{n}": {"N": str(_milliseconds(at))} for n, (_, at) in enumerate(latest)}
        sets = ", ".join(f"#m{n} = :m{n}" for n in range(len(latest)))
        until = {"N": str(int((latest[-1][1] + _KEPT).timestamp()))}
        answer = self._client.update_item(
            TableName=self._table,
            Key=item_key(TROUBLED + caller),
            UpdateExpression=f"SET #ttl = :ttl, {sets}",
            ExpressionAttributeNames={"#ttl": "ttl", **names},
            ExpressionAttributeValues={":ttl": until, **values},
            ReturnValues="ALL_NEW",
        )
        listed = _listed(answer["Attributes"])
        if len(listed) > 2 * MOST_TROUBLED:
            self._cut(caller, listed[MOST_TROUBLED:])

    def _cut(self, caller: str, old: list[tuple[str, int]]) -> None:
        """Remove what nobody is shown any more, as it was seen; who writes meanwhile leaves it to the next."""
        names = {f"#m{n}": message_id for n, (message_id, _) in enumerate(old)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=item_key(TROUBLED + caller),
                UpdateExpression="REMOVE " + ", ".join(names),
                ConditionExpression=" AND ".join(f"#m{n} = :m{n}" for n in range(len(old))),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={f":m{n}": {"N": str(at)} for n, (_, at) in enumerate(old)},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _due(self, partition: Any, until: str, **limit: int) -> Iterator[list[Any]]:
        """The keys of what the sweep may have to look after until then, in pages."""
        query = {
            "TableName": self._table,
            "IndexName": BY_DUE,
            "KeyConditionExpression": "due = :due AND due_at <= :now",
            "ExpressionAttributeValues": {":due": partition, ":now": {"S": until}},
            **limit,
        }
        for page in self._client.get_paginator("query").paginate(**query):
            yield page["Items"]

    def _whole(self, keys: list[str]) -> Iterator[Message]:
        """The messages with these keys, in this order."""
        found = self._reads.many(keys)
        yield from (message_of(found[key]) for key in keys if key in found and "erased" not in found[key])


def _listed(item: Item) -> list[tuple[str, int]]:
    """The ids in a caller's item, with their times, newest first."""
    found = [(name, int(value["N"])) for name, value in item.items() if name not in ("pk", "ttl")]
    return sorted(found, key=lambda each: (each[1], each[0]), reverse=True)


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
