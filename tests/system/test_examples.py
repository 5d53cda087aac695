"""Each example of the README and of the docs runs as it stands, and what it says happens."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import pytest

from local.stack import Stack
from tests.docs import DOCS, OUTSIDE, PAGES, name
from tests.house import ROOT
from tests.system.conftest import Carrier, until

FENCE = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What they do, they do to an account in AWS.
ACCOUNTS = {
    DOCS / f"{page}.md" for page in ("first-deployment", "permissions", "deploy-from-github", "settings", "doctor")
}
# Its examples run in test_command.py, in a shell that finds the command.
COMMAND = DOCS / "command.md"


class Example(NamedTuple):
    """A block of code of a page, and the texts that it sends; ``earlier`` are the modules that the page has shown."""

    page: str
    number: int
    language: str
    code: str
    earlier: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> list[str]:
        """What must be on the phone afterwards: as a comment says, or as the code does that sends one text at once."""
        if told := re.findall(r"^# on the phone: (.+)$", self.code, re.MULTILINE):
            return told
        found = re.search(r"(?:\"?body\"?[:=] ?|subject=)\"([^\"]+)\"", self.code)
        return [found[1]] if found and not self._sends_nothing else []

    @property
    def _sends_nothing(self) -> bool:
        """It is for later, only asked about, or in memory alone; or it says what the code around it is."""
        return bool(re.search(r"send_at|cron\(|explain|outbox\(|^def |^# nothing is sent", self.code, re.MULTILINE))


def examples(page: Path) -> Iterator[Example]:
    """The blocks of a page, in order. What the page says to save under a name can be imported by the next ones."""
    text, modules = page.read_text(encoding="utf-8"), []
    for number, found in enumerate(FENCE.finditer(text)):
        yield Example(name(page), number, found[1], found[2], tuple(modules))
        before = text[: found.start()].rstrip().rpartition("\n")[2]
        if saved := re.search(r"[Ss]ave it as `(\w+\.py)`:$", before):
            modules.append((saved[1], found[2]))


EXAMPLES = [each for page in [*OUTSIDE, *PAGES] if page not in {*ACCOUNTS, COMMAND} for each in examples(page)]


def test_there_is_an_example_for_every_entry_point() -> None:
    code = "\n".join(example.code for example in EXAMPLES)
    for entry_point in (
        "curl",
        "requests.post",
        ".invoke(",
        "from herald import send",
        "put_events",
        "send_at",
        "cron(",
    ):
        assert entry_point in code


def test_the_readme_and_each_recipe_have_an_example() -> None:
    with_one = {example.page for example in EXAMPLES}
    recipes = {name(page) for page in (DOCS / "recipes").glob("*.md") if page.name != "README.md"}
    assert {"README.md", "docs/moving-from-sns.md", *recipes} <= with_one


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{each.page}-{each.number}" for each in EXAMPLES])
def test_an_example_does_what_it_says(example: Example, stack: Stack, carrier: Carrier, tmp_path: Path) -> None:
    ran = _run(example, stack, tmp_path)
    assert ran.returncode == 0, ran.stderr
    if example.texts:
        until(lambda: carrier.bodies() == example.texts, f"texts on the phone; the example said: {ran.stdout}")
    else:
        assert carrier.texts() == []


def _run(example: Example, stack: Stack, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run in a folder whose ``.local/env`` is the stack's, as the docs say."""
    (folder / ".local").mkdir()
    (folder / ".local" / "env").write_text("".join(f"{name}={quote(value)}\n" for name, value in stack.env.items()))
    prelude = "set -eu; set -a; . .local/env; set +a\n"
    for part in ("Makefile", "layers", "requirements"):
        (folder / part).symlink_to(ROOT / part)
    _environment(folder / ".venv")
    for module, code in (*example.earlier, ("example.py", example.code)):
        (folder / module).write_text(code)
    script = prelude + (example.code if example.language == "sh" else "exec .venv/bin/python example.py")
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def _environment(folder: Path) -> None:
    """As it is set up, but of its own: make writes the command into it, with the path of the folder that it runs in."""
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / ".laptop").touch()
