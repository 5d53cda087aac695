"""Twilio's two SDKs, each in a process of its own, and the twin that they take for Twilio."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.carrier.carrier import Carrier
from tests.engines.conftest import environment
from tests.house import ROOT
from tests.local.carrier.caller import Clock

HERE = Path(__file__).resolve().parent


class Sdk:
    """An SDK, which does one thing after the other."""

    def __init__(self, command: list[str], kept: dict[str, str]) -> None:
        known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._process = subprocess.Popen(
            command, env={**known, **kept}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __call__(self, do: str, **asked: Any) -> Any:
        """What it says of one thing that it is to do. Raises ``AssertionError`` if it ended instead."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **asked}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"it ended with {self._process.wait()}"
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate()


class Twin:
    """The laptop's Twilio, whose time stands still."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.carrier = Carrier(None, slow=1, clock=self.clock)
        self.url = self.carrier.start()
        channel = self.carrier.vendors["twilio"].channel(self.url)
        self.sid, self.token = channel["account_sid"], channel["auth_token"]


def python_sdk(url: str, sid: str, token: str) -> Sdk:
    """Twilio's SDK for Python; a test that needs it is skipped where it is not set up."""
    return Sdk([str(environment("twilio", "sdks") / "bin" / "python"), str(HERE / "drive.py"), url, sid, token], {})


def node_sdk(url: str, sid: str, token: str) -> Sdk:
    """Twilio's SDK for Node.js, run by the Node.js that Playwright brings."""
    import playwright

    if not (ROOT / ".node" / ".twilio").is_file():
        pytest.skip("Twilio's SDK for Node.js is not set up: make sdks does it, where npm and its registry are there")
    node = Path(playwright.__file__).parent / "driver" / "node"
    modules = {"NODE_PATH": str(ROOT / ".node" / "node_modules")}
    return Sdk([str(node), str(HERE / "drive.cjs"), url, sid, token], modules)


SDKS = {"python": python_sdk, "node": node_sdk}


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    made = Twin()
    yield made
    made.carrier.stop()


@pytest.fixture(scope="module", params=SDKS)
def sdk(request: pytest.FixtureRequest, twin: Twin) -> Iterator[Sdk]:
    made = SDKS[request.param](twin.url, twin.sid, twin.token)
    yield made
    made.close()
