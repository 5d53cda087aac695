"""The command beside a Herald in memory: by a URL, and as a stage on AWS; on a terminal, and beside another program."""

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from herald.aws.client import own
from herald.cli.frame import main
from herald.testing.outbox import Outbox
from tests.command.served import KEY, Api, Aws, Served
from tests.entrypoints.conftest import an_outbox

SNAPSHOTS = Path(__file__).parent / "snapshots"
# What differs from run to run, and how a snapshot has it.
CHANGES = ((r"msg_[0-9A-Z]{26}", "msg_" + "0" * 26), (r"127\.0\.0\.1:\d+", "127.0.0.1:8080"), (r"\x1b", "␛"),
           (r"cli-[0-9a-f]{24}", "cli-" + "0" * 24))  # fmt: skip
WIDE, NARROW = 120, 44


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


class Stream(io.StringIO):
    """A stream that is a terminal, or none; as standard input it has bytes too."""

    def __init__(self, text: str = "", *, terminal: bool = False) -> None:
        super().__init__(text)
        self._terminal, self.buffer = terminal, io.BytesIO(text.encode("utf-8", "surrogateescape"))

    def isatty(self) -> bool:
        return self._terminal


class Shell:
    """Runs the command as a shell does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def __call__(self, *words: str, columns: int | None = None, stdin: str = "") -> Ran:
        """With ``columns``, on a terminal of that width."""
        out, err = Stream(terminal=columns is not None), Stream(terminal=False)
        with self._patch.context() as patch:
            patch.setattr(sys, "stdin", Stream(stdin, terminal=columns is not None and not stdin))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setenv("COLUMNS", str(columns or 80))
            patch.setenv("TERM", "xterm")
            own.cache_clear()
            code = main(words)
        return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that points nowhere."""
    for name in [*os.environ]:
        if name.startswith(("HERALD_", "CARRIER_")) or name in ("NO_COLOR", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
            monkeypatch.delenv(name)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "ap-south-1")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(monkeypatch)


@pytest.fixture
def box() -> Outbox:
    return an_outbox()


@pytest.fixture
def api(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The shell points at a URL."""
    served = Api(box)
    monkeypatch.setenv("HERALD_URL", served.url)
    monkeypatch.setenv("HERALD_KEY", KEY)
    yield served
    served.stop()


@pytest.fixture
def aws(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The shell points at a stage on AWS, or on what plays it."""
    served = Aws(box)
    for name in ("AWS_ENDPOINT_URL", "HERALD_ENGINE"):
        monkeypatch.setenv(name, served.url)
    monkeypatch.setenv("HERALD_STAGE", "dev")
    yield served
    served.stop()


@pytest.fixture(params=["url", "stage"])
def way(request: pytest.FixtureRequest) -> str:
    """Each way to ask."""
    return str(request.param)


@pytest.fixture
def herald(way: str, request: pytest.FixtureRequest) -> Served:
    """A Herald that is asked this way."""
    served: Served = request.getfixturevalue({"url": "api", "stage": "aws"}[way])
    return served


def plain(text: str) -> str:
    """A text without what differs from run to run."""
    for found, instead in CHANGES:
        text = re.sub(found, instead, text)
    return text


def told(words: tuple[str, ...], ran: Ran, how: str = "") -> str:
    """A run as a snapshot has it."""
    call = " ".join(["herald", *(f"'{word}'" if " " in word or "\n" in word else word for word in words)])
    parts = [f"$ {plain(call)}{how}", plain(ran.out.rstrip("\n"))]
    parts += [f"(beside it) {line}" for line in plain(ran.err).splitlines()]
    return "\n".join(filter(None, [*parts, f"(exit code {ran.code})"]))


def same(name: str, text: str) -> None:
    """The text is as it is checked in; with ``HERALD_SNAPSHOTS=write`` in the environment it is written instead."""
    path = SNAPSHOTS / f"{name}.txt"
    if WRITE:
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


WRITE = os.environ.get("HERALD_SNAPSHOTS") == "write"


def every_look(shell: Any, *words: str, **options: Any) -> str:
    """A command on a wide terminal, on a narrow one, beside another program, and as JSON."""
    looks = [(WIDE, f"  [terminal of {WIDE}]"), (NARROW, f"  [terminal of {NARROW}]"), (None, "  [no terminal]")]
    texts = [told(words, shell(*words, columns=columns, **options), how) for columns, how in looks]
    return "\n\n".join([*texts, told((*words, "--json"), shell(*words, "--json", **options))])
