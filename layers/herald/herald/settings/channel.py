"""Channel: the YAML block of one channel, field by field; every mistake is noted."""

import re
from collections.abc import Callable, Mapping, Sequence

from herald.errors import InvalidSettings
from herald.settings.block import Block, Problems, amount, no_such, nothing_behind
from herald.settings.values import Channel, Field, Rate, Senders

FieldsOf = Callable[[str], Sequence[Field]]
"""The fields that a provider's type knows. Raises ``InvalidSettings``, which names the types, for another."""

RateOf = Callable[[str], str]
"""The rate that a provider's type has where a channel's block says none."""

# Every channel may have these, whatever its type.
COMMON_FIELDS = (Field("type", required=True), Field("sender"), Field("endpoint_url"))
# These are about the channel; the vendor's class never sees them.
OWN_FIELDS = (Field("rate"), Field("exchange_rate"), Field("senders", plain=False))
# What SSM takes in a parameter's name, without the slash.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def unlimited(_type: str) -> str:
    """The rate of a type of which nothing is known."""
    return "unlimited"


def read_channel(
    name: str,
    where: str,
    found: Block,
    fields: FieldsOf,
    problems: Problems,
    *,
    rates: RateOf = unlimited,
    lenient: bool = False,
) -> Channel:
    """The channel that a block describes: its mistakes are at ``where``; ``fields`` and ``rates`` know its type.

    A field with nothing behind it is a mistake; if ``lenient``, it is left out, unless it is a limit.
    """
    given, lines = found.values, found.lines
    kind = str(given.get("type", ""))
    if not kind:
        problems.add(where, "missing", "type is missing", lines.get("type"))
        return Channel(name, kind)
    try:
        known = {field.name: field for field in (*COMMON_FIELDS, *OWN_FIELDS, *fields(kind))}
    except InvalidSettings as error:
        problems.add(where, "unknown_type", f"type {error.problems[0].detail}", lines.get("type"))
        return Channel(name, kind)
    _note_mistakes(where, found, known, problems, lenient=lenient)
    rate = _rate(where, given.get("rate", rates(kind)), lines.get("rate"), problems)
    exchange = _exchange(where, given.get("exchange_rate", "1"), lines.get("exchange_rate"), problems)
    own = {"type", *(field.name for field in OWN_FIELDS)}
    values = {key: str(value) for key, value in given.items() if key not in own}
    return Channel(name, kind, values, rate, exchange, _senders(where, found, problems))


def _note_mistakes(where: str, found: Block, known: Mapping[str, Field], problems: Problems, *, lenient: bool) -> None:
    given, lines = found.values, found.lines
    empty = {name for name in lines.keys() - given.keys() if not lenient or (name in known and known[name].limit)}
    for name in empty:
        nothing_behind(where, name, known, problems, lines[name])
    for name in given.keys() - known.keys():
        problems.add(where, "unknown_field", no_such("field", name, known), lines.get(name))
    for field in known.values():
        wrong = mistake(field, given[field.name]) if field.name in given else None
        if field.required and field.name not in given.keys() | empty:
            wrong = "missing", "is missing"
        if wrong:
            problems.add(where, wrong[0], f"{field.name} {wrong[1]}", lines.get(field.name))


def mistake(field: Field, value: object) -> tuple[str, str] | None:
    """Code and detail of what is wrong with a field's value, which they do not repeat; None if it is right."""
    if not field.plain:
        return None
    if not isinstance(value, str):
        return "wrong_type", "must be a plain value"
    if field.choices and value.lower() not in {choice.lower() for choice in field.choices}:
        return "unknown_choice", f"must be one of {', '.join(field.choices)}"
    if field.shape and not re.fullmatch(field.shape, value):
        return "invalid_value", f"must be written as in {field.example}"
    return None


def _rate(where: str, value: object, line: int | None, problems: Problems) -> Rate | None:
    try:
        return Rate.read(value) if isinstance(value, str) else None
    except ValueError:
        problems.add(where, "invalid_rate", "rate must be such as 20/s, 200/min, 1000/h, or unlimited", line)
    return None


def _exchange(where: str, value: object, line: int | None, problems: Problems) -> float:
    found = amount(value)
    if not found:
        problems.add(where, "invalid_amount", "exchange_rate must be an amount above 0 such as 0.0119", line)
    return found or 1.0


def _senders(where: str, found: Block, problems: Problems) -> Senders:
    if "senders" not in found.values:
        return {}
    from herald.settings.senders import read_senders

    line = found.lines.get("senders")
    return read_senders(found.values["senders"], lambda code, detail: problems.add(where, code, detail, line))
