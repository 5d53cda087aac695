"""What tests of AWS's clients share: the data as the build of the layer writes it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from herald.aws import client
from tests.house import LAYER


def _forget() -> None:
    client.trimmed.cache_clear()
    client._roots.cache_clear()
    client._given_up.clear()


@pytest.fixture(autouse=True)
def _a_process_of_its_own() -> Iterator[None]:
    _forget()
    yield
    _forget()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the data, which nobody may change."""
    folder = tmp_path_factory.mktemp("built") / "data"
    subprocess.run([sys.executable, "-B", str(LAYER / "trim.py"), str(folder)], check=True)
    return folder


def read_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let clients be made of the data in a folder."""
    monkeypatch.setattr(client, "DATA", folder)
    monkeypatch.setattr(client, "ROOTS", folder / client.ROOTS.name)
    return folder
