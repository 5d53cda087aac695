"""``herald receipts``: SNS writes its logs, up to two stages read them, and no stage takes anything from another."""

import json
import random
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from herald.aws.delivery_logs import RATE, ROLE, place, readers
from herald.cli.frame import Stopped, main
from herald.cli.receipts import PART, Clients, function, run, stop_reading
from herald.errors import NotAccepted
from local.deploy import client

Said = pytest.CaptureFixture[str]


class Sns:
    """Amazon SNS's attributes for texts, which the engine does not have."""

    def __init__(self, **before: str) -> None:
        self.attributes, self.changes = dict(before), 0

    def get_sms_attributes(self, attributes: list[str]) -> dict[str, Any]:
        return {"attributes": {name: self.attributes[name] for name in attributes if name in self.attributes}}

    def set_sms_attributes(self, attributes: Mapping[str, str]) -> None:
        self.attributes |= attributes
        self.changes += 1


class Account:
    """An account and region that no other test has, on the engine; with stages in it."""

    def __init__(self, engine: str, **before: str) -> None:
        self.region, self.number = f"xx-{uuid.uuid4().hex[:6]}-1", f"{random.randrange(10**12):012}"
        self.sns = Sns(**before)
        self.clients = Clients(client("ssm", engine), client("logs", engine), self.sns, client("iam", engine))
        self.groups = place(self.function("any")).groups()

    @property
    def role(self) -> str:
        """What SNS writes with."""
        return self.sns.attributes[ROLE]

    def function(self, stage: str) -> str:
        return f"arn:aws:lambda:{self.region}:{self.number}:function:herald-{stage}-receipts"

    def stage(self) -> str:
        """A new stage."""
        name = f"s{uuid.uuid4().hex[:8]}"
        value = json.dumps({PART: self.function(name)})
        self.clients.ssm.put_parameter(Name=f"/herald/{name}/stack", Type="String", Value=value)
        return name

    def remove(self, stage: str) -> None:
        """What ``sam delete`` leaves of a stage: nothing that knows of SNS's logs."""
        self.clients.ssm.delete_parameter(Name=f"/herald/{stage}/stack")

    def readers(self) -> list[dict[str, str]]:
        return [readers(self.clients.logs, group) for group in self.groups]

    def read_by(self, *stages: str) -> list[dict[str, str]]:
        """Both groups read by these stages and nobody else."""
        return [{f"herald-{stage}": self.function(stage) for stage in stages}] * 2

    def somebodys_role(self) -> str:
        name = f"r{uuid.uuid4().hex[:8]}"
        return str(self.clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"])


@pytest.fixture
def account(engine: str) -> Account:
    return Account(engine)


# ---- what is done


def test_in_a_fresh_account_groups_role_and_attributes_are_made_and_the_stage_reads(account: Account) -> None:
    stage = account.stage()
    assert run(account.clients, stage) == 0
    assert account.readers() == account.read_by(stage)
    assert account.sns.attributes[RATE] == "100"
    assert account.role.endswith(f":role/herald-sns-delivery-{account.region}")
    for group in account.groups:
        (found,) = account.clients.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][:1]
        assert found["retentionInDays"] == 30


def test_the_role_lets_sns_write_its_two_groups_of_this_region_and_nothing_else(account: Account) -> None:
    run(account.clients, account.stage())
    name = account.role.rpartition("/")[2]
    (trusted,) = account.clients.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "sns.amazonaws.com"}
    policy = account.clients.iam.get_role_policy(RoleName=name, PolicyName="write")["PolicyDocument"]
    (allowed,) = policy["Statement"]
    assert {action.partition(":")[0] for action in allowed["Action"]} == {"logs"}
    assert allowed["Resource"] == f"arn:aws:logs:{account.region}:{account.number}:log-group:{account.groups[0]}*"


def test_it_can_be_run_again_and_changes_nothing_then(account: Account, capsys: Said) -> None:
    stage = account.stage()
    run(account.clients, stage)
    before = capsys.readouterr().out
    assert "-> 100" in before and "Changed." in before
    assert run(account.clients, stage) == 0
    said = capsys.readouterr().out
    assert said.count("read by this stage already") == 2 and "writes all of its delivery logs already" in said
    assert (account.sns.changes, account.readers()) == (1, account.read_by(stage))


def test_a_group_that_was_there_before_keeps_its_lines_as_long_as_it_did(account: Account) -> None:
    logs = account.clients.logs
    logs.create_log_group(logGroupName=account.groups[0])
    logs.put_retention_policy(logGroupName=account.groups[0], retentionInDays=7)
    run(account.clients, account.stage())
    there = logs.describe_log_groups(logGroupNamePrefix=account.groups[0])["logGroups"]
    kept = {each["logGroupName"]: each["retentionInDays"] for each in there}
    assert [kept[group] for group in account.groups] == [7, 30]


def test_the_laptops_stage_reads_and_asks_nothing_of_sns(account: Account) -> None:
    parameter = {
        "Name": "/herald/local/stack",
        "Type": "String",
        "Value": json.dumps({PART: account.function("local")}),
    }
    account.clients.ssm.put_parameter(**parameter, Overwrite=True)
    try:
        assert run(account.clients._replace(sns=None, iam=None), "local") == 0
    finally:
        account.remove("local")
    assert account.readers() == account.read_by("local")


# ---- stages side by side


