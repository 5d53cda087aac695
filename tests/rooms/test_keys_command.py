"""``python -m herald.keys create``: the key is shown once, and only its hash is kept."""

import json
import uuid

import pytest

from herald import keys
from herald.keys.__main__ import main
from herald.wiring import parameter_store
from local.deploy import client


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    parameter_store.cache_clear()
    return f"stage-{uuid.uuid4().hex[:8]}"


def kept(engine: str, stage: str, name: str) -> str:
    """The parameter's value, as SSM keeps it."""
    ssm = client("ssm", engine)
    parameter = ssm.get_parameter(Name=f"/herald/{stage}/keys/{name}", WithDecryption=True)["Parameter"]
    assert parameter["Type"] == "SecureString"
    return str(parameter["Value"])


def test_the_key_on_standard_output_opens_the_door(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create", "--stage", stage, "--name", "shop"]) == 0
    key = capsys.readouterr().out.strip()
    record = kept(engine, stage, "shop")
    assert keys.owner(f"Bearer {key}", {"shop": record}) == "shop"
    assert key not in record
    assert set(json.loads(record)) == {"hash"}


def test_a_name_that_is_taken_keeps_its_key(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["create", "--stage", stage, "--name", "shop"])
    before = kept(engine, stage, "shop")
    capsys.readouterr()
    assert main(["create", "--stage", stage, "--name", "shop"]) == 1
    said = capsys.readouterr()
    assert (said.out, "--replace" in said.err) == ("", True)
    assert kept(engine, stage, "shop") == before
    assert main(["create", "--stage", stage, "--name", "shop", "--replace"]) == 0
    assert kept(engine, stage, "shop") != before


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 65, "ключ"])
def test_a_name_that_ssm_would_not_take_is_refused(stage: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create", "--stage", stage, "--name", name]) == 2
    assert "letters, digits" in capsys.readouterr().err


def test_without_a_region_one_line_says_what_to_set(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert main(["create", "--stage", stage, "--name", "shop"]) == 1
    said = capsys.readouterr()
    assert "AWS_DEFAULT_REGION" in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)
