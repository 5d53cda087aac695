"""Imports only go down: a file imports from lower floors, and rooms on one floor do not know each other."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import APPS, modules

# From the ground up. A new module is put on a floor here: that is a decision, so it fails until it is taken.
FLOORS = (
    {"reasons"},
    {"message"},
    {"errors", "ids", "hosts", "grant", "tally"},
    {"cold", "phone", "text", "parse", "moments", "settings", "keys", "tokens", "item"},
    {"observe", "aws", "reads"},
    {"validate", "guard", "route", "turn", "journal", "limit", "queue", "schedule", "providers", "bus", "hooks"}
    | {"budget", "counters", "optouts"},
    {"outcome"},
    {"deliver", "hear", "gate", "heed", "ahead"},
    {"ask", "look", "forget", "consent", "simulate", "resume"},
    {"flow", "sweep", "receive", "announce", "inbound"},
    {"wiring", "http", "invocation", "records"},
    {
        "notifier",
        "testing",
        "settings.__main__",
        "keys.__main__",
        "hooks.__main__",
        "optouts.__main__",
        "redrive",
        "delivery_logs",
    },
    {""},
)
MODULES = modules()


def room(module: str) -> str:
    """The room that a module belongs to: itself, or the package that it is a part of."""
    known = set().union(*FLOORS)
    return module if module in known else module.split(".", maxsplit=1)[0]


def floor(module: str) -> int:
    """The floor on which a module's room lies."""
    return next(number for number, rooms in enumerate(FLOORS) if room(module) in rooms)


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
    """True if the import goes down, or stays in the same room."""
    return floor(imported) < floor(module) or room(imported) == room(module)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_floor(module: str) -> None:
    assert room(module) in set().union(*FLOORS), f"{module} is new: put it on a floor"


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
    source = "import os\ndef f():\n  from herald import wiring, send\n  import herald.flow as g\nif 0:\n  import x.y"
    (tmp_path / "a.py").write_text(source)
    assert set(imports(tmp_path / "a.py")) == {"os", "herald.wiring", "herald", "herald.flow", "x.y"}


def test_the_floors_tell_up_from_down() -> None:
    assert allowed("flow", "journal")
    assert allowed("settings.read", "settings")
    assert not allowed("journal", "flow")
    assert not allowed("journal", "queue")
    assert not allowed("settings", "settings.__main__")
