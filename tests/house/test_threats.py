"""The table of threats: each row says what stops it, and names tests that there are."""

import ast
import re
from functools import cache

import pytest

from tests.house import ROOT

PAGE = (ROOT / "docs" / "threats.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE)))


@cache
def names_in(path: str) -> set[str]:
    """The tests of a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_row_says_what_stops_it_and_which_test_shows_it(row: list[str]) -> None:
    attack, defence, shown = row
    assert attack and defence
    assert re.fullmatch(r"(`tests/[\w/]+\.py::test_\w+`(, )?)+", shown.strip("| "))


@pytest.mark.parametrize("name", NAMED)
def test_each_test_that_is_named_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert test in names_in(path)


def test_the_five_ways_to_pump_are_among_them() -> None:
    assert len(ROWS) > 30
    assert all(
        word in PAGE for word in ("one after the other", "a country", "slow drip", "many stolen keys", "addresses")
    )
