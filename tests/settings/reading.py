"""Reading: what YAML texts hold, or every mistake in them; and shapes of YAML in which a secret may stand."""

import pytest
from hypothesis import strategies as st

from herald.errors import InvalidSettings, Problem
from herald.providers import load
from herald.settings.read import read_settings
from herald.settings.values import Settings
from herald.wiring import provider_fields

EXOTEL = "type: exotel\nsid: gramener\ntoken: t0k3n\n"
SECRET = "Zq9-s3cr3t"


def read(settings: str = "", **channels: str) -> Settings:
    """The settings that these parameters hold."""
    parameters = {f"channels/{name}": text for name, text in channels.items()}
    return read_settings({"settings": settings, **parameters}, provider_fields, lambda kind: load(kind).rate)


def mistakes(settings: str = "", **channels: str) -> list[Problem]:
    """Every mistake in these parameters."""
    with pytest.raises(InvalidSettings) as wrong:
        read(settings, **channels)
    return list(wrong.value.problems)


def mistake(settings: str = "", **channels: str) -> Problem:
    """The one mistake in these parameters."""
    (only,) = mistakes(settings, **channels)
    return only


SHAPES = [
    "{}", "- {}", "{}: x", "? {}", "{{{}}}", "{{{}: x}}", "token: '{}", 'token: "{}', "token: [{}", "token: {{{}",
    "token: {{{}: x}}", "token: [{}]", "token: a: {}", "token: !{} x", "token: !!{} x", "token: *{}", "token: &{} x",
    "token: |\n {}\n x: y", "token: >\n{}", "type: {}", "type: [{}]", "priority: {}", "{}: {}", "? [{}]\n: x",
    "token: x\n{}: y", "token: x\ntoken: {}", "type: exotel\n {}", "type: exotel\n{}", "type: exotel\nsid: [{}]",
    "type: amazonsns\nsmstype: {}", "type: amazonsns\ntoken {}: x", "%{} x", "token: `{}", "token: @{}", "\t{}",
    "default_region: {}", "countries: {}", "countries: [{}]", "default_channel: {}", "routes: {}", "routes: [{}]",
    "routes: [{{{}: x}}]", "routes: [{{channels: [{}]}}]", "routes: [{{channels: {}}}]", "valid_for: {}",
    "routes: [{{channels: [amazonsns], kind: {}}}]", "routes: [{{channels: [amazonsns], country: {}}}]",
    "keep_days: {}", "keep_days: [{}]", "url: {}", "url: https://{}", "callback_hosts: [{}]", "callback_hosts: {}",
    "events: [{}]", "events: {}", "rate: {}", "rate: [{}]", "!!int {}",
    "token: !!timestamp {}", "valid_for: !!int {}",
]  # fmt: skip
junk = st.text(" \n:{}[],'\"!&*#|>-?%@`\\\tab0~=<\x00\u2028", max_size=4)


def tells(error: InvalidSettings) -> str:
    """All that an error says."""
    return " ".join([str(error), repr(error), error.detail, *(" ".join(problem) for problem in error.problems)])
