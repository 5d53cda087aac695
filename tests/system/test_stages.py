"""Stages side by side on one account: deployed, used, and one of them removed, without a word to the others."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from herald.aws.delivery_logs import Place, nobody_reads, readers
from herald.cli import receipts, remove
from herald.cli._where import Where
from herald.cli.frame import Stopped, main
from local.deploy import build_layer, client, deploy
from local.engine import Engine
from local.stack import ROOT
from tests.cli.test_receipts import Sns

ACCOUNT, HERE, FAR = "000000000000", "us-east-1", "eu-west-1"
STAGES = {"one": HERE, "two": HERE, "far": FAR}
Said = pytest.CaptureFixture[str]


def for_the_engine(folder: Path) -> Path:
    """The template as for the laptop's stage, for any stage: the engine has neither TLS nor saved queries."""
    for name in ("template.yaml", "watch.yaml"):
        text = (ROOT / name).read_text().replace("!Ref Stage, local]", "local, local]")
        if "RetainExceptOnCreate" not in text:
            kept = "    Type: AWS::DynamoDB::Table\n"
            text = text.replace(kept, f"{kept}    DeletionPolicy: RetainExceptOnCreate\n")
        (folder / name).write_text(text.replace("TemplateURL: watch.yaml", f"TemplateURL: {folder}/watch.yaml"))
    return folder / "template.yaml"


class Land:
    """An account on an engine of its own, with three stages, the third in another region."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.template, self.layer = for_the_engine(folder), build_layer(ROOT / ".local")
        self.engine, self.sns = engine, {HERE: Sns(), FAR: Sns()}
        for stage in STAGES:
            self.deploy(stage)

    def deploy(self, stage: str) -> None:
        """``make deploy``, as far as the engine can."""
        deploy(self.engine, self.layer, self.template, stage, STAGES[stage])

    def aws(self, service: str, stage: str) -> Any:
        return client(service.rstrip("_"), self.engine, STAGES[stage])

    def receipts(self, stage: str) -> int:
        """``make receipts``; the engine's SNS has no attributes, so they are kept here."""
        services = {name: self.aws(name, stage) for name in ("ssm", "logs", "iam")}
        return receipts.run(receipts.Clients(sns=self.sns[STAGES[stage]], **services), stage)

    def readers(self, region: str) -> set[str]:
        logs = client("logs", self.engine, region)
        return {name for group in Place("aws", region, ACCOUNT).groups() for name in readers(logs, group)}

    def remove(self, stage: str, *, data: bool = False, typed: str | None = None) -> int:
        """``make remove``, with what somebody types when it asks."""
        here = remove.Clients(*(self.aws(service, stage) for service in remove.Clients._fields))
        where = Where(ACCOUNT, STAGES[stage])
        return remove.run(here, stage, where, data=data, ask=lambda _: typed or stage, wait_seconds=1)

    def stacks(self, region: str) -> set[str]:
        listed = client("cloudformation", self.engine, region).describe_stacks()["Stacks"]
        return {each["StackName"] for each in listed if "ParentId" not in each and "Watch" not in each["StackName"]}

    def parameters(self, stage: str) -> set[str]:
        found = self.aws("ssm", stage).get_parameters_by_path(Path=f"/herald/{stage}", Recursive=True)["Parameters"]
        return {each["Name"] for each in found}


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    engine = Engine(Path(tmp_path_factory.mktemp("stages")))
    try:
        yield Land(engine.start(), Path(tmp_path_factory.mktemp("templates")))
    finally:
        engine.stop()


@pytest.fixture(autouse=True)
def _shell(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "HERALD_ENGINE"):
        monkeypatch.setenv(name, land.engine)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, HERE)


def test_three_stages_deploy_side_by_side_one_in_another_region(land: Land) -> None:
    assert {"herald-one", "herald-two"} <= land.stacks(HERE)
    assert "herald-far" in land.stacks(FAR)


def test_a_command_acts_on_its_own_stage_in_its_own_region(land: Land, capsys: Said) -> None:
    for stage, region in STAGES.items():
        assert main(["webhooks", "secret", "--stage", stage, "--region", region]) == 0
        assert f"Stage {stage}: account {ACCOUNT}, {region}." in capsys.readouterr().err
        assert f"/herald/{stage}/webhook-secret" in land.parameters(stage)
    assert main(["webhooks", "secret", "--stage", "far", "--region", HERE]) == 1
    assert f"There is no stack herald-far in account {ACCOUNT}, {HERE}." in capsys.readouterr().err


