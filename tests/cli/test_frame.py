"""The frame of the command ``herald``: what every group and command has, and how what goes wrong is told."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from herald.cli import frame
from herald.cli._where import Where
from herald.cli.frame import GROUPS, Here, Stopped, main
from herald.errors import InvalidSettings, NotAccepted, Problem
from tests.house import PACKAGE, ROOT

NUMBER = "+919741552552"
COMMANDS = [
    ["keys", "create"], ["keys", "list"], ["keys", "revoke"], ["keys", "waiting"],
    ["settings", "show"], ["settings", "check"], ["settings", "set"], ["settings", "edit"], ["settings", "import"],
    ["channels", "show"], ["channels", "check"], ["channels", "set"], ["channels", "edit"],
    ["optouts", "url"], ["optouts", "add"], ["optouts", "remove"], ["optouts", "check"], ["optouts", "sync"],
    ["webhooks", "secret"], ["receipts", "enable"], ["doctor"], ["redrive"], ["deploy"], ["remove"],
]  # fmt: skip
NEEDED = {
    ("keys", "create"): ["--name", "x"], ("keys", "revoke"): ["--name", "x"], ("keys", "waiting"): ["--name", "x"],
    ("settings", "import"): ["gramex.yaml"], ("optouts", "url"): ["--channel", "exotel"],
    **{("channels", act): ["exotel"] for act in ("check", "set", "edit")},
}  # fmt: skip


def runs(monkeypatch: pytest.MonkeyPatch, act: Callable[..., int]) -> int:
    """The exit code of ``herald webhooks secret`` if that is what it does."""
    app = frame.group("Webhooks: one command.")
    frame.command(app, "secret", after="The secret was not written.")(act)
    monkeypatch.setattr(import_module("herald.cli.webhooks"), "app", app)
    return main(["webhooks", "secret", "--stage", "dev"], somewhere)


def somewhere(stage: str, region: str | None, *, deployed: bool) -> Where:
    """Where every stage is, without asking anybody."""
    return Where("123456789012", region or "ap-south-1")


def nowhere(stage: str, region: str | None, *, deployed: bool) -> Where:
    """No stage is anywhere."""
    raise Stopped("There is no such stack.")


def test_each_file_beside_the_frame_is_a_group() -> None:
    groups = {path.stem for path in (PACKAGE / "cli").glob("*.py") if not path.stem.startswith("_")}
    assert groups - {"frame"} == set(GROUPS)


def test_the_help_names_every_group_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert all(f" {group} " in said for group in GROUPS)
    assert "None" not in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_asks_for_the_stage_and_may_be_told_the_region(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--stage STAGE" in said and "--region REGION" in said and "None" not in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("stage", ["local/channels", "../dev", "", "Dev", "a" * 17, "1a", "dev\n", "dév", "dev keys"])
def test_what_is_no_stages_name_is_refused_before_anything_is_done(
    words: list[str], stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, f"--stage={stage}"]) == 2
    assert "'--stage': A stage's name is a small letter" in capsys.readouterr().err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_stage_nothing_is_done(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, *NEEDED.get(tuple(words), [])], nowhere) == 2
    assert "--stage" in capsys.readouterr().err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_stage_is_also_herald_stages_but_where_something_is_made_or_deleted_whole(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HERALD_STAGE", "dev")
    code = main([*words, *NEEDED.get(tuple(words), [])], nowhere)
    assert (code, capsys.readouterr().err) == (
        (2, "Which stage? Say --stage dev, for example.\n")
        if words in (["deploy"], ["remove"])
        else (1, "There is no such stack.\n")
    )


@pytest.mark.parametrize("words", [["--stage", "dev", "keys", "list"], ["keys", "list", "--stage", "dev"]])
def test_where_to_act_may_be_said_before_and_behind_the_commands_name(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HERALD_STAGE", "another")
    asked: list[str] = []

    def seen(stage: str, region: str | None, *, deployed: bool) -> Where:
        asked.append(stage)
        raise Stopped("Seen.")

    assert main(words, seen) == 1
    assert asked == ["dev"]


def test_a_profile_is_handed_to_aws(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AWS_PROFILE", "")
    assert main(["keys", "list", "--stage", "dev", "--profile", "shop"], nowhere) == 1
    assert os.environ["AWS_PROFILE"] == "shop"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kyes"], "No such command 'kyes'. Did you mean keys?"),
        (["x"], "No such command 'x'. There are: send, "),
        (["keys"], "Missing command."),
        (["keys", "creat"], "No such command 'creat'. Did you mean 'create'?"),
        (["keys", "create", "--stage", "dev"], "Missing option '--name'."),
        (["keys", "list", "--stag", "dev"], "No such option: --stag (Possible options: --stage)"),
        (["keys", "list", "more"], "Got unexpected extra argument(s) (more)"),
    ],
)
def test_a_misuse_is_told_with_what_would_be_right_and_where_the_help_is(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words, nowhere) == 2
    told = capsys.readouterr()
    first, usage, more = told.err.splitlines()
    assert (told.out, first.startswith(said), usage.startswith("Usage: herald")) == ("", True, True), first
    assert more.startswith("More: herald") and more.endswith(" --help")


def test_with_json_lines_are_json_also_those_before_it_broke_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = frame.group("Webhooks: one command.")

    @frame.command(app, "secret", after="Again.")
    def act(here: Here, *, fails: bool = False) -> int:
        print("one")
        print("two")
        if fails:
            raise ValueError(NUMBER)
        return 1

    monkeypatch.setattr(import_module("herald.cli.webhooks"), "app", app)
    words = ["webhooks", "secret", "--stage", "dev", "--json"]
    assert main(words, somewhere) == 1
    assert json.loads(capsys.readouterr().out) == {"lines": ["one", "two"]}
    assert main([*words, "--fails"], somewhere) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"lines": ["one", "two"], "error": {"detail": "Stopped (ValueError). Again."}}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_json_but_those_that_ask(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    asks = words in (["deploy"], ["remove"]) or words[-1] == "edit"
    assert ("--json" in capsys.readouterr().out) != asks


def test_with_json_an_error_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list", "--stage", "dev", "--json"], nowhere) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": {"detail": "There is no such stack."}}
    assert said.err == "There is no such stack.\n"


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
    def act(here: Here) -> int:
        """Fail."""
        raise error

    assert runs(monkeypatch, act) == code
    assert capsys.readouterr() == ("", f"Stage dev: account 123456789012, ap-south-1.\n{said}")


def test_where_a_stage_is_not_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    acted: list[object] = []
    app = frame.group("Webhooks: one command.")

    @frame.command(app, "secret")
    def act(here: Here) -> int:
        acted.append(here)
        return 0

    monkeypatch.setattr(import_module("herald.cli.webhooks"), "app", app)
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
