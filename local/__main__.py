"""``python -m local run``, ``up`` and ``down``: the whole of Herald on this machine."""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from local import private
from local.engine import CannotRun

FOLDER = Path(__file__).resolve().parent.parent / ".local"
LONGEST_UP = 120.0


def main() -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("run", "up", "down"))
    parser.add_argument("--port", type=int, default=8080, help="the port of page and API (8080)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where env and logs are written (.local)")
    options = parser.parse_args()
    try:
        {"run": run, "up": up, "down": down}[options.command](options.folder.resolve(), options.port)
    except CannotRun as reason:
        print(f"herald: {reason}", file=sys.stderr)
        return 1
    return 0


def run(folder: Path, port: int) -> None:
    """Run until Ctrl-C (or until ``down``)."""
    from local.stack import Stack

    _refuse_a_second(folder)
    signal.signal(signal.SIGTERM, _interrupt)
    stack = Stack(folder, port)
    started = time.monotonic()
    with suppress(KeyboardInterrupt):
        try:
            print(_banner(stack.start(), time.monotonic() - started), flush=True)
            signal.pause()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            stack.stop()


def up(folder: Path, port: int) -> None:
    """Run in the background; return when ready."""
    _refuse_a_second(folder)
    private.folder(folder)
    log_path = folder / "log"
    with private.file(log_path) as log:
        command = [sys.executable, "-m", "local", "run", "--port", str(port), "--folder", str(folder)]
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + LONGEST_UP
    while process.poll() is None and time.monotonic() < until:
        if (folder / "env").exists():
            print(log_path.read_text().strip() or "Herald is running.")
            return
        time.sleep(0.05)
    process.terminate()
    process.wait()
    said = [line for line in log_path.read_text().splitlines() if line.strip()]
    raise CannotRun((said or ["It did not become ready."])[-1].removeprefix("herald: "))


def down(folder: Path, port: int) -> None:
    """Stop what ``up`` or ``run`` started, and wait until it is gone."""
    running = [pid for pid in _pids(folder) if _is_ours(pid)]
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            _wait_until_gone(pid)
    for name in ("env", "pids"):
        (folder / name).unlink(missing_ok=True)
    print("Herald is stopped, and all that it held is gone." if running else "Herald was not running.")


def _refuse_a_second(folder: Path) -> None:
    if any(_is_ours(pid) for pid in _pids(folder)):
        raise CannotRun("Herald is running already. make down stops it.")
    (folder / "env").unlink(missing_ok=True)


def _pids(folder: Path) -> list[int]:
    """The processes that were started here: first ours, then the engine."""
    with suppress(OSError, ValueError):
        return [int(pid) for pid in (folder / "pids").read_text().split()]
    return []


def _is_ours(pid: int) -> bool:
    """Whether the process is still the one that was started: ids are used again."""
    line = _command_line(pid)
    return "-m local run" in line or "-m ministack" in line


def _command_line(pid: int) -> str:
    """How a process was started; empty if it is gone. Small Linux systems have no ps, and macOS has no /proc."""
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 15
    while _is_ours(pid):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _banner(env: dict[str, str], seconds: float) -> str:
    return (
        f"\n  Herald is ready ({seconds:.1f} s).\n\n"
        f"  Page and API   {env['HERALD_URL']}\n"
        f"  API key        {env['HERALD_KEY']}\n"
        f"  Settings for your shell   . .local/env   (make down or Ctrl-C stops it)\n"
    )


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
