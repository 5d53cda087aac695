"""Senders: what each country allows is read, for all or for a channel, and a mistake is named with its line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings
from herald.settings.read import read_settings
from herald.settings.senders import is_id
from herald.settings.values import Channel, Settings
from herald.wiring import provider_fields
from tests.house import ROOT
from tests.settings.reading import EXOTEL, SECRET, junk, mistake, mistakes, read, tells

SNS = "type: amazonsns\n"


def test_each_country_allows_one_or_several_or_none() -> None:
    text = "senders: {IN: GRMNER, US: '+15005550006', GB: [HERALD, '+447700900123'], SG: none, NO: None, '*': HERALD}"
    assert read(text).senders == {
        "IN": ("GRMNER",),
        "US": ("+15005550006",),
        "GB": ("HERALD", "+447700900123"),
        "SG": (),
        "NO": (),
        "*": ("HERALD",),
    }


def test_a_channel_has_its_own_which_its_provider_never_sees() -> None:
    channel = read(exotel=f"{EXOTEL}sender: GRAMEX\nsenders: {{IN: GRMNER, '*': none}}").channels["exotel"]
    assert channel.senders == {"IN": ("GRMNER",), "*": ()}
    assert channel.values == {"sid": "gramener", "token": "t0k3n", "sender": "GRAMEX"}


def test_without_senders_there_are_none() -> None:
    settings = read("senders: {}", sns=f"{SNS}senders: {{}}")
    assert (settings.senders, settings.channels["sns"].senders) == ({}, {})
    assert settings.senders_of("sns", "IN") is None


@pytest.mark.parametrize(
    ("country", "by_twilio", "by_sns"),
    [
        ("US", ("+1500",), ()),
        ("GB", ("HERALD",), ("HERALD",)),
        ("SG", (), ("SING",)),
        ("IN", ("GRMNER",), ("GRMNER",)),
        ("NO", ("OTHER",), ("OTHER",)),
    ],
)
def test_a_channels_own_go_before_those_of_the_stage(country: str, by_twilio: object, by_sns: object) -> None:
    own = {"US": ("+1500",), "SG": ()}
    settings = Settings(
        channels={"twilio": Channel("twilio", "twilio", senders=own), "sns": Channel("sns", "amazonsns")},
        senders={"US": (), "GB": ("HERALD",), "SG": ("SING",), "IN": ("GRMNER",), "*": ("OTHER",)},
    )
    assert (settings.senders_of("twilio", country), settings.senders_of("sns", country)) == (by_twilio, by_sns)
    assert settings.senders_of("gone", country) == by_sns


def test_a_channels_star_goes_before_a_country_of_the_stage() -> None:
    channels = {"sns": Channel("sns", "amazonsns", senders={"*": ()})}
    assert Settings(channels=channels, senders={"IN": ("GRMNER",)}).senders_of("sns", "IN") == ()


@pytest.mark.parametrize(
    "right",
    [
        "HERALD",
        "a",
        "A1",
        "1A",
        "My Shop",
        "A & B",
        "Herald-2.0",
        "12345678901"[:10] + "A",
        "+15005550006",
        "123",
        "12345678",
    ],
)
def test_a_sender_id_is_a_name_or_a_number(right: str) -> None:
    assert is_id(right)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "12",
        "123456789",
        "ABCDEFGHIJKL",
        " HERALD",
        "HERALD ",
        "+0123456789",
        "+123456",
        "HÉRALD",
        "---",
        "A\nB",
        "A;B",
    ],
)
def test_anything_else_is_none(wrong: str) -> None:
    assert not is_id(wrong)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("HERALD", "wrong_type"),
        ("[HERALD]", "wrong_type"),
        ("{UK: HERALD}", "invalid_country"),
        ("{in: HERALD}", "invalid_country"),
        ("{EU: HERALD}", "invalid_country"),
        ("{'**': HERALD}", "invalid_country"),
        ("{IN: MUCHTOOLONGID}", "invalid_sender"),
        ("{IN: []}", "invalid_sender"),
        ("{IN: [HERALD, none]}", "invalid_sender"),
        ("{IN: [HERALD, '']}", "invalid_sender"),
        ("{IN: [[HERALD]]}", "invalid_sender"),
        ("{IN: {A: B}}", "invalid_sender"),
        ("{IN: HERALD, IN: GRMNER}", "duplicate_field"),
        ("{IN: }", "empty"),
        ("", "empty"),
    ],
)
def test_a_mistake_in_senders_is_told_with_its_line_in_settings_and_in_channels(said: str, code: str) -> None:
    general = mistake(f"# a comment\nsenders: {said}")
    assert (general.field, general.code, general.detail.endswith("(line 2)")) == ("settings", code, True)
    own = mistake(sns=f"{SNS}senders: {said}")
    assert (own.field, own.code, own.detail.endswith("(line 2)")) == ("channels/sns", code, True)


def test_a_country_by_another_name_is_told_its_own() -> None:
    assert "did you mean GB?" in mistake("senders: {UK: HERALD}").detail


@given(st.sampled_from(["{{{}: HERALD}}", "{{IN: {}}}", "{{IN: [HERALD, {}]}}", "{{IN: {{{}: x}}}}", "{}"]), junk, junk)
def test_no_mistake_in_senders_tells_what_was_written(shape: str, before: str, after: str) -> None:
    said = shape.format(before + SECRET + after)
    try:
        read_settings({"settings": f"senders: {said}", "channels/sns": f"{SNS}senders: {said}"}, provider_fields)
    except InvalidSettings as error:
        assert SECRET not in tells(error)


def test_the_senders_of_the_page_are_read_as_it_says() -> None:
    part = (ROOT / "docs" / "routes.md").read_text(encoding="utf-8").partition("## Sender ids")[2]
    general, twilio = re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)
    settings = read(general, twilio=twilio, sns=SNS)
    assert settings.senders_of("twilio", "US") == settings.senders_of("sns", "US") == ("+15005550006",)
    assert (settings.senders_of("twilio", "IN"), settings.senders_of("sns", "IN")) == ((), ("GRMNER",))
    assert (settings.senders_of("sns", "SG"), settings.senders_of("sns", "NO")) == ((), ("HERALD",))


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes("senders: {UK: HERALD, IN: ''}", sns=f"{SNS}senders: x")
    assert [problem.code for problem in found] == ["wrong_type", "empty", "invalid_country"]