def test_receipts_are_switched_on_for_each_and_again(land: Land) -> None:
    for stage in (*STAGES, *STAGES):
        assert land.receipts(stage) == 0
    assert (land.readers(HERE), land.readers(FAR)) == ({"herald-one", "herald-two"}, {"herald-far"})
    assert [sns.changes for sns in land.sns.values()] == [1, 1]


def test_what_is_typed_must_be_the_stages_name_or_nothing_happens(land: Land, capsys: Said) -> None:
    with pytest.raises(Stopped, match="Nothing was done"):
        land.remove("one", typed="two")
    said = capsys.readouterr().out
    assert "the stack herald-one (" in said and "Will be deleted, for good:" in said
    assert {"herald-one", "herald-two"} <= land.stacks(HERE)


def test_a_policy_that_somebody_else_has_is_named_before_anything_is_done(land: Land) -> None:
    iam, outputs = land.aws("iam", "one"), {}
    for output in land.aws("cloudformation", "one").describe_stacks(StackName="herald-one")["Stacks"][0]["Outputs"]:
        outputs[output["OutputKey"]] = output["OutputValue"]
    iam.create_role(RoleName="shop-role", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="shop-role", PolicyArn=outputs["UsePolicyArn"])
    with pytest.raises(Stopped, match="role shop-role"):
        land.remove("one")
    assert "herald-one" in land.stacks(HERE)
    iam.detach_role_policy(RoleName="shop-role", PolicyArn=outputs["UsePolicyArn"])


def test_one_is_removed_and_the_others_lose_nothing(land: Land, capsys: Said) -> None:
    role = land.sns[HERE].attributes["DeliveryStatusIAMRole"]
    assert land.remove("one") == 0
    assert "herald-one" not in land.stacks(HERE) and "herald-two" in land.stacks(HERE)
    assert land.readers(HERE) == {"herald-two"}
    assert land.sns[HERE].attributes["DeliveryStatusIAMRole"] == role
    land.aws("iam", "two").get_role(RoleName=role.rpartition("/")[2])
    assert main(["webhooks", "secret", "--stage", "two"]) == 0
    said = capsys.readouterr().out
    assert "What remains:" in said and "60 seconds" in said
    # Each line of it names what removes it, or where that is.
    assert re.search(r"parameters, \d+ layer versions: make remove ARGS=--data", said)
    assert "/herald/one/webhook-secret" in land.parameters("one")
    assert "aws dynamodb delete-table --table-name herald-one" in said
    assert "herald-one" in land.aws("dynamodb", "one").list_tables()["TableNames"]


def test_what_was_left_of_it_goes_with_data_and_then_there_is_nothing_more(land: Land, capsys: Said) -> None:
    assert land.remove("one", data=True) == 0
    assert land.parameters("one") == set()
    names = land.aws("dynamodb", "one").list_tables()["TableNames"]
    assert "herald-one" not in names and "herald-two" in names
    assert land.aws("lambda", "one").list_layer_versions(LayerName="herald-one")["LayerVersions"] == []
    with pytest.raises(Stopped, match="There is nothing of a stage one"):
        land.remove("one")
    assert land.parameters("two")


def test_the_last_one_of_a_region_says_that_sns_writes_on(land: Land, capsys: Said) -> None:
    assert land.remove("far", data=True) == 0
    said = capsys.readouterr().out
    assert f"sns/{FAR}/{ACCOUNT}/DirectPublishToPhoneNumber" in said and f"herald-sns-delivery-{FAR}" in said


def test_where_no_stage_ever_read_snss_logs_nothing_is_said_of_them(land: Land) -> None:
    logs = client("logs", land.engine, "ap-south-1")
    assert nobody_reads(logs, Place("aws", "ap-south-1", ACCOUNT)) == ()


def test_where_nobody_types_anything_nothing_is_done(land: Land, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["remove", "--stage", "two"]) == 2
    assert "Nothing was done" in capsys.readouterr().err
    assert "herald-two" in land.stacks(HERE)


def test_a_removed_stage_can_be_deployed_again(land: Land) -> None:
    land.deploy("one")
    assert land.receipts("one") == 0
    assert land.readers(HERE) == {"herald-one", "herald-two"}


def test_the_laptops_stage_is_not_removed_by_it(capsys: Said) -> None:
    assert main(["remove", "--stage", "local"]) == 2
    assert "make down" in capsys.readouterr().err


def test_a_stage_that_never_was_is_said_so(capsys: Said) -> None:
    assert main(["remove", "--stage", "never"]) == 1
    assert f"There is nothing of a stage never in account {ACCOUNT}, {HERE}." in capsys.readouterr().err
