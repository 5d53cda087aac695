"""``herald remove`` where something is in the way. What it does on a whole account: tests/system/test_stages.py."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from herald.aws import stage_parts
from herald.cli._where import Where
from herald.cli.remove import Clients, run
from local.deploy import client

Said = pytest.CaptureFixture[str]


class Stuck:
    """CloudFormation with a stack that cannot be deleted whole."""

    def __init__(self, real: Any, *failed: str) -> None:
        self._real, self.failed, self.deleted = real, failed, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def delete_stack(self, **asked: str) -> None:
        self.deleted = True

    def get_waiter(self, name: str) -> Any:
        return self

    def wait(self, **options: Any) -> None:
        raise WaiterError("StackDeleteComplete", "Waiter encountered a terminal failure state", {})

    def describe_stack_events(self, **asked: str) -> Any:
        failed = [
            {"LogicalResourceId": name, "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "is in use"}
            for name in self.failed
        ]
        return {"StackEvents": [*failed, {"LogicalResourceId": "Bus", "ResourceStatus": "DELETE_COMPLETE"}]}


@pytest.fixture
def stage(engine: str) -> str:
    """A stage whose stack has a topic, and nothing that keeps its table."""
    name = f"s{uuid.uuid4().hex[:8]}"
    cloudformation = client("cloudformation", engine)
    body = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    cloudformation.create_stack(StackName=f"herald-{name}", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=f"herald-{name}", WaiterConfig={"Delay": 1})
    return name


def clients(engine: str, **others: Any) -> Clients:
    names = Clients._fields
    return Clients(*(others.get(name) or client(name.rstrip("_"), engine) for name in names))


@pytest.mark.parametrize(("failed", "said"), [(("UsePolicy",), "UsePolicy: is in use"), ((), "not yet")])
def test_what_could_not_be_deleted_is_said_with_its_reason_and_the_data_stay(
    engine: str, stage: str, capsys: Said, failed: tuple[str, ...], said: str
) -> None:
    stuck = Stuck(client("cloudformation", engine), *failed)
    where = Where("000000000000", "us-east-1")
    ssm = client("ssm", engine)
    ssm.put_parameter(Name=f"/herald/{stage}/settings", Type="String", Value="default_region: IN")
    assert run(clients(engine, cloudformation=stuck), stage, where, data=True, ask=lambda _: stage) == 1
    told = capsys.readouterr().out
    assert said in told and f"the stack herald-{stage}: CREATE_COMPLETE" in told and "60 seconds" not in told
    ssm.get_parameter(Name=f"/herald/{stage}/settings")


def test_keys_below_a_path_of_their_own_are_found_too_and_the_stacks_own_is_not(engine: str, stage: str) -> None:
    ssm = client("ssm", engine)
    ours = [f"/herald/{stage}/{name}" for name in ("settings", "channels/a", "keys/x")] + [f"/herald-keys/{stage}/x"]
    for name in (*ours, f"/herald/{stage}x/settings", f"/herald-keys/{stage}-2/x"):
        ssm.put_parameter(Name=name, Type="String", Value="x")
    assert sorted(stage_parts.parameters(ssm, stage)) == sorted(ours)
    stage_parts.delete_parameters(ssm, stage_parts.parameters(ssm, stage))
    assert stage_parts.parameters(ssm, stage) == []
    ssm.get_parameter(Name=f"/herald/{stage}x/settings")
    ssm.get_parameter(Name=f"/herald-keys/{stage}-2/x")


def test_more_parameters_than_a_call_takes_are_all_deleted(engine: str, stage: str) -> None:
    ssm = client("ssm", engine)
    for number in range(23):
        ssm.put_parameter(Name=f"/herald/{stage}/keys/k{number}", Type="String", Value="x")
    stage_parts.delete_parameters(ssm, stage_parts.parameters(ssm, stage))
    assert stage_parts.parameters(ssm, stage) == []
