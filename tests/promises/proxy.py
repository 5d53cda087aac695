"""Proxy: makes AWS fail for whoever speaks to it through the proxy (microburst): throttled, broken off, unanswered."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from local.engine import free_port
from tests.system.conftest import until

Rule = dict[str, Any]
"""One of microburst's rules: what it meets (service, operation, body), how often, and what then happens."""


class Faults:
    """microburst in front of the engine, as a process of its own on loopback."""

    def __init__(self, folder: Path) -> None:
        self._log, self._port = folder / "faults.log", free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, engine: str) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-m", "microburst", "--upstream", engine, "--port", str(self._port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, "proxy that makes AWS fail")

    def stop(self) -> None:
        """Stop, if it was started."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)

    def make(self, *rules: Rule) -> None:
        """From now on AWS fails like this; without rules it no longer does."""
        self._ask("rules", list(rules))

    def made(self) -> Counter[str]:
        """How often AWS failed so far, by what happened."""
        counted: Counter[str] = Counter()
        for rule in self._ask("stats")["by_rule"]:
            counted[rule["describe"]] += rule["fired"]
        return counted

    def _answers(self) -> bool:
        try:
            return bool(self._ask("health"))
        except OSError:
            return False

    def _ask(self, path: str, data: object = None) -> Any:
        content = None if data is None else json.dumps(data).encode()
        request = Request(f"{self.url}/_microburst/{path}", content, {"Content-Type": "application/json"})
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)
