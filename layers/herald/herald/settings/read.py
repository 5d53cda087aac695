"""Read settings: YAML texts -> values, or InvalidSettings that lists every mistake by parameter, field and line."""

import re
from collections.abc import Callable, Mapping, Sequence

from herald.errors import InvalidSettings
from herald.settings import DEFAULT_CHANNELS, Channel, Field, Rate, Settings
from herald.settings.block import Block, Problems, amount, block, entries, no_such, root
from herald.settings.general import General

Fields = Callable[[str], Sequence[Field]]
"""The fields that a provider's type knows. Raises ``InvalidSettings``, which names the types, for another."""

Rates = Callable[[str], str]
"""The rate that a provider's type has where a channel's block says none."""

# The parameter with the secrets that webhooks are signed with, one a line: two while the old one is being replaced.
WEBHOOK_SECRET = "webhook-secret"  # noqa: S105 - the parameter's name
# Every channel may have these, whatever its type.
COMMON_FIELDS = (Field("type", required=True), Field("sender"), Field("endpoint_url"))
# These are about the channel; the vendor's class never sees them.
OWN_FIELDS = (Field("rate"), Field("exchange_rate"))
# What SSM takes in a parameter's name, without the slash.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def _unlimited(_type: str) -> str:
    return "unlimited"


def read_settings(
    parameters: Mapping[str, str], fields: Fields, rates: Rates = _unlimited, *, local: bool = False
) -> Settings:
    """The settings of a stage from its parameters, ``{"settings": yaml, "channels/<name>": yaml}``.

    On the laptop (``local``) the machine itself may be called back. Raises ``InvalidSettings`` that lists every mistake
    of every parameter, never with a value.
    """
    problems = Problems()
    channels = {}
    for parameter, text in sorted(parameters.items()):
        prefix, _, name = parameter.partition("/")
        if prefix == "channels":
            found = block(parameter, root(parameter, text, problems), problems)
            channels[name] = _channel(name, parameter, found, fields, problems, rates=rates)
    general = block("settings", root("settings", parameters.get("settings", ""), problems), problems)
    settings = General(general, channels or DEFAULT_CHANNELS, problems, local=local).settings()
    if problems:
        raise InvalidSettings(problems)
    return settings._replace(webhook_secrets=tuple(parameters.get(WEBHOOK_SECRET, "").split()))


def read_gramex(text: str, fields: Fields) -> dict[str, Channel]:
    """The channels in the ``sms:`` section of a Gramex configuration. Raises ``InvalidSettings`` with every mistake."""
    import yaml

    problems, file = Problems(), "gramex.yaml"
    section = entries(file, root(file, text, problems), problems).get("sms")
    found = entries("sms", section.node, problems) if section else {}
    channels = {}
    for name, (node, line) in found.items():
        if not isinstance(node, yaml.MappingNode):
            problems.add("sms", "wrong_type", "a channel must be a mapping with a type", line)
        elif not NAME.fullmatch(name):
            problems.add("sms", "invalid_name", "a channel's name is 1 to 64 letters, digits or _ . -", line)
        else:
            where = f"sms.{name}"
            channels[name] = _channel(name, where, block(where, node, problems), fields, problems)
    if not found and not problems:
        problems.add(file, "missing", "has no sms: section with channels")
    if problems:
        raise InvalidSettings(problems)
    return channels


def _channel(
    name: str, where: str, found: Block, fields: Fields, problems: Problems, *, rates: Rates = _unlimited
) -> Channel:
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
