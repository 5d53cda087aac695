"""Imports only go down: each folder of the package lies on one floor, and so does each step of the pipeline."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import APPS, modules

# From the ground up. Whatever lies on one floor does not know its neighbours. A new folder is put on a floor here: that
# is a decision, so it fails until it is taken.
FLOORS = (
    {"cold", "keys", "message"},
    {"errors"},
    {"aws", "settings"},
    {"journal", "providers"},
    {"pipeline"},
    {"wiring", "webhooks"},
    {"cli", "entrypoints", "testing"},
    {"", "__main__"},
)
# The same for the steps of a message's way.
STEPS = (
    {"attempts"},
    {"ports"},
    {"trouble"},
    {"health"},
    {"announce", "guard", "route", "validate"},
    {"send"},
    {"explain", "recipients"},
    {"receive"},
    {"flow"},
    {""},
)
MODULES = modules()


def folder(module: str) -> str:
    """The folder of the package, or the file beside the folders, that a module is or belongs to."""
    return module.partition(".")[0]


def step(module: str) -> str:
    """The step of the pipeline that a module belongs to: ``send`` for ``pipeline.send.accept``."""
    return folder(module.partition(".")[2])


def floor(name: str, floors: tuple[set[str], ...]) -> int:
    """The floor on which a folder, or a step, lies."""
    return next(number for number, names in enumerate(floors) if name in names)


def imports(path: Path) -> Iterator[str]:
    """Each module that a file imports anywhere in it; ``from herald import x`` is ``herald.x`` where x is a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which floor it comes from"
            origin = str(node.module)
            for alias in node.names:
                whole = f"{origin}.{alias.name}"
                yield whole if whole.removeprefix("herald.") in MODULES else origin


def inner_imports(module: str) -> set[str]:
    """The modules of the package that one of its modules imports, by their names below ``herald``."""
    every = {name for name in imports(MODULES[module]) if name.split(".")[0] == "herald"}
    return {name.removeprefix("herald").removeprefix(".") for name in every}


def allowed(module: str, imported: str) -> bool:
    """True if the import goes down, or stays in the same folder; in the pipeline, in the same step."""
    if folder(imported) != folder(module):
        return floor(folder(imported), FLOORS) < floor(folder(module), FLOORS)
    if folder(module) != "pipeline" or step(imported) == step(module):
        return True
    return floor(step(imported), STEPS) < floor(step(module), STEPS)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_floor(module: str) -> None:
    assert folder(module) in set().union(*FLOORS), f"{module} is new: put it on a floor"
    assert folder(module) != "pipeline" or step(module) in set().union(*STEPS), f"{module} is new: put it on a floor"


@pytest.mark.parametrize("module", MODULES)
def test_imports_only_go_down(module: str) -> None:
    upward = {name for name in inner_imports(module) if not allowed(module, name)}
    assert not upward, f"herald.{module} imports {upward}, on its own floor or above"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.startswith("providers.") and not m.startswith("providers._")]
)
def test_a_vendor_knows_no_other_vendor(module: str) -> None:
    vendors = {name for name in inner_imports(module) if name.startswith("providers.") and name.split(".")[1][0] != "_"}
    assert not vendors


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.parent.name)
def test_a_function_imports_only_herald_and_what_lambda_needs(path: Path) -> None:
    permitted = {"herald", "aws_lambda_powertools", *sys.stdlib_module_names}
    assert {name.split(".")[0] for name in imports(path)} <= permitted


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.parent.name)
def test_a_function_is_about_ten_statements(path: Path) -> None:
    assert sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(path.read_text()))) <= 25


def test_the_reader_sees_imports_wherever_they_stand(tmp_path: Path) -> None:
    source = "import os\ndef f():\n  from herald import wiring, send\n  import herald.errors as g\nif 0:\n  import x.y"
    (tmp_path / "a.py").write_text(source)
    assert set(imports(tmp_path / "a.py")) == {"os", "herald.wiring", "herald", "herald.errors", "x.y"}


def test_the_floors_tell_up_from_down() -> None:
    assert allowed("pipeline.flow", "journal.messages")
    assert allowed("settings.read", "settings.values")
    assert allowed("pipeline.send.accept", "pipeline.guard.gate")
    assert not allowed("pipeline.guard.gate", "pipeline.send.accept")
    assert not allowed("pipeline.guard.gate", "pipeline.route.rules")
    assert not allowed("journal.messages", "pipeline.flow")
    assert not allowed("journal.messages", "providers")
    assert not allowed("settings.read", "cli.settings")
