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
INDIA, OTPS = Rule(("alpha", "beta"), countries=("IN",)), Rule(("otp",), kinds=("otp",))


def settings(*rules: Rule, **changes: object) -> Settings:
    return Settings(**{"channels": CHANNELS, "routes": rules, **changes})  # type: ignore[arg-type]


def test_the_callers_channel_is_the_only_one_tried() -> None:
    found = route(a_message(asked_channel="beta"), settings(INDIA))
    assert found.channels == ("beta",)
    assert found.why == "asked for by the caller"


def test_the_first_rule_that_fits_decides_and_is_named() -> None:
    found = route(a_message(kind="otp"), settings(Rule(("beta",), countries=("SG",)), OTPS, INDIA))
    assert found.channels == ("otp",)
    assert found.why == "route 2 of the settings"


@pytest.mark.parametrize(
    ("country", "kind", "fits"),
    [("IN", "otp", True), ("IN", "promotional", False), ("SG", "otp", False), ("SG", "promotional", False)],
)
def test_a_rule_fits_if_both_country_and_kind_do(country: str, kind: str, fits: bool) -> None:
    rules = settings(Rule(("otp",), countries=("IN",), kinds=("otp",)))
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
    countries=st.just(()) | st.sampled_from([("IN",), ("SG", "NO")]),
    kinds=st.just(()) | st.sampled_from([("otp",), ("otp", "promotional")]),
)


@given(st.lists(rules, max_size=4), st.none() | st.sampled_from(sorted(CHANNELS)), st.sampled_from(["IN", "SG"]))
def test_every_message_has_a_route_of_channels_that_are_there(
    given_rules: list[Rule], default: str | None, country: str
) -> None:
    found = route(a_message(country=country), settings(*given_rules, default_channel=default))
    assert found.channels
    assert set(found.channels) <= CHANNELS.keys()


# ---- what a rule may look at


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"countries": ("SG", "IN")}, True),
        ({"countries": ("SG", "NO")}, False),
        ({"prefixes": ("+9197",)}, True),
        ({"prefixes": ("+65", "+9197415")}, True),
        ({"prefixes": ("+9175", "+74")}, False),
        ({"kinds": ("promotional", "otp")}, True),
        ({"kinds": ("promotional", "transactional")}, False),
        ({"callers": ("invoke", "key:billing")}, True),
        ({"callers": ("key:*",)}, True),
        ({"callers": ("key:billing*",)}, True),
        ({"callers": ("*",)}, True),
        ({"callers": ("key:bill",)}, False),
        ({"callers": ("event:*", "key:shop*")}, False),
        ({"senders": ("GRMNER", "HERALD")}, True),
        ({"senders": ("herald",)}, False),
        ({"countries": ("IN",), "prefixes": ("+9197",), "kinds": ("otp",), "callers": ("key:*",)}, True),
        ({"countries": ("IN",), "prefixes": ("+9197",), "kinds": ("otp",), "callers": ("event:*",)}, False),
    ],
)
def test_a_rule_fits_if_all_that_it_names_is_the_messages(rule: dict[str, tuple[str, ...]], fits: bool) -> None:
    message = a_message(kind="otp", caller="key:billing", sender="HERALD")
    assert (route(message, settings(Rule(("otp",), **rule))).channels == ("otp",)) == fits


def test_a_rule_that_names_a_sender_fits_no_message_without_one() -> None:
    assert route(a_message(), settings(Rule(("otp",), senders=("HERALD",)))).channels == ("beta",)


# ---- shares


def test_a_channel_that_was_drawn_is_said_with_its_share() -> None:
    found = route(
        a_message(), settings(INDIA._replace(countries=("SG",)), Rule(({"alpha": 70, "beta": 30, "otp": 0},)))
    )
    share = {"alpha": 70, "beta": 30}[found.channels[0]]
    assert found.why == f"route 2 of the settings: {found.channels[0]} drawn with {share} of 100"
    assert set(found.channels[:2]) == {"alpha", "beta"}
    assert found.channels[2] == "otp"


def test_where_one_channel_has_every_share_nothing_is_drawn() -> None:
    found = route(a_message(), settings(Rule(({"alpha": 1, "otp": 0}, "beta"))))
    assert (found.channels, found.why) == (("alpha", "otp", "beta"), "route 1 of the settings")


