"""The command on a real terminal, a real pipe and a real keyboard: the program as it is started."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from herald.cli._show.progress import working
from tests.command.served import KEY, Api
from tests.house import PACKAGE

NUMBER, TEXT = "+919741552552", "Your table is ready."
SECRET = "hk_live_the-shops-own-key"


def environment(api: Api, **more: str) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent), "TERM": "xterm"}
    return {**kept, "HERALD_URL": api.url, "HERALD_KEY": KEY, **more}


def on_a_terminal(api: Api, *words: str, typed: str = "", **more: str) -> tuple[int, str]:
    """What somebody sees who types the command."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "herald", *words]
    streams: dict[str, Any] = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with subprocess.Popen(command, env=environment(api, **more), start_new_session=True, **streams) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # Linux says so when the other end is closed.
                break
            if typed and b"API key for" in seen:
                os.write(ours, typed.encode() + b"\n")
                typed = ""
    os.close(ours)
    return process.returncode, seen.decode()


def piped(api: Api, *words: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "herald", *words]
    return subprocess.run(
        command, env=environment(api, **more), input=given, capture_output=True, text=True, check=False
    )


def test_there_is_colour_on_a_terminal_alone_and_not_where_it_is_unwanted(api: Api) -> None:
    assert "\x1b[32msent" in on_a_terminal(api, "send", NUMBER, TEXT)[1]
    for more in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        code, seen = on_a_terminal(api, "send", NUMBER, TEXT, **more)
        assert (code, "sent" in seen, "\x1b" in seen) == (0, True, False)
    ran = piped(api, "send", NUMBER, "-", given=TEXT + "\n")
    assert (ran.returncode, "sent" in ran.stdout, "\x1b" in ran.stdout + ran.stderr) == (0, True, False)
    assert [text.body for text in api.box.texts] == [TEXT] * 4


def test_a_key_that_is_typed_is_not_shown(api: Api) -> None:
    code, seen = on_a_terminal(api, "channels", typed=SECRET, HERALD_KEY="")
    assert (code, "amazonsns" in seen, SECRET in seen) == (0, True, False)


def test_what_lasts_is_shown_on_a_terminal_and_is_gone_at_the_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = api.answer

    def slow(request: Any) -> Any:
        time.sleep(2.5)
        return answer(request)

    monkeypatch.setattr(api, "answer", slow)
    _, seen = on_a_terminal(api, "channels")
    assert "Asking" in seen and seen.index("Asking") < seen.index("amazonsns")
    assert "Asking" not in piped(api, "channels").stderr


def test_what_is_quick_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with working("Asking"):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_goes_away_is_no_error_to_talk_about(api: Api) -> None:
    command = f"{sys.executable} -m herald --help | head -1"
    ran = subprocess.run(command, shell=True, env=environment(api), capture_output=True, text=True, check=False)
    assert (ran.stdout.startswith("Usage: herald"), "Traceback" in ran.stderr) == (True, False)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_their_options(api: Api, shell: str) -> None:
    words: dict[str, Any] = {
        "bash": lambda line: {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)},
        "zsh": lambda line: {"_TYPER_COMPLETE_ARGS": line},
        "fish": lambda line: {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    for line, found in (
        ("herald se", "send"),
        ("herald keys cr", "create"),
        ("herald send --idem", "--idempotency-key"),
    ):
        ran = piped(api, _HERALD_COMPLETE=f"complete_{shell}", **words[shell](line))
        assert found in ran.stdout, ran.stderr


def test_nothing_of_a_key_a_number_or_a_text_is_in_what_an_error_says(api: Api, tmp_path: Path) -> None:
    ran = piped(api, "send", NUMBER, TEXT, HERALD_URL="http://127.0.0.1:1", HERALD_KEY=SECRET)
    assert ran.returncode == 1
    assert not [word for word in (NUMBER, TEXT, SECRET) if word in ran.stdout + ran.stderr]


def test_a_plain_command_loads_no_rich(api: Api) -> None:
    program = "import sys; from herald.cli.frame import main; main(['channels']); print('rich' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment(api), capture_output=True, text=True, check=False
    )
    assert ran.stdout.splitlines()[-1] == "False", ran.stderr
