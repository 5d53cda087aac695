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
from tests.promises.figures import BEGIN, END, HEAD, Figures, conditions, rewrite, shown, today


@pytest.fixture
def counted() -> Figures:
    made = Figures("test_faults.py")
    made("Faults", promise="3", sends=10_000, still_waiting=0)
    made.of("test_replays.py")("Replays", promise="1", rate=99.51, entrypoint="https")
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


def test_a_row_of_the_page_names_promise_proof_figures_file_and_day(counted: Figures) -> None:
    assert counted.rows({"test_replays.py", "test_faults.py"}, "2 May 2026") == [
        "| 1 | Replays | rate: 99.51 · entrypoint: https | test_replays.py | 2 May 2026 |",
        "| 3 | Faults | sends: 10 000 · still waiting: 0 | test_faults.py | 2 May 2026 |",
    ]
    assert len(counted.rows({"test_faults.py"}, "2 May 2026")) == 1


def test_the_file_holds_the_same_for_programs(counted: Figures, tmp_path: Path) -> None:
    counted.save(tmp_path / "new" / "prove.json", "today")
    saved = json.loads((tmp_path / "new" / "prove.json").read_text())
    assert saved["conditions"] == "today"
    assert saved["figures"][1] == {
        "promise": "3",
        "proof": "Faults",
        "numbers": {"sends": 10_000, "still_waiting": 0},
        "file": "test_faults.py",
    }


def test_the_conditions_say_how_and_on_what_and_a_row_says_when() -> None:
    assert conditions().startswith("Counted by `make prove`, each on the day beside it: ")
    assert " cores, Python 3." in conditions()
    assert today(datetime(2026, 11, 2, tzinfo=UTC)) == "2 November 2026"


def a_row(promise: str, file: str, day: str = "1 May 2026") -> str:
    return f"| {promise} | a proof | sends: 1 | {file} | {day} |"


def test_only_the_rows_of_the_files_that_were_run_are_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
    rewrite(page, [a_row("1", "test_a.py"), a_row("3", "test_b.py"), a_row("2", "test_c.py")], {"x"}, "Counted.")
    rewrite(page, [a_row("1, 2", "test_b.py", "2 May 2026")], {"test_b.py"}, "Counted anew.")
    rows = [a_row("1", "test_a.py"), a_row("1, 2", "test_b.py", "2 May 2026"), a_row("2", "test_c.py")]
    table = "\n".join(["Counted anew.", "", HEAD, "|---|---|---|---|---|", *rows])
    assert page.read_text() == f"above\n{BEGIN}\n{table}\n{END}\nbelow\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_two_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"page\.md needs"):
        rewrite(page, [], set(), "said")
    assert page.read_text() == text


def test_every_row_of_the_real_page_is_of_a_proof_that_is_there() -> None:
    table = (ROOT / "docs" / "promises.md").read_text().partition(BEGIN)[2].partition(END)[0]
    files = [line.split(" | ")[-2] for line in table.splitlines() if line.startswith("| ") and line != HEAD]
    assert files
    assert {file for file in files if not (HERE / file).is_file()} == set()


def test_a_proof_is_small_unless_it_is_asked_to_be_whole(
    size: Callable[[int, int], int], request: pytest.FixtureRequest
) -> None:
    assert size(1, 2) == (2 if request.config.getoption("whole") else 1)


# ---- The run


PASSES = "def test_it(figures):\n    figures('Sends', promise='1', sends=10)\n"
FILES = {"test_one.py": PASSES, "test_two.py": "def test_it():\n    pass\n"}
FAILS = "\ndef test_that():\n    assert False\n"
SKIPS = "\nimport pytest\n\ndef test_that():\n    pytest.skip('not here')\n"
MORE = "\ndef test_more():\n    pass\n"


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
    assert "| 1 | Sends | sends: 10 | test_one.py | " in page
    assert json.loads((tmp_path / ".local" / "prove.json").read_text())["figures"][0]["numbers"] == {"sends": 10}


@pytest.mark.parametrize(
    ("changed", "arguments"),
    [
        ({}, []),
        ({"test_one.py": PASSES + FAILS}, ["--whole"]),
        ({"test_one.py": PASSES + SKIPS}, ["--whole"]),
        ({"test_one.py": PASSES + MORE}, ["--whole", "tests/promises/test_one.py::test_it"]),
        ({"test_one.py": PASSES + MORE}, ["--whole", "--deselect", "tests/promises/test_one.py::test_more"]),
    ],
    ids=["small", "failed", "skipped", "in part", "deselected"],
)
def test_a_file_of_which_not_all_proofs_passed_leaves_the_page_alone(
    tmp_path: Path, changed: dict[str, str], arguments: list[str]
) -> None:
    printed, page = proved(tmp_path, {**FILES, **changed}, *arguments)
    assert page == f"{BEGIN}\n{END}\n"
    assert ("sends: 10" in printed) == ("--whole" in arguments)


@pytest.mark.parametrize("other", ["FAILS", "SKIPS"])
def test_what_becomes_of_another_file_keeps_no_figure_from_the_page(tmp_path: Path, other: str) -> None:
    broken = {"FAILS": FAILS, "SKIPS": SKIPS}[other]
    _, page = proved(tmp_path, {**FILES, "test_two.py": broken}, "--whole")
    assert "| 1 | Sends | sends: 10 | test_one.py | " in page


def test_one_file_can_be_proved_by_itself(tmp_path: Path) -> None:
    _, page = proved(tmp_path, FILES, "--whole", "tests/promises/test_one.py")
    assert "| 1 | Sends | sends: 10 | test_one.py | " in page
