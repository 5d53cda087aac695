"""Survivors are known by what they change, keep the reason that somebody wrote down, and cost the score."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.mutants.survivors import BEGIN, END, UNEXPLAINED, Score, Survivor, complete, read, rewrite

ONE = Survivor("journal.Journal.claim", "token = made()", "token = None")
PIPED = Survivor("deliver._call", "return a | b", "return a & b")
cells = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1).map(str.strip).filter(bool)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page without any figures yet."""
    made = tmp_path / "mutants.md"
    made.write_text(f"# Title\n{BEGIN}\n{END}\nThe end.\n")
    return made


def explain(page: Path, survivor: Survivor, why: str) -> None:
    """What a person does: put a reason where the question mark is."""
    lines = page.read_text().splitlines(keepends=True)
    found = [line.replace(f"| {UNEXPLAINED} |", f"| {why} |") if survivor.where in line else line for line in lines]
    page.write_text("".join(found))


def test_a_score_counts_what_was_killed() -> None:
    score = Score("journal", 40, [ONE, PIPED])
    assert (score.killed, score.percent) == (38, 95.0)
    assert sum([score, Score("deliver", 10)], Score("all")) == Score("all", 50, [ONE, PIPED])
    assert Score("nothing").percent == 100.0


def test_a_new_survivor_has_no_reason_until_somebody_writes_it_down(page: Path) -> None:
    scores = [Score("journal", 10, [ONE, PIPED])]
    assert rewrite(page, scores, whole=True) == [ONE, PIPED]
    explain(page, ONE, "the same")
    assert rewrite(page, scores, whole=True) == [PIPED]
    assert "| `token = made()` | `token = None` | the same |" in page.read_text()


def test_a_survivor_that_was_killed_leaves_the_page(page: Path) -> None:
    rewrite(page, [Score("journal", 10, [ONE])], whole=True)
    assert rewrite(page, [Score("journal", 10)], whole=True) == []
    assert "token" not in page.read_text()
    assert page.read_text().startswith("# Title\n")
    assert page.read_text().endswith("The end.\n")


def test_a_run_of_one_module_leaves_the_page_alone_and_still_compares(page: Path) -> None:
    rewrite(page, [Score("journal", 10, [ONE])], whole=True)
    explain(page, ONE, "the same")
    before = page.read_text()
    assert rewrite(page, [Score("deliver", 10, [PIPED])], whole=False) == [PIPED]
    assert rewrite(page, [Score("journal", 10, [ONE])], whole=False) == []
    assert page.read_text() == before


@given(line=cells, becomes=cells)
def test_whatever_a_line_holds_its_reason_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, line: str, becomes: str
) -> None:
    page = tmp_path_factory.mktemp("page") / "mutants.md"
    page.write_text(f"{BEGIN}\n{END}")
    odd = Survivor("flow.route", line, becomes)
    rewrite(page, [Score("flow", 1, [odd])], whole=True)
    explain(page, odd, "the same")
    assert rewrite(page, [Score("flow", 1, [odd])], whole=True) == []


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "mutants.md"
    page.write_text("# Title\n")
    with pytest.raises(ValueError, match="mutants.md needs"):
        rewrite(page, [], whole=True)
    assert page.read_text() == "# Title\n"


def test_what_was_not_checked_does_not_count_and_what_no_test_reaches_survives(tmp_path: Path) -> None:
    source = tmp_path / "mutants" / "src" / "herald" / "providers" / "vendor.py"
    source.parent.mkdir(parents=True)
    versions = {"orig": "1 + 1", "1": "1 - 1", "2": "1 + 2", "3": "None", "4": "2 + 1", "5": "1 * 1"}
    source.write_text("".join(f"def x_two__mutmut_{name}():\n    return {value}\n" for name, value in versions.items()))
    killed, not_reached, never_ended, not_checked, survived = 1, 33, -24, None, 0
    ends = [killed, not_reached, never_ended, not_checked, survived]
    keys = [f"herald.providers.vendor.x_two__mutmut_{number}" for number in range(1, 6)]
    source.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": dict(zip(keys, ends, strict=True))}))
    alive = [Survivor("providers.vendor.two", "return 1 + 1", f"return {value}") for value in ("1 + 2", "1 * 1")]
    assert read(tmp_path) == [Score("providers.vendor", 4, alive)]


@pytest.mark.parametrize(
    ("ends", "whole"), [([[1, 0], [33, -24]], True), ([[1], [1, None]], False), ([[1], []], True), ([], False)]
)
def test_a_run_is_whole_if_no_mutant_was_left_out(tmp_path: Path, ends: list[list[int | None]], whole: bool) -> None:
    folder = tmp_path / "mutants" / "src" / "herald"
    folder.mkdir(parents=True)
    for number, each in enumerate(ends):
        keys = {str(key): end for key, end in enumerate(each)}
        (folder / f"vendor{number}.py.meta").write_text(json.dumps({"exit_code_by_key": keys}))
    assert complete(tmp_path) is whole
