"""Settings: every mistake is reported at once, by parameter and line, and never with what was written there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings, Problem
from herald.providers import load, types
from herald.settings.gramex import read_gramex
from herald.settings.read import read_settings
from herald.settings.values import DEFAULT_CHANNELS, DEFAULT_LIMITS, MAX_SEGMENTS, Channel, Limits, Rate, Rule, Settings
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


FRESH = Settings(
    channels=DEFAULT_CHANNELS, countries=frozenset({"IN"}), max_segments=MAX_SEGMENTS, limits=DEFAULT_LIMITS
)

# ------------------------------------------------------------------------------------------------------- what is right


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
  - channels: [sns]
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
        routes=(Rule(("exotel",), "IN", "otp"), Rule(("sns", "exotel"), "NO"), Rule(("sns",))),
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


@pytest.mark.parametrize(
    "value", ["0123", "0x1F", "1_000", "1e3", "12:30:45", "true", "NO", "2026-11-22", ".5", "+5", "on", "=", "1.10"]
)
def test_a_value_keeps_its_spelling(value: str) -> None:
    channel = read(exotel=f"type: exotel\nsid: {value}\ntoken: '{value}'").channels["exotel"]
    assert channel.values == {"sid": value, "token": value}


@pytest.mark.parametrize("empty", ["", "~", "null", "''", '""', " # Optional"])
def test_an_optional_field_may_stand_there_empty(empty: str) -> None:
    assert read(exotel=f"{EXOTEL}domain: {empty}").channels["exotel"].values == {"sid": "gramener", "token": "t0k3n"}


def test_norway_is_a_country_without_quotes() -> None:
    settings = read("default_region: NO\ncountries:\n  - NO\nroutes: [{country: NO, channels: [amazonsns]}]")
    assert (settings.default_region, settings.countries, settings.routes[0].country) == ("NO", frozenset({"NO"}), "NO")


def test_messages_go_home_only_unless_the_settings_say_where_else() -> None:
    assert read("countries:").countries == {"IN"}
    assert read("default_region: SG").countries == {"SG"}
    assert read("countries: []").countries == frozenset()
    assert read("countries: all").countries is None


def test_an_empty_list_of_events_tells_nobody_and_no_list_tells_how_each_message_ended() -> None:
    assert read("events: []").events == ()
    assert read("events:").events == ("delivered", "undelivered", "failed", "unknown", "expired", "canceled")


@pytest.mark.parametrize("empty", ["url:", "url: ''", "callback_hosts:", "callback_hosts: []", "callback_hosts: ''"])
def test_without_a_url_and_hosts_there_are_none(empty: str) -> None:
    assert (read(empty).url, read(empty).callback_hosts) == (None, ())


def test_the_laptop_may_call_itself_back_and_no_other_stage_may() -> None:
    text = {"settings": "callback_hosts: [127.0.0.1, 'localhost:8443']"}
    assert read_settings(text, provider_fields, local=True).callback_hosts == ("127.0.0.1", "localhost:8443")
    with pytest.raises(InvalidSettings):
        read_settings(text, provider_fields)


def test_the_secrets_of_webhooks_are_read_one_a_line_and_not_shown() -> None:
    settings = read_settings({"webhook-secret": f"\n{SECRET}1\n {SECRET}2 \n\n"}, provider_fields)
    assert settings.webhook_secrets == (f"{SECRET}1", f"{SECRET}2")
    assert SECRET not in repr(settings)


def test_other_parameters_of_the_stage_are_none_of_the_settings() -> None:
    parameters = {"hash-key": "x", "stack": "{", "keys/shop": "{"}
    assert read_settings(parameters, provider_fields) == FRESH


def test_a_choice_is_read_in_any_case() -> None:
    assert read(sns="type: amazonsns\nsmstype: promotional").channels["sns"].values == {"smstype": "promotional"}


@pytest.mark.parametrize("type_", ["exotel", "amazonsns"])
def test_every_channel_may_have_a_sender_and_an_endpoint(type_: str) -> None:
    account = EXOTEL.removeprefix("type: exotel\n") if type_ == "exotel" else ""
    text = f"type: {type_}\nsender: GRAMEX\nendpoint_url: http://127.0.0.1:1\n{account}"
    values = read(x=text).channels["x"].values
    assert (values["sender"], values["endpoint_url"]) == ("GRAMEX", "http://127.0.0.1:1")


def test_a_channels_repr_does_not_hold_its_values() -> None:
    assert "t0k3n" not in repr(read(exotel=EXOTEL))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/s", Rate(1, 1.0)),
        ("20/s", Rate(20, 1.0)),
        ("200/min", Rate(200, 60.0)),
        ("'1000/h'", Rate(1000, 3600.0)),
        ("999999/s", Rate(999_999, 1.0)),
        ("unlimited", None),
        ("Unlimited", None),
    ],
)
def test_a_rate_is_so_many_messages_in_a_time(text: str, rate: Rate | None) -> None:
    assert read(sns=f"type: amazonsns\nrate: {text}").channels["sns"].rate == rate


@pytest.mark.parametrize("block", [EXOTEL, f"{EXOTEL}rate:", f"{EXOTEL}rate: ''"])
def test_a_channel_that_says_no_rate_has_the_one_of_its_provider(block: str) -> None:
    assert read(exotel=block).channels["exotel"].rate == Rate(200, 60.0)


def test_a_provider_that_says_no_rate_is_unlimited() -> None:
    assert read_settings({"channels/x": EXOTEL}, provider_fields).channels["x"].rate is None
    assert read_settings({"channels/x": f"{EXOTEL}rate: 2/s"}, provider_fields).channels["x"].rate == Rate(2, 1.0)


@pytest.mark.parametrize(("name", "rate"), [("amazonsns", Rate(20, 1.0)), ("exotel", Rate(200, 60.0))])
def test_a_provider_knows_its_own_rate(name: str, rate: Rate) -> None:
    assert Rate.read(load(name).rate) == rate


def test_the_channel_of_a_fresh_stack_has_the_rate_of_amazon_sns() -> None:
    assert DEFAULT_CHANNELS["amazonsns"].rate == Rate.read(load("amazonsns").rate)


def test_the_rate_is_not_among_the_values_for_the_vendor() -> None:
    assert read(exotel=f"{EXOTEL}rate: 5/s").channels["exotel"].values == {"sid": "gramener", "token": "t0k3n"}


# ------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    "rate",
    [
        "0/s",
        "-1/s",
        "1.5/s",
        "20",
        "20/",
        "/s",
        "20/d",
        "20 / s",
        "20/S",
        "1000000/s",
        "020/s",
        "٢٠/s",
        "20/s/s",
        SECRET,
    ],
)
def test_a_rate_that_cannot_be_meant_is_a_mistake_on_its_line(rate: str) -> None:
    found = mistake(exotel=f"{EXOTEL}rate: '{rate}'")
    assert (found.field, found.code) == ("channels/exotel", "invalid_rate")
    assert found.detail == "rate must be such as 20/s, 200/min, 1000/h, or unlimited (line 4)"


@pytest.mark.parametrize("rate", ["[20/s]", "{count: 20}"])
def test_a_rate_is_a_plain_value(rate: str) -> None:
    assert mistake(sns=f"type: amazonsns\nrate: {rate}").code == "wrong_type"


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


def test_an_unknown_type_is_told_which_there_are() -> None:
    found = mistake(twilio="type: twilio\nsid: x")
    assert (found.field, found.code) == ("channels/twilio", "unknown_type")
    assert found.detail == f"type must be one of {', '.join(types())} (line 1)"


def test_a_missing_type_is_missed() -> None:
    assert mistake(exotel="sid: x").detail == "type is missing"


def test_a_misspelt_field_is_told_what_was_meant() -> None:
    assert "did you mean token?" in mistake(exotel=f"{EXOTEL}tokn: x").detail
    assert "did you mean default_region?" in mistake("default_regoin: IN").detail


def test_a_field_that_resembles_none_is_told_which_there_are() -> None:
    detail = mistake(exotel=f"{EXOTEL}zzz: x").detail
    assert "zzz" not in detail
    assert all(field.name in detail for field in provider_fields("exotel"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("token: t0k3n", "duplicate_field"),
        ("domain: [a]", "wrong_type"),
        ("domain: {a: b}", "wrong_type"),
        ("priority: urgent", "unknown_choice"),
        ("domain: !Ref Host", "malformed_yaml"),
        ("? [a]\n: b", "wrong_type"),
        ("? {a: b}\n: c", "wrong_type"),
        ("<<: *x", "malformed_yaml"),
        ("domain: *x", "malformed_yaml"),
        ("domain: 'x", "malformed_yaml"),
        ("domain: x: y", "malformed_yaml"),
        ("domain:\tx\n\tkey: y", "malformed_yaml"),
        ("domain: \x00", "malformed_yaml"),
        ("---\na: b", "malformed_yaml"),
        ("domain: &a [*a]", "malformed_yaml"),
        ("domain: " + "[" * 3000, "malformed_yaml"),
        ("domain: !!timestamp x", None),
        ("domain: !!int x", None),
        ("domain: !!bool x", None),
        ("domain: !!python/object/apply:os.system [x]", "wrong_type"),
    ],
)
def test_odd_yaml_is_a_mistake_and_never_a_crash(line: str, code: str | None) -> None:
    text = f"{EXOTEL}{line}\n"
    if code is None:
        assert read(exotel=text).channels["exotel"].values["domain"] == "x"
    else:
        assert code in {problem.code for problem in mistakes(exotel=text)}


@pytest.mark.parametrize("text", ["- a", "just a text", "7", "[]"])
def test_a_parameter_that_is_no_mapping_says_so(text: str) -> None:
    assert mistake(text).detail == "must be a mapping of names to values (line 1)"
    assert mistakes(exotel=text)[0].detail == "must be a mapping of names to values (line 1)"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("default_region: IND", "invalid_country"),
        ("default_region: [IN]", "invalid_country"),
        ("default_region: 91", "invalid_country"),
        ("default_region: ÄÖ", "invalid_country"),
        ("countries: IN", "wrong_type"),
        ("countries: {IN: SG}", "wrong_type"),
        ("countries: ''", "wrong_type"),
        ("countries: [IN, India]", "invalid_country"),
        ("countries: [IN, '']", "invalid_country"),
        ("countries: [IN, ~]", "invalid_country"),
        ("countries: [[IN]]", "invalid_country"),
        ("default_channel: nowhere", "unknown_channel"),
        ("default_channel: [amazonsns]", "unknown_channel"),
        ("routes: amazonsns", "wrong_type"),
        ("routes: {channels: [amazonsns]}", "wrong_type"),
        ("routes: [amazonsns]", "invalid_route"),
        ("routes: [[amazonsns]]", "invalid_route"),
        ("routes: [{country: IN}]", "invalid_route"),
        ("routes: [{channels: []}]", "invalid_route"),
        ("routes: [{channels: [amazonsns], color: red}]", "invalid_route"),
        ("routes: [{channels: [amazonsns], ? [a] : b}]", "invalid_route"),
        ("routes: [{channels: amazonsns}]", "wrong_type"),
        ("routes: [{channels: [nowhere]}]", "unknown_channel"),
        ("routes: [{channels: [[amazonsns]]}]", "unknown_channel"),
        ("routes: [{channels: [amazonsns], country: IND}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], kind: sms}]", "unknown_choice"),
        ("routes: [{channels: [amazonsns], kind: [otp]}]", "unknown_choice"),
        ("valid_for: 0", "out_of_range"),
        ("valid_for: 259201", "out_of_range"),
        ("valid_for: -5", "out_of_range"),
        ("valid_for: 1.5", "out_of_range"),
        ("valid_for: 1_000", "out_of_range"),
        ("valid_for: ٣", "out_of_range"),
        ("valid_for: [60]", "out_of_range"),
        ("valid_for: " + "9" * 5000, "out_of_range"),
        ("valid_for: 0000000000300", "out_of_range"),
        ("keep_days: 0", "out_of_range"),
        ("keep_days: 367", "out_of_range"),
        ("url: sms.example.com", "invalid_url"),
        ("url: http://sms.example.com", "invalid_url"),
        ("url: https://sms.example.com/?a=b", "invalid_url"),
        ("url: [https://sms.example.com]", "invalid_url"),
        ("callback_hosts: hooks.example.com", "wrong_type"),
        ("callback_hosts: [https://hooks.example.com]", "invalid_host"),
        ("callback_hosts: [hooks.example.com, 127.0.0.1]", "invalid_host"),
        ("callback_hosts: [[hooks.example.com]]", "invalid_host"),
        ("callback_hosts: [~]", "invalid_host"),
        ("events: delivered", "wrong_type"),
        ("events: ''", "wrong_type"),
        ("events: [delivered, accepted]", "unknown_choice"),
        ("events: [[delivered]]", "unknown_choice"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_a_mistake_on_its_line(text: str, code: str) -> None:
    found = mistake(f"# a comment\n{text}")
    assert (found.field, found.code) == ("settings", code)
    assert found.detail.endswith("(line 2)")


@pytest.mark.parametrize(("name", "low", "high"), [("valid_for", 1, 259_200), ("keep_days", 1, 366)])
def test_a_number_may_be_at_either_end_of_its_range(name: str, low: int, high: int) -> None:
    assert [getattr(read(f"{name}: {value}"), name) for value in (low, high)] == [low, high]


def test_a_channel_that_is_not_there_is_told_which_are() -> None:
    assert "exotel" in mistake("default_channel: nowhere", exotel=EXOTEL).detail


# ----------------------------------------------------------------------------------------------- never with a value

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


values: Any = st.recursive(st.text(max_size=6), lambda inner: st.lists(inner, max_size=2), max_leaves=3)


@given(st.dictionaries(st.sampled_from(["sid", "token", "key", "domain", "priority", "sender", "zzz"]), values))
def test_yaml_as_programs_write_it_is_read_or_refused(block: dict[str, object]) -> None:
    import yaml

    text = yaml.safe_dump({"type": "exotel", **block}, allow_unicode=True)
    try:
        channel = read(exotel=text).channels["exotel"]
    except InvalidSettings as error:
        assert error.problems
    else:
        assert channel.values == {name: value for name, value in block.items() if value}


# -------------------------------------------------------------------------------------------------------------- gramex


def test_the_channels_of_a_gramex_configuration_are_read() -> None:
    text = f"url: {{home: {{handler: X}}}}\nsms:\n  exotel:\n    type: exotel\n    sid: 0123\n    token: {SECRET}\n"
    values = {"sid": "0123", "token": SECRET}
    assert read_gramex(text, provider_fields) == {"exotel": Channel("exotel", "exotel", values)}


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "has no sms: section with channels"),
        ("url: {}", "has no sms: section with channels"),
        ("sms: {}", "has no sms: section with channels"),
        ("sms:", "must be a mapping of names to values (line 1)"),
        ("sms: exotel", "must be a mapping of names to values (line 1)"),
        ("- sms", "must be a mapping of names to values (line 1)"),
        ("sms: {a", "is not valid YAML (line 1)"),
        ("sms:\n  exotel:\n", "a channel must be a mapping with a type (line 2)"),
        ("sms:\n  exotel: x\n", "a channel must be a mapping with a type (line 2)"),
        ("sms:\n  a/b: {type: amazonsns}\n", "a channel's name is 1 to 64 letters, digits or _ . - (line 2)"),
        ("sms:\n  a b: {type: amazonsns}\n", "a channel's name is 1 to 64 letters, digits or _ . - (line 2)"),
        ("sms:\n  '': {type: amazonsns}\n", "a channel's name is 1 to 64 letters, digits or _ . - (line 2)"),
        ("sms:\n  x: {sid: y}\n", "type is missing"),
    ],
)
def test_a_gramex_configuration_without_channels_is_one_clear_mistake(text: str, detail: str) -> None:
    with pytest.raises(InvalidSettings) as wrong:
        read_gramex(text, provider_fields)
    assert [problem.detail for problem in wrong.value.problems] == [detail]


def test_every_mistake_of_a_gramex_configuration_is_reported_with_its_line() -> None:
    text = "sms:\n  one:\n    type: twilio\n  two:\n    type: exotel\n    sidd: x\n    token: [x]\n  two: x\n"
    with pytest.raises(InvalidSettings) as wrong:
        read_gramex(text, provider_fields)
    assert {(problem.field, problem.code) for problem in wrong.value.problems} == {
        ("sms", "duplicate_field"), ("sms", "wrong_type"), ("sms.one", "unknown_type"),
    }  # fmt: skip


@given(st.sampled_from([shape for shape in SHAPES if "\n" not in shape]), junk.map(lambda text: text.replace("\n", "")))
def test_no_mistake_in_a_gramex_configuration_tells_what_was_written(shape: str, around: str) -> None:
    text = shape.format(*[around + SECRET + around] * 2)
    try:
        read_gramex(f"sms:\n  exotel:\n    type: exotel\n    sid: x\n    {text}\n", provider_fields)
    except InvalidSettings as error:
        assert SECRET not in tells(error)


# ------------------------------------------------------------------------------------------------------------ guards


WRONG_GUARDS = [
    ("max_segments: 0", "max_segments"), ("max_segments: -1", "max_segments"), ("max_segments: many", "max_segments"),
    ("limits: 5", "limits"), ("limits: {number_day: 0}", "number_day"), ("limits: {day: 1.5}", "limits.day"),
    ("limits: {per_day: 7}", "no such limit"), ("prices: {INDIA: 1}", "two-letter"), ("prices: {IN: cheap}", "prices"),
    ("prices: 0.01", "prices"), ("max_price: 1", "prices is missing"), ("limits: {spend_day: 5}", "prices is missing"),
    ("prices: {IN: 1}\nmax_price: free", "max_price"), ("guests: '+447700900123'", "guests"),
    ("guests: [07700900123]", "guests"), ("mobile_prefixes: [91600]", "mobile_prefixes"),
    ("mobile_prefixes: ['+']", "mobile_prefixes"), ("send_uncounted: [all]", "send_uncounted"),
    ("prices: {IN: 1}\nlimits: {spend_day: -5}", "limits.spend_day"), ("countries: everywhere", "countries"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "named"), WRONG_GUARDS)
def test_a_guard_that_is_set_wrongly_is_named_with_what_it_takes_and_never_with_its_value(
    text: str, named: str
) -> None:
    found = mistake(text)
    assert found.field == "settings"
    assert named in found.detail
    assert "(line " in found.detail or "missing" in found.detail
    assert "7700900123" not in found.detail


def test_a_price_is_the_countrys_own_or_that_of_all_others_for_each_segment() -> None:
    settings = read("prices: {IN: 0.0025, '*': 0.08}")
    assert (settings.cost("IN", 3), settings.cost("US", 1)) == (7500, 80_000)
    assert read("prices: {IN: 0.0025}").cost("US", 1) is None


def test_no_fraction_of_a_price_is_free() -> None:
    assert read("prices: {IN: 0.0000001}").cost("IN", 1) == 1


def test_the_exchange_rate_of_a_channel_is_read_and_is_none_of_its_providers_fields() -> None:
    channel = read(exotel=f"{EXOTEL}exchange_rate: 0.0119").channels["exotel"]
    assert channel.exchange_rate == 0.0119
    assert "exchange_rate" not in channel.values


@pytest.mark.parametrize("value", ["0", "-1", "1e3", "INR"])
def test_an_exchange_rate_is_an_amount_above_nothing(value: str) -> None:
    assert mistake(exotel=f"{EXOTEL}exchange_rate: '{value}'").code == "invalid_amount"
