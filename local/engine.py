"""Engine: the AWS of the laptop (ministack), as a child process on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.request import urlopen

from local import private

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
LONGEST_START = 30.0
_ONE_AT_A_TIME = Lock()  # boto3's sessions make one client at a time.


class CannotRun(Exception):
    """The laptop's stack cannot run; the text is one line that says why and what to do."""


class Engine:
    """One engine on a free port, which it keeps when it is started again.

    ``folder`` takes its log and its temporary files; ``more`` is added to its environment.
    """

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self._folder, self._more = folder, dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def url(self) -> str:
        """The engine's address; empty before the first start."""
        return f"http://127.0.0.1:{self._port}" if self._port else ""

    def start(self) -> str:
        """Start and wait until it answers. Returns the URL. Raises ``CannotRun``."""
        self._port = self._port or free_port()
        temporary = self._folder / "tmp"
        private.folder(self._folder)
        temporary.mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
        environment = kept | CREDENTIALS | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_REGION": REGION,
            "LAMBDA_ACCOUNT_CONCURRENCY": "16",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(temporary),
            **self._more,
        }  # fmt: skip
        with private.file(self._folder / "engine.log", append=self._process is not None) as log:
            command = [sys.executable, "-m", "ministack"]
            # A session of its own, so that Ctrl-C reaches us alone and we stop the engine in order.
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._wait()
        return self.url

    def stop(self, patience: float = 10) -> None:
        """Stop the engine, by force after ``patience`` seconds; the functions that it runs end with it."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(patience)
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


def asking_once(service: str, url: str) -> Any:
    """A boto3 client of the engine that repeats nothing and waits for nobody: for those who look again anyway."""
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1})
    with _ONE_AT_A_TIME:
        return _session().client(service, endpoint_url=url, config=config)


@cache
def _session() -> Any:
    """One for all clients: each would read botocore's data anew, ten times as long as making the client takes."""
    import boto3

    return boto3.session.Session("test", "test", region_name=REGION)


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
