"""Block: a value keeps its spelling, and odd YAML is a mistake and never a crash."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings
from tests.settings.reading import EXOTEL, mistake, mistakes, read


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
        assert channel.values == {name: value for name, value in block.items() if value}
