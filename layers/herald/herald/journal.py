"""Journal: the record of each message in DynamoDB. One conditional write claims; every later one only moves forward."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, Protocol

from herald.message import Message, Status, Step, rfc3339
from herald.reasons import REASONS

# From which states a message may come into each state. `accepted` comes again only from an attempt that surely did
# not send; only `unknown` may still turn out to be sent or not.
COMES_FROM: Mapping[Status, frozenset[Status]] = {
    Status.ACCEPTED: frozenset({Status.SENDING}),
    Status.SCHEDULED: frozenset(),
    Status.SENDING: frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.SENDING}),
    Status.UNKNOWN: frozenset({Status.SENDING}),
    Status.SENT: frozenset({Status.SENDING, Status.UNKNOWN}),
    Status.DELIVERED: frozenset({Status.SENDING, Status.UNKNOWN, Status.SENT}),
    Status.UNDELIVERED: frozenset({Status.SENDING, Status.UNKNOWN, Status.SENT}),
    Status.FAILED: frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.UNKNOWN}),
    Status.EXPIRED: frozenset({Status.ACCEPTED, Status.SCHEDULED}),
    Status.CANCELED: frozenset({Status.ACCEPTED, Status.SCHEDULED}),
}


class Moved(Exception):
    """Somebody else moved the message first; ``current`` is how it stands (None: it is gone)."""

    def __init__(self, current: Message | None) -> None:
        self.current = current
        super().__init__("the message was moved by somebody else")


class Records(Protocol):
    """What a journal does. ``testing.MemoryJournal`` is the other one."""

    def claim(self, message: Message) -> Message | None:
        """Write a new message; None if it is ours now, else the message that had this id before."""

    def get(self, message_id: str) -> Message | None:
        """The message as it stands."""

    def move(self, old: Message, new: Message) -> Message:
        """Write how ``new`` differs from ``old``; the message as it stands then.

        Raises ``Moved`` if somebody else attempted it meanwhile, or it is not where it may come from.
        """

    def release(self, message: Message) -> None:
        """Take a claim back: the message was not accepted after all. Raises ``Moved`` if it is being sent."""


class Journal:
    """The journal in a DynamoDB table with the key ``pk``. ``client`` is a low-level DynamoDB client.

    Every write carries a token of its own: one that the SDK repeats, because its answer was lost, is known as ours.
    """

    def __init__(self, client: Any, table: str, *, keep_days: int = 30) -> None:
        self._client, self._table, self._keep = client, table, timedelta(days=keep_days)

    def claim(self, message: Message) -> Message | None:
        token = uuid.uuid4().hex
        item = {**_item(message), **_key(message.id), "token": {"S": token}, "ttl": self._ttl(message)}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response["Item"]
            return None if found["token"] == {"S": token} else _message(found)
        return None

    def get(self, message_id: str) -> Message | None:
        answer = self._client.get_item(TableName=self._table, Key=_key(message_id), ConsistentRead=True)
        return _message(answer["Item"]) if "Item" in answer else None

    def move(self, old: Message, new: Message) -> Message:
        if not COMES_FROM[new.status]:
            raise Moved(self.get(new.id))
        token = uuid.uuid4().hex
        before, after = _item(old), _item(new)
        changes = {name: value for name, value in after.items() if value != before.get(name) and name != "trace"}
        removed = [name for name in before if name not in after]
        steps = after["trace"]["L"][len(before["trace"]["L"]) :]
        names = {f"#{name}": name for name in [*changes, *removed, "status", "attempts", "trace", "token"]}
        values = {f":{name}": value for name, value in changes.items()}
        values |= {":token": {"S": token}, ":steps": {"L": steps}, ":was": before["attempts"]}
        values |= {f":from{n}": {"S": state} for n, state in enumerate(sorted(COMES_FROM[new.status]))}
        sets = [f"#{name} = :{name}" for name in changes] + ["#token = :token", "#trace = list_append(#trace, :steps)"]
        states = ", ".join(name for name in values if name.startswith(":from"))
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(new.id),
                UpdateExpression="SET " + ", ".join(sets) + _remove(removed),
                ConditionExpression=f"#attempts = :was AND #status IN ({states})",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response.get("Item")
            if found is None or found["token"] != {"S": token}:
                raise Moved(found and _message(found)) from None
            return _message(found)
        return _message(answer["Attributes"])

    def release(self, message: Message) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_key(message.id),
                ConditionExpression="#status IN (:accepted, :scheduled) AND attempts = :none",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":accepted": {"S": Status.ACCEPTED},
                    ":scheduled": {"S": Status.SCHEDULED},
                    ":none": {"N": "0"},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response.get("Item")
            raise Moved(found and _message(found)) from None

    def _ttl(self, message: Message) -> dict[str, str]:
        return {"N": str(int((message.expires_at + self._keep).timestamp()))}


def _key(message_id: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"message#{message_id}"}}


def _remove(names: list[str]) -> str:
    return " REMOVE " + ", ".join(f"#{name}" for name in names) if names else ""


_TIMES = {f.name for f in fields(Message) if "datetime" in str(f.type)}
_NUMBERS = {"segments", "length", "attempts"}
_MAPPINGS = {"tags", "response"}


def _item(message: Message) -> dict[str, dict[str, Any]]:
    """The message as DynamoDB attributes; what is None is left out, and a text that is no longer needed."""
    item: dict[str, dict[str, Any]] = {}
    for field in fields(Message):
        name, value = field.name, getattr(message, field.name)
        if value is not None and (name != "body" or message.status.text_needed):
            item[name] = _attribute(name, value)
    return item


def _attribute(name: str, value: Any) -> dict[str, Any]:
    if name == "trace":
        steps = [{"at": rfc3339(step.at), "step": step.step, "detail": step.detail} for step in value]
        return {"L": [{"S": json.dumps(step)} for step in steps]}
    if name in _TIMES:
        return {"S": rfc3339(value)}
    if name in _NUMBERS:
        return {"N": str(value)}
    if name in _MAPPINGS:
        return {"S": json.dumps(dict(value))}
    return {"S": value.code if name == "reason" else str(value)}


def _message(item: Mapping[str, Mapping[str, Any]]) -> Message:
    known = {f.name for f in fields(Message)} & item.keys()
    return Message(**{"body": None, **{name: _value(name, item[name]) for name in known}})


def _value(name: str, attribute: Mapping[str, Any]) -> Any:
    if name == "trace":
        steps = [json.loads(step["S"]) for step in attribute["L"]]
        return tuple(Step(datetime.fromisoformat(s["at"]), s["step"], s["detail"]) for s in steps)
    if name in _TIMES:
        return datetime.fromisoformat(attribute["S"])
    if name in _NUMBERS:
        return int(attribute["N"])
    if name in _MAPPINGS:
        return json.loads(attribute["S"])
    if name == "status":
        return Status(attribute["S"])
    return REASONS.get(attribute["S"], REASONS["unexplained"]) if name == "reason" else attribute["S"]
