"""The layer holds all that its code imports: it is built and then imported alone, with nothing but boto3 beside it."""

import ast
import importlib.metadata
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.session import Session

from herald.aws.client import OPERATIONS
from tests.house import LAYER, modules

# What the Lambda runtime itself brings: boto3 and what boto3 needs.
RUNTIME = ("boto3", "botocore", "jmespath", "s3transfer", "urllib3", "dateutil", "six")
HEAVY = ("requests", "yaml", "phonenumbers", "tzdata")


def build(folder: Path, python: str) -> Path:
    """Build the layer for ``python`` below ``folder``, as the laptop does. Returns the folder to import from."""
    command = ["make", "--silent", "-C", str(LAYER), "build-HeraldLayer", f"ARTIFACTS_DIR={folder}"]
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    arguments = ["HERALD_LAYER_FOR=here", f"PYTHON={python}"]
    built = subprocess.run([*command, *arguments], env=outer, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "python"


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer for the Python that runs."""
    return build(tmp_path_factory.mktemp("layer"), sys.executable)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with boto3 and its needs, and nothing else."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        found = next(Path(entry) for entry in sys.path if any(Path(entry).glob(f"{name}*")) and Path(entry).is_dir())
        source = found / name if (found / name).is_dir() else found / f"{name}.py"
        (folder / source.name).symlink_to(source)
    return folder


def run_alone(program: str, *folders: Path) -> None:
    """Run a program that sees the standard library and ``folders``, no installed package, no environment."""
    path = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n"
    environment = {"HERALD_STAGE": "test", "AWS_DEFAULT_REGION": "ap-south-1"}
    command = [sys.executable, "-I", "-S", "-c", path + program]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def command(module: str) -> bool:
    """Whether a module is a part of the command ``herald``, which is not shipped."""
    return module.partition(".")[0] in ("cli", "__main__") or module in (
        "aws.dead_letters",
        "aws.dead_listing",
        "aws.delivery_logs",
        "aws.stage_parts",
    )


def test_the_commands_are_not_shipped(layer: Path) -> None:
    shipped = {path.relative_to(layer / "herald").with_suffix("") for path in (layer / "herald").rglob("*.py")}
    there = {".".join(part for part in path.parts if part != "__init__") for path in shipped}
    assert there == {module for module in modules() if not command(module)}


def test_each_module_imports_with_the_layer_alone(layer: Path, runtime: Path) -> None:
    names = [".".join(filter(None, ("herald", module))) for module in modules() if not command(module)]
    run_alone(f"import {', '.join(names)}", layer, runtime)


@pytest.mark.parametrize("module", HEAVY)
def test_what_is_imported_later_is_in_the_layer_too(module: str, layer: Path, runtime: Path) -> None:
    run_alone(f"import {module}", layer, runtime)


def test_every_foreign_import_of_the_package_is_in_the_layer_or_the_runtime(layer: Path) -> None:
    there = {entry.name.removesuffix(".py") for entry in layer.iterdir()} | set(RUNTIME) | set(sys.stdlib_module_names)
    shipped = [path for module, path in modules().items() if not command(module)]
    assert {name for path in shipped for name in foreign_imports(path)} <= there


def test_what_only_the_command_needs_is_imported_by_it_alone() -> None:
    shipped = {module: path for module, path in modules().items() if not command(module)}
    assert not [module for module, path in shipped.items() if {"typer", "rich"} & foreign_imports(path)]


def foreign_imports(path: Path) -> set[str]:
    """The top-level names that a file imports when it runs: what only type checkers import does not count."""
    found = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
        waiting.extend(ast.iter_child_nodes(node))
    return found


def test_the_package_lies_directly_below_python(layer: Path) -> None:
    assert (layer / "herald" / "__init__.py").is_file()
    assert not (layer / "python").exists()


def test_the_layer_carries_no_tests_no_programs_and_no_build_files(layer: Path) -> None:
    names = {entry.name for entry in layer.iterdir()}
    assert not names & {"bin", "tests", "Makefile", "requirements.txt", "boto3", "botocore"}


def test_the_layer_ships_compiled_files_that_no_time_stamp_invalidates(layer: Path) -> None:
    compiled = (layer / "herald" / "__pycache__" / f"wiring.{sys.implementation.cache_tag}.pyc").read_bytes()
    assert int.from_bytes(compiled[4:8], "little") == 0b01  # PEP 552: by hash, unchecked


def test_the_layers_versions_are_those_that_the_tests_run_with(layer: Path) -> None:
    for distribution in importlib.metadata.distributions(path=[str(layer)]):
        assert distribution.version == importlib.metadata.version(distribution.name)


def test_pip_installs_the_same_layer_as_is_copied_from_an_environment(layer: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    venv.create(empty, with_pip=False)
    installed = build(tmp_path / "layer", str(empty / "bin" / "python"))
    noise = {"INSTALLER", "REQUESTED"}
    copied = {name: size for name, size in files(layer, noise).items() if not name.startswith("herald/aws/data/")}
    assert files(installed, noise) == copied


def test_without_botocore_the_layer_is_built_and_it_is_said_what_is_missing(tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=False)
    arguments = [f"ARTIFACTS_DIR={tmp_path / 'layer'}", f"PYTHON={tmp_path / 'empty' / 'bin' / 'python'}"]
    command = ["make", "--silent", "-C", str(LAYER), "build-HeraldLayer", "HERALD_LAYER_FOR=here", *arguments]
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    built = subprocess.run(command, env=outer, capture_output=True, text=True, check=True)
    assert "no trimmed data" in built.stderr


def test_of_powertools_only_what_herald_uses_is_shipped(layer: Path, runtime: Path) -> None:
    there = {path.name for path in (layer / "aws_lambda_powertools").iterdir()}
    assert "event_handler" not in there and {"logging", "metrics"} <= there
    run_alone("from herald.aws.cloudwatch import CloudWatch; CloudWatch('dev').count('Refused')", layer, runtime)


# ---- botocore's data


def test_each_operation_that_the_package_calls_is_in_the_data_and_none_else() -> None:
    names = {(service, xform_name(name)) for service, listed in OPERATIONS.items() for name in listed}
    known = {
        xform_name(name)
        for service in OPERATIONS
        for name in Loader().load_service_model(service, "service-2")["operations"]
    }
    called: set[str] = set()
    for name, path in modules().items():
        if not command(name):
            called |= called_in(path)
    assert called & known == {name for _, name in names}


def called_in(path: Path) -> set[str]:
    """The methods that a file calls on what it calls a client, and the names of its paginators."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("client"):
            found.add(node.attr)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".get_paginator"):
            found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return found


