"""``herald settings import``: a gramex.yaml's channels arrive in SSM, and no secret on the screen."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

import herald
from herald.cli.frame import main
from herald.providers import types
from herald.settings.read import read_settings
from herald.wiring import parameters, provider, provider_fields
from local.carrier.carrier import Carrier
from local.carrier.vendors.twilio import Twilio as Twin
from tests.builders import a_message
from tests.cli.conftest import beside
from tests.tables import a_table, client

GRAMEX = Path(__file__).parent / "gramex.yaml"
SECRETS = ("wJalrXUtnFEMI/K7MDENG", "1_000", "0x1F")


class Run(NamedTuple):
    """What the command did."""

    code: int
    out: list[str]
    err: list[str]


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stage of its own, on the local engine."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    return f"s{uuid.uuid4().hex[:8]}"


@pytest.fixture
def ssm(engine: str) -> Any:
    return client("ssm", engine)


@pytest.fixture
def run(stage: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on a file."""

    def imported(file: Path) -> Run:
        code = main(["settings", "import", str(file), "--stage", stage])
        told = capsys.readouterr()
        return Run(code, told.out.splitlines(), beside(told.err))

    return imported


def written(ssm: Any, stage: str) -> list[dict[str, Any]]:
    """What is in SSM for a stage."""
    found: list[dict[str, Any]] = ssm.get_parameters_by_path(
        Path=f"/herald/{stage}", Recursive=True, WithDecryption=True
    )["Parameters"]
    return [each for each in found if each["Name"] != f"/herald/{stage}/stack"]


def test_every_channel_is_written_as_a_secure_string(run: Any, ssm: Any, stage: str) -> None:
    assert run(GRAMEX).code == 0
    assert {(each["Name"], each["Type"]) for each in written(ssm, stage)} == {
        (f"/herald/{stage}/channels/amazonsns", "SecureString"),
        (f"/herald/{stage}/channels/exotel", "SecureString"),
    }


def test_what_is_written_is_read_as_the_very_channels(run: Any, stage: str) -> None:
    run(GRAMEX)
    channels = read_settings(parameters(stage).refresh(), provider_fields).channels
    assert {name: (channel.type, dict(channel.values)) for name, channel in channels.items()} == {
        "amazonsns": (
            "amazonsns",
            {
                "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
                "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG",
                "region_name": "ap-southeast-1",
                "smstype": "Transactional",
            },
        ),
        "exotel": ("exotel", {"sid": "0123", "key": "0x1F", "token": "1_000", "priority": "high"}),
    }


def test_each_channel_is_told_with_its_secrets_hidden(run: Any, stage: str) -> None:
    told = run(GRAMEX)
    assert told.out == [
        (
            f"/herald/{stage}/channels/amazonsns: type=amazonsns, aws_access_key_id=AKIAIOSFODNN7EXAMPLE,"
            " aws_secret_access_key=(hidden), region_name=ap-southeast-1, smstype=Transactional"
        ),
        f"/herald/{stage}/channels/exotel: type=exotel, sid=0123, key=(hidden), token=(hidden), priority=high",
    ]
    assert told.err == []
    assert not [secret for secret in SECRETS if secret in str(told)]


def test_running_it_again_replaces_what_is_there(run: Any, ssm: Any, stage: str, tmp_path: Path) -> None:
    run(GRAMEX)
    changed = tmp_path / "gramex.yaml"
    changed.write_text(GRAMEX.read_text().replace("1_000", "2_000"))
    assert run(changed).code == 0
    assert (
        sum("token: '2_000'" in each["Value"] or "token: 2_000" in each["Value"] for each in written(ssm, stage)) == 1
    )


def test_every_mistake_is_listed_at_once_and_nothing_is_written(run: Any, ssm: Any, stage: str, tmp_path: Path) -> None:
    wrong = tmp_path / "gramex.yaml"
    wrong.write_text(
        "sms:\n  good: {type: amazonsns}\n  pigeon:\n    type: pigeon\n    token: Zq9-s3cr3t\n"
        "  exotel:\n    type: exotel\n    tokn: Zq9-s3cr3t\n    priority: Zq9-s3cr3t\n"
    )
    told = run(wrong)
    assert told.code == 1
    assert told.out == []
    assert sorted(told.err) == sorted(
        [
            f"sms.pigeon: type must be one of {', '.join(types())} (line 4)",
            "sms.exotel: there is no such field: did you mean token? (line 8)",
            "sms.exotel: sid is missing",
            "sms.exotel: token is missing",
            "sms.exotel: priority must be one of high, normal (line 9)",
            "Nothing was written. Correct these and run the command again.",
        ]
    )
    assert written(ssm, stage) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing.yaml", "FileNotFoundError"), ("folder", "IsADirectoryError"), ("latin.yaml", "UnicodeDecodeError")],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(run: Any, tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.yaml").write_bytes("sms: é".encode("latin-1"))
    told = run(tmp_path / name)
    assert told == Run(1, [], [f"{tmp_path / name}: cannot be read ({why})"])


