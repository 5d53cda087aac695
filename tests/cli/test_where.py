"""Where a command acts: in the stage's own region, on its own account, or not at all."""

import os
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.aws.client import own
from herald.cli import _samconfig
from herald.cli._where import Stopped, Where, amazons, find
from herald.cli.frame import main
from tests.cli.conftest import deploy
from tests.cli.test_frame import COMMANDS as ALL
from tests.house import ROOT

ACCOUNT = "000000000000"
COMMANDS = [words for words in ALL if words[0] not in ("deploy", "remove")]  # These need no stack.
MORE = {
    ("keys", "create"): ["--name", "x"], ("keys", "revoke"): ["--name", "x"], ("keys", "waiting"): ["--name", "x"],
    ("settings", "import"): [str(Path(__file__).parent / "gramex.yaml")], ("optouts", "url"): ["--channel", "exotel"],
    ("channels", "check"): ["x"], ("channels", "set"): ["x"], ("channels", "edit"): ["x"],
}  # fmt: skip


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")  # And put back at the end.
    return f"s{uuid.uuid4().hex[:8]}"


@pytest.fixture
def samconfig(tmp_path: Path) -> Path:
    return tmp_path / "samconfig.toml"


def written(engine: str, region: str, stage: str) -> set[str]:
    """What is in SSM for a stage in a region."""
    import boto3

    ssm = boto3.client("ssm", region_name=region, endpoint_url=engine)
    found = ssm.get_parameters_by_path(Path=f"/herald/{stage}", Recursive=True)["Parameters"]
    return {each["Name"] for each in found}


# ---- the region


def test_the_region_of_the_stages_section_is_where_it_acts_whatever_the_shell_says(stage: str, samconfig: Path) -> None:
    _samconfig.note(stage, "ap-south-1", samconfig)
    assert find(stage, None, deployed=False, samconfig=samconfig) == Where(ACCOUNT, "ap-south-1")
    assert os.environ["AWS_DEFAULT_REGION"] == os.environ["AWS_REGION"] == "ap-south-1"


def test_a_region_that_is_named_is_before_the_sections(stage: str, samconfig: Path) -> None:
    _samconfig.note(stage, "ap-south-1", samconfig)
    assert find(stage, "eu-west-1", deployed=False, samconfig=samconfig).region == "eu-west-1"


def test_without_a_section_it_is_the_shells(stage: str, samconfig: Path) -> None:
    _samconfig.note("another", "ap-south-1", samconfig)
    assert find(stage, None, deployed=False, samconfig=samconfig).region == "us-east-1"


