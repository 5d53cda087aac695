"""Delivery logs: what Amazon SNS writes of its texts, once for an account and region; and which stages read it.

The groups and the role belong to no stack, so that removing one stage takes nothing from another. CloudFormation could
not switch SNS on in any case: it has no type for that (November 2026).
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

ROLE = "DeliveryStatusIAMRole"
# Percent of the texts that were delivered; those that were not are always written down.
RATE = "DeliveryStatusSuccessSamplingRate"
# As AWS names them: what was delivered, and what was not.
GROUPS = ("DirectPublishToPhoneNumber", "DirectPublishToPhoneNumber/Failure")
MOST_READERS = 2  # Subscriptions of a log group; AWS raises this for nobody (CloudWatch Logs quotas, November 2026).
POLICY = "write"


class Place(NamedTuple):
    """Whose log it is: an account in a region."""

    partition: str
    region: str
    account: str

    def groups(self) -> tuple[str, ...]:
        """The names of the two log groups."""
        return tuple(f"sns/{self.region}/{self.account}/{group}" for group in GROUPS)

    def arn(self, group: str) -> str:
        return f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{group}"

    def role_name(self) -> str:
        """A role is an account's, in all regions: so its name says for which it is."""
        return f"herald-sns-delivery-{self.region}"


def place(arn: str) -> Place:
    """Where something is that has an ARN."""
    _, partition, _, region, account, *_ = arn.split(":")
    return Place(partition, region, account)


def name(stage: str) -> str:
    """What the subscriptions of a stage are called."""
    return f"herald-{stage}"


# ---- The groups, and who reads them. ``logs`` is a client of CloudWatch Logs, whose other errors are raised.


def make(logs: Any, group: str, days: int) -> bool:
    """Make a group that keeps its lines so many days; one that is there stays as it is. Returns whether it was made."""
    try:
        logs.create_log_group(logGroupName=group)
    except logs.exceptions.ResourceAlreadyExistsException:
        return False
    logs.put_retention_policy(logGroupName=group, retentionInDays=days)
    return True


def readers(logs: Any, group: str) -> dict[str, str]:
    """The subscriptions of a group: name -> ARN of who gets its lines. Empty too if there is no such group."""
    try:
        found = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    except logs.exceptions.ResourceNotFoundException:
        return {}
    return {each["filterName"]: each["destinationArn"] for each in found}


def nobody_reads(logs: Any, here: Place) -> tuple[str, ...]:
    """The groups that are there, if nobody reads any of them."""
    there = tuple(
        group
        for group in here.groups()
        if group in {each["logGroupName"] for each in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]}
    )
    return () if any(readers(logs, group) for group in there) else there


def subscribe(logs: Any, group: str, stage: str, function: str) -> None:
    """Hand all lines of a group to a stage's function, whose permission says that it may be called."""
    logs.put_subscription_filter(logGroupName=group, filterName=name(stage), filterPattern="", destinationArn=function)


def unsubscribe(logs: Any, group: str, stage: str) -> bool:
    """Hand a stage nothing more. Returns whether it read the group."""
    try:
        logs.delete_subscription_filter(logGroupName=group, filterName=name(stage))
    except logs.exceptions.ResourceNotFoundException:
        return False
    return True


# ---- What SNS does, and with which role. ``sns`` and ``iam`` are clients, whose other errors are raised.


def current(sns: Any) -> dict[str, str]:
    """The attributes as they are: those that nobody ever set are missing."""
    attributes = sns.get_sms_attributes(attributes=[ROLE, RATE])["attributes"]
    return {name: attributes[name] for name in (ROLE, RATE) if attributes.get(name)}


def switch_on(sns: Any, attributes: Mapping[str, str]) -> None:
    sns.set_sms_attributes(attributes=dict(attributes))


def is_there(iam: Any, role: str) -> bool:
    """Whether a role, by its ARN, still exists: SNS goes on naming one that does not, and writes nothing."""
    try:
        iam.get_role(RoleName=role.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def make_role(iam: Any, here: Place) -> str:
    """The ARN of the role with which SNS may write its two groups and nothing else; made or mended, if need be."""
    trusted = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName=here.role_name(),
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
            Description="Amazon SNS writes what became of its texts; for all stages of Herald, and no stack's",
        )
    allowed = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{here.arn(here.groups()[0])}*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=here.role_name(), PolicyName=POLICY, PolicyDocument=policy)
    return str(iam.get_role(RoleName=here.role_name())["Role"]["Arn"])
