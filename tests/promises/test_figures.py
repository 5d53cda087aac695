"""The figures that the proofs count reach the terminal, a file and the page, and nothing else of the page changes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.promises.conftest import HERE, ROOT
from tests.promises.figures import BEGIN, END, Figures, conditions, rewrite, shown


@pytest.fixture
def counted() -> Figures:
    made = Figures()
    made("Faults", promise="3", sends=10_000, still_waiting=0)
    made("Replays", promise="1", rate=99.51, entrypoint="https")
    return made


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1234567, "1 234 567"), (2.0, "2"), (99.512, "99.51"), ("a", "a")]
)
def test_numbers_are_shown_as_people_read_them(value: float | str, text: str) -> None:
    assert shown(value) == text


def test_the_terminal_has_a_line_a_proof_in_the_order_of_the_promises(counted: Figures) -> None:
    assert [line.split(maxsplit=2) for line in counted.lines()] == [
        ["1", "Replays", "rate: 99.51 · entrypoint: https"],
        ["3", "Faults", "sends: 10 000 · still waiting: 0"],
    ]


def test_the_pages_table_names_promise_proof_and_figures(counted: Figures) -> None:
    assert counted.markdown("Counted today.") == (
        "Counted today.\n\n| promise | proof | counted |\n|---|---|---|\n"
        "| 1 | Replays | rate: 99.51 · entrypoint: https |\n| 3 | Faults | sends: 10 000 · still waiting: 0 |"
    )


def test_the_file_holds_the_same_for_programs(counted: Figures, tmp_path: Path) -> None:
    counted.save(tmp_path / "new" / "prove.json", "today")
    saved = json.loads((tmp_path / "new" / "prove.json").read_text())
    assert saved["conditions"] == "today"
    assert saved["figures"][1] == {
        "promise": "3",
        "proof": "Faults",
        "numbers": {"sends": 10_000, "still_waiting": 0},
    }


def test_the_conditions_say_when_how_and_on_what() -> None:
    said = conditions(datetime(2026, 11, 2, tzinfo=UTC))
    assert said.startswith("Counted on 2 November 2026 by `make prove`: ")
    assert " cores, Python 3." in said


def test_only_what_stands_between_the_marks_is_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
    for table in ("first", "second"):
        rewrite(page, table)
    assert page.read_text() == f"above\n{BEGIN}\nsecond\n{END}\nbelow\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_two_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"page\.md needs"):
        rewrite(page, "table")
    assert page.read_text() == text


def test_the_real_page_can_be_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "promises.md"
    page.write_text((ROOT / "docs" / "promises.md").read_text())
    rewrite(page, "the table")
    assert f"{BEGIN}\nthe table\n{END}" in page.read_text()


def test_a_proof_is_small_unless_it_is_asked_to_be_whole(
    size: Callable[[int, int], int], request: pytest.FixtureRequest
) -> None:
    assert size(1, 2) == (2 if request.config.getoption("whole") else 1)


# ---- The run


PASSES = "def test_it(figures):\n    figures('Sends', promise='1', sends=10)\n"
FILES = {"test_one.py": PASSES, "test_two.py": "def test_it():\n    pass\n"}
FAILS, SKIPS = "def test_it():\n    assert False\n", "import pytest\n\ndef test_it():\n    pytest.skip('not here')\n"


def proved(folder: Path, files: dict[str, str], *arguments: str) -> tuple[str, str]:
    """What a run of these proofs in a repository of their own prints, and the page then."""
    proofs, page = folder / "tests" / "promises", folder / "docs" / "promises.md"
    shutil.copytree(HERE, proofs, ignore=shutil.ignore_patterns("test_*", "__pycache__"))
    shutil.copy(ROOT / "tests" / "conftest.py", proofs.parent)
    (proofs.parent / "__init__.py").touch()
    for name, text in files.items():
        (proofs / name).write_text(text)
    page.parent.mkdir()
    page.write_text(f"{BEGIN}\n{END}\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\npythonpath = .\n")
    paths = f"{ROOT}{os.pathsep}{ROOT / 'layers' / 'herald'}"
    environment = {**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout, page.read_text()


def test_a_whole_run_in_which_all_passed_prints_its_figures_and_writes_them(tmp_path: Path) -> None:
    printed, page = proved(tmp_path, FILES, "--whole")
    assert "Sends  sends: 10\n" in printed
    assert "| 1 | Sends | sends: 10 |" in page
    assert json.loads((tmp_path / ".local" / "prove.json").read_text())["figures"][0]["numbers"] == {"sends": 10}


@pytest.mark.parametrize(
    ("changed", "arguments"),
    [
        ({}, []),
        ({"test_two.py": FAILS}, ["--whole"]),
        ({"test_two.py": SKIPS}, ["--whole"]),
        ({}, ["--whole", "tests/promises/test_one.py"]),
        ({}, ["--whole", "--deselect", "tests/promises/test_two.py"]),
    ],
    ids=["small", "failed", "skipped", "in part", "deselected"],
)
def test_any_other_run_leaves_the_page_alone(tmp_path: Path, changed: dict[str, str], arguments: list[str]) -> None:
    printed, page = proved(tmp_path, {**FILES, **changed}, *arguments)
    assert page == f"{BEGIN}\n{END}\n"
    assert ("sends: 10" in printed) == ("--whole" in arguments)
