"""What there is to run the functions with and against. What is not here is skipped by its name, with the reason."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from local import private
from local.deploy import build_layer
from local.engine import LONGEST_START, free_port
from tests.engines.account import Account
from tests.engines.lambdas import Runtime
from tests.house import ROOT

Made = Callable[[str, Runtime], Account]


def environment(name: str, target: str = "engines") -> Path:
    """A virtual environment that a ``target`` of the Makefile makes; a test that needs one that is not there is
    skipped.
    """
    folder = ROOT / f".venv-{name}"
    if not (folder / f".{name}").is_file():
        pytest.skip(f"{name} is not set up: make {target} does it, where a package index can be reached")
    return folder


def packages(name: str) -> Path:
    """The folder of the packages of an environment."""
    (folder,) = environment(name).glob("lib/python3.*/site-packages")
    return folder


@pytest.fixture(scope="session")
def layer() -> Path:
    """The built layer."""
    private.folder(ROOT / ".local")
    return build_layer(ROOT / ".local")


@pytest.fixture
def made(layer: Path, tmp_path: Path) -> Iterator[Made]:
    """Makes accounts, and ends their processes."""
    accounts = []

    def make(url: str, runtime: Runtime) -> Account:
        accounts.append(Account(url, runtime, layer, tmp_path))
        return accounts[-1]

    yield make
    for account in accounts:
        account.stop()


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server."""
    with _moto(environment("moto"), tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


@contextmanager
def _moto(folder: Path, log: Path) -> Iterator[str]:
    port = free_port()
    command = [str(folder / "bin" / "python"), "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as told:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        process = subprocess.Popen(command, env=kept, stdout=told, stderr=told, stdin=subprocess.DEVNULL)
    try:
        _wait(process, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < until:
        try:
            with urlopen(f"{url}/moto-api/data.json", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def interpreter(version: str) -> str:
    """A Python of this version, wherever it is installed; a test that needs one that is not here is skipped."""
    homes = (Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python")
    found = [shutil.which(f"python{version}")]
    found += [str(path) for home in homes for path in sorted(home.glob(f"*{version}.*/bin/python{version}"))]
    for python in filter(None, found):
        said = subprocess.run([python, "-c", "import sys; print(sys.version)"], capture_output=True, check=False)
        if said.stdout.decode().startswith(f"{version}."):  # A shim of pyenv's may lead nowhere.
            return python
    pytest.skip(f"There is no Python {version} here; with one as python{version} on the PATH this runs")
