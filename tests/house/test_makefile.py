"""The Makefile prints itself, and says in one line what is missing."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from tests.house import LAYER, ROOT

TARGETS = (
    "run", "up", "down", "test", "prove", "bench", "mutants", "check", "audit", "docs", "lock", "clean", "build",
    "deploy", "remove", "settings", "channel", "key", "keys", "revoke", "waiting", "import", "secret", "receipts",
    "optouts", "redrive", "doctor",
)  # fmt: skip


def make(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, whatever make this test runs under."""
    said = {"STAGE", "PORT", "NAME", "FILE", "DO", "CHANNEL", "ARGS", "UPGRADE"}  # To the make above, not to this one.
    kept = {name: value for name, value in os.environ.items() if name not in said}
    outer = {name: value for name, value in kept.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
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


@pytest.fixture
def npm(clone: Path) -> Path:
    """An npm that does what its first line says, and nothing else."""
    program = clone / "programs" / "npm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    return program


def with_npm(npm: Path) -> str:
    return f"{npm.parent}:{os.environ['PATH']}"


def test_what_node_runs_is_set_up_once_and_anew_when_its_lock_changes(clone: Path, npm: Path) -> None:
    made = make(".node/.twilio", cwd=clone, PATH=with_npm(npm))
    assert (made.returncode, "Setting up .node (once)" in made.stdout) == (0, True), made.stderr
    assert "up to date" in make(".node/.twilio", cwd=clone, PATH=with_npm(npm)).stdout
    stamp, lock = clone / ".node" / ".twilio", clone / "requirements" / "node" / "package-lock.json"
    os.utime(lock, (stamp.stat().st_mtime + 5,) * 2)
    assert "Setting up" in make(".node/.twilio", cwd=clone, PATH=with_npm(npm)).stdout


def test_packages_of_node_that_do_not_install_leave_no_stamp_and_show_why(clone: Path, npm: Path) -> None:
    npm.write_text("#!/bin/sh\necho 'npm error code EINTEGRITY' >&2\nexit 1\n")
    failed = make(".node/.twilio", cwd=clone, PATH=with_npm(npm))
    assert failed.returncode != 0
    assert "EINTEGRITY" in failed.stderr
    assert not (clone / ".node" / ".twilio").exists()


def test_without_npm_it_says_what_to_install(clone: Path, tmp_path: Path) -> None:
    refused = subprocess.run(
        ["/bin/sh", "requirements/set-up-node", ".node"], cwd=clone, env={"PATH": str(tmp_path / "nothing")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (refused.returncode, "install Node.js's npm" in refused.stderr) == (1, True)
    assert not (clone / ".node").exists()


@pytest.mark.parametrize(
    ("target", "question"),
    [
        ("key", "Whose key?"),
        ("revoke", "Whose key?"),
        ("waiting", "Whose key?"),
        ("settings", "Which file?"),
        ("channel", "Which one?"),
        ("import", "Which file?"),
        ("optouts", "Do what?"),
    ],
)
def test_a_missing_name_is_asked_for(clone: Path, target: str, question: str) -> None:
    (clone / "requirements" / "laptop.txt").write_text("")
    asked = make(target, cwd=clone)
    assert asked.returncode != 0
    assert question in asked.stderr


# ---- What is said to make is text

MARK = "run-by-the-shell"
HOSTILE = [
    f"x; touch {MARK}", f"$(shell touch {MARK})", f"$(touch {MARK})", f"${{shell touch {MARK}}}", f"`touch {MARK}`",
    f'" ; touch {MARK} ; "', f"' ; touch {MARK} ; '", f"x\ntouch {MARK}", f"x && touch {MARK} #", f"x | touch {MARK}",
    f">{MARK}", "$(error no)", "*", "$$HOME", "$HOME", "a  b", "\\", "-n", "--help", "é",
]  # fmt: skip
FAKE = """#!{python}
import json, os, sys
if sys.argv[1:2] == ["-c"]:
    os.execv("{python}", ["{python}", *sys.argv[1:]])
with open({heard!r}, "a") as heard:
    heard.write(json.dumps(sys.argv[1:]) + "\\n")
"""


@pytest.fixture
def set_up(clone: Path) -> Path:
    """A clone whose environments are set up, and write down what they are told instead of doing it."""
    fake, now = FAKE.format(python=sys.executable, heard=str(clone / "heard")), time.time()
    for path in (clone / "requirements").iterdir():
        os.utime(path, (now - 400,) * 2)
    for name in (".venv/bin/python", ".venv-sam/bin/python", ".venv/.laptop", ".venv-sam/.sam", ".venv/bin/herald"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(fake)
        (clone / name).chmod(0o755)
        now += 1  # What is made of something is newer than it.
        os.utime(clone / name, (now - 300,) * 2)
    (clone / "functions").mkdir()
    return clone


def told(clone: Path) -> list[list[str]]:
    """What the environments' programs were told, the arguments of each call."""
    return [json.loads(line) for line in (clone / "heard").read_text().splitlines()]


WORDS = {
    "key": ["keys", "create", "--stage={STAGE}", "--name={NAME}"],
    "keys": ["keys", "list", "--stage={STAGE}"],
    "revoke": ["keys", "revoke", "--stage={STAGE}", "--name={NAME}"],
    "waiting": ["keys", "waiting", "--stage={STAGE}", "--name={NAME}"],
    "settings": ["settings", "set", "--stage={STAGE}", "{FILE}"],
    "channel": ["channels", "set", "--stage={STAGE}", "{NAME}", "{FILE}"],
    "import": ["settings", "import", "--stage={STAGE}", "{FILE}"],
    "secret": ["webhooks", "secret", "--stage={STAGE}"],
    "receipts": ["receipts", "enable", "--stage={STAGE}"],
    "optouts": ["optouts", "{DO}", "--stage={STAGE}", "--channel={CHANNEL}"],
    "redrive": ["redrive", "--stage={STAGE}"],
    "doctor": ["doctor", "--stage={STAGE}"],
    "deploy": ["deploy", "--stage={STAGE}", "--"],
    "remove": ["remove", "--stage={STAGE}"],
    "run": ["-m", "local", "run", "--port={PORT}"],
    "up": ["-m", "local", "up", "--port={PORT}"],
}
SAID = ("STAGE", "NAME", "FILE", "DO", "CHANNEL", "PORT")


@pytest.mark.parametrize("as_environment", [False, True])
@pytest.mark.parametrize("value", HOSTILE)
def test_what_is_said_to_make_reaches_the_command_whole_and_runs_nothing(
    set_up: Path, value: str, as_environment: bool
) -> None:
    said = dict.fromkeys(SAID, value)
    targets = {"key": WORDS["key"]} if value not in HOSTILE[:2] else WORDS
    for target, words in targets.items():
        given = [] if as_environment else [f"{name}={text}" for name, text in said.items()]
        made = make(target, *given, cwd=set_up, **(said if as_environment else {}))
        assert made.returncode == 0, made.stderr
        assert told(set_up)[-1] == [word.format(**said) for word in words]
    assert not list(set_up.rglob(MARK))


@pytest.mark.parametrize("value", [text for text in HOSTILE if text.count("'") != 1 and text.count('"') != 1])
def test_args_are_words_as_a_shell_splits_them_and_run_nothing(set_up: Path, value: str) -> None:
    made = make("keys", f"ARGS={value} --region='a b'", cwd=set_up)
    expected = shlex.split(f"{value} --region='a b'") if value != "\\" else [" --region=a b"]
    assert made.returncode == 0, made.stderr
    assert told(set_up)[-1] == ["keys", "list", "--stage=dev", *expected]
    assert not list(set_up.rglob(MARK))


def test_no_recipe_reads_what_is_said_in_another_way_than_from_its_environment() -> None:
    recipes = [line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("\t")]
    names = "|".join((*SAID, "ARGS"))
    assert not [line for line in recipes if re.search(rf"\$[({{]({names})\b", line)]


def test_the_command_is_made_for_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / f'it\'s $(touch {MARK}) "here" `x`'
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements").mkdir()
    (folder / "requirements" / "laptop.txt").touch()
    python = folder / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\nprintf "%s|" "$PYTHONPATH" "$@"\n')
    python.chmod(0o755)
    (folder / ".venv" / ".laptop").touch()
    assert make(".venv/bin/herald", cwd=folder).returncode == 0
    ran = subprocess.run(
        [folder / ".venv" / "bin" / "herald", "keys", "a b"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{folder}/layers/herald|-m|herald|keys|a b|"
    assert not list(tmp_path.rglob(MARK))


def test_the_layer_is_built_into_the_folder_that_sam_names() -> None:
    refused = make("build-HeraldLayer", cwd=LAYER)
    assert refused.returncode != 0
    assert "ARTIFACTS_DIR is not set" in refused.stderr
