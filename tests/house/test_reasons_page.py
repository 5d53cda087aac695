"""The page of the reasons says what the code says, of every reason and every provider."""

from typing import get_args

import pytest

from herald.message.reasons import ADVICE, REASONS, Who
from herald.providers import load, types
from tests.house.reasons_page import COMMAND, PAGE, TITLES, group, page, translated, vendor

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_code_says() -> None:
    assert page() == TEXT, f"docs/reasons.md is out of date. Write it anew: {COMMAND}"


def test_the_page_says_how_it_is_made() -> None:
    assert COMMAND in TEXT


def test_there_is_a_part_for_everybody_who_may_have_to_act() -> None:
    assert set(TITLES) == set(get_args(Who))


@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_each_reason_has_one_line_with_what_to_do(reason: tuple[str, str, str, bool]) -> None:
    code, text, who, retryable = reason
    line = f"| `{code}` | {text} | {'yes' if retryable else 'no'} | {ADVICE[code]} |"
    assert TEXT.splitlines().count(line) == 1
    assert line in group(who, TITLES[who])


@pytest.mark.parametrize("name", types())
def test_each_word_of_each_provider_stands_beside_its_reason(name: str) -> None:
    part = vendor(name, load(name).words)
    assert part in TEXT
    for word, code in load(name).words.items():
        (line,) = [line for line in part.splitlines() if line.startswith(f"| `{code}` |")]
        assert f"`{word}`" in line


def test_reasons_that_a_provider_has_no_word_for_have_no_line() -> None:
    assert list(translated({"7": "spam", "23": "expired", "x y": "spam"})) == [
        ("`expired`", "`23`"),
        ("`spam`", "`7` · `x y`"),
    ]


def test_no_cell_breaks_its_table() -> None:
    tables = [line for line in TEXT.splitlines() if line.startswith("|")]
    assert len(tables) > len(REASONS)
    assert all(line.count("|") in (3, 5) for line in tables)
