"""Hidden: no secret of a channel is in what is shown of it, and what comes back unchanged means what is kept."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from herald.providers import load, types
from herald.settings.hidden import HIDDEN, Changes, changes, plain, revealed, shown
from herald.settings.values import Field
from tests.settings.reading import EXOTEL, SECRET, SHAPES, junk

FIELDS = (Field("sid"), Field("token", secret=True))
values = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20).filter(
    str.strip
)
names = st.sampled_from(["type", "sid", "token", "rate", "sender", "tokn"])


def test_only_values_that_are_known_to_be_no_secrets_are_shown() -> None:
    text = f"type: exotel # {SECRET}\nsid: a\ntoken: {SECRET}\ntokn: {SECRET}\nsender: [{SECRET}]\nsenders: {{IN: X}}\n"
    assert yaml.safe_load(shown(text, FIELDS)) == {
        "type": "exotel", "sid": "a", "token": HIDDEN, "tokn": HIDDEN, "sender": HIDDEN, "senders": {"IN": "X"},
    }  # fmt: skip


@pytest.mark.parametrize("vendor", types())
def test_no_secret_of_any_vendor_is_shown(vendor: str) -> None:
    fields = load(vendor).fields
    text = yaml.safe_dump({"type": vendor, **{field.name: f"{field.name}-{SECRET}" for field in fields}})
    told = yaml.safe_load(shown(text, fields))
    assert {name for name, value in told.items() if value == HIDDEN} == {f.name for f in fields if f.secret}
    assert {f.name for f in fields if f.secret}


@given(st.sampled_from(SHAPES), junk)
def test_whatever_is_written_a_token_is_not_shown(shape: str, around: str) -> None:
    text = "token: x\n" + shape.format(*[around] * 4)
    told = shown(text, FIELDS)
    assert "token: x" not in told


@pytest.mark.parametrize("text", ["", "  \n", "a: [", "- a", "a", "a: &b c"])
def test_of_what_is_no_mapping_nothing_is_shown(text: str) -> None:
    assert shown(text, FIELDS) == ""


@given(st.dictionaries(names, values))
def test_what_comes_back_unchanged_means_what_is_kept(kept: dict[str, str]) -> None:
    given = {name: value for name, value in kept.items() if value != HIDDEN}
    text = yaml.safe_dump(given, sort_keys=False, allow_unicode=True)
    back, missing = revealed(shown(text, FIELDS), plain(text))
    assert (plain(back), missing) == (plain(text), ())


@given(values)
def test_any_secret_takes_the_place_of_its_hidden_one_and_all_else_stays_as_it_is_written(secret: str) -> None:
    before, after = "# é 😀 a comment\r\ntype: exotel\r\ntoken:   ", "  # the token\r\nsid: '0123'\r\n"
    back, missing = revealed(f"{before}{HIDDEN}{after}", {"token": secret})
    assert (back.startswith(before), back.endswith(after), missing) == (True, True, ())
    assert plain(back) == {"type": "exotel", "token": secret, "sid": "0123"}


def test_hidden_values_are_found_in_any_order_and_in_quotes() -> None:
    text = f"{{a: {HIDDEN}, b: '{HIDDEN}', c: \"{HIDDEN}\", d: x}}"
    back, missing = revealed(text, {"a": "1", "b": "22", "c": "333"})
    assert (plain(back), missing) == ({"a": "1", "b": "22", "c": "333", "d": "x"}, ())


def test_hidden_values_of_which_none_is_kept_are_named_and_stay() -> None:
    text = f"token: {HIDDEN}\nkey: {HIDDEN}\nsid: a\n"
    assert revealed(text, {"sid": "b", "key": ["x"]}) == (text, ("token", "key"))


@given(st.sampled_from(SHAPES), junk)
def test_whatever_is_written_can_be_given_back_and_compared(shape: str, around: str) -> None:
    text = shape.format(*[around] * 4)
    back, _ = revealed(text, {"token": "kept"})
    assert changes(back, back) == Changes((), (), ())


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (EXOTEL, EXOTEL + "rate: 20/s\n", Changes(("rate",), (), ())),
        (EXOTEL, EXOTEL.replace("t0k3n", "n3w"), Changes((), ("token",), ())),
        (EXOTEL + "sender: A\n", EXOTEL, Changes((), (), ("sender",))),
        ("limits: {day: 1, number_day: 2}", "limits: {day: 2}", Changes((), ("limits.day",), ("limits.number_day",))),
        ("prices: {IN: 1}", "prices: 1", Changes(("prices",), (), ("prices.IN",))),
        ("routes: [{channels: [a]}]", "routes: [{channels: [b]}]", Changes((), ("routes",), ())),
        ("keep_days: 3 # days", "keep_days: '3'", Changes((), (), ())),
        ("", "keep_days: 3", Changes(("keep_days",), (), ())),
        ("keep_days: [", "keep_days: 3", Changes(("keep_days",), (), ())),
    ],
)
def test_what_changes_is_told_by_names_of_fields(before: str, after: str, told: Changes) -> None:
    assert changes(before, after) == told
    assert not [word for word in ("n3w", "t0k3n") if word in str(told)]


@given(
    st.dictionaries(names, st.recursive(values, lambda inner: st.dictionaries(values, inner, min_size=1, max_size=2)))
)
def test_no_value_is_among_the_changes(written: dict[str, Any]) -> None:
    text = yaml.safe_dump(written, allow_unicode=True)
    told = changes("", text)
    assert {name.partition(".")[0] for name in told.new} <= set(written)
