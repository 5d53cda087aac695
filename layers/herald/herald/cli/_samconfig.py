"""Samconfig: ``samconfig.toml``, which holds for each stage what ``sam deploy`` is told, and its region."""

import re
import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[4] / "samconfig.toml"
# Plain `sam deploy` reads "default": the stage dev.
ALSO = {"dev": ("default",)}
SECTION = """
[{name}.deploy.parameters]
stack_name = "herald-{stage}"
s3_prefix = "herald-{stage}"
resolve_s3 = true
capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
parameter_overrides = "Stage={stage}"
fail_on_empty_changeset = false
"""


def section(stage: str, file: Path = FILE) -> dict[str, Any]:
    """What ``sam deploy`` is told for a stage; empty if nothing is. Raises ``OSError``, ``ValueError``."""
    if not file.exists():
        return {}
    told: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    for part in (stage, "deploy", "parameters"):
        told = told.get(part, {})
    return told


def region(stage: str, file: Path = FILE) -> str | None:
    """The region of a stage, once it was deployed from here. Raises ``OSError``, ``ValueError``."""
    said = section(stage, file).get("region")
    return None if said is None else str(said)


def note(stage: str, place: str, file: Path = FILE) -> None:
    """Write down a stage's region, in a section of its own; every other line stays as it is. Raises ``OSError``."""
    text = file.read_text(encoding="utf-8") if file.exists() else "version = 0.1\n"
    for name in (*ALSO.get(stage, ()), stage):
        header = re.compile(rf"^\[{re.escape(name)}\.deploy\.parameters\][^\n]*\n", re.MULTILINE)
        if not header.search(text):
            text = text.rstrip("\n") + "\n" + SECTION.format(name=name, stage=stage)
        if region(name, file) is None:
            text = header.sub(lambda found: f'{found[0]}region = "{place}"\n', text, count=1)
    file.write_text(text, encoding="utf-8")
