"""``python -m herald.delivery_logs --stage dev``: let Amazon SNS write down what became of its texts."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from herald.aws import client
from herald.delivery_logs import RATE, ROLE, current, foreign, switch_on, wanted
from herald.errors import HeraldError, NotAccepted

# What the stack says of itself, as far as it is needed here.
PART = "delivery_role"
NEEDED = "Needed: ssm:GetParameter, sns:GetSMSAttributes, sns:SetSMSAttributes and iam:PassRole"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 if SNS writes its logs with this stack's role."""
    parser = argparse.ArgumentParser(prog="python -m herald.delivery_logs", description=__doc__)
    parser.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    parser.add_argument("--replace", action="store_true", help="even if SNS writes them with another role now")
    options = parser.parse_args(arguments)
    try:
        return run(client("ssm"), client("sns"), options.stage, replace=options.replace)
    except HeraldError as error:
        print(error.detail, file=sys.stderr)
    except Exception as error:  # The clients' own errors.
        print(f"Stopped ({type(error).__name__}). It can be run again. {NEEDED}.", file=sys.stderr)
    return 1


def run(ssm: Any, sns: Any, stage: str, *, replace: bool = False) -> int:
    """Show what SNS does now, and change it if need be. Raises ``NotAccepted``, or the clients' own errors."""
    role = delivery_role(ssm, stage)
    before, after = current(sns), wanted(role)
    if before == after:
        print("Amazon SNS writes all of its delivery logs already, with this stack's role.")
        return 0
    tell(before, after)
    if foreign(before, role) and not replace:
        print(
            "Nothing was changed: SNS writes its logs with another role. If it is another stage's, that is as good; "
            "ARGS=--replace takes this stack's.",
            file=sys.stderr,
        )
        return 1
    switch_on(sns, role)
    print("Changed. What becomes of a text that is sent from now on is written down, at the latest after 72 hours.")
    return 0


def delivery_role(ssm: Any, stage: str) -> str:
    """The ARN of the role that the stack made for it. Raises ``NotAccepted``, or the client's own errors."""
    name = f"/herald/{stage}/stack"
    try:
        role = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])[PART]
    except ssm.exceptions.ParameterNotFound:
        raise NotAccepted(f"There is no {name} in this account and region: is the stack deployed?") from None
    except (KeyError, ValueError):
        raise NotAccepted(f"{name} does not name the role: deploy the stack again.") from None
    if not role:
        raise NotAccepted("This stack does not read SNS's delivery logs: its parameter SnsDeliveryLogs is none.")
    return str(role)


def tell(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """A line for each attribute: what it is, and what it is to be."""
    for name in (ROLE, RATE):
        was, becomes = before.get(name, "not set"), after[name]
        print(f"{name}: {was}" + ("" if was == becomes else f" -> {becomes}"))


if __name__ == "__main__":
    sys.exit(main())