def test_two_stages_read_and_to_remove_one_takes_nothing_from_the_other(account: Account) -> None:
    first, second = account.stage(), account.stage()
    run(account.clients, first)
    role = account.role
    run(account.clients, second)
    assert account.readers() == account.read_by(first, second)
    assert stop_reading(account.clients.logs, place(account.function(first)), first)
    assert not stop_reading(account.clients.logs, place(account.function(first)), first)
    account.remove(first)
    assert (account.readers(), account.role) == (account.read_by(second), role)
    account.clients.iam.get_role(RoleName=role.rpartition("/")[2])


def test_a_third_stage_is_told_who_reads_already_and_nobody_loses_anything(account: Account) -> None:
    stages = [account.stage() for _ in range(3)]
    for stage in stages[:2]:
        run(account.clients, stage)
    with pytest.raises(Stopped) as stopped:
        run(account.clients, stages[2])
    assert all(f"herald-{stage}" in stopped.value.said for stage in stages[:2])
    assert account.readers() == account.read_by(*stages[:2])


def test_what_a_stage_left_behind_that_is_gone_makes_room_for_another(account: Account, capsys: Said) -> None:
    gone, kept, new = account.stage(), account.stage(), account.stage()
    for stage in (gone, kept):
        run(account.clients, stage)
    account.remove(gone)
    capsys.readouterr()
    assert run(account.clients, new) == 0
    assert f"herald-{gone} is no stage any more" in capsys.readouterr().out
    assert account.readers() == account.read_by(kept, new)


@pytest.mark.parametrize("name", ["somebodys-own", "herald-", "herald-Not_A_Stage", "herald-older"])
def test_what_is_not_left_behind_by_a_stage_stays(account: Account, name: str) -> None:
    if name == "herald-older":  # A stack of before, which does not name its function for receipts.
        account.clients.ssm.put_parameter(Name="/herald/older/stack", Type="String", Value="{}", Overwrite=True)
    run(account.clients, account.stage())
    for group in account.groups:
        account.clients.logs.put_subscription_filter(
            logGroupName=group, filterName=name, filterPattern="", destinationArn="arn:of:somebody"
        )
    with pytest.raises(Stopped, match=name):
        run(account.clients, account.stage())
    assert all(name in group for group in account.readers())


# ---- SNS's role


def test_somebodys_own_role_that_works_stays_until_somebody_says_so(account: Account, capsys: Said) -> None:
    theirs = account.somebodys_role()
    account.sns.attributes |= {ROLE: theirs, RATE: "10"}
    assert run(account.clients, account.stage()) == 0
    assert account.sns.attributes == {ROLE: theirs, RATE: "100"}
    assert "--replace" in capsys.readouterr().out
    run(account.clients, account.stage(), replace=True)
    assert account.role.endswith(f"/herald-sns-delivery-{account.region}")


def test_a_role_that_is_gone_is_replaced_since_sns_writes_nothing_with_it(account: Account) -> None:
    gone = "arn:aws:iam::123456789012:role/herald-old-DeliveryRole-1ABC"
    account.sns.attributes |= {ROLE: gone, RATE: "100"}
    run(account.clients, account.stage())
    assert account.role.endswith(f"/herald-sns-delivery-{account.region}")


def test_heralds_own_role_that_somebody_deleted_is_made_again(account: Account) -> None:
    stage = account.stage()
    run(account.clients, stage)
    name = account.role.rpartition("/")[2]
    account.clients.iam.delete_role_policy(RoleName=name, PolicyName="write")
    account.clients.iam.delete_role(RoleName=name)
    assert run(account.clients, stage) == 0
    account.clients.iam.get_role_policy(RoleName=name, PolicyName="write")


def test_attributes_of_other_matters_stay(account: Account) -> None:
    account.sns.attributes |= {"DefaultSenderID": "SHOP", ROLE: "", RATE: ""}
    run(account.clients, account.stage())
    assert account.sns.attributes["DefaultSenderID"] == "SHOP"


# ---- what can be wrong


def test_a_stack_that_is_not_there_is_named(account: Account) -> None:
    with pytest.raises(NotAccepted, match="There is no /herald/nowhere/stack"):
        function(account.clients.ssm, "nowhere")


@pytest.mark.parametrize("value", ["not JSON", '{"table": "herald"}'])
def test_a_stack_of_before_is_to_be_deployed_again(account: Account, value: str) -> None:
    stage = f"s{uuid.uuid4().hex[:8]}"
    account.clients.ssm.put_parameter(Name=f"/herald/{stage}/stack", Type="String", Value=value)
    with pytest.raises(NotAccepted, match="deploy the stack again"):
        function(account.clients.ssm, stage)


def test_an_error_of_aws_becomes_one_line_that_says_what_is_needed(
    engine: str, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)  # It knows no attributes of texts.
    assert main(["receipts", "enable", "--stage", account.stage()]) == 1
    *_, said = capsys.readouterr().err.splitlines()
    assert "It can be run again." in said and "SetSMSAttributes" in said


def test_disable_ends_what_enable_began(
    engine: str, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    stage = account.stage()
    run(account.clients, stage)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    assert main(["receipts", "disable", "--stage", stage]) == 0
    assert account.readers() == [{}, {}]
    assert main(["receipts", "disable", "--stage", stage]) == 0
    assert "did not read" in capsys.readouterr().out
