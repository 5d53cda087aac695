"""Routes: rules are read as they may be written, and a mistake is named with its line and the number of its route."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings
from herald.settings.read import read_settings
from herald.settings.values import Rule
from herald.wiring import provider_fields
from tests.house import ROOT
from tests.settings.reading import EXOTEL, SECRET, junk, mistake, mistakes, read, tells


def routes(text: str) -> tuple[Rule, ...]:
    """The rules that a text holds, where there are two channels."""
    return read(f"routes:\n{text}", exotel=EXOTEL, sns="type: amazonsns").routes


# ---- what is right


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        ("[exotel, sns]", ("exotel", "sns")),
        ("{exotel: 70, sns: 30}", ({"exotel": 70, "sns": 30},)),
        ("{exotel: 1, sns: 0}", ({"exotel": 1, "sns": 0},)),
        ("[{exotel: 70}, sns]", ({"exotel": 70}, "sns")),
        ("[sns, {exotel: '999999'}]", ("sns", {"exotel": 999_999})),
    ],
)
def test_channels_are_ranked_or_share_or_both(channels: str, found: tuple[object, ...]) -> None:
    assert routes(f"- channels: {channels}") == (Rule(found),)  # type: ignore[arg-type]


def test_what_a_route_looks_at_is_one_thing_or_a_list() -> None:
    one, several = routes(
        """
- {country: in, prefix: +9174, kind: otp, caller: "key:billing", sender: HERALD, channels: [sns]}
- country: [IN, no]
  prefix: ["+9174", +1]
  kind: [otp, promotional]
  caller: ["key:*", invoke, "event:my.shop", "schedule:default/each day", "*"]
  sender: [GRMNER, 123456, "+15005550006", "A & B"]
  channels: [sns]
