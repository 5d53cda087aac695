"""Bench: the folders, the cloud and the stacks of one run, and how their times are taken."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import requests

from bench.runtime import Stack
from bench.tree import CERTIFICATES, ROOT, Tree, build

HERE = Path(__file__).resolve().parent
PYTHON = ROOT / ".venv-bench" / "bin" / "python"


class Bench:
    """The folders, the cloud and the stacks of one run; ``pairs`` is how often everything is repeated."""

    def __init__(self, folder: Path, cloud: str, pairs: int) -> None:
        self.folder, self.cloud, self.pairs = folder, cloud, pairs
        self.site = next((ROOT / ".venv-bench" / "lib").glob("python3*/site-packages"))
        self.authorities = self.folder / "authorities.pem"
        world = next(self.site.glob("certifi/cacert.pem")).read_text()
        self.authorities.write_text(world + (CERTIFICATES / "ca.pem").read_text())
        self._compile(self.site)
        self.seconds: dict[str, float] = {}
        self.number = count()

    @cached_property
    def tree(self) -> Tree:
        """The working tree, built."""
        return build(ROOT, self.folder / "tree")

    def stack(
        self, name: str, *, bytecode: bool = True, app: Path | None = None, layer: Path | None = None, **more: str
    ) -> Stack:
        """One of the functions that are compared, or one of Herald's (``app``), with its bytecode or without."""
        site = self.site if bytecode else self.plain / "site"
        ours = layer or (self.tree.layer if bytecode else self.plain / "layer")
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.cloud,
            # The world's authorities and ours: as many as anywhere. Herald's own clients of AWS read fewer.
            "REQUESTS_CA_BUNDLE": str(self.authorities),
            **({} if app else {"AWS_CA_BUNDLE": str(self.authorities)}),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HERALD_STAGE": "bench",
            **more,
        }
        command = (str(PYTHON), "-S") if not bytecode else (str(PYTHON),)
        path = (app or HERE / "stacks" / name, *((ours,) if app else ()), *(() if bytecode else (site,)))
        return Stack(name, app or HERE / "stacks" / name, path, command, environment)

    def herald(self, function: str = "api", *, imports: str = "", **more: Any) -> Stack:
        """One of Herald's functions, as it ships; ``imports`` names a module that it imports before all else."""
        app = self.tree.functions / function
        if imports:
            source = app / "app.py"
            app = Path(tempfile.mkdtemp(dir=self.folder))
            (app / "app.py").write_text(f"import {imports}\n{source.read_text()}")
        return self.stack(f"herald-{function}", app=app, **more)

    def untrimmed(self) -> Path:
        """The layer without data of its own: botocore reads what it brings."""
        layer = self._copied()
        shutil.rmtree(layer / "herald" / "aws" / "data")
        return layer

    def without(self, file: str, *lines: str) -> Path:
        """The layer with these lines of a file left out."""
        layer = self._copied()
        source = (layer / file).read_text().splitlines()
        kept = [line for line in source if not line.strip().startswith(lines)]
        assert len(kept) == len(source) - len(lines), f"{file} has other lines: look at parts.py"
        (layer / file).unlink()
        (layer / file).write_text("\n".join(kept))
        self._compile(layer / file)
        return layer

    def set(self, **state: object) -> None:
        """How the cloud is to behave."""
        for name, value in state.items():
            answer = requests.put(f"{self.cloud}/{name}", json=value, verify=str(CERTIFICATES / "ca.pem"), timeout=10)
            answer.raise_for_status()

    @property
    def texts(self) -> int:
        """How many texts the cloud's providers took."""
        return int(requests.get(f"{self.cloud}/texts", verify=str(CERTIFICATES / "ca.pem"), timeout=10).json())

    def medians(self, runs: Mapping[str, Callable[[], float]]) -> dict[str, float]:
        """The median seconds of each, run in turn; the first round is not counted."""
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(self.pairs + 1):
            for name, run in runs.items():
                taken[name].append(run())
        found = {name: statistics.median(times[1:]) for name, times in taken.items()}
        self.seconds |= found
        return found

    def _compile(self, path: Path) -> None:
        compiled = [str(PYTHON), "-m", "compileall", "-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([*compiled, str(path)], check=False)

    def _copied(self) -> Path:
        copy = Path(tempfile.mkdtemp(dir=self.folder)) / "python"
        return shutil.copytree(self.tree.layer, copy, copy_function=os.link)

    @cached_property
    def plain(self) -> Path:
        """What has bytecode else, copied without."""
        plain, without = self.folder / "plain", shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(self.tree.layer, plain / "layer", ignore=without)
        shutil.copytree(self.site, plain / "site", ignore=without)
        return plain


@contextmanager
def cloud() -> Iterator[str]:
    """The address of a cloud of our own."""
    command = [sys.executable, "-m", "bench.cloud", str(CERTIFICATES / "server.pem")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"https://localhost:{int(process.stdout.readline())}"
        finally:
            process.kill()
