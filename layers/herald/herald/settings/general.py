"""General: the parameter ``settings`` of a stage, field by field; every mistake is noted."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from herald.message.kinds import KINDS
from herald.settings.block import Block, Problems, no_such
from herald.settings.limits import GUARDS, Guards
from herald.settings.values import EVENTS, Channel, Limits, Rule, Senders, Settings

SETTINGS = (
    "default_region", "default_channel", "routes", "countries", "valid_for", "keep_days", "resend_after", "url",
    "callback_hosts", "events", "send_revoked", "deliver_by", "senders", *GUARDS,
)  # fmt: skip
# What may stand in a block, at any depth: of these, a mistake may tell the name.
NAMES = (*SETTINGS, *Limits._fields, *KINDS, "country", "prefix", "kind", "caller", "sender", "channels")
# What the setting countries says to allow all of them.
EVERYWHERE = "all"


class General:
    """The ``settings`` parameter, field by field."""

    def __init__(self, found: Block, channels: Mapping[str, Channel], problems: Problems, *, local: bool) -> None:
        self.values, self.lines, self.channels, self.problems = found.values, found.lines, channels, problems
        self.local = local

    def settings(self) -> Settings:
        given, known = self.values, Settings(channels=self.channels)
        for name in given.keys() - set(SETTINGS):
            self.problem(name, "unknown_field", no_such("setting", name, SETTINGS))
        region, channel = given.get("default_region"), given.get("default_channel")
        home = (self.country("default_region", region) if region is not None else None) or known.default_region
        return Settings(
            **Guards(given, self.problem).read(),
            channels=self.channels,
            default_region=home,
            default_channel=self.channel("default_channel", channel) if channel is not None else None,
            routes=self.routes(given.get("routes")),
            countries=self.countries(given.get("countries"), home),
            valid_for=self.number("valid_for", known.valid_for, 1, 259_200),
            keep_days=self.number("keep_days", known.keep_days, 1, 366),
            resend_after=self.number("resend_after", known.resend_after, 60, 86_400),
            url=self.url(given.get("url")),
            callback_hosts=tuple(self.hosts(given.get("callback_hosts", []))),
            events=tuple(self.events(given["events"])) if "events" in given else known.events,
            send_revoked=self.yes_or_no("send_revoked"),
            deliver_by=self.deliver_by(given.get("deliver_by")),
            senders=self.senders(given.get("senders")),
        )

    def problem(self, name: str, code: str, detail: str) -> None:
        self.problems.add("settings", code, detail, self.lines.get(name))

    def country(self, name: str, value: object) -> str | None:
        from herald.message.countries import COUNTRIES, in_place_of  # A fresh stage names none.

        if isinstance(value, str) and value.isascii() and value.upper() in COUNTRIES:
            return value.upper()
        said = f"{name} must hold two-letter codes of countries that there are, such as IN"
        self.problem(name, "invalid_country", said + in_place_of(value))
        return None

    def countries(self, value: object, home: str) -> frozenset[str] | None:
        """Where messages may go: at home, if nothing is said."""
        if value is None:
            return frozenset({home})
        if value == EVERYWHERE:
            return None
        return frozenset(filter(None, (self.country("countries", code) for code in self.listed("countries", value))))

    def channel(self, name: str, value: object) -> str | None:
        if isinstance(value, str) and value in self.channels:
            return value
        self.problem(
            name, "unknown_channel", f"{name} names a channel that is not there; there are: {', '.join(self.channels)}"
        )
        return None

    def listed(self, name: str, value: object) -> list[Any]:
        if isinstance(value, list):
            return value
        self.problem(name, "wrong_type", f"{name} must hold a list")
        return []

    def routes(self, value: object) -> tuple[Rule, ...]:
        if value is None:
            return ()
        from herald.settings.routes import Routes  # A fresh stage has none.

        return Routes(self.channels, partial(self.problem, "routes")).read(value)

    def senders(self, value: object) -> Senders:
        if value is None:
            return {}
        from herald.settings.senders import read_senders

        return read_senders(value, partial(self.problem, "senders"))

    def url(self, value: object) -> str | None:
        if value is None:
            return None
        from herald.settings.hosts import base  # It compiles patterns that few stages need.

        found = base(value) if isinstance(value, str) else None
        if not found:
            self.problem("url", "invalid_url", "url must be such as https://sms.example.com, without a query")
        return found

    def hosts(self, value: object) -> list[str]:
        names = self.listed("callback_hosts", value)
        if not names:
            return []
        from herald.settings.hosts import is_entry

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

    def deliver_by(self, value: object) -> dict[str, int]:
        """``{"otp": 30}``: seconds by kind."""
        given = value if isinstance(value, dict) else {}
        read = {kind: _whole(seconds, 5, 86_400) for kind, seconds in given.items()}
        if (value is not None and not given) or None in read.values() or not read.keys() <= set(KINDS):
            detail = f"deliver_by must hold seconds from 5 to 86400 for some of {', '.join(KINDS)}, such as {{otp: 30}}"
            self.problem("deliver_by", "out_of_range", detail)
        return {kind: seconds for kind, seconds in read.items() if seconds}

    def yes_or_no(self, name: str) -> bool:
        value = self.values.get(name)
        if value in (None, "true", "false"):
            return value == "true"
        self.problem(name, "wrong_type", f"{name} must be true or false")
        return False

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.values.get(name)
        if value is None:
            return default
        found = _whole(value, low, high)
        if found is None:
            self.problem(name, "out_of_range", f"{name} must be a whole number from {low} to {high}")
        return default if found is None else found


def _whole(value: object, low: int, high: int) -> int | None:
    """A whole number from ``low`` to ``high``; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII) and low <= int(value) <= high:
        return int(value)
    return None
