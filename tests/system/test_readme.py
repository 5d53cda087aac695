"""Each example of the README and the guide runs as it stands, and what it says happens."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from herald.settings.read import read_settings
from herald.wiring import provider_fields
from local.stack import Stack
from tests.system.conftest import Carrier, until

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A block of code, and the text that it sends."""

    language: str
    code: str

    @property
    def text(self) -> str:
        found = re.search(r'(?:"?body"?[:=] ?|subject=)"([^"]+)"', self.code)
        return found[1] if found else ""

    @property
    def waits(self) -> bool:
        """Whether its text is for later."""
        return "send_at" in self.code or "cron(" in self.code


def examples(page: str) -> list[Example]:
    """The blocks of a page, in order."""
    return [Example(*found) for found in FENCE.findall((ROOT / page).read_text(encoding="utf-8"))]


EXAMPLES = examples("README.md")


def test_the_readme_has_an_example_for_every_entry_point() -> None:
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


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n}-{example.language}" for n, example in enumerate(EXAMPLES)])
def test_an_example_does_what_it_says(example: Example, stack: Stack, carrier: Carrier, tmp_path: Path) -> None:
    ran = _run(example, stack, tmp_path)
    assert ran.returncode == 0, ran.stderr
    if example.text and not example.waits:
        until(lambda: carrier.bodies() == [example.text], f"text on the phone; the example said: {ran.stdout}")
    else:
        assert carrier.texts() == []


@pytest.mark.parametrize("example", examples("docs/guide.md"), ids=lambda example: example.language)
def test_an_example_of_the_guide_runs(example: Example, stack: Stack, carrier: Carrier, tmp_path: Path) -> None:
    ran = _run(example, stack, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert carrier.texts() == []


def test_the_yaml_of_the_guide_is_what_the_settings_read() -> None:
    part = (ROOT / "docs/guide.md").read_text().partition("## Settings and channels\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```yaml\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    types = {block: found[1] for block in blocks if (found := re.match(r"type: (\w+)", block))}
    (general,) = set(blocks) - set(types)
    parameters = {"settings": general} | {f"channels/{kind}": block for block, kind in types.items()}
    settings = read_settings(parameters, provider_fields)
    assert set(settings.channels) == {"exotel", "twilio", "endusermessaging", "amazonsns"}
    assert settings.routes[0].channels == ("exotel", "amazonsns")
    for channel in settings.channels.values():
        assert {field.name for field in provider_fields(channel.type)} == set(channel.values) - {"sender"}


def _run(example: Example, stack: Stack, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run in a folder whose ``.local/env`` is the stack's, as the README says."""
    (folder / ".local").mkdir()
    (folder / ".local" / "env").write_text("".join(f"{name}={value}\n" for name, value in stack.env.items()))
    prelude = "set -eu; set -a; . .local/env; set +a\n"
    for part in ("Makefile", "layers", "requirements", ".venv"):
        (folder / part).symlink_to(ROOT / part)
    (folder / "example.py").write_text(example.code)
    script = prelude + (example.code if example.language == "sh" else f'exec "{sys.executable}" example.py')
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "layers" / "herald")}
    return subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
