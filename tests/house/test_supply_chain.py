"""What comes from elsewhere is pinned, checked and audited; no credential is in the files or in the history."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from requirements import audit
from tests.house import LAYER, ROOT
from tests.house.credentials import KINDS, files, history, kinds

LOCKS = {path.stem: path for path in (ROOT / "requirements").glob("*.txt")} | {"layer": LAYER / "requirements.txt"}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
# What tests play with: the key of a certificate that nobody trusts.
PLAYED = {"tests/pipeline/announce/certificates/server.pem": {"private key"}}
# Where they lay in older commits.
PLAYED_BEFORE = {"tests/rooms/certificates/server.pem": {"private key"}}
PLANTED = {
    "AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "AWS secret key": "aws_secret_access_key = " + "abcd/EFGH+" * 4,
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "API key of Herald's": "hk_live_" + "a1B2c3D4" * 5,
    "account of Twilio's": "AC" + "0123456789abcdef" * 2,
    "token of GitHub's": "ghp_" + "a1B2c3" * 6,
    "token of Slack's": "xoxb-" + "1234567890-abcdefghij",
    "JSON web token": ".".join(["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiIxMjM0In0", "c2lnbmF0dXJlIQ"]),
    "URL with a password": "https://user:" + "correct-horse@example.com/",
}
# pip-audit's last lines when its service fails.
UNREACHED = [
    "requests.exceptions.ProxyError: HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded",
    "pip_audit._service.interface.ServiceError",
    "ERROR:pip_audit._cli:Tip: your network may be blocking this service. Try another service with `-s SERVICE`",
]


def pins(lock: Path) -> dict[str, int]:
    """The packages that a lock pins, each with the number of its hashes."""
    whole = lock.read_text().replace("\\\n", " ")
    entries = [line for line in whole.splitlines() if line and not line.lstrip().startswith("#")]
    return {entry.split(" ")[0]: len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)) for entry in entries}


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_is_pinned_to_one_version_and_its_hashes(name: str) -> None:
    pinned = pins(LOCKS[name])
    assert pinned
    for package, hashes in pinned.items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", package), package
        assert hashes > 0, package


def test_each_group_of_dependencies_has_a_lock() -> None:
    assert PROJECT["dependency-groups"].keys() == LOCKS.keys()


def test_each_package_of_node_is_pinned_to_one_version_and_its_hash() -> None:
    node = ROOT / "requirements" / "node"
    asked = json.loads((node / "package.json").read_text())["dependencies"]
    locked = json.loads((node / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert len(locked) > 1
    for place, package in locked.items():
        assert not place or re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"]), place


def test_no_package_of_node_runs_a_script_when_it_is_installed() -> None:
    made = (ROOT / "requirements" / "set-up-node").read_text()
    assert "npm ci " in made and "--ignore-scripts" in made


def test_what_is_installed_must_have_the_locks_hash() -> None:
    assert "--require-hashes" in (ROOT / "requirements" / "set-up").read_text()
    assert "--require-hashes" in (LAYER / "Makefile").read_text()


def test_the_layer_holds_few_packages() -> None:
    assert {package.partition("==")[0] for package in pins(LOCKS["layer"])} == {
        "aws-lambda-powertools", "certifi", "charset-normalizer", "idna", "jmespath", "phonenumberslite", "pyyaml",
        "requests", "typing-extensions", "tzdata", "urllib3",
    }  # fmt: skip


def test_every_lock_is_audited_and_ci_does_it() -> None:
    made = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in made.splitlines() if "requirements/audit.py" in line)
    # The laptop's lock is a part of the tests'.
    assert {Path(word) for word in line.split() if word.endswith(".txt")} == {
        path.relative_to(ROOT) for name, path in LOCKS.items() if name != "laptop"
    }
    assert pins(LOCKS["laptop"]).keys() <= pins(LOCKS["test"]).keys()


# ---- the audit


def reported(**packages: list[str]) -> str:
    """What pip-audit says of packages: the advisories against each."""
    listed = [
        {
            "name": name,
            "version": "1.0",
            "vulns": [{"id": each, "aliases": [], "fix_versions": ["1.1"]} for each in ids],
        }
        for name, ids in packages.items()
    ]
    return json.dumps({"dependencies": [*listed, {"name": "unheard-of", "skip_reason": "not found"}], "fixes": []})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is said of each lock."""
    said: dict[str, str] = {}

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        answer = said[command[-1]]
        return subprocess.CompletedProcess(command, 0, answer if answer.startswith("{") else "", answer)

    monkeypatch.setattr(audit.subprocess, "run", run)
    return said


