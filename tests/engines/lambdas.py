"""Lambdas: the functions of the built layer in a process of its own, with any Python and any botocore."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from local.engine import CREDENTIALS
from tests.house import ROOT

PROGRAM = Path(__file__).with_name("functions.py")


class Failed(Exception):
    """What a function raised: its type and its message."""


class Runtime(NamedTuple):
    """What functions run with: an interpreter, and the folder of a botocore."""

    python: str
    botocore: Path


class Lambdas:
    """One process for all functions of a stage. ``folder`` takes its log; ``layer`` is the built one."""

    def __init__(self, runtime: Runtime, layer: Path, folder: Path, url: str, stage: str) -> None:
        paths = [str(layer / "python"), str(runtime.botocore)]
        self._log = folder / f"{stage}.log"
        # -I -S: no installed package, no variable of Python's, nothing of this folder.
        start = f"import sys; sys.path[:0] = {paths!r}; exec(open({str(PROGRAM)!r}).read())"
        environment = {
            **CREDENTIALS, "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": url, "HERALD_STAGE": stage,
            "POWERTOOLS_SERVICE_NAME": f"herald-{stage}", "AWS_LAMBDA_FUNCTION_NAME": f"herald-{stage}-all",
            "FUNCTIONS": str(ROOT / "functions"),
        }  # fmt: skip
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [runtime.python, "-I", "-S", "-B", "-c", start],
                env=environment, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    def __call__(self, function: str, event: Any) -> Any:
        """What a function returns. Raises ``Failed``."""
        answer = self._ask({"function": function, "event": event})
        if "raised" in answer:
            raise Failed(*answer["raised"])
        return answer["returned"]

    def runs(self) -> dict[str, str]:
        """The versions of what runs."""
        said: dict[str, str] = self._ask({})
        return said

    def log(self) -> list[dict[str, Any]]:
        """What was logged, line by line."""
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, what: Any) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            said = self._process.stdout.readline()
        except BrokenPipeError:
            said = ""
        assert said, self._log.read_text()[-2000:]
        answer: dict[str, Any] = json.loads(said)
        return answer
