"""Messages: the record of each in DynamoDB. One conditional write claims; every later one only moves forward."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from herald.journal import MayStand, Moved
from herald.journal.item import Mark, item_of, key_of, may_follow, message_of, pk_of
from herald.journal.reads import Reads, item_key
from herald.message import Message
from herald.message.status import comes_from
from herald.message.times import rfc3339

if TYPE_CHECKING:
    from herald.journal.lists import Lists

# When a person was erased, and how long that is kept: what waits elsewhere waits 14 days at most, in a queue.
ERASED, ELSEWHERE = "erased#", timedelta(days=15)
# What belongs to a status is written with it even where it is the same as before: somebody else may have changed it.
OF_THE_STATUS = frozenset({"status", "reason", "retry_at", "turn_at", "due_at"})
# What is removed of an erased message, beside its number, fingerprint and trace.
PERSONAL = frozenset(
    {"recipient", "body", "sender", "provider_id", "response", "earlier", "reference", "tags", "callback_url"}
) | {"reference_hash", "due", "due_at"}


class DynamoJournal:
    """The journal in a DynamoDB table with the key ``pk`` and the indexes of ``Lists``. ``client`` is low-level.

    Every write carries a token of its own: one that the SDK repeats, because its answer was lost, is known as ours.
    """

    def __init__(self, client: Any, table: str, *, keep_days: Callable[[], int] = lambda: 30) -> None:
        self._client, self._table, self._keep_days = client, table, keep_days
        self._reads = Reads(client, table)

    def claim(self, message: Message) -> Message | None:
        token = uuid.uuid4().hex
        item = {**item_of(message), "token": {"S": token}, "ttl": self._ttl(message)}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response["Item"]
            return None if found["token"] == {"S": token} else message_of(found)
        except Exception as error:
            if self._unclaimed(message, token):
                raise
            raise MayStand from error
        return None

    def keep(self, message: Message) -> bool:
        new = {":token": {"S": uuid.uuid4().hex}, ":status": {"S": message.status}}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=key_of(message.id),
                UpdateExpression="SET #token = :token",
                # One that moved has another token already; and whoever moves it must know their own again.
                ConditionExpression="#status = :status",
                ExpressionAttributeNames={"#token": "token", "#status": "status"},
                ExpressionAttributeValues=new,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return "Item" in error.response
        return True

    def get(self, message_id: str) -> Message | None:
        item = self._reads.one(pk_of(message_id))
        return message_of(item) if item and "erased" not in item else None

    def move(self, old: Message, new: Message) -> Message:
        if not comes_from(old.status, new.status):
            raise Moved(self.get(new.id))
        token = uuid.uuid4().hex
        before, after, states = item_of(old), item_of(new), OF_THE_STATUS | {"due"}
        changed = {name for name, value in after.items() if value != before.get(name)} | (states & after.keys())
        changes = {name: after[name] for name in changed - {"trace"}}
        removed = (before.keys() | states) - after.keys()
        steps = after["trace"]["L"][len(before["trace"]["L"]) :]
        sets = [f"#{name} = :{name}" for name in changes] + ["#token = :token", "#trace = list_append(#trace, :steps)"]
        condition, names, values = may_follow(old, new)
        names |= {f"#{name}": name for name in [*changes, *removed, "trace", "token"]}
        values |= {f":{name}": value for name, value in changes.items()}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=key_of(new.id),
                UpdateExpression="SET " + ", ".join(sets) + _remove(removed),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={**values, ":token": {"S": token}, ":steps": {"L": steps}},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response.get("Item")
            if found is None or found["token"] != {"S": token}:
                raise Moved(message_of(found) if found and "erased" not in found else None) from None
            return message_of(found)
        return message_of(answer["Attributes"])

    def due(self, now: datetime) -> Iterator[str]:
        yield from self._lists.due(now)

    def waiting(self, caller: str) -> Iterator[Message]:
        yield from self._lists.waiting(caller)

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        yield from self._lists.newest("recipient", recipient, since, before)

    def with_reference(
        self, reference_hash: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        yield from self._lists.newest("reference_hash", reference_hash, since, before)

    def troubled(self, caller: str) -> Iterator[Message]:
        yield from self._lists.troubled(caller)

    def note_troubled(self, caller: str, ended: Mapping[str, datetime]) -> None:
        self._lists.note_troubled(caller, ended)

    def erase(self, message: Message) -> bool:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=key_of(message.id),
                UpdateExpression="SET erased = :yes, #to = :empty, fingerprint = :empty, #trace = :none, "
                "#token = :token REMOVE " + ", ".join(f"#{name}" for name in sorted(PERSONAL)),
                ConditionExpression="#status = :status AND attempts = :attempts",
                ExpressionAttributeNames={f"#{name}": name for name in PERSONAL | {"to", "trace", "status", "token"}},
                ExpressionAttributeValues={
                    ":yes": {"BOOL": True},
                    ":empty": {"S": ""},
                    ":none": {"L": []},
                    ":token": {"S": uuid.uuid4().hex},
                    ":status": {"S": message.status},
                    ":attempts": {"N": str(message.attempts)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def is_erased(self, message_id: str) -> bool:
        return "erased" in (self._reads.one(pk_of(message_id)) or {})

    def mark_erased(self, person: str, now: datetime) -> None:
        until = {"N": str(int((now + ELSEWHERE).timestamp()))}
        self._client.put_item(
            TableName=self._table, Item={**item_key(ERASED + person), "at": {"S": rfc3339(now)}, "ttl": until}
        )

    def erased_at(self, person: str) -> datetime | None:
        mark = self._reads.one(ERASED + person)
        return datetime.fromisoformat(mark["at"]["S"]) if mark else None

    @property
    def _lists(self) -> "Lists":
        from herald.journal.lists import Lists

        return Lists(self._client, self._table, self._reads)

    def _unclaimed(self, message: Message, token: str) -> bool:
        """A claim whose answer never came may have been written: take it back, or the message would still be sent.

        Not if somebody was told of it: by ``keep``, by a move, or by an event, as of what has ended already.
        False if the message may still be there, and may be sent.
        """
        if message.status.final:
            return True
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=key_of(message.id),
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={":token": {"S": token}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            there = error.response.get("Item")  # Ours, or that of another request with the same key.
            return there is None or message_of(there).created_at != message.created_at
        except Exception:
            return False
        return True

    def _ttl(self, message: Message) -> dict[str, str]:
        return {"N": str(int((message.expires_at + timedelta(days=self._keep_days())).timestamp()))}


def _remove(names: set[str]) -> str:
    return " REMOVE " + ", ".join(f"#{name}" for name in names) if names else ""