def test_a_store_that_cannot_be_reached_is_one_clear_line_without_a_secret(
    run: Any, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters.cache_clear()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        parameters(stage)  # Kept by this process.
    told = run(GRAMEX)
    assert told == Run(1, [], [f"/herald/{stage}/channels/amazonsns: not written (EndpointConnectionError)"])


def test_without_a_region_it_is_one_clear_line(
    run: Any, stage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    told = run(GRAMEX)
    assert told == Run(1, [], ["No AWS region is known: set AWS_DEFAULT_REGION, or say --region."])


@pytest.mark.parametrize("arguments", [[], ["import"], ["import", "x.yaml"], ["export", "x.yaml", "--stage", "dev"]])
def test_a_command_that_is_not_complete_says_how_it_is_used(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["settings", *arguments]) == 2
    said = capsys.readouterr().err
    assert "Usage: herald settings" in said or "--stage dev" in said


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "herald", "settings", "import", "missing.yaml", "--stage", "dev"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)})
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "No AWS region is known: set AWS_DEFAULT_REGION, or say --region.\n"


# ---- Twilio, of which Gramex knows the name alone

ACCOUNT, TOKEN = "AC" + "0a" * 16, "t0kenOfTheJungle"


@pytest.fixture
def twilio(tmp_path: Path) -> Iterator[tuple[Path, Carrier]]:
    """A gramex.yaml with a channel of Twilio's, and the carrier that is meant by it."""
    carrier = Carrier(None)
    cast(Twin, carrier.vendors["twilio"]).accounts = {ACCOUNT: TOKEN}
    file = tmp_path / "gramex.yaml"
    file.write_text(
        "sms:\n  us:\n    type: twilio # Account SID and auth token\n"
        f"    account_sid: {ACCOUNT}\n    auth_token: {TOKEN}\n    sender: '+15005550006'\n    region:\n"
        f"    endpoint_url: {carrier.start()}\n"
    )
    yield file, carrier
    carrier.stop()


def test_a_channel_of_twilios_is_taken_over_and_sends(run: Any, stage: str, twilio: tuple[Path, Carrier]) -> None:
    file, carrier = twilio
    told = run(file)
    assert (told.code, told.err) == (0, [])
    (line,) = told.out
    assert line.startswith(f"/herald/{stage}/channels/us: type=twilio, account_sid={ACCOUNT}, auth_token=(hidden), ")
    assert TOKEN not in str(told)
    channel = read_settings(parameters(stage).refresh(), provider_fields).channels["us"]
    sent = provider(channel.type, dict(channel.values)).send(a_message())
    (text,) = carrier.handset.texts()
    assert (text.provider, text.id, text.sender) == ("twilio", sent.provider_id, "+15005550006")


def test_the_stage_itself_sends_by_a_channel_that_was_taken_over(
    run: Any, stage: str, twilio: tuple[Path, Carrier], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, carrier = twilio
    run(file)
    deployed(engine, stage)
    monkeypatch.setenv("HERALD_STAGE", stage)
    notifier = herald.sms["us"]
    result = notifier.send("+919741552552", "Taken over")
    (text,) = carrier.handset.texts()
    assert (text.body, text.id, result["herald_status"]) == ("Taken over", result["sid"], "sent")
    assert notifier.status(result)["sid"] == result["sid"]


def deployed(engine: str, stage: str) -> None:
    """The stage has a table."""
    said = json.dumps({"table": a_table(client("dynamodb", engine)), "url": "https://api.test"})
    client("ssm", engine).put_parameter(Name=f"/herald/{stage}/stack", Type="String", Value=said, Overwrite=True)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ("account_sid: AC1\n    auth_token: x", "account_sid must be written as in AC" + "0" * 32 + " (line 4)"),
        (f"account_sid: {ACCOUNT}", "auth_token is missing"),
        (
            f"account_sid: {ACCOUNT}\n    auth_token: x\n    from: '+1'",
            "there is no such field; there are type, sender",
        ),
        (
            f"account_sid: {ACCOUNT}\n    auth_tokn: {TOKEN}",
            "there is no such field: did you mean auth_token? (line 5)",
        ),
    ],
)
def test_a_mistake_in_a_channel_of_twilios_is_told_with_its_line(
    run: Any, tmp_path: Path, lines: str, mistake: str
) -> None:
    file = tmp_path / "gramex.yaml"
    file.write_text(f"sms:\n  us:\n    type: twilio\n    {lines}\n")
    told = run(file)
    assert told.code == 1
    assert [line for line in told.err if mistake in line], told.err
    assert TOKEN not in str(told)
