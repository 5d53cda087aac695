"""Nothing heavy is imported before it is needed: each of these would lengthen every cold start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import APPS, LAYER, ROOT

HEAVY = {"requests", "yaml", "pydantic", "phonenumbers", "aws_xray_sdk", "jsonschema", "typer", "rich"}
WIRED = (
    "herald",
    "herald.wiring",
    "herald.entrypoints.api.routes",
    "herald.entrypoints.invocation",
    "herald.entrypoints.gramex",
    "herald.testing",
)
ENVIRONMENT = {
    "HERALD_STAGE": "test",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "herald",
    "PATH": os.environ["PATH"],
}


def loaded_by(statement: str) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after ``statement``."""
    program = f"{statement}\nimport sys\nprint(*({HEAVY!r} & sys.modules.keys()))"
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(ROOT), str(LAYER)])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", WIRED)
def test_importing_a_module_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") == set()


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.parent.name)
def test_importing_a_function_loads_nothing_heavy(path: Path) -> None:
    assert loaded_by(f"import functions.{path.parent.name}.app") == set()


def test_a_heavy_import_is_noticed() -> None:
    assert loaded_by("import yaml") == {"yaml"}
