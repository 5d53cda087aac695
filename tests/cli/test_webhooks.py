"""``herald webhooks secret``: the secret is made once, shown when asked for, and renewed without a gap."""

import uuid

import pytest

from herald.cli.frame import main
from herald.settings.parameters import Parameters
from herald.settings.read import read_settings
from herald.wiring import provider_fields
from local.deploy import client
from tests.cli.conftest import deploy


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    return f"stage-{uuid.uuid4().hex[:8]}"


def signing(engine: str, stage: str) -> list[str]:
    """The secrets that webhooks of the stage are signed with."""
    parameters = Parameters(client("ssm", engine), f"/herald/{stage}").current()
    return list(read_settings(parameters, provider_fields).webhook_secrets)


def shown(capsys: pytest.CaptureFixture[str], stage: str, *more: str) -> list[str]:
    """What the command prints on standard output: secrets, and nothing else."""
    assert main(["webhooks", "secret", "--stage", stage, *more]) == 0
    said = capsys.readouterr()
    assert said.out.strip() not in said.err
    return said.out.splitlines()


def test_the_first_time_it_is_made_and_then_it_is_shown(
    engine: str, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = shown(capsys, stage)
    assert made == signing(engine, stage) == shown(capsys, stage)
    assert len(made) == 1 and made[0].startswith("whsec_") and len(made[0]) >= 40
    parameter = client("ssm", engine).get_parameter(Name=f"/herald/{stage}/webhook-secret")["Parameter"]
    assert parameter["Type"] == "SecureString"


def test_a_new_one_signs_beside_the_last_one_until_the_next(
    engine: str, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (first,) = shown(capsys, stage)
    second, *old = shown(capsys, stage, "--new")
    assert old == [first] and second != first
    third, *old = shown(capsys, stage, "--new")
    assert old == [second] and third not in (first, second)
    assert signing(engine, stage) == [third, second]


def test_a_new_one_where_there_was_none_is_the_only_one(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(shown(capsys, stage, "--new")) == 1


def test_two_stages_have_secrets_of_their_own(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, stage) != shown(capsys, deploy(engine, stage + "2"))


def test_without_a_region_one_line_says_what_to_set(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert main(["webhooks", "secret", "--stage", stage]) == 1
    said = capsys.readouterr()
    assert "AWS_DEFAULT_REGION" in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_an_aws_that_cannot_be_reached_is_one_line(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert main(["webhooks", "secret", "--stage", stage]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
