"""Read settings: every mistake is reported at once, by parameter and line, and never with what was written there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings
from herald.providers import types
from herald.settings.read import read_settings
from herald.settings.values import DEFAULT_CHANNELS, DEFAULT_LIMITS, MAX_SEGMENTS, Channel, Limits, Rate, Rule, Settings
from herald.wiring import provider_fields
from tests.settings.reading import EXOTEL, SECRET, SHAPES, junk, mistakes, read, tells

FRESH = Settings(
    channels=DEFAULT_CHANNELS, countries=frozenset({"IN"}), max_segments=MAX_SEGMENTS, limits=DEFAULT_LIMITS
)


# ---- what is right


@pytest.mark.parametrize("text", ["", " \n", "# nothing yet\n", "---\n", "~"])
def test_a_fresh_stack_has_amazon_sns_and_needs_no_settings(text: str) -> None:
    settings = read(text)
    assert settings == FRESH
    assert (settings.default_region, settings.valid_for, settings.keep_days) == ("IN", 86_400, 30)


def test_a_fresh_stack_is_guarded() -> None:
    assert FRESH.countries == {"IN"}
    assert FRESH.max_segments == 4
    assert read("").limits == Limits(number_10_minutes=5, number_day=20, block_day=100, country_day=100, day=10_000)
    assert (FRESH.guests, FRESH.uncounted, FRESH.max_price) == (None, frozenset(), None)


def test_every_setting_is_read() -> None:
    text = """
default_region: sg
default_channel: exotel
countries: [in, SG, NO]
valid_for: 3600
keep_days: "7"
url: https://sms.example.com/herald/
callback_hosts: [hooks.example.com, "*.example.org:8443"]
events: [sent, failed]
routes:
  - {country: in, kind: otp, channels: [exotel]}
  - {country: NO, channels: [sns, exotel]}
  - channels: {exotel: 70, sns: 30}
mobile_prefixes: ["+91600", '+2349']
guests: ["+919741552552"]
max_segments: 6
prices: {IN: 0.0025, SG: 0.04, "*": 0.08}
max_price: "0.30"
limits:
  number_10_minutes: 3
  number_day: unlimited
  country_day: 50
  spend_day: 50
  spend_month: 500.25
  caller_spend_day: unlimited
send_uncounted: [otp]
"""
    assert read(text, exotel=EXOTEL, sns="type: amazonsns") == Settings(
        channels={
            "exotel": Channel("exotel", "exotel", {"sid": "gramener", "token": "t0k3n"}, Rate(200, 60.0)),
            "sns": Channel("sns", "amazonsns", {}, Rate(20, 1.0)),
        },
        default_region="SG",
        default_channel="exotel",
        countries=frozenset({"IN", "SG", "NO"}),
        valid_for=3600,
        keep_days=7,
        url="https://sms.example.com/herald",
        callback_hosts=("hooks.example.com", "*.example.org:8443"),
        events=("sent", "failed"),
        routes=(
            Rule(("exotel",), countries=("IN",), kinds=("otp",)),
            Rule(("sns", "exotel"), countries=("NO",)),
            Rule(({"exotel": 70, "sns": 30},)),
        ),
        mobile_prefixes=("+91600", "+2349"),
        guests=frozenset({"+919741552552"}),
        max_segments=6,
        prices={"IN": 2500, "SG": 40_000, "*": 80_000},
        max_price=300_000,
        limits=Limits(
            number_10_minutes=3,
            number_day=None,
            block_day=100,
            country_day=50,
            day=10_000,
            spend_day=50_000_000,
            spend_month=500_250_000,
        ),
        uncounted=frozenset({"otp"}),
    )


def test_the_secrets_of_webhooks_are_read_one_a_line_and_not_shown() -> None:
    settings = read_settings({"webhook-secret": f"\n{SECRET}1\n {SECRET}2 \n\n"}, provider_fields)
    assert settings.webhook_secrets == (f"{SECRET}1", f"{SECRET}2")
    assert SECRET not in repr(settings)


def test_other_parameters_of_the_stage_are_none_of_the_settings() -> None:
    parameters = {"hash-key": "x", "stack": "{", "keys/shop": "{"}
    assert read_settings(parameters, provider_fields) == FRESH


# ---- what is wrong


def test_every_mistake_of_every_parameter_is_reported_at_once_with_its_line() -> None:
    found = mistakes(
        "default_region: India\nvalid_for: soon\ncolour: red",
        exotel="type: exotel\ntokn: x\npriority: urgent",
        sns="type: amazonsns\nsmstype: [x]",
        broken="type: 'exotel",
    )
    assert sorted((problem.field, problem.code, problem.detail.rpartition("(")[2]) for problem in found) == [
        ("channels/broken", "malformed_yaml", "line 1)"),
        ("channels/broken", "missing", "type is missing"),
        ("channels/exotel", "missing", "sid is missing"),
        ("channels/exotel", "missing", "token is missing"),
        ("channels/exotel", "unknown_choice", "line 3)"),
        ("channels/exotel", "unknown_field", "line 2)"),
        ("channels/sns", "wrong_type", "line 2)"),
        ("settings", "invalid_country", "line 1)"),
        ("settings", "out_of_range", "line 2)"),
        ("settings", "unknown_field", "line 3)"),
    ]


# ---- never with a value


@given(st.sampled_from(SHAPES), junk, junk, st.booleans())
def test_no_mistake_tells_what_was_written(shape: str, before: str, after: str, general: bool) -> None:
    text = shape.format(*[before + SECRET + after] * 2)
    try:
        read_settings({"settings" if general else "channels/exotel": text}, provider_fields)
    except InvalidSettings as error:
        assert SECRET not in tells(error)
        assert error.__cause__ is None


@given(st.data())
def test_no_broken_block_tells_its_secrets(data: st.DataObject) -> None:
    whole = f"type: exotel\nsid: {SECRET}1\nkey: '{SECRET}2'\ntoken: \"{SECRET}3\"\ndomain: {SECRET}4\npriority: high\n"
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole)))
        whole = whole[:at] + data.draw(junk) + whole[at + data.draw(st.integers(0, 3)) :]
    try:
        read_settings({"channels/exotel": whole}, provider_fields)
    except InvalidSettings as error:
        assert SECRET not in tells(error)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_at_all_is_a_crash(settings: str, channel: str) -> None:
    try:
        found = read_settings({"settings": settings, "channels/x": channel}, provider_fields)
    except InvalidSettings as error:
        assert error.problems
    else:
        assert found.channels["x"].type in types()
