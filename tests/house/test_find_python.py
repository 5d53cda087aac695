"""``make build`` finds a Python of Lambda's version wherever one is, or fetches it, and never fails for want of one."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house import LAYER, ROOT

VERSION = "3.13"


class Found(NamedTuple):
    """What was printed, and what was said about it."""

    path: str
    said: str


class Machine:
    """A folder with nothing on PATH but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin, self.home = folder, folder / "a bin", folder / "home"
        for path in (self.bin, self.home):
            path.mkdir()

    def program(self, path: Path, body: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    def python(self, path: Path, version: str = VERSION) -> Path:
        """A Python that says of itself that it is of this version and no other."""
        return self.program(path, f'test "$1" = -c && test "$3" = {version}')

    def uv(self, path: Path, find: str = "exit 1", install: str = "exit 1") -> Path:
        cases = f'case "$2" in find) {find} ;; install) {install} ;; esac'
        return self.program(path, f'echo "$@" >>"{self.folder}/uv.log"\n{cases}')

    def find(self, **more: str) -> Found:
        environment = {"PATH": str(self.bin), "HOME": str(self.home), **more}
        ran = subprocess.run(
            [ROOT / "requirements" / "find-python", VERSION],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert ran.stderr.count("\n") == 1
        return Found(ran.stdout.strip(), ran.stderr)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("name", ["python3.13", "python3", "python"])
def test_the_systems_own_is_taken_under_whatever_name(machine: Machine, name: str) -> None:
    python = machine.python(machine.bin / name)
    assert machine.find() == (str(python), f"Compiling the layer for Lambda's python3.13 with {python} (on PATH).\n")


def test_one_that_only_says_its_name_or_is_of_another_version_is_passed_over(machine: Machine) -> None:
    machine.program(machine.bin / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    machine.python(machine.bin / "python3", "3.12")
    pyenvs = machine.python(machine.home / ".pyenv" / "versions" / "3.13.2" / "bin" / "python")
    machine.python(machine.home / ".pyenv" / "versions" / "3.12.1" / "bin" / "python", "3.12")
    found = machine.find()
    assert (found.path, "pyenv's" in found.said) == (str(pyenvs), True)


def test_pyenv_may_be_elsewhere(machine: Machine) -> None:
    python = machine.python(machine.folder / "py env" / "versions" / "3.13.0" / "bin" / "python")
    assert machine.find(PYENV_ROOT=str(machine.folder / "py env")).path == str(python)
    machine.program(machine.bin / "pyenv", f'echo "{machine.folder}/py env"')
    assert machine.find().path == str(python)


def test_one_that_uv_knows_is_taken(machine: Machine) -> None:
    python = machine.python(machine.folder / "elsewhere" / "python3.13")
    machine.uv(machine.bin / "uv", find=f'echo "{python}"')
    found = machine.find()
    assert (found.path, "uv's" in found.said) == (str(python), True)
    assert "install" not in (machine.folder / "uv.log").read_text()


def test_uv_fetches_one_into_this_folder_and_nowhere_else(machine: Machine) -> None:
    fetched = machine.folder / ".local" / "python" / "cpython-3.13.9" / "bin" / "python3.13"
    machine.python(machine.folder / "ready")
    copy = f'/bin/mkdir -p "{fetched.parent}"; /bin/cp "{machine.folder}/ready" "{fetched}"'
    machine.uv(machine.bin / "uv", install=f'test "$UV_PYTHON_INSTALL_DIR" = "$PWD/.local/python" || exit 1; {copy}')
    found = machine.find()
    assert (found.path, "fetched by uv" in found.said) == (str(fetched), True)


def test_uv_is_set_up_as_for_the_locks_if_there_is_none(machine: Machine) -> None:
    python = machine.python(machine.folder / "elsewhere" / "python3.13")
    ready = machine.uv(machine.folder / "ready", find=f'echo "{python}"')
    uv = machine.folder / ".venv-uv" / "bin" / "uv"
    machine.program(
        machine.bin / "make", f'test "$2" = .venv-uv/.uv && /bin/mkdir -p "{uv.parent}" && /bin/cp "{ready}" "{uv}"'
    )
    assert machine.find().path == str(python)


@pytest.mark.parametrize("uv", [None, "exit 1", "echo /nowhere/python", "echo a b; exit 0"])
def test_where_none_can_be_had_that_is_one_line_and_no_failure(machine: Machine, uv: str | None) -> None:
    if uv:
        machine.uv(machine.bin / "uv", find=uv, install=uv)
    else:
        machine.program(machine.bin / "make", "echo no network >&2; exit 2")
    path, said = machine.find()
    assert path == ""
    assert "no compiled files" in said and "all works" in said and "twice as long" in said


def test_a_real_python_is_judged_by_its_version(machine: Machine) -> None:
    (machine.bin / "python3").symlink_to(sys.executable)
    machine.program(machine.bin / "make", "exit 2")
    here = ".".join(map(str, sys.version_info[:2]))
    ran = subprocess.run(
        [ROOT / "requirements" / "find-python", here],
        cwd=machine.folder, env={"PATH": str(machine.bin), "HOME": str(machine.home)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == str(machine.bin / "python3")


def test_what_is_found_is_what_compiles_and_the_version_is_the_runtimes() -> None:
    build = (ROOT / "Makefile").read_text().partition("\nbuild:")[2].partition("\ndeploy:")[0]
    assert "requirements/find-python" in build and "export COMPILER" in build
    layer = (LAYER / "Makefile").read_text()
    (runtime,) = re.findall(r"^RUNTIME := (\S+)$", layer, re.MULTILINE)
    assert f"Runtime: python{runtime}" in (ROOT / "template.yaml").read_text()
    assert '$(if $(COMPILER),"$(COMPILER)")' in layer