"""
    )
    assert one == Rule(("sns",), ("IN",), ("+9174",), ("otp",), ("key:billing",), ("HERALD",))
    assert several == Rule(
        ("sns",),
        countries=("IN", "NO"),
        prefixes=("+9174", "+1"),
        kinds=("otp", "promotional"),
        callers=("key:*", "invoke", "event:my.shop", "schedule:default/each day", "*"),
        senders=("GRMNER", "123456", "+15005550006", "A & B"),
    )


def test_no_routes_are_none() -> None:
    assert (read("routes: []").routes, read("").routes) == ((), ())


def test_the_routes_of_the_page_are_read_as_it_says() -> None:
    part = (ROOT / "docs" / "routes.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)
    names = {"exotel": EXOTEL, **dict.fromkeys(("twilio", "amazonsns", "backup"), "type: amazonsns")}
    codes, home, campaigns, *_, world = read(blocks[0], **names).routes
    assert codes == Rule(("exotel", "twilio"), countries=("IN",), kinds=("otp",))
    assert home == Rule(({"exotel": 70, "twilio": 30},), countries=("IN",))
    assert campaigns == Rule(({"amazonsns": 1, "twilio": 0},), callers=("key:campaign*",))
    assert world == Rule(("amazonsns",))


# ---- what is wrong


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("routes: amazonsns", "wrong_type"),
        ("routes: {channels: [amazonsns]}", "wrong_type"),
        ("routes: {}", "wrong_type"),
        ("routes: [~]", "invalid_route"),
        ("routes: [{}]", "invalid_route"),
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
        ("routes: [{channels: [amazonsns], country: XX}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], country: []}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], country: }]", "empty"),
        ("routes: [{channels: [amazonsns], kind: ''}]", "empty"),
        ("routes: [{channels: [amazonsns], kind: {}}]", "unknown_choice"),
        ("routes: [{channels: [~]}]", "unknown_channel"),
        ("routes: [{channels: [amazonsns], kind: sms}]", "unknown_choice"),
        ("routes: [{channels: {amazonsns: 0}}]", "invalid_shares"),
        ("routes: [{channels: {amazonsns: some}}]", "invalid_shares"),
        ("routes: [{channels: {amazonsns: -1}}]", "invalid_shares"),
        ("routes: [{channels: {amazonsns: 0.5}}]", "invalid_shares"),
        ("routes: [{channels: {amazonsns: ٣}}]", "invalid_shares"),
        ("routes: [{channels: {amazonsns: [1]}}]", "invalid_shares"),
        ("routes: [{channels: {amazonsns: 1000000}}]", "invalid_shares"),
        ("routes: [{channels: [{}]}]", "invalid_shares"),
        ("routes: [{channels: {nowhere: 1}}]", "unknown_channel"),
        ("routes: [{channels: [{nowhere: 1}]}]", "unknown_channel"),
        ("routes: [{channels: [amazonsns, amazonsns]}]", "duplicate_channel"),
        ("routes: [{channels: [{amazonsns: 1}, amazonsns]}]", "duplicate_channel"),
        ("routes: [{channels: {amazonsns: 1, amazonsns: 2}}]", "duplicate_field"),
        ("routes: [{channels: [amazonsns], country: [IN, UK]}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], country: [~]}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], country: ß}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], country: {IN: SG}}]", "invalid_country"),
        ("routes: [{channels: [amazonsns], kind: []}]", "unknown_choice"),
        ("routes: [{channels: [amazonsns], kind: [otp, sms]}]", "unknown_choice"),
        ("routes: [{channels: [amazonsns], kind: [[otp]]}]", "unknown_choice"),
        ("routes: [{channels: [amazonsns], prefix: '9174'}]", "invalid_prefix"),
        ("routes: [{channels: [amazonsns], prefix: '+'}]", "invalid_prefix"),
        ("routes: [{channels: [amazonsns], prefix: '+0'}]", "invalid_prefix"),
        ("routes: [{channels: [amazonsns], prefix: '+210'}]", "invalid_prefix"),
        ("routes: [{channels: [amazonsns], prefix: ['+91', '+91 74']}]", "invalid_prefix"),
        ("routes: [{channels: [amazonsns], prefix: []}]", "invalid_prefix"),
        ("routes: [{channels: [amazonsns], caller: '*:billing'}]", "invalid_caller"),
        ("routes: [{channels: [amazonsns], caller: 'key:**'}]", "invalid_caller"),
        ("routes: [{channels: [amazonsns], caller: []}]", "invalid_caller"),
        ("routes: [{channels: [amazonsns], caller: ['']}]", "invalid_caller"),
        ("routes: [{channels: [amazonsns], sender: MUCHTOOLONGID}]", "invalid_sender"),
        ("routes: [{channels: [amazonsns], sender: {A: B}}]", "invalid_sender"),
    ],
)
def test_a_route_that_cannot_be_meant_is_a_mistake_on_its_line(text: str, code: str) -> None:
    found = mistake(f"# a comment\n{text}")
    assert (found.field, found.code) == ("settings", code)
    assert found.detail.endswith("(line 2)")


def test_a_mistake_names_its_route_and_what_it_could_have_been() -> None:
    found = mistakes("routes: [{channels: [amazonsns]}, {chanels: [amazonsns], channels: [nowhere], country: UK}]")
    assert [problem.detail for problem in found] == [
        "route 2: there is no such field: did you mean channels? (line 1)",
        "route 2: a channel is not there; there are: amazonsns (line 1)",
        (
            "route 2: country must be a two-letter code of a country that there is, such as IN, or a list of them; "
            "did you mean GB? (line 1)"
        ),
    ]


def test_a_share_with_nothing_behind_it_is_a_mistake_on_its_own_line() -> None:
    found = mistakes("routes:\n- channels:\n    amazonsns: 1\n    exotel:", exotel=EXOTEL, amazonsns="type: amazonsns")
    assert [(problem.code, problem.detail.rpartition("(")[2]) for problem in found] == [("empty", "line 4)")]


ROUTES = [
    "{{channels: {{{}: 1}}}}", "{{channels: {{amazonsns: {}}}}}", "{{channels: [{{amazonsns: {}}}]}}",
    "{{channels: [amazonsns, {}]}}", "{{{}: x, channels: [amazonsns]}}",
    *(f"{{{{{name}: {{}}, channels: [amazonsns]}}}}" for name in ("country", "prefix", "kind", "caller", "sender")),
    *(f"{{{{{name}: [{{}}], channels: [amazonsns]}}}}" for name in ("country", "prefix", "kind", "caller", "sender")),
]  # fmt: skip


@given(st.sampled_from(ROUTES), junk, junk)
def test_no_mistake_in_a_route_tells_what_was_written(shape: str, before: str, after: str) -> None:
    try:
        read_settings({"settings": f"routes: [{shape.format(before + SECRET + after)}]"}, provider_fields)
    except InvalidSettings as error:
        assert SECRET not in tells(error)
