"""Block: a value keeps its spelling, and odd YAML is a mistake and never a crash."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings, Problem
from herald.settings.gramex import read_gramex
from herald.wiring import provider_fields
from tests.settings.reading import EXOTEL, mistake, mistakes, read


def of_gramex(text: str) -> Problem:
    """The first mistake in a gramex.yaml."""
    with pytest.raises(InvalidSettings) as wrong:
        read_gramex(f"# a comment\n{text}" if text in SHARED else text, provider_fields)
    return wrong.value.problems[0]


@pytest.mark.parametrize(
    "value", ["0123", "0x1F", "1_000", "1e3", "12:30:45", "true", "NO", "2026-11-22", ".5", "+5", "on", "=", "1.10"]
)
def test_a_value_keeps_its_spelling(value: str) -> None:
    channel = read(exotel=f"type: exotel\nsid: {value}\ntoken: '{value}'").channels["exotel"]
    assert channel.values == {"sid": value, "token": value}


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


# Each name is ten times the one before: unfolded, the last would be ten million texts.
UNFOLDS = "a0: &a0 x\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8))
SHARED = [
    UNFOLDS, "limits: &a {day: 5}\nprices: *a", "countries: [&a IN, *a]", "url: &a https://x.example.com",
    "limits: {<<: {day: 5}}", "<<: {valid_for: 60}", "limits: {<<: [{day: 5}]}", "routes: &a [*a]", "&a valid_for: 60",
    "? &a valid_for\n: 60", "&a {valid_for: 60}", "prices: !!map &a {IN: 1}",
]  # fmt: skip
DEEP = ["x: " + "[" * 40 + "]" * 40, "x: " + "{a: " * 40 + "1" + "}" * 40, "- " * 40 + "x", "? " * 5000, "[" * 8000]


@pytest.mark.parametrize("text", SHARED)
def test_what_yaml_would_unfold_is_refused_with_its_line_before_it_is(text: str) -> None:
    for found in (mistake(f"# a comment\n{text}"), mistakes(exotel=f"# a comment\n{text}")[0], of_gramex(text)):
        assert found.code == "malformed_yaml"
        assert "anchors" in found.detail or "merge keys" in found.detail
        assert found.detail.endswith("(line 2)") or text == UNFOLDS


@pytest.mark.parametrize("text", DEEP)
def test_what_is_nested_deeply_is_refused_before_it_is_followed(text: str) -> None:
    for found in (mistake(text), mistakes(exotel=text)[0], of_gramex(text)):
        assert (found.code, "nested too deeply" in found.detail) == ("malformed_yaml", True)


@pytest.mark.parametrize("text", ["x: [" + "1," * 50_000 + "]", "[" * 200_000, "#" * 100_001])
def test_what_is_longer_than_any_settings_is_not_read(text: str) -> None:
    for found in (mistake(text), mistakes(exotel=text)[0], of_gramex(text)):
        assert found.detail == "is longer than 100000 characters"


@pytest.mark.parametrize("value", ["'&a'", '"*a"', "R&D", "2*3", "'<<'", "a << b"])
def test_the_same_characters_within_a_text_are_a_text(value: str) -> None:
    channel = read(exotel=f"{EXOTEL}sender: {value}").channels["exotel"]
    assert channel.values["sender"] == value.strip("'\"")


def test_a_tag_is_a_mistake_at_any_depth() -> None:
    found = mistakes("limits:\n  day: !Ref Most")
    assert ("settings", "malformed_yaml", "a value that begins with ! needs quotes (line 2)") in found


@pytest.mark.parametrize("text", ["- a", "just a text", "7", "[]"])
def test_a_parameter_that_is_no_mapping_says_so(text: str) -> None:
    assert mistake(text).detail == "must be a mapping of names to values (line 1)"
    assert mistakes(exotel=text)[0].detail == "must be a mapping of names to values (line 1)"


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
        assert channel.values == block