def test_channels_that_share_come_before_those_that_are_named_after_them() -> None:
    for _ in range(20):
        first, second, third = route(a_message(), settings(Rule(({"alpha": 1, "beta": 1}, "otp")))).channels
        assert ({first, second}, third) == ({"alpha", "beta"}, "otp")


@given(st.integers(0, 2**64))
def test_a_message_has_the_same_route_whenever_it_is_asked(number: int) -> None:
    message, known = a_message(id=f"msg_{number}"), settings(Rule(({"alpha": 1, "beta": 2, "otp": 3},)))
    assert route(message, known) == route(message.with_(attempts=3, kind="otp"), known)


def test_a_share_that_the_caller_may_not_use_falls_to_the_others() -> None:
    known = settings(Rule(({"alpha": 70, "beta": 30}, "otp")))
    allowed = frozenset({"beta", "otp"})
    for _ in range(20):
        found = route(a_message(allowed=allowed), known)
        assert (found.channels, found.why) == (("beta", "otp"), "route 1 of the settings")
    assert route(a_message(allowed=frozenset()), known).channels == ()


def test_what_may_not_show_its_sender_id_leaves_its_share_to_the_others() -> None:
    channels = {**CHANNELS, "alpha": CHANNELS["alpha"]._replace(senders={"IN": ("GRMNER",)})}
    known = settings(Rule(({"alpha": 70, "beta": 30, "otp": 10},)), channels=channels)
    for _ in range(20):
        found = route(a_message(sender="HERALD"), known)
        share = {"beta": 30, "otp": 10}[found.channels[0]]
        drawn = f"{found.channels[0]} drawn with {share} of 40"
        assert found.why == f"route 1 of the settings: {drawn}; without alpha, by the setting senders"
        assert (set(found.channels), found.barred) == ({"beta", "otp"}, ())


def test_what_no_channel_may_show_has_no_route_and_it_is_said_which_were_barred() -> None:
    found = route(a_message(), settings(Rule(("alpha", "beta")), senders={"IN": ()}))
    assert (found.channels, found.barred) == ((), ("alpha", "beta"))
    kept = route(a_message(allowed=frozenset({"beta"})), settings(Rule(("alpha", "beta")), senders={"IN": ()}))
    assert (kept.channels, kept.barred) == ((), ("beta",))


# ---- the usual way


@pytest.mark.parametrize(
    ("routes", "first"),
    [
        ((), "amazonsns"),
        ((Rule(("exotel", "amazonsns"), kinds=("otp",)),), "amazonsns"),
        ((Rule(("exotel", "amazonsns"), countries=("IN",)),), "exotel"),
        ((Rule(("exotel",), countries=("SG",)), Rule(("amazonsns",))), "amazonsns"),
        ((Rule(("exotel",), callers=("key:billing",)), Rule(("amazonsns",))), "amazonsns"),
        ((Rule(("exotel",), prefixes=("+9174",)), Rule(("amazonsns",))), "amazonsns"),
        ((Rule(("exotel",), senders=("HERALD",)), Rule(("amazonsns",))), "amazonsns"),
        ((Rule(("exotel",), callers=("*",), countries=("SG", "IN"), kinds=("otp", "transactional")),), "exotel"),
    ],
)
def test_the_usual_channel_is_the_first_of_a_plain_message_at_home(routes: tuple[Rule, ...], first: str) -> None:
    channels = {name: Channel(name, name) for name in ("exotel", "amazonsns")}
    known = Settings(channels=channels, routes=routes)
    assert usual(known) == first
    assert route(a_message(to="+911234567890"), known).channels[0] == first


def test_the_usual_channel_is_one_that_may_send_at_home() -> None:
    channels = {name: Channel(name, name) for name in ("exotel", "twilio")}
    channels["exotel"] = channels["exotel"]._replace(senders={"IN": ()})
    known = Settings(channels=channels, routes=(Rule(({"exotel": 70, "twilio": 30},)),))
    assert usual(known) == "twilio"
    assert usual(known._replace(senders={"IN": ()})) == "exotel"  # Where none may, any is as usual.


def test_the_usual_channel_of_several_that_share_is_the_one_with_most() -> None:
    channels = {name: Channel(name, name) for name in ("exotel", "twilio", "amazonsns")}
    shares = {"exotel": 20, "twilio": 70, "amazonsns": 10}
    assert usual(Settings(channels=channels, routes=(Rule((shares,)),))) == "twilio"
