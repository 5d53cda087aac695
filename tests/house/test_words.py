"""What every file of the repository keeps to: a first sentence, no address of a machine or a registry, no print."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.house import APPS, PACKAGE, ROOT

SOURCES = sorted(
    [
        *PACKAGE.rglob("*.py"),
        *APPS,
        *(ROOT / "local").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "bench").rglob("*.py"),
    ]
)
# Put together here, so that this file does not hold them.
UNWANTED = ("/" + "work/", "../" + "shared", "pypi." + "org", "python" + "hosted", "npm" + "js.org", "deb." + "debian")


def in_the_repository() -> list[Path]:
    """Every file that is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def name(path: Path) -> str:
    """How a test calls a file."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    said = ast.get_docstring(tree)
    assert said or not tree.body, "a module opens with a docstring"


@pytest.mark.parametrize("unwanted", UNWANTED)
def test_no_file_names_a_place_on_one_machine_or_a_registry(unwanted: str) -> None:
    holders = [name(path) for path in in_the_repository() if unwanted.encode() in path.read_bytes()]
    assert not holders


@pytest.mark.parametrize(
    "path",
    [p for p in PACKAGE.rglob("*.py") if p.stem != "__main__" and p.relative_to(PACKAGE).parts[0] != "cli"],
    ids=name,
)
def test_the_package_logs_and_never_prints(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert "print" not in {call.id for call in calls if isinstance(call, ast.Name)}


def test_the_package_has_the_projects_version() -> None:
    import tomllib

    import herald

    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == herald.__version__


# Said once as pictures of the code; the field has words for them: entry point, step, budget, obey or settle.
PICTURES = re.compile(r"\b(doors?|rooms?|purses?|heed(s|ed|ing)?)\b", re.IGNORECASE)
# What a message may say to a guest of a hotel, and what is recorded of how the code was once.
NOT_OURS = ("CHANGELOG.md", "docs/mutants.md", "tests/house/test_supply_chain.py", "tests/house/test_words.py")


def test_names_and_prose_are_plain_technical_english() -> None:
    kinds = {".py", ".md", ".yaml", ".toml", ".html", ".js", ".json", ""}
    read = [path for path in in_the_repository() if path.suffix in kinds and name(path) not in NOT_OURS]
    found = [
        f"{name(path)}:{number}: {line.strip()[:80]}"
        for path in read
        if not name(path).startswith("requirements/")
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if PICTURES.search(line)
    ]
    assert found == []
