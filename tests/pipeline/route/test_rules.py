"""Rules: the caller's channel, else the first rule that fits, else the default; and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.pipeline.route.rules import route, usual
from herald.settings.values import DEFAULT_CHANNELS, Channel, Rule, Settings
from tests.builders import a_message

CHANNELS = {
    name: Channel(name, kind) for name, kind in {"alpha": "exotel", "beta": "amazonsns", "otp": "exotel"}.items()
}
INDIA, OTPS = Rule(("alpha", "beta"), country="IN"), Rule(("otp",), kind="otp")


def settings(*rules: Rule, **changes: object) -> Settings:
    return Settings(**{"channels": CHANNELS, "routes": rules, **changes})  # type: ignore[arg-type]


def test_the_callers_channel_is_the_only_one_tried() -> None:
    found = route(a_message(asked_channel="beta"), settings(INDIA))
    assert found.channels == ("beta",)
    assert found.why == "asked for by the caller"


def test_the_first_rule_that_fits_decides_and_is_named() -> None:
    found = route(a_message(kind="otp"), settings(Rule(("beta",), country="SG"), OTPS, INDIA))
    assert found.channels == ("otp",)
    assert found.why == "route 2 of the settings"


@pytest.mark.parametrize(
    ("country", "kind", "fits"),
    [("IN", "otp", True), ("IN", "promotional", False), ("SG", "otp", False), ("SG", "promotional", False)],
)
def test_a_rule_fits_if_both_country_and_kind_do(country: str, kind: str, fits: bool) -> None:
    rules = settings(Rule(("otp",), country="IN", kind="otp"))
    found = route(a_message(country=country, kind=kind), rules)
    assert (found.channels == ("otp",)) == fits


def test_a_rule_without_country_and_kind_fits_everything() -> None:
    assert route(a_message(country="SG"), settings(Rule(("alpha",)))).channels == ("alpha",)


def test_without_a_rule_that_fits_the_default_channel_is_taken() -> None:
    found = route(a_message(country="SG"), settings(INDIA, default_channel="otp"))
    assert found.channels == ("otp",)
    assert found.why == "the default channel"


def test_without_a_default_amazon_sns_is_taken_whatever_its_name() -> None:
    assert route(a_message(), settings()).channels == ("beta",)


def test_of_two_accounts_at_amazon_sns_the_first_by_name_is_taken() -> None:
    channels = {name: Channel(name, "amazonsns") for name in ("beta", "alpha")}
    assert route(a_message(), settings(channels=channels)).channels == ("alpha",)


def test_without_amazon_sns_the_first_channel_by_name_is_taken() -> None:
    channels = {name: CHANNELS[name] for name in ("otp", "alpha")}
    assert route(a_message(), settings(channels=channels)).channels == ("alpha",)


def test_a_fresh_stack_sends_by_amazon_sns() -> None:
    assert route(a_message(), Settings(channels=DEFAULT_CHANNELS)).channels == ("amazonsns",)


rules = st.builds(
    Rule,
    st.lists(st.sampled_from(sorted(CHANNELS)), min_size=1, max_size=3, unique=True).map(tuple),
    st.none() | st.sampled_from(["IN", "SG", "NO"]),
    st.none() | st.sampled_from(["otp", "promotional"]),
)


@given(st.lists(rules, max_size=4), st.none() | st.sampled_from(sorted(CHANNELS)), st.sampled_from(["IN", "SG"]))
def test_every_message_has_a_route_of_channels_that_are_there(
    given_rules: list[Rule], default: str | None, country: str
) -> None:
    found = route(a_message(country=country), settings(*given_rules, default_channel=default))
    assert found.channels
    assert set(found.channels) <= CHANNELS.keys()


# ---- the usual way


@pytest.mark.parametrize(
    ("routes", "first"),
    [
        ((), "amazonsns"),
        ((Rule(("exotel", "amazonsns"), kind="otp"),), "amazonsns"),
        ((Rule(("exotel", "amazonsns"), country="IN"),), "exotel"),
        ((Rule(("exotel",), country="SG"), Rule(("amazonsns",))), "amazonsns"),
    ],
)
def test_the_usual_channel_is_the_first_of_a_plain_message_at_home(routes: tuple[Rule, ...], first: str) -> None:
    channels = {name: Channel(name, name) for name in ("exotel", "amazonsns")}
    known = Settings(channels=channels, routes=routes)
    assert usual(known) == first == route(a_message(), known).channels[0]
