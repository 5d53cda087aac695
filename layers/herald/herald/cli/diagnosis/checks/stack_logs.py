"""The log groups of the functions: whether they are there, and are not kept forever."""

from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, note, ok, warning
from herald.cli.diagnosis.look import FUNCTIONS, Look

TITLE = "logs"
NEEDS = ("logs:DescribeLogGroups",)
LINK = "docs/watching.md"


def check(look: Look) -> Iterator[Finding]:
    prefix = f"/aws/lambda/herald-{look.stage}-"
    listed = look.ask("logs", "describe_log_groups", logGroupNamePrefix=prefix)["logGroups"]
    groups = {str(each["logGroupName"]).removeprefix(prefix): each for each in listed}
    missing = [name for name in FUNCTIONS if name not in groups]
    endless = [name for name in FUNCTIONS if name in groups and not groups[name].get("retentionInDays")]
    if missing:
        said = f"no log group of: {', '.join(missing)}: they may not make one, so what they say is lost"
        yield warning(said, f"make deploy STAGE={look.stage}")
    if endless:
        yield note(f"kept forever: {', '.join(endless)}", f"make deploy STAGE={look.stage} with LogRetentionDays")
    if not missing and not endless:
        yield ok(f"{len(FUNCTIONS)} log groups are there")
