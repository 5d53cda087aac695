"""Two commits are compared in one run: what is asked is understood, checked out, counted and told."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import before
from bench.__main__ import WHOLE, arguments
from bench.paired import Ratio
from bench.runtime import Function, Stack
from bench.tree import check_out, commit_of
from tests.bench.test_bench import CLIENT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: in the second the file says "new"."""
    root = tmp_path / "repository"
    root.mkdir()
    git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for words in ("old", "new"):
        (root / "file").write_text(words)
        subprocess.run([*git, "add", "file"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", words], check=True)
    return root


def test_without_before_everything_is_measured() -> None:
    options = arguments([])
    assert (options.before, options.after, options.parts, options.pairs) == (None, None, [], WHOLE)


def test_a_commit_is_known_by_its_whole_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.__main__.commit_of", lambda revision: f"all of {revision}")
    options = arguments(["--before", "abc", "--after", "def", "--pairs", "25", "--seed", "3"])
    assert (options.before, options.after, options.pairs, options.seed) == ("all of abc", "all of def", 25, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--before", "no-such-commit"], "no-such-commit names no commit"),
        (["--before=--output=x"], "names no commit"),
        (["--before", "HEAD", "cold"], "name no parts"),
        (["--after", "HEAD"], "--after needs --before"),
        (["--pairs", "0"], "at least 1"),
        (["hot"], "no part hot"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_built(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        arguments(given)
    assert said in capsys.readouterr().err


def test_a_commit_is_checked_out_and_git_keeps_no_note_of_it(repository: Path, tmp_path: Path) -> None:
    (repository / "file").write_text("changed since")
    first = check_out(commit_of("HEAD~1", repository), tmp_path / "first", repository)
    assert [path.read_text() for path in first.iterdir()] == ["old"]
    assert not (repository / ".git" / "worktrees").exists()
    assert (repository / "file").read_text() == "changed since"


def test_the_first_pair_of_each_measure_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def measure(side: str) -> dict[str, float]:
        ran.append(side)
        return {"row": float(len(ran)), "side": 1.0 if side == "before" else 2.0}

    monkeypatch.setattr(before, "MEASURES", {"one": measure})
    taken = before.pairs(("before", "after"), 10, 1)  # type: ignore[arg-type]
    assert taken["side"] == [(1.0, 2.0)] * 10
    assert len(ran) == 22
    assert sorted(n for pair in taken["row"] for n in pair) == list(range(3, 23))
    assert {tuple(ran[n : n + 2]) for n in range(2, 22, 2)} == {("before", "after"), ("after", "before")}


def test_the_table_says_where_no_difference_is_seen() -> None:
    ratios = {"same, ms": Ratio(10, 10.1, 1.01, 1.0, 0.9, 1.1), "slower, ms": Ratio(10, 20, 2.0, 2.0, 1.9, 2.1)}
    lines = before.table("said", ratios, {"zip_mb": (4.0, 5.0)}).splitlines()
    assert [line.partition(",")[0] for line in lines if line.endswith("no difference seen")] == ["same"]
    assert lines[-1].split() == ["zip_mb", "4", "5", "1.250"]


def test_a_process_that_computes_is_told_from_one_that_waits(tmp_path: Path) -> None:
    (tmp_path / "awslambdaric").mkdir()
    (tmp_path / "awslambdaric" / "__main__.py").write_text(CLIENT)
    (tmp_path / "app.py").write_text(
        "import time\n"
        "def handler(event, context):\n"
        "    time.sleep(event['wait'])\n"
        "    until = time.process_time() + event['compute']\n"
        "    while time.process_time() < until: pass\n"
    )
    with Function(Stack("test", tmp_path, (tmp_path,), (sys.executable,), {})) as function:
        taken = []
        for event in ({"wait": 0, "compute": 0}, {"wait": 0.3, "compute": 0}, {"wait": 0, "compute": 0.2}):
            so_far = function.computed()
            function.invoke(event)
            taken.append(function.computed() - so_far)
        _, waited, computed = taken
    assert waited < 0.1
    assert 0.2 <= computed < 0.3


def test_what_a_function_has_written_is_told_its_end_at_least(tmp_path: Path) -> None:
    (tmp_path / "awslambdaric").mkdir()
    (tmp_path / "awslambdaric" / "__main__.py").write_text(CLIENT)
    (tmp_path / "app.py").write_text("def handler(event, context): print('x' * 9000, 'the reason', flush=True)\n")
    with Function(Stack("test", tmp_path, (tmp_path,), (sys.executable,), {})) as function:
        function.invoke({})
        assert function.written().endswith("the reason\n")
        assert len(function.written()) < 9000
