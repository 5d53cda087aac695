"""Gramex: the channels of its configuration are read, or every mistake in them is named with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings
from herald.settings.gramex import read_gramex
from herald.settings.values import Channel
from herald.wiring import provider_fields
from tests.settings.reading import SECRET, SHAPES, junk, tells


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
    text = "sms:\n  one:\n    type: pigeon\n  two:\n    type: exotel\n    sidd: x\n    token: [x]\n  two: x\n"
    with pytest.raises(InvalidSettings) as wrong:
        read_gramex(text, provider_fields)
    assert {(problem.field, problem.code) for problem in wrong.value.problems} == {
        ("sms", "duplicate_field"), ("sms", "wrong_type"), ("sms.one", "unknown_type"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["domain", "rate", "key", "sender", "exchange_rate"])
def test_an_optional_field_may_stand_there_empty_as_gramex_writes_it(name: str) -> None:
    text = f"sms:\n  x:\n    type: exotel\n    sid: a\n    token: b\n    {name}: # Optional\n"
    assert read_gramex(text, provider_fields)["x"].values == {"sid": "a", "token": "b"}


def test_a_limit_with_nothing_behind_it_is_a_mistake_here_too() -> None:
    with pytest.raises(InvalidSettings) as wrong:
        read_gramex("sms:\n  x:\n    type: amazonsns\n    max_price: # none yet\n", provider_fields)
    (problem,) = wrong.value.problems
    assert (problem.field, problem.code, problem.detail.endswith("(line 4)")) == ("sms.x", "empty", True)


def test_what_is_required_is_missing_if_it_is_empty() -> None:
    with pytest.raises(InvalidSettings) as wrong:
        read_gramex("sms:\n  x:\n    type: exotel\n    sid:\n    token: b\n", provider_fields)
    assert [problem.detail for problem in wrong.value.problems] == ["sid is missing (line 4)"]


@given(st.sampled_from([shape for shape in SHAPES if "\n" not in shape]), junk.map(lambda text: text.replace("\n", "")))
def test_no_mistake_in_a_gramex_configuration_tells_what_was_written(shape: str, around: str) -> None:
    text = shape.format(*[around + SECRET + around] * 2)
    try:
        read_gramex(f"sms:\n  exotel:\n    type: exotel\n    sid: x\n    {text}\n", provider_fields)
    except InvalidSettings as error:
        assert SECRET not in tells(error)
