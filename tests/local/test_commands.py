"""``make run``, ``make up`` and ``make down`` as somebody at a terminal sees them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.deploy import ROOT
from local.engine import CannotRun
from local.stack import Stack

NAMES = {
    "HERALD_URL", "HERALD_KEY", "CARRIER_URL", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "HERALD_INVOKE_FUNCTION", "HERALD_EVENT_BUS", "HERALD_TABLE", "HERALD_STAGE",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "a folder"
    command(tmp_path / "a folder", "down")


def command(folder: Path, name: str, port: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    line = [sys.executable, "-m", "local", name, "--port", str(port), "--folder", str(folder)]
    return subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False)


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": "layers/herald"}


def settings(folder: Path) -> dict[str, str]:
    """What is written for a shell."""
    return dict(line.split("=", 1) for line in (folder / "env").read_text().splitlines())


def is_free(url: str) -> bool:
    """Whether nobody listens there any more."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def test_up_returns_when_ready_and_down_leaves_nothing_running(folder: Path) -> None:
    up = command(folder, "up")
    assert (up.returncode, up.stderr) == (0, "")
    env = settings(folder)
    assert set(env) >= NAMES
    assert env["HERALD_URL"] in up.stdout
    assert [path.name for path in (folder, *folder.glob("*")) if path.stat().st_mode & 0o077] in ([], ["tmp"])
    assert env["HERALD_KEY"] in (folder / "log").read_text()
    assert requests.get(env["HERALD_URL"] + "/health", timeout=30).json()["status"] == "ok"
    assert requests.get(env["HERALD_URL"] + "/local", timeout=30).json() == {"key": env["HERALD_KEY"]}
    again = command(folder, "up")
    assert (again.returncode, again.stderr) == (1, "herald: Herald is running already. make down stops it.\n")
    down = command(folder, "down")
    assert (down.returncode, down.stdout) == (0, "Herald is stopped, and all that it held is gone.\n")
    assert all(is_free(env[name]) for name in ("HERALD_URL", "CARRIER_URL", "AWS_ENDPOINT_URL"))
    assert not {"env", "pids", "tmp"} & {path.name for path in folder.iterdir()}
    assert command(folder, "down").stdout == "Herald was not running.\n"


def test_a_foreign_host_name_cannot_read_the_laptops_key(stack: Stack) -> None:
    answer = requests.get(stack.url + "/local", headers={"Host": "evil.example"}, timeout=30)
    assert answer.status_code == 421
    assert stack.key not in answer.text


@pytest.mark.parametrize("name", ["up", "run"])
def test_a_taken_port_is_one_clear_line(folder: Path, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = command(folder, name, port)
    assert ended.returncode == 1
    assert ended.stderr == f"herald: Port {port} is taken. Choose another one: make run PORT={port + 1}\n"
    assert not (folder / "pids").exists()


def test_ctrl_c_ends_all_that_run_started(folder: Path) -> None:
    line = [sys.executable, "-m", "local", "run", "--port", "0", "--folder", str(folder)]
    with subprocess.Popen(line, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            while "API key" not in running.stdout.readline():
                assert running.poll() is None
            env = settings(folder)
            running.send_signal(signal.SIGINT)
            assert running.wait(30) == 0
        finally:  # A shell's background job, and all that it starts, hears no SIGINT.
            running.terminate()
    assert all(is_free(env[name]) for name in ("HERALD_URL", "CARRIER_URL", "AWS_ENDPOINT_URL"))


def test_a_failed_deployment_names_the_cause_and_leaves_nothing_running(tmp_path: Path) -> None:
    broken = tmp_path / "template.yaml"
    broken.write_text((ROOT / "template.yaml").read_text().replace("AWS::DynamoDB::Table", "AWS::Herald::Nothing"))
    stack = Stack(tmp_path / "folder", 0, broken)
    try:
        with pytest.raises(CannotRun, match="^The deployment failed: [^\n]*AWS::Herald::Nothing[^\n]*$"):
            stack.start()
    finally:
        stack.stop()
    assert is_free(stack.engine.url)
    assert not (tmp_path / "folder" / "env").exists()
