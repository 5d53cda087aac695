"""``herald deploy``: each stage in its own section and region; asked once; never elsewhere than it was said."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from herald.cli import _samconfig
from herald.cli._regions import WITH_TEXTS
from herald.cli._where import Where
from herald.cli.deploy import BUILD, SAM, run
from herald.cli.frame import Stopped, main
from local.deploy import client
from tests.house import ROOT

HERE = Where("000000000000", "us-east-1")


class Made:
    """What is run instead of make and sam, what is asked, and what is answered."""

    def __init__(self, samconfig: Path, *answers: str, codes: Sequence[int] = (0, 0)) -> None:
        self.samconfig, self.answers, self.codes = samconfig, list(answers), list(codes)
        self.ran: list[Sequence[str]] = []
        self.asked: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)

    def execute(self, words: Sequence[str]) -> int:
        self.ran.append(words)
        return self.codes.pop(0)

    def again(self, stage: str, region: str | None, *, deployed: bool) -> Where:
        return Where(HERE.account, region or "")

    def deploy(self, stage: str, *words: str, where: Where = HERE, alone: bool = False) -> int:
        ask = None if alone else self.ask
        return run(stage, where, words, ask=ask, execute=self.execute, samconfig=self.samconfig, again=self.again)

    @property
    def sam(self) -> list[str]:
        """What the last ``sam deploy`` was told."""
        told = list(self.ran[-1])
        assert told[:3] == list(SAM)
        return told[3:]


@pytest.fixture
def samconfig(tmp_path: Path) -> Path:
    file = tmp_path / "samconfig.toml"
    file.write_text((ROOT / "samconfig.toml").read_text())
    return file


@pytest.fixture
def stage() -> str:
    return f"s{uuid.uuid4().hex[:8]}"


def a_stack(engine: str, stage: str, resource: str = "AWS::SNS::Topic", **properties: Any) -> None:
    import json

    cloudformation = client("cloudformation", engine)
    body = {"Resources": {"Part": {"Type": resource, "Properties": properties}}}
    cloudformation.create_stack(StackName=f"herald-{stage}", TemplateBody=json.dumps(body))
    cloudformation.get_waiter("stack_exists").wait(StackName=f"herald-{stage}", WaiterConfig={"Delay": 1})


# ---- the first time, and after it


def test_the_first_time_it_asks_region_and_email_then_builds_and_deploys(stage: str, samconfig: Path) -> None:
    made = Made(samconfig, "ap-south-1", "ops@example.com")
    assert made.deploy(stage) == 0
    assert made.ran[0] == BUILD
    assert made.sam == [
        "--config-env", stage, "--on-failure", "DELETE",
        "--parameter-overrides", f"Stage={stage} AlarmEmail=ops@example.com",
    ]  # fmt: skip
    assert "[us-east-1]" in made.asked[0]
    assert _samconfig.region(stage, samconfig) == "ap-south-1"


def test_no_address_of_anybody_is_written_into_the_repository(stage: str, samconfig: Path) -> None:
    Made(samconfig, "", "ops@example.com").deploy(stage)
    assert "@" not in samconfig.read_text()


def test_the_second_time_nothing_is_asked(engine: str, stage: str, samconfig: Path) -> None:
    Made(samconfig, "", "").deploy(stage)
    a_stack(engine, stage)
    made = Made(samconfig)
    assert made.deploy(stage) == 0
    assert (made.asked, made.sam) == ([], ["--config-env", stage])


def test_whoever_has_another_checkout_is_asked_for_the_region_alone(engine: str, stage: str, samconfig: Path) -> None:
    a_stack(engine, stage)
    made = Made(samconfig, "")
    made.deploy(stage)
    assert (len(made.asked), made.sam) == (1, ["--config-env", stage])


def test_where_nobody_sits_nothing_is_asked_and_nothing_waits_for_an_answer(stage: str, samconfig: Path) -> None:
    made = Made(samconfig)
    assert made.deploy(stage, alone=True) == 0
    assert made.sam == ["--config-env", stage, "--on-failure", "DELETE", "--no-confirm-changeset"]
    assert _samconfig.region(stage, samconfig) == "us-east-1"


def test_three_stages_one_in_another_region_are_three_sections_and_default_stays_dev(samconfig: Path) -> None:
    tail = uuid.uuid4().hex[:6]
    for name, region in (("a", ""), ("b", ""), ("c", "eu-west-1")):
        Made(samconfig, region, "").deploy(name + tail)
    regions = {name: _samconfig.region(name + tail, samconfig) for name in "abc"}
    assert regions == {"a": "us-east-1", "b": "us-east-1", "c": "eu-west-1"}
    assert _samconfig.section("default", samconfig) == _samconfig.section("default", ROOT / "samconfig.toml")


@pytest.mark.parametrize("kept", ["'Stage=x Waf=on'", "['Stage=x', 'Waf=on']"])
def test_what_the_section_says_of_parameters_is_said_with_the_email(stage: str, samconfig: Path, kept: str) -> None:
    samconfig.write_text(f"[{stage}.deploy.parameters]\nparameter_overrides = {kept}\n")
    made = Made(samconfig, "", "me@example.com")
    made.deploy(stage)
    assert made.sam[-1] == "Stage=x Waf=on AlarmEmail=me@example.com"


def test_an_email_that_is_none_stops_before_anything_is_built(stage: str, samconfig: Path) -> None:
    made = Made(samconfig, "", "me at example")
    with pytest.raises(Stopped, match="no e-mail address"):
        made.deploy(stage)
    assert made.ran == []


# ---- where it stops


@pytest.mark.parametrize("name", ["local", "default"])
def test_the_laptops_stage_and_the_default_section_are_never_deployed(name: str, samconfig: Path) -> None:
    made = Made(samconfig)
    with pytest.raises(Stopped):
        made.deploy(name)
    assert (made.ran, samconfig.read_text()) == ([], (ROOT / "samconfig.toml").read_text())


def test_make_deploy_of_the_laptops_stage_does_nothing_in_its_own_shell_either(capsys: Any) -> None:
    assert main(["deploy", "--stage", "local", "--"]) == 2
    assert "is not deployed" in capsys.readouterr().err


def test_make_deploy_stops_in_the_laptops_shell_before_anything_is_built(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("HERALD_ENGINE")
    assert main(["deploy", "--stage", stage, "--"]) == 1
    assert "which is not AWS" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["--region=eu-west-1", "--profile", "--stack-name=x", "--config-env", "--config-file"])
def test_no_option_leads_elsewhere_than_it_was_said(stage: str, samconfig: Path, word: str) -> None:
    made = Made(samconfig)
    with pytest.raises(Stopped, match="not here"):
        made.deploy(stage, "--no-confirm-changeset", word)
    assert made.ran == []


def test_a_stage_does_not_move_to_another_region(stage: str, samconfig: Path) -> None:
    _samconfig.note(stage, "ap-south-1", samconfig)
    with pytest.raises(Stopped, match="is in ap-south-1, by samconfig.toml"):
        Made(samconfig).deploy(stage)


class Cloudformation:
    """A stack in a state, which the engine cannot be brought into at will."""

    def __init__(self, state: str) -> None:
        self.state = state

    def describe_stacks(self, **asked: str) -> Any:
        return {"Stacks": [{"StackStatus": self.state}]}

    class exceptions:  # noqa: N801 - as botocore's clients have it
        ClientError = ValueError


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_the_rest_of_a_first_try_is_said_with_the_way_out(state: str) -> None:
    from herald.cli.deploy import _is_fresh

    with pytest.raises(Stopped, match=f"{state}.*make remove STAGE=qa.*60 seconds"):
        _is_fresh(Cloudformation(state), "qa", HERE)
    assert not _is_fresh(Cloudformation("UPDATE_ROLLBACK_COMPLETE"), "qa", HERE)


def test_what_is_not_built_is_not_deployed(stage: str, samconfig: Path) -> None:
    made = Made(samconfig, codes=[2])
    assert made.deploy(stage, alone=True) == 2
    assert made.ran == [BUILD]


# ---- regions without texts


def test_a_region_where_sns_may_send_no_texts_is_said_so_and_deployed(
    stage: str, samconfig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Made(samconfig).deploy(stage, alone=True, where=Where("1", "ap-northeast-2")) == 0
    assert "may send no texts in ap-northeast-2" in capsys.readouterr().err


def test_the_docs_have_the_same_list_of_regions() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    listed = page.partition("<!-- regions with texts -->")[2].partition("<!-- /regions -->")[0]
    assert set(listed.replace("`", " ").replace(",", " ").split()) == WITH_TEXTS