def test_the_laptops_stage_is_where_its_shell_says_whatever_a_section_says(
    engine: str, monkeypatch: pytest.MonkeyPatch, samconfig: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    _samconfig.note("local", "ap-south-1", samconfig)
    assert find("local", None, deployed=False, samconfig=samconfig) == Where(ACCOUNT, "us-east-1")


@pytest.mark.parametrize("text", ["not toml [", "dev = 1", "[dev]\ndeploy = 1"])
def test_a_samconfig_that_cannot_be_read_is_one_sentence(samconfig: Path, text: str) -> None:
    samconfig.write_text(text)
    with pytest.raises(Stopped, match="cannot be read"):
        find("dev", None, deployed=False, samconfig=samconfig)


# ---- where it stops


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_stops_where_there_is_no_stack_and_says_where_it_looked(
    engine: str, stage: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*words, "--stage", stage, "--region", "eu-west-1", *MORE.get(tuple(words), [])]
    assert main(command) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"There is no stack herald-{stage} in account {ACCOUNT}, eu-west-1." in said.err
    assert written(engine, "eu-west-1", stage) == set()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_stops_in_the_laptops_shell_if_another_stage_is_named(
    engine: str, stage: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HERALD_ENGINE")
    assert main([*words, "--stage", stage, *MORE.get(tuple(words), [])]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"addresses 127.0.0.1, which is not AWS, and the stage is {stage}" in said.err
    assert written(engine, "us-east-1", stage) == {f"/herald/{stage}/stack"}


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_SSM", "a profile"])
def test_however_the_shell_points_elsewhere_it_stops(
    engine: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for set_up in ("HERALD_ENGINE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(set_up)
    if name == "a profile":
        (tmp_path / "config").write_text(f"[profile here]\nendpoint_url = {engine}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_PROFILE", "here")
    else:
        monkeypatch.setenv(name, engine)
    own.cache_clear()
    try:
        with pytest.raises(Stopped, match="which is not AWS"):
            find("dev", None, deployed=False)
    finally:
        own.cache_clear()


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_the_laptops_stage_is_never_looked_for_in_aws(monkeypatch: pytest.MonkeyPatch, region: str | None) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    if region:
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    own.cache_clear()
    with pytest.raises(Stopped, match=r"make up.*\.local/env"):
        find("local", None, deployed=True)


def test_credentials_that_are_not_taken_are_said_so_without_showing_them(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    with pytest.raises(Stopped) as stopped:
        find(stage, None, deployed=False)
    assert "EndpointConnectionError" in stopped.value.said and "aws sso login" in stopped.value.said


def test_a_command_says_where_it_acts_before_it_does(
    engine: str, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(engine, stage)
    assert main(["keys", "list", "--stage", stage]) == 0
    assert capsys.readouterr().err.startswith(f"Stage {stage}: account {ACCOUNT}, us-east-1.\n")


AMAZONS = (
    "ssm.ap-south-1.amazonaws.com", "ssm.cn-north-1.amazonaws.com.cn", "ssm-fips.us-gov-west-1.amazonaws.com",
    "ssm.eu-central-1.api.aws", "vpce-0a-1b.ssm.eu-west-1.vpce.amazonaws.com", "ssm.us-iso-east-1.c2s.ic.gov",
)  # fmt: skip
OTHERS = ("127.0.0.1", "localhost", "amazonaws.com.evil.example", "evilamazonaws.com", "localhost.localstack.cloud", "")


def test_an_address_of_amazons_is_told_from_any_other() -> None:
    assert [amazons(host) for host in (*AMAZONS, *OTHERS)] == [True] * len(AMAZONS) + [False] * len(OTHERS)


# ---- samconfig.toml


def test_a_stage_without_a_section_gets_one_that_is_its_own(samconfig: Path) -> None:
    _samconfig.note("qa", "ap-south-1", samconfig)
    assert _samconfig.section("qa", samconfig) == {
        "stack_name": "herald-qa", "s3_prefix": "herald-qa", "resolve_s3": True, "region": "ap-south-1",
        "capabilities": "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND", "parameter_overrides": "Stage=qa",
        "fail_on_empty_changeset": False,
    }  # fmt: skip


def test_the_regions_of_dev_and_of_plain_sam_deploy_are_one(samconfig: Path) -> None:
    samconfig.write_text((ROOT / "samconfig.toml").read_text())
    assert _samconfig.section("default", samconfig) == _samconfig.section("dev", samconfig)
    _samconfig.note("dev", "ap-south-1", samconfig)
    assert _samconfig.section("default", samconfig) == _samconfig.section("dev", samconfig)
    assert _samconfig.region("dev", samconfig) == "ap-south-1"


STAGES = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True), unique=True, max_size=5)


@given(stages=STAGES, regions=st.lists(st.sampled_from(["ap-south-1", "eu-west-1", "us-east-1"]), min_size=5))
def test_whatever_stages_are_deployed_each_keeps_its_own_section_and_default_stays_dev(
    tmp_path_factory: pytest.TempPathFactory, stages: list[str], regions: list[str]
) -> None:
    samconfig = tmp_path_factory.getbasetemp() / f"{uuid.uuid4().hex}.toml"
    samconfig.write_text((ROOT / "samconfig.toml").read_text())
    given_to = dict(zip((stage for stage in stages if stage != "default"), regions, strict=False))
    for stage, region in given_to.items():
        _samconfig.note(stage, region, samconfig)
        _samconfig.note(stage, "xx-never-1", samconfig)  # The first one stands.
    for stage, region in given_to.items():
        assert _samconfig.section(stage, samconfig)["stack_name"] == f"herald-{stage}"
        assert _samconfig.region(stage, samconfig) == region
    default = _samconfig.section("default", samconfig)
    assert default["parameter_overrides"] == "Stage=dev"
    assert default.get("region") == given_to.get("dev")
    samconfig.unlink()


def test_what_somebody_wrote_there_stays_as_it_is(samconfig: Path) -> None:
    before = "# Ours.\nversion = 0.1\n[qa.deploy.parameters] # mine\nparameter_overrides = ['Stage=qa', 'Waf=on']\n"
    samconfig.write_text(before)
    _samconfig.note("qa", "ap-south-1", samconfig)
    assert samconfig.read_text() == before.replace("# mine\n", '# mine\nregion = "ap-south-1"\n')
