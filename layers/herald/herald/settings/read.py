"""Read settings: YAML texts -> values, or InvalidSettings that lists every mistake by parameter, field and line."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from herald.errors import InvalidSettings
from herald.hosts import base, is_entry
from herald.settings import DEFAULT_CHANNELS, EVENTS, Channel, Field, Rate, Rule, Settings
from herald.settings.block import Block, Problems, block, entries, root

Fields = Callable[[str], Sequence[Field]]
"""The fields that a provider's type knows. Raises ``InvalidSettings``, which names the types, for another."""

Rates = Callable[[str], str]
"""The rate that a provider's type has where a channel's block says none."""

KINDS = ("transactional", "promotional", "otp")
SETTINGS = (
    "default_region", "default_channel", "routes", "countries", "valid_for", "keep_days", "resend_after", "url",
    "callback_hosts", "events",
)  # fmt: skip
# The parameter with the secrets that webhooks are signed with, one a line: two while the old one is being replaced.
WEBHOOK_SECRET = "webhook-secret"  # noqa: S105 - the parameter's name
# Every channel may have these, whatever its type.
COMMON_FIELDS = (Field("type", required=True), Field("sender"), Field("endpoint_url"))
# These are about the channel; the vendor's class never sees them.
OWN_FIELDS = (Field("rate"),)
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
    settings = _General(general, channels or DEFAULT_CHANNELS, problems, local=local).settings()
    if problems:
        raise InvalidSettings(problems)
    return replace(settings, webhook_secrets=tuple(parameters.get(WEBHOOK_SECRET, "").split()))


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
        problems.add(where, "unknown_field", _no_such("field", key, known), lines.get(key))
    for field in known.values():
        value, line = given.get(field.name), lines.get(field.name)
        if field.required and value is None:
            problems.add(where, "missing", f"{field.name} is missing", line)
        elif value is not None and not isinstance(value, str):
            problems.add(where, "wrong_type", f"{field.name} must be a plain value", line)
        elif field.choices and isinstance(value, str) and value.lower() not in {c.lower() for c in field.choices}:
            problems.add(where, "unknown_choice", f"{field.name} must be one of {', '.join(field.choices)}", line)
    rate = _rate(where, given.get("rate", rates(kind)), lines.get("rate"), problems)
    return Channel(name, kind, {key: str(value) for key, value in given.items() if key not in ("type", "rate")}, rate)


def _rate(where: str, value: object, line: int | None, problems: Problems) -> Rate | None:
    try:
        return Rate.read(value) if isinstance(value, str) else None
    except ValueError:
        problems.add(where, "invalid_rate", "rate must be such as 20/s, 200/min, 1000/h, or unlimited", line)
    return None


def _no_such(thing: str, name: str, known: Collection[str]) -> str:
    """What to write in place of a wrong name. The name is not told: it may be a secret at the wrong place."""
    from difflib import get_close_matches

    meant = get_close_matches(name[:40], known, 1)
    return f"there is no such {thing}" + (f": did you mean {meant[0]}?" if meant else f"; there are {', '.join(known)}")


class _General:
    """The ``settings`` parameter, field by field."""

    def __init__(self, found: Block, channels: Mapping[str, Channel], problems: Problems, *, local: bool) -> None:
        self.values, self.lines, self.channels, self.problems = found.values, found.lines, channels, problems
        self.local = local

    def settings(self) -> Settings:
        given, known = self.values, Settings(channels=self.channels)
        for name in given.keys() - set(SETTINGS):
            self.problem(name, "unknown_field", _no_such("setting", name, SETTINGS))
        region, channel, countries = given.get("default_region"), given.get("default_channel"), given.get("countries")
        return Settings(
            channels=self.channels,
            default_region=(self.country("default_region", region) if region else None) or known.default_region,
            default_channel=self.channel("default_channel", channel) if channel else None,
            routes=tuple(self.rules(given.get("routes") or [])),
            countries=None if countries is None else self.countries(countries),
            valid_for=self.number("valid_for", known.valid_for, 1, 259_200),
            keep_days=self.number("keep_days", known.keep_days, 1, 366),
            resend_after=self.number("resend_after", known.resend_after, 60, 86_400),
            url=self.url(given.get("url")),
            callback_hosts=tuple(self.hosts(given.get("callback_hosts") or [])),
            events=known.events if given.get("events") is None else tuple(self.events(given["events"])),
        )

    def problem(self, name: str, code: str, detail: str) -> None:
        self.problems.add("settings", code, detail, self.lines.get(name))

    def country(self, name: str, value: object) -> str | None:
        if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha():
            return value.upper()
        self.problem(name, "invalid_country", f"{name} must hold two-letter country codes such as IN")
        return None

    def countries(self, value: object) -> frozenset[str]:
        return frozenset(filter(None, (self.country("countries", code) for code in self.listed("countries", value))))

    def channel(self, name: str, value: object) -> str | None:
        if isinstance(value, str) and value in self.channels:
            return value
        self.problem(name, "unknown_channel", f"{name} names a channel that is not there: {', '.join(self.channels)}")
        return None

    def listed(self, name: str, value: object) -> list[Any]:
        if isinstance(value, list):
            return value
        self.problem(name, "wrong_type", f"{name} must hold a list")
        return []

    def rules(self, value: object) -> list[Rule]:
        rules = []
        for rule in self.listed("routes", value):
            fits = isinstance(rule, dict) and rule.keys() <= {"country", "kind", "channels"}
            if not fits or not rule.get("channels"):
                self.problem("routes", "invalid_route", "each route has channels and may have country and kind")
                continue
            country, kind = rule.get("country"), rule.get("kind")
            if kind not in (None, *KINDS):
                self.problem("routes", "unknown_choice", f"kind must be one of {', '.join(KINDS)}")
            named = [self.channel("routes", name) for name in self.listed("routes", rule["channels"])]
            rules.append(Rule(tuple(filter(None, named)), self.country("routes", country) if country else None, kind))
        return rules

    def url(self, value: object) -> str | None:
        found = base(value) if isinstance(value, str) and value else None
        if value and not found:
            self.problem("url", "invalid_url", "url must be such as https://sms.example.com, without a query")
        return found

    def hosts(self, value: object) -> list[str]:
        names = self.listed("callback_hosts", value)
        right = [name for name in names if isinstance(name, str) and is_entry(name, local=self.local)]
        if right != names:
            example = "hooks.example.com, hooks.example.com:8443 or *.example.com"
            self.problem("callback_hosts", "invalid_host", f"callback_hosts must hold names of hosts such as {example}")
        return right

    def events(self, value: object) -> list[str]:
        choices, words = (*EVENTS, "sent"), self.listed("events", value)
        right = [word for word in words if isinstance(word, str) and word in choices]
        if right != words:
            self.problem("events", "unknown_choice", f"events must hold some of {', '.join(choices)}")
        return right

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.values.get(name)
        if value in (None, ""):
            return default
        if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII) and low <= int(value) <= high:
            return int(value)
        self.problem(name, "out_of_range", f"{name} must be a whole number from {low} to {high}")
        return default
