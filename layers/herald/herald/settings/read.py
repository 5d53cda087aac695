"""Read settings: YAML texts -> values, or InvalidSettings that lists every mistake by parameter, field and line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from herald.errors import InvalidSettings, Problem
from herald.settings import DEFAULT_CHANNELS, Channel, Field, Rule, Settings

Fields = Callable[[str], Sequence[Field] | None]
"""The fields that a provider's type knows, or None for an unknown type."""

KINDS = ("transactional", "promotional", "otp")
# Every channel may have these, whatever its type.
COMMON_FIELDS = (Field("type", required=True), Field("sender"), Field("endpoint_url"))


class _Block(NamedTuple):
    values: dict[str, Any]
    lines: dict[str, int]


class _Problems(list[Problem]):
    def add(self, parameter: str, code: str, detail: str, line: int | None = None) -> None:
        self.append(Problem(parameter, code, detail + (f" (line {line})" if line else "")))


def read_settings(parameters: Mapping[str, str], fields: Fields) -> Settings:
    """The settings of a stage from its parameters, ``{"settings": yaml, "channels/<name>": yaml}``.

    Raises ``InvalidSettings`` that lists every mistake of every parameter, never with a value.
    """
    problems = _Problems()
    prefix = "channels/"
    channels = {
        name.removeprefix(prefix): _channel(name.removeprefix(prefix), name, _block(name, text, problems), fields, problems)
        for name, text in sorted(parameters.items())
        if name.startswith(prefix)
    } or DEFAULT_CHANNELS
    block = _block("settings", parameters.get("settings", ""), problems)
    settings = _General(block, channels, problems).settings()
    if problems:
        raise InvalidSettings(problems)
    return settings


def read_gramex(text: str, fields: Fields) -> dict[str, Channel]:
    """The channels in the ``sms:`` section of a Gramex configuration. Raises ``InvalidSettings`` with every mistake."""
    problems = _Problems()
    section = _block("gramex.yaml", text, problems).values.get("sms")
    if not problems and (not isinstance(section, dict) or not section):
        problems.add("gramex.yaml", "missing", "has no sms: section with channels")
    channels = {}
    for name, values in section.items() if isinstance(section, dict) else ():
        where = f"sms.{name}"
        if not isinstance(values, dict):
            problems.add(where, "wrong_type", "must be a mapping with a type")
            continue
        block = _Block({key: "" if value is None else _plain(value) for key, value in values.items()}, {})
        channels[str(name)] = _channel(str(name), where, block, fields, problems)
    if problems:
        raise InvalidSettings(problems)
    return channels


def _block(parameter: str, text: str, problems: _Problems) -> _Block:
    """A YAML mapping, with the line of each key. Plain values keep their spelling: ``sid: 0123`` stays ``0123``."""
    if not text.strip():
        return _Block({}, {})
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problems.add(parameter, "malformed_yaml", "is not valid YAML", mark.line + 1 if mark else None)
        return _Block({}, {})
    if not isinstance(node, yaml.MappingNode):
        problems.add(parameter, "wrong_type", "must be a mapping of names to values", 1)
        return _Block({}, {})
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in lines:
            problems.add(parameter, "duplicate_field", f"{name} is given twice", key.start_mark.line + 1)
        lines[name] = key.start_mark.line + 1
        spelled = isinstance(value, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null"
        values[name] = value.value if spelled else loader.construct_object(value, deep=True)
    return _Block(values, lines)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


def _channel(name: str, where: str, block: _Block, fields: Fields, problems: _Problems) -> Channel:
    kind = str(block.values.get("type") or "")
    known = fields(kind)
    if not kind:
        problems.add(where, "missing", "type is missing")
    elif known is None:
        problems.add(where, "unknown_type", "type is not one that Herald knows", block.lines.get("type"))
    if known is None:
        return Channel(name, kind)
    by_name = {field.name: field for field in (*COMMON_FIELDS, *known)}
    given = {key: value for key, value in block.values.items() if value not in (None, "")}
    for key in given.keys() - by_name.keys():
        problems.add(where, "unknown_field", f"{key} is not a field of type {kind}", block.lines.get(key))
    for field in by_name.values():
        value, line = given.get(field.name), block.lines.get(field.name)
        if field.required and value is None:
            problems.add(where, "missing", f"{field.name} is missing", line)
        elif value is not None and not isinstance(value, str):
            problems.add(where, "wrong_type", f"{field.name} must be a plain value", line)
        elif field.choices and isinstance(value, str) and value.lower() not in {c.lower() for c in field.choices}:
            problems.add(where, "unknown_choice", f"{field.name} must be one of {', '.join(field.choices)}", line)
    return Channel(name, kind, {key: str(value) for key, value in given.items() if key != "type"})


class _General:
    """The ``settings`` parameter, field by field."""

    def __init__(self, block: _Block, channels: Mapping[str, Channel], problems: _Problems) -> None:
        self.block, self.channels, self.problems = block, channels, problems

    def settings(self) -> Settings:
        known = Settings(channels=self.channels)
        given = self.block.values
        for name in given.keys() - {"default_region", "default_channel", "routes", "countries", "valid_for", "keep_days"}:
            self.problem(name, "unknown_field", f"{name} is not a setting")
        countries = given.get("countries")
        return Settings(
            channels=self.channels,
            default_region=self.country("default_region", given.get("default_region")) or known.default_region,
            default_channel=self.channel("default_channel", given.get("default_channel")),
            routes=tuple(self.rules(given.get("routes") or [])),
            countries=frozenset(filter(None, (self.country("countries", c) for c in self.listed("countries", countries))))
            if countries is not None
            else None,
            valid_for=self.number("valid_for", known.valid_for, 1, 259_200),
            keep_days=self.number("keep_days", known.keep_days, 1, 366),
        )

    def problem(self, name: str, code: str, detail: str) -> None:
        self.problems.add("settings", code, detail, self.block.lines.get(name))

    def country(self, name: str, value: object) -> str | None:
        if value in (None, ""):
            return None
        if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha():
            return value.upper()
        # YAML reads an unquoted NO (Norway) in a list as false.
        self.problem(name, "invalid_country", f"{name} must hold two-letter country codes, in quotes where YAML needs it")
        return None

    def channel(self, name: str, value: object) -> str | None:
        if value in (None, "") or value in self.channels:
            return str(value) if value else None
        self.problem(name, "unknown_channel", f"{name} names a channel that is not there: {', '.join(self.channels)}")
        return None

    def listed(self, name: str, value: object) -> list[Any]:
        if isinstance(value, list):
            return value
        self.problem(name, "wrong_type", f"{name} must be a list")
        return []

    def rules(self, value: object) -> list[Rule]:
        rules = []
        for rule in self.listed("routes", value):
            if not isinstance(rule, dict) or not rule.keys() <= {"country", "kind", "channels"} or not rule.get("channels"):
                self.problem("routes", "invalid_route", "each route has channels and may have country and kind")
                continue
            if rule.get("kind") not in (None, *KINDS):
                self.problem("routes", "unknown_choice", f"kind must be one of {', '.join(KINDS)}")
            named = [self.channel("routes", name) for name in self.listed("routes", rule["channels"])]
            country = self.country("routes", rule.get("country"))
            rules.append(Rule(tuple(filter(None, named)), country, rule.get("kind")))
        return rules

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.block.values.get(name)
        if value in (None, ""):
            return default
        if isinstance(value, str) and value.isascii() and value.isdigit() and low <= int(value[:9]) <= high:
            return int(value)
        self.problem(name, "out_of_range", f"{name} must be a whole number from {low} to {high}")
        return default
