"""Engine: the AWS of the laptop (ministack), as a child process on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
LONGEST_START = 30.0


class CannotRun(Exception):
    """The laptop's stack cannot run; the text is one line that says why and what to do."""


class Engine:
    """One engine on a free port. ``folder`` takes its log and its temporary files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._process.pid if self._process else 0

    def start(self) -> str:
        """Start and wait until it answers. Returns the URL. Raises ``CannotRun``."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        temporary = self._folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
        environment = kept | CREDENTIALS | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "LAMBDA_ACCOUNT_CONCURRENCY": "16",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(temporary),
        }  # fmt: skip
        with (self._folder / "engine.log").open("wb") as log:
            command = [sys.executable, "-m", "ministack"]
            # A session of its own, so that Ctrl-C reaches us alone and we stop the engine in order.
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._wait()
        return self.url

    def stop(self) -> None:
        """Stop the engine; the functions that it runs end with it."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder / "tmp", ignore_errors=True)  # The engine leaves its functions' folders behind.

    def _wait(self) -> None:
        until = time.monotonic() + LONGEST_START
        while self._process and self._process.poll() is None and time.monotonic() < until:
            try:
                with urlopen(f"{self.url}/_ministack/ready", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise CannotRun(f"The local engine did not start: see {self._folder / 'engine.log'}")


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
