"""Stage parts: what a stage is made of, inside its stack and beside it, to be looked at and removed.

Clients are botocore's, whose errors are raised, but for those that say that something is not there.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

GONE = ("ResourceNotFoundException", "NoSuchEntity", "ParameterNotFound")
KEPT = ("Retain", "RetainExceptOnCreate", "RetainExceptOnCreated")


class Stack(NamedTuple):
    """A stage's stack: its state, how many parts it has, and those of which more has to be known."""

    state: str
    parts: int
    roles: frozenset[str]
    policy: str | None
    table_is_kept: bool


def stack(cloudformation: Any, name: str) -> Stack | None:
    """The stack of this name; None if there is none."""
    try:
        state = str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    parts = [part for page in pages for part in page["StackResourceSummaries"]]
    ids = {part["LogicalResourceId"]: part.get("PhysicalResourceId") for part in parts}
    roles = {str(part["PhysicalResourceId"]) for part in parts if part["ResourceType"] == "AWS::IAM::Role"}
    return Stack(state, len(parts), frozenset(roles), ids.get("UsePolicy"), _table_is_kept(cloudformation, name))


def _table_is_kept(cloudformation: Any, name: str) -> bool:
    body = cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    return template["Resources"].get("Table", {}).get("DeletionPolicy") in KEPT


def strangers(iam: Any, found: Stack) -> list[str]:
    """Roles, users and groups of others that have the stack's policy: CloudFormation cannot delete it before."""
    if not found.policy:
        return []
    try:
        pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=found.policy))
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return []
        raise
    kinds = (
        ("role", "PolicyRoles", "RoleName"),
        ("user", "PolicyUsers", "UserName"),
        ("group", "PolicyGroups", "GroupName"),
    )
    named = [(kind, each[name]) for page in pages for kind, listed, name in kinds for each in page.get(listed, ())]
    return [f"{kind} {name}" for kind, name in named if not (kind == "role" and name in found.roles)]


def delete_stack(cloudformation: Any, name: str, *, wait_seconds: int = 5) -> list[str]:
    """Delete a stack and wait until it is gone. Returns why parts of it could not be deleted: empty if it is gone."""
    identity = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=name)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    try:
        waiter.wait(StackName=identity, WaiterConfig={"Delay": wait_seconds, "MaxAttempts": 720 // wait_seconds})
    except Exception:  # botocore's WaiterError; what failed is in the events.
        events = cloudformation.describe_stack_events(StackName=identity)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"] == "DELETE_FAILED"]
        return [f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}" for each in failed] or [
            "not yet"
        ]
    return []


def table(dynamodb: Any, name: str) -> bool:
    """Whether there is a table of this name."""
    try:
        dynamodb.describe_table(TableName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return False
        raise
    return True


def parameters(ssm: Any, stage: str) -> list[str]:
    """The names of the parameters of a stage that somebody or a function wrote; the stack's own goes with it."""
    pages = ssm.get_paginator("get_parameters_by_path")
    found = [
        parameter["Name"]
        for path in (f"/herald/{stage}", f"/herald-keys/{stage}")
        for page in pages.paginate(Path=path, Recursive=True)
        for parameter in page["Parameters"]
    ]
    return [name for name in found if name != f"/herald/{stage}/stack"]


def layer_versions(functions: Any, name: str) -> list[int]:
    """The versions of a layer: each deployment that changed it left one."""
    pages = functions.get_paginator("list_layer_versions").paginate(LayerName=name)
    return [version["Version"] for page in pages for version in page["LayerVersions"]]


def delete_parameters(ssm: Any, names: list[str]) -> None:
    for some in _tens(names):
        ssm.delete_parameters(Names=some)


def delete_layer(functions: Any, name: str, versions: list[int]) -> None:
    for version in versions:
        functions.delete_layer_version(LayerName=name, VersionNumber=version)


def _tens(names: list[str]) -> Iterator[list[str]]:
    """As many at once as SSM takes."""
    for start in range(0, len(names), 10):
        yield names[start : start + 10]
