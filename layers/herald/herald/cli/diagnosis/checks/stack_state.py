"""The stack: whether its last deployment came to an end, and to a good one."""

from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "deployment"
NEEDS = ("cloudformation:DescribeStacks",)
LINK = "docs/first-deployment.md#5-deploy"
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


def check(look: Look) -> Iterator[Finding]:
    name = f"herald-{look.stage}"
    state = str(look.ask("cloudformation", "describe_stacks", StackName=name)["Stacks"][0]["StackStatus"])
    if state in GOOD:
        yield ok(f"{name} is {state}")
    elif state == "UPDATE_ROLLBACK_COMPLETE":
        said = f"{name} is {state}: the last deployment failed, and what was before it runs"
        yield warning(said, f"See the stack's events for the cause, then: make deploy STAGE={look.stage}")
    elif state.endswith("_IN_PROGRESS"):
        yield note(f"{name} is {state}: a deployment is under way", "Run this again when it has ended.")
    else:
        yield failure(f"{name} is {state}", "See the stack's events; docs/removing.md says how to begin anew.")
