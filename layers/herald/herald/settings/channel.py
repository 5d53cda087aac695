"""Channel: the YAML block of one channel, field by field; every mistake is noted."""

import re
from collections.abc import Callable, Sequence

from herald.errors import InvalidSettings
from herald.settings.block import Block, Problems, amount, no_such
from herald.settings.values import Channel, Field, Rate

FieldsOf = Callable[[str], Sequence[Field]]
"""The fields that a provider's type knows. Raises ``InvalidSettings``, which names the types, for another."""

RateOf = Callable[[str], str]
"""The rate that a provider's type has where a channel's block says none."""

# Every channel may have these, whatever its type.
COMMON_FIELDS = (Field("type", required=True), Field("sender"), Field("endpoint_url"))
# These are about the channel; the vendor's class never sees them.
OWN_FIELDS = (Field("rate"), Field("exchange_rate"))
# What SSM takes in a parameter's name, without the slash.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def unlimited(_type: str) -> str:
    """The rate of a type of which nothing is known."""
    return "unlimited"


def read_channel(
    name: str, where: str, found: Block, fields: FieldsOf, problems: Problems, *, rates: RateOf = unlimited
) -> Channel:
    """The channel that a block describes: its mistakes are at ``where``; ``fields`` and ``rates`` know its type."""
    given = {key: value for key, value in found.values.items() if value not in (None, "")}
    lines, kind = found.lines, str(given.get("type", ""))
    if not kind:
        problems.add(where, "missing", "type is missing")
        return Channel(name, kind)
    try:
        known = {field.name: field for field in (*COMMON_FIELDS, *OWN_FIELDS, *fields(kind))}
    except InvalidSettings as error:
        problems.add(where, "unknown_type", f"type {error.problems[0].detail}", lines.get("type"))
        return Channel(name, kind)
    for key in given.keys() - known.keys():
        problems.add(where, "unknown_field", no_such("field", key, known), lines.get(key))
    for field in known.values():
        value, line = given.get(field.name), lines.get(field.name)
        if field.required and value is None:
            problems.add(where, "missing", f"{field.name} is missing", line)
        elif value is not None and not isinstance(value, str):
            problems.add(where, "wrong_type", f"{field.name} must be a plain value", line)
        elif field.choices and isinstance(value, str) and value.lower() not in {c.lower() for c in field.choices}:
            problems.add(where, "unknown_choice", f"{field.name} must be one of {', '.join(field.choices)}", line)
    rate = _rate(where, given.get("rate", rates(kind)), lines.get("rate"), problems)
    exchange = _exchange(where, given.get("exchange_rate", "1"), lines.get("exchange_rate"), problems)
    own = {"type", *(field.name for field in OWN_FIELDS)}
    return Channel(name, kind, {key: str(value) for key, value in given.items() if key not in own}, rate, exchange)


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
