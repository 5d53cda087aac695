"""``herald receipts``: let Amazon SNS write down what became of its texts.

It does so for a whole account in a region. CloudFormation cannot set that (November 2026).
"""

import argparse
from collections.abc import Mapping
from typing import Any

from herald.aws.client import client
from herald.cli.frame import Stopped, command, commands
from herald.errors import NotAccepted
from herald.settings import stack

ROLE = "DeliveryStatusIAMRole"
# Percent of the texts that were delivered; those that were not are always written down.
RATE = "DeliveryStatusSuccessSamplingRate"
# What the stack says of itself, as far as it is needed here.
PART = "delivery_role"
NEEDED = "Needed: ssm:GetParameter, sns:GetSMSAttributes, sns:SetSMSAttributes and iam:PassRole"


def enable(options: argparse.Namespace) -> int:
    """Let SNS write all of its delivery logs, with this stack's role."""
    return run(client("ssm"), client("sns"), options.stage, replace=options.replace)


def arguments(group: argparse.ArgumentParser) -> None:
    """``enable``."""
    made = command(commands(group), "enable", enable, after=f"It can be run again. {NEEDED}.")
    made.add_argument("--replace", action="store_true", help="even if SNS writes them with another role now")


def run(ssm: Any, sns: Any, stage: str, *, replace: bool = False) -> int:
    """Show what SNS does now, and change it if need be. Raises ``NotAccepted``, or the clients' own errors."""
    role = delivery_role(ssm, stage)
    before, after = current(sns), wanted(role)
    if before == after:
        print("Amazon SNS writes all of its delivery logs already, with this stack's role.")
        return 0
    _show(before, after)
    if foreign(before, role) and not replace:
        raise Stopped(
            "Nothing was changed: SNS writes its logs with another role. If it is another stage's, that is as good; "
            "--replace takes this stack's."
        )
    switch_on(sns, role)
    print("Changed. What becomes of a text that is sent from now on is written down, at the latest after 72 hours.")
    return 0


def delivery_role(ssm: Any, stage: str) -> str:
    """The ARN of the role that the stack made for it. Raises ``NotAccepted``, or the client's own errors."""
    (role,) = stack.parts(ssm, stage, PART)
    if not role:
        raise NotAccepted("This stack does not read SNS's delivery logs: its parameter SnsDeliveryLogs is none.")
    return role


def wanted(role: str) -> dict[str, str]:
    """The attributes with which SNS writes all of its delivery logs; ``role`` is an ARN."""
    return {ROLE: role, RATE: "100"}


def current(sns: Any) -> dict[str, str]:
    """The attributes as they are: those that nobody ever set are missing. Raises the client's own errors."""
    attributes = sns.get_sms_attributes(attributes=[ROLE, RATE])["attributes"]
    return {name: attributes[name] for name in (ROLE, RATE) if attributes.get(name)}


def foreign(before: Mapping[str, str], role: str) -> bool:
    """True if SNS writes with a role that is not this one: another stack's, or somebody's own."""
    return before.get(ROLE, role) != role


def switch_on(sns: Any, role: str) -> None:
    """Let SNS write all of its delivery logs with this role. Raises the client's own errors."""
    sns.set_sms_attributes(attributes=wanted(role))


def _show(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """A line for each attribute: what it is, and what it is to be."""
    for name in (ROLE, RATE):
        was, becomes = before.get(name, "not set"), after[name]
        print(f"{name}: {was}" + ("" if was == becomes else f" -> {becomes}"))