def test_clients_of_the_data_are_those_of_botocore_as_far_as_they_go(layer: Path) -> None:
    whole = Loader()
    trimmed = Loader(extra_search_paths=[str(layer / "herald" / "aws" / "data")], include_default_search_paths=False)
    assert trimmed.list_available_services("service-2") == sorted(OPERATIONS)
    for service, listed in OPERATIONS.items():
        ours, theirs = (
            ServiceModel(loader.load_service_model(service, "service-2"), service) for loader in (trimmed, whole)
        )
        assert set(ours.operation_names) == set(listed)
        for name in listed:
            assert described(ours, name) == described(theirs, name)


@pytest.mark.parametrize(
    ("region", "suffix"),
    [("us-east-1", ""), ("ap-south-1", ""), ("eu-central-2", ""), ("cn-north-1", ".cn"), ("us-gov-west-1", "")],
)
def test_the_data_knows_every_part_of_the_world(layer: Path, region: str, suffix: str) -> None:
    assert endpoint(layer, region) == f"https://sns.{region}.amazonaws.com{suffix}"


@pytest.mark.parametrize(
    ("region", "suffix"),
    [("us-east-1", "com"), ("ap-south-2", "com"), ("cn-north-1", "com.cn"), ("us-gov-west-1", "com")],
)
def test_the_data_knows_where_end_user_messaging_is_though_no_list_of_places_names_it(
    layer: Path, region: str, suffix: str
) -> None:
    assert endpoint(layer, region, "pinpoint-sms-voice-v2") == f"https://sms-voice.{region}.amazonaws.{suffix}"


def described(model: ServiceModel, name: str) -> list[Any]:
    """What goes into an operation, what comes out, and how it may fail."""
    operation = model.operation_model(name)
    shapes = (operation.input_shape, operation.output_shape)
    return [
        *(sorted(getattr(shape, "members", {})) for shape in shapes),
        [each.name for each in operation.error_shapes],
    ]


def endpoint(layer: Path, region: str, service: str = "sns") -> str:
    """Where a client of the built layer would send a text."""
    session = Session()
    data = str(layer / "herald" / "aws" / "data")
    loader = Loader(extra_search_paths=[data], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    made = session.create_client(service, region, aws_access_key_id="a", aws_secret_access_key="b")
    return str(made.meta.endpoint_url)


def test_the_data_is_small(layer: Path) -> None:
    sizes = [path.stat().st_size for path in (layer / "herald" / "aws" / "data").rglob("*.json")]
    assert 50_000 < sum(sizes) < 200_000


def files(folder: Path, without: set[str]) -> dict[str, int]:
    """The files below a folder with their sizes."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    return {str(path.relative_to(folder)): path.stat().st_size for path in found}
