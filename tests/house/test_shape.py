"""The package keeps its shape: a short listing, small modules, thin faces, and each thing done in one place."""

import ast
from pathlib import Path
from statistics import median

import pytest

from tests.house import PACKAGE, modules
from tests.house.test_imports import inner_imports

MODULES = modules()
FACES = [path for path in PACKAGE.rglob("__init__.py") if path.parent not in (PACKAGE, PACKAGE / "message")]
ENTRYPOINTS = [module for module in MODULES if module.startswith("entrypoints.")]
# What a constructor may take any number of: settings and other plain values.
VALUES = {
    "str",
    "int",
    "float",
    "bool",
    "None",
    "Any",
    "object",
    "datetime",
    "frozenset",
    "tuple",
    "Mapping",
    "Sequence",
}


def lines(path: Path) -> int:
    """How long a file is."""
    return len(path.read_text().splitlines())


def names_of(annotation: ast.expr | None) -> set[str]:
    """The names in an annotation."""
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} if annotation else {"Any"}


def dependencies(constructor: ast.FunctionDef) -> list[str]:
    """What a constructor is handed that is no plain value: another part of Herald, or something to call."""
    arguments = [*constructor.args.args[1:], *constructor.args.kwonlyargs]
    return [argument.arg for argument in arguments if not names_of(argument.annotation) <= VALUES]


def calls(module: str) -> set[str]:
    """What a module calls, as it is written: ``self._ports.journal.move``."""
    tree = ast.parse(MODULES[module].read_text())
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_the_listing_of_the_package_fits_on_a_screen() -> None:
    assert len([entry for entry in PACKAGE.iterdir() if entry.name != "__pycache__"]) <= 16


def test_modules_are_short() -> None:
    sizes = [lines(path) for path in PACKAGE.rglob("*.py")]
    assert median(sizes) <= 90
    assert max(sizes) <= 260


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_constructor_is_handed_a_list_of_parts(path: Path) -> None:
    classes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
    constructors = {
        made.name: function
        for made in classes
        for function in made.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
    }
    assert {name: found for name, made in constructors.items() if len(found := dependencies(made)) > 5} == {}


@pytest.mark.parametrize("path", FACES, ids=lambda path: str(path.parent.relative_to(PACKAGE)))
def test_the_face_of_a_folder_is_a_sentence_and_hands_on_nothing_of_what_is_in_it(path: Path) -> None:
    """What a face imports is imported with each file of its folder: that is paid at every cold start."""
    tree = ast.parse(path.read_text())
    folder = "herald." + ".".join(path.parent.relative_to(PACKAGE).parts)
    own = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    inside = {
        module for module in own if module.startswith(folder + ".") and not module.rpartition(".")[2].startswith("_")
    }
    assert inside <= ({"herald.testing.outbox"} if folder == "herald.testing" else set())
    assert lines(path) <= 40


@pytest.mark.parametrize("module", ENTRYPOINTS)
def test_an_entry_point_asks_the_pipeline_and_never_the_journal_or_a_provider(module: str) -> None:
    below = {name for name in inner_imports(module) if name.partition(".")[0] in ("journal", "providers", "aws")}
    assert below <= ({"providers._base"} if module == "entrypoints.callbacks" else set())  # A provider's ``Callback``.


@pytest.mark.parametrize("module", [m for m in MODULES if m != "wiring" and m.partition(".")[0] != "cli"])
def test_only_wiring_and_the_commands_make_clients(module: str) -> None:
    assert "aws.client" not in inner_imports(module)
    assert not {"requests.Session", "boto3.client", "boto3.Session"} & calls(module)


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("pipeline.")])
def test_a_message_is_claimed_and_moved_in_one_place_each(module: str) -> None:
    written = {name.rpartition(".journal.")[2] for name in calls(module) if ".journal." in name} & {"claim", "move"}
    places = {"pipeline.send.accept": {"claim"}, "pipeline.send.settle": {"move"}}
    assert written == places.get(module, set())


def test_the_reader_tells_a_part_from_a_value() -> None:
    source = "def __init__(self, ports: Ports, name: str, *, wait: float = 1.0, later: Callable[[], Queue], x=1): ..."
    (made,) = ast.parse(source).body
    assert isinstance(made, ast.FunctionDef)
    assert dependencies(made) == ["ports", "later"]
