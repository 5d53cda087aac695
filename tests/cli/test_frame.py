"""The frame of the command ``herald``: what every group and command has, and how what goes wrong is told."""

import argparse
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from herald.cli import frame
from herald.cli._where import Where
from herald.cli.frame import GROUPS, Stopped, main
from herald.errors import InvalidSettings, NotAccepted, Problem
from tests.house import PACKAGE, ROOT

NUMBER = "+919741552552"
COMMANDS = [
    ["keys", "create"], ["keys", "list"], ["keys", "revoke"], ["keys", "waiting"],
    ["settings", "show"], ["settings", "check"], ["settings", "set"], ["settings", "edit"], ["settings", "import"],
    ["channels", "show"], ["channels", "check"], ["channels", "set"], ["channels", "edit"],
    ["optouts", "url"], ["optouts", "add"], ["optouts", "remove"], ["optouts", "check"], ["optouts", "sync"],
    ["webhooks", "secret"], ["receipts", "enable"], ["redrive"], ["deploy"], ["remove"],
]  # fmt: skip


def runs(monkeypatch: pytest.MonkeyPatch, act: object) -> int:
    """The exit code of ``herald webhooks secret`` if that is what it does."""
    module = import_module("herald.cli.webhooks")
    monkeypatch.setattr(module, "secret", act)
    return main(["webhooks", "secret", "--stage", "dev"], somewhere)


def somewhere(stage: str, region: str | None, *, deployed: bool) -> Where:
    """Where every stage is, without asking anybody."""
    return Where("123456789012", region or "ap-south-1")


def test_each_file_beside_the_frame_is_a_group() -> None:
    groups = {path.stem for path in (PACKAGE / "cli").glob("*.py") if not path.stem.startswith("_")}
    assert groups - {"frame"} == set(GROUPS)


def test_the_help_names_every_group_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(f" {group} " in said for group in GROUPS)
    assert "None" not in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_asks_for_the_stage_and_may_be_told_the_region(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "--stage STAGE" in said and "[--region REGION]" in said and "None" not in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("stage", ["local/channels", "../dev", "", "Dev", "a" * 17, "1a", "dev\n", "dév", "dev keys"])
def test_what_is_no_stages_name_is_refused_before_anything_is_done(
    words: list[str], stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, f"--stage={stage}"])
    assert ended.value.code == 2
    assert "--stage: A stage's name is a small letter" in capsys.readouterr().err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_stage_nothing_is_done(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "--stage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Stopped("There is nothing here.", 2), 2, "There is nothing here.\n"),
        (NotAccepted("It cannot be reached."), 1, "It cannot be reached.\n"),
        (InvalidSettings([Problem("x", "y", "is wrong (line 2)")]), 1, "x: is wrong (line 2)\n"),
        (ValueError(NUMBER), 1, "Stopped (ValueError). The secret was not written.\n"),
    ],
    ids=["stopped", "of Herald", "settings", "a client's"],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str
) -> None:
    def act(options: argparse.Namespace) -> int:
        """Fail."""
        raise error

    assert runs(monkeypatch, act) == code
    assert capsys.readouterr() == ("", f"Stage dev: account 123456789012, ap-south-1.\n{said}")


def test_where_a_stage_is_not_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere(stage: str, region: str | None, *, deployed: bool) -> Where:
        raise Stopped("There is no such stack.")

    acted: list[object] = []
    monkeypatch.setattr(import_module("herald.cli.webhooks"), "secret", acted.append)
    assert main(["webhooks", "secret", "--stage", "dev"], nowhere) == 1
    assert (acted, capsys.readouterr()) == ([], ("", "There is no such stack.\n"))


def test_what_is_told_is_kept_apart_from_what_is_given_on(capsys: pytest.CaptureFixture[str]) -> None:
    frame.tell("For people.")
    assert capsys.readouterr() == ("", "For people.\n")


def test_the_makefile_sets_the_command_up_and_calls_it_by_the_same_words(tmp_path: Path) -> None:
    made = (ROOT / "Makefile").read_text()
    for words in (words for words in COMMANDS if words[-1] not in ("show", "check", "edit")):
        said = made.replace("$(HERALD)", "herald").replace('optouts "$$@"', f"optouts {words[-1]} ")
        assert f"herald {' '.join(words)} " in said
    assert "python -m herald." not in made


def test_it_runs_as_a_module_of_its_own() -> None:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", "herald", "keys", "--help"]
    ran = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert (ran.returncode, "create" in ran.stdout) == (0, True)
