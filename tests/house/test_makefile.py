"""The Makefile prints itself, and says in one line what is missing."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.house import LAYER, ROOT

TARGETS = (
    "run", "up", "down", "test", "prove", "bench", "mutants", "check", "audit", "lock", "clean", "build", "deploy",
    "key", "keys", "revoke", "import", "secret", "receipts", "optouts", "redrive",
)  # fmt: skip


def make(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, whatever make this test runs under."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["make", *arguments], cwd=cwd, env={**outer, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that set an environment up, without any environment."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_make_alone_prints_each_target_in_one_line() -> None:
    printed = make().stdout
    for target in TARGETS:
        assert len(re.findall(rf"^  make {target} +\S.+$", printed, re.MULTILINE)) == 1
    assert all(len(line) <= 100 for line in printed.splitlines())


def test_make_alone_prints_no_target_that_does_not_exist() -> None:
    assert set(re.findall(r"^  make (\w+)", make().stdout, re.MULTILINE)) == set(TARGETS)


def test_a_python_that_is_none_is_named_in_one_line(clone: Path) -> None:
    refused = make("run", cwd=clone, PYTHON="/nowhere/python3")
    assert refused.returncode != 0
    assert "Herald needs Python 3.11 or newer: /nowhere/python3 is not." in refused.stderr
    assert not (clone / ".venv").exists()


def test_an_old_python_is_refused(clone: Path, tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert "Herald needs Python 3.11" in make("run", cwd=clone, PYTHON=str(old)).stderr


def test_a_python_without_ensurepip_says_what_to_install(clone: Path, tmp_path: Path) -> None:
    bare = tmp_path / "python-without-ensurepip"
    bare.write_text(
        f"""#!/bin/sh
        case "$*" in
            *"import pip"*) exit 1;;
            *"-m venv"*) echo "ensurepip is not available"; exit 1;;
        esac
        exec {sys.executable} "$@"
        """
    )
    bare.chmod(0o755)
    said = make("run", cwd=clone, PYTHON=str(bare)).stderr
    assert "apt-get install python3-venv" in said
    assert not (clone / ".venv").exists()


def test_a_python_without_pip_is_enough(clone: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    (clone / "requirements" / "laptop.txt").write_text("")
    made = make(".venv/.laptop", cwd=clone, PYTHON=str(tmp_path / "bare" / "bin" / "python"))
    assert made.returncode == 0, made.stderr


def test_a_lock_that_does_not_install_leaves_no_stamp_and_shows_why(clone: Path) -> None:
    (clone / "requirements" / "laptop.txt").write_text("herald-has-no-such-package==0\n")
    failed = make("run", cwd=clone, PIP_NO_INDEX="1")
    assert failed.returncode != 0
    assert "No matching distribution" in failed.stderr
    assert not (clone / ".venv" / ".laptop").exists()


def test_down_without_anything_set_up_says_so_and_sets_nothing_up(clone: Path) -> None:
    assert make("down", cwd=clone).stdout == "Herald was not running.\n"
    assert not (clone / ".venv").exists()


def test_an_environment_is_set_up_once_and_anew_when_its_lock_changes(clone: Path) -> None:
    lock = clone / "requirements" / "laptop.txt"
    lock.write_text("")
    stamp = clone / ".venv" / ".laptop"
    assert "Setting up .venv (once)" in make(".venv/.laptop", cwd=clone).stdout
    assert "up to date" in make(".venv/.laptop", cwd=clone).stdout
    lock.write_text("# changed\n")
    os.utime(lock, (stamp.stat().st_mtime + 5,) * 2)
    assert "Setting up" in make(".venv/.laptop", cwd=clone).stdout
    stamp.unlink()
    assert "Setting up" in make(".venv/.laptop", cwd=clone).stdout


def test_an_interrupted_addition_is_not_taken_for_a_good_environment(clone: Path) -> None:
    for name in ("laptop", "test"):
        (clone / "requirements" / f"{name}.txt").write_text("")
    (clone / "requirements" / "test.txt").write_text("herald-has-no-such-package==0\n")
    assert make(".venv/.test", cwd=clone, PIP_NO_INDEX="1").returncode != 0
    (clone / "requirements" / "test.txt").write_text("")
    again = make(".venv/.test", cwd=clone).stdout
    assert "Setting up .venv (once)" in again
    assert "Adding the tools for test" in again
    assert (clone / ".venv" / ".test").exists()
    assert "up to date" in make(".venv/.test", cwd=clone).stdout


@pytest.mark.parametrize(
    ("target", "question"),
    [("key", "Whose key?"), ("revoke", "Whose key?"), ("import", "Which file?"), ("optouts", "Do what?")],
)
def test_a_missing_name_is_asked_for(clone: Path, target: str, question: str) -> None:
    (clone / "requirements" / "laptop.txt").write_text("")
    asked = make(target, cwd=clone)
    assert asked.returncode != 0
    assert question in asked.stderr


def test_the_layer_is_built_into_the_folder_that_sam_names() -> None:
    refused = make("build-HeraldLayer", cwd=LAYER)
    assert refused.returncode != 0
    assert "ARTIFACTS_DIR is not set" in refused.stderr
