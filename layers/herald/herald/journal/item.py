"""Item: a message as DynamoDB keeps it, and back. A write is billed by each kB begun: what says nothing is left out."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from herald.message import Message
from herald.message.counted import Counted
from herald.message.earlier import Earlier
from herald.message.reasons import REASONS
from herald.message.status import Status, Step, comes_from
from herald.message.times import rfc3339

# The partitions of the sparse index: what is in one is what the sweep may have to look after. Leases have their own, so
# that they are found first, however much waits.
LEASED, DUE = {"S": "0"}, {"S": "1"}
_PREFIX = "message#"
# What is not written. DynamoDB keeps no empty text in an index.
_UNSAID = {
    "tags": {},
    "possible_duplicate": False,
    "second_channel": False,
    "test": False,
    "recipient": "",
    "reference_hash": "",
}
_NAMES = tuple(name for name in Message._fields if name != "id")


class Mark(NamedTuple):
    """A place among a person's messages: that of the message which was made at this time and has this id."""

    created_at: datetime
    id: str


def pk_of(message_id: str) -> str:
    """The value of a message's key."""
    return _PREFIX + message_id


def key_of(message_id: str) -> dict[str, dict[str, str]]:
    """The key of a message's item."""
    return {"pk": {"S": pk_of(message_id)}}


def id_of(item: Mapping[str, Mapping[str, Any]]) -> str:
    """The id of the message whose item has this key."""
    return str(item["pk"]["S"]).removeprefix(_PREFIX)


def item_of(message: Message) -> dict[str, dict[str, Any]]:
    """The message as DynamoDB attributes, key and all; without a text that is no longer needed."""
    item: dict[str, dict[str, Any]] = key_of(message.id)
    for name in _NAMES:
        value = getattr(message, name)
        if value not in (None, _UNSAID.get(name)) and (name != "body" or message.text_needed):
            item[name] = attribute(name, value)
    return {**item, "due": LEASED if message.status is Status.SENDING else DUE} if message.due_at else item


def may_follow(old: Message, new: Message) -> tuple[str, dict[str, str], dict[str, Any]]:
    """When ``new`` may be written: a condition with its names and values."""
    states = {f":from{n}": {"S": state} for n, state in enumerate(sorted(comes_from(old.status, new.status)))}
    conditions = [f"#status IN ({', '.join(states)})", "#attempts = :attempts_were", "attribute_not_exists(erased)"]
    names = {"#status": "status", "#attempts": "attempts"}
    values = {**states, ":attempts_were": {"N": str(old.attempts)}}
    if new.reserved != old.reserved:
        names["#reserved"] = "reserved"
        conditions.append(
            "#reserved = :reserved_was" if old.reserved is not None else "attribute_not_exists(#reserved)"
        )
        values |= {":reserved_was": attribute("reserved", old.reserved)} if old.reserved is not None else {}
    if old.counted or new.counted:
        names["#counted"] = "counted"
        known = {
            f":counted{n}": attribute("counted", each)
            for n, each in enumerate(old.counted.alike if old.counted else ())
        }
        conditions.append(f"#counted IN ({', '.join(known)})" if known else "attribute_not_exists(#counted)")
        values |= known
    if new.text_needed:
        conditions.append("attribute_exists(#body)")
        names["#body"] = "body"
    if new.status is old.status:
        names["#due_at"] = "due_at"
        conditions += [
            "#due_at = :due_was" if old.due_at else "attribute_not_exists(#due_at)",
            "size(#trace) = :steps_were",
        ]
        values |= {":due_was": attribute("due_at", old.due_at)} if old.due_at else {}
        values |= {":steps_were": {"N": str(len(old.trace))}}
    return " AND ".join(conditions), names, values


def attribute(name: str, value: Any) -> dict[str, Any]:
    """The value of one of a message's fields as a DynamoDB attribute."""
    kind, write, _ = _CODECS.get(name, _TEXT)
    return {kind: write(value)}


def message_of(item: Mapping[str, Mapping[str, Any]]) -> Message:
    """The message that a record in the table, or an image of it in the table's stream, holds."""
    known = {name: _value(name, item[name]) for name in _NAMES if name in item}
    return Message(id=id_of(item), **{"body": None, **known})


def _value(name: str, kept: Mapping[str, Any]) -> Any:
    kind, _, read = _CODECS.get(name, _TEXT)
    return read(kept[kind])


def _written(trace: tuple[Step, ...]) -> list[dict[str, str]]:
    return [{"S": f"{rfc3339(step.at)} {step.step} {step.detail}"} for step in trace]


def _steps(written: list[dict[str, str]]) -> tuple[Step, ...]:
    parts = [step["S"].split(" ", 2) for step in written]
    return tuple(Step(datetime.fromisoformat(at), step, detail) for at, step, detail in parts)


def _listed(names: frozenset[str]) -> list[dict[str, str]]:
    return [{"S": name} for name in sorted(names)]


def _set(listed: list[dict[str, str]]) -> frozenset[str]:
    return frozenset(name["S"] for name in listed)


# How a field of a message is kept: the attribute's type in DynamoDB, and how it is written and read.
_Codec = tuple[str, Callable[[Any], Any], Callable[[Any], Any]]
_TEXT: _Codec = ("S", str, str)
_MAPPING: _Codec = ("S", lambda value: json.dumps(dict(value), separators=(",", ":")), json.loads)
_NUMBER: _Codec = ("N", str, int)
_MOMENT: _Codec = ("S", rfc3339, datetime.fromisoformat)
_CODECS: Mapping[str, _Codec] = {
    **{name: _MOMENT for name, kind in Message.__annotations__.items() if "datetime" in str(kind)},
    "segments": _NUMBER,
    "length": _NUMBER,
    "attempts": _NUMBER,
    "reserved": _NUMBER,
    "deliver_by": _NUMBER,
    "possible_duplicate": ("BOOL", bool, bool),
    "second_channel": ("BOOL", bool, bool),
    "test": ("BOOL", bool, bool),
    "tags": _MAPPING,
    "response": _MAPPING,
    "status": ("S", str, Status),
    "counted": ("S", Counted.written, Counted.read),
    "earlier": ("S", Earlier.written, Earlier.read),
    "allowed": ("L", _listed, _set),
    "reason": ("S", lambda reason: reason.code, lambda code: REASONS.get(code, REASONS["unexplained"])),
    "trace": ("L", _written, _steps),
}