def test_an_advisory_fails_and_says_what_cures_it(asked: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    asked |= {"one.txt": reported(good=[], bad=["PYSEC-1"]), "two.txt": reported(good=[])}
    assert audit.main(["one.txt", "two.txt"]) == 1
    assert "one.txt: bad 1.0: PYSEC-1, fixed in 1.1" in capsys.readouterr().err


def test_an_advisory_that_is_accepted_does_not_fail(asked: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked["one.txt"] = reported(bad=["PYSEC-1"])
    monkeypatch.setattr(audit, "ACCEPTED", {"PYSEC-1": "nothing calls it"})
    assert audit.main(["one.txt"]) == 0


@pytest.mark.parametrize("said", [*UNREACHED, reported()])
def test_where_nobody_knows_it_says_in_one_line_that_nothing_was_audited(
    asked: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked["one.txt"] = said
    assert audit.main(["one.txt", "two.txt"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("NOT AUDITED for known vulnerabilities: one.txt, two.txt (")


def test_a_service_that_does_not_answer_is_waited_for_a_minute_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited = []

    def run(command: list[str], *, timeout: int, **options: Any) -> None:
        waited.append(timeout)
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(audit.subprocess, "run", run)
    assert audit.main(["one.txt", "two.txt"]) == 0
    assert sum(waited) <= 60
    assert "one.txt, two.txt (no answer within 60 s)" in capsys.readouterr().err


def test_a_lock_that_the_service_does_not_know_keeps_nobody_from_the_next(
    asked: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked |= {"one.txt": reported(good=[]), "two.txt": reported(), "three.txt": reported(bad=["PYSEC-1"])}
    assert audit.main(["one.txt", "two.txt", "three.txt"]) == 1
    assert "vulnerabilities: two.txt (the service knows none" in capsys.readouterr().err


@pytest.mark.parametrize(
    "said", ["", "pip-audit: error: unrecognized arguments: --x", "python: No module named pip_audit"]
)
def test_an_audit_that_does_not_run_fails(asked: dict[str, str], said: str) -> None:
    asked["one.txt"] = said
    with pytest.raises(SystemExit, match=r"^one\.txt: pip-audit broke off: ."):
        audit.main(["one.txt"])


def test_what_was_found_before_nobody_answered_still_fails(asked: dict[str, str]) -> None:
    asked |= {"one.txt": reported(bad=["PYSEC-1"]), "two.txt": UNREACHED[0]}
    assert audit.main(["one.txt", "two.txt"]) == 1


def test_every_accepted_advisory_has_a_reason() -> None:
    assert all(reason.strip() for reason in audit.ACCEPTED.values())


# ---- credentials


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_each_kind_of_credential_is_found_where_it_is_planted() -> None:
    assert {kind: kinds(f"before {text} after") for kind, text in PLANTED.items()} == {kind: {kind} for kind in KINDS}


def test_what_only_looks_like_one_is_none() -> None:
    for text in (
        "hk_live_...",
        "hk_test_" + "a" * 40,
        "token: ...",
        "http://127.0.0.1:8080/a@b",
        "AKIA",
        "key=" + "a" * 39,
    ):
        assert kinds(text) == set()


def test_no_file_holds_a_credential() -> None:
    seen = dict(files(ROOT))
    assert {path: found for path, text in seen.items() if (found := kinds(text))} == PLAYED


def test_no_commit_ever_held_one() -> None:
    played = PLAYED | PLAYED_BEFORE
    assert [(path, found) for path, text in history(ROOT) if (found := kinds(text) - played.get(path, set()))] == []


def test_the_history_is_read_to_its_beginning(tmp_path: Path) -> None:
    git(tmp_path, "init")
    for text in (PLANTED["API key of Herald's"], "nothing"):
        (tmp_path / "notes.txt").write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-m", "x")
    assert [kinds(text) for _, text in files(tmp_path)] == [set()]
    assert [(path, kinds(text)) for path, text in history(tmp_path) if kinds(text)] == [
        ("notes.txt", {"API key of Herald's"})
    ]


def test_what_commits_and_tags_say_is_read_too(tmp_path: Path) -> None:
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", PLANTED["token of GitHub's"])
    git(tmp_path, "tag", "-a", "v1", "-m", PLANTED["token of Slack's"])
    assert {path.split(" ")[0]: kinds(text) for path, text in history(tmp_path)} == {
        "commit": {"token of GitHub's"}, "tag": {"token of Slack's"},
    }  # fmt: skip


def test_without_git_the_files_are_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(PLANTED["private key"])
    assert [path for path, text in files(tmp_path) if kinds(text)] == ["notes.txt"]
    assert list(history(tmp_path)) == []


def test_a_repository_around_the_files_hides_none_of_them(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text("export")
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "notes.txt").write_text(PLANTED["private key"])
    assert [path for path, text in files(tmp_path / "export") if kinds(text)] == ["notes.txt"]
