"""The site, built once for the tests that look at it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT

PYTHON = ROOT / ".venv-docs" / "bin" / "python"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built as ``make docs`` does."""
    if not PYTHON.exists():
        pytest.fail("The tests of the docs need .venv-docs: run make .venv-docs/.docs.")
    folder = tmp_path_factory.mktemp("site")
    command = [PYTHON, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    built = subprocess.run(
        [*command, "--config-file", ROOT / "website" / "mkdocs.yml"],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder
