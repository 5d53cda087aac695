"""The alarms: whether one is on, and whether somebody reads them."""

from collections.abc import Iterator
from typing import Any

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "alarms"
NEEDS = ("cloudwatch:DescribeAlarms", "sns:ListSubscriptionsByTopic")
LINK = "docs/first-deployment.md#6-the-mail-of-the-alarms"
ALARMS = (
    "dead-letters", "failed-invocations", "dead-hooks", "queue-age", "failure-rate", "unknown", "receipts-forbidden",
    "spend", "sweep", "announce",
)  # fmt: skip
PENDING = "PendingConfirmation"


def check(look: Look) -> Iterator[Finding]:
    prefix = f"herald-{look.stage}-"
    names = [prefix + name for name in ALARMS]  # By their names: those of another stage may begin with this one's.
    alarms = look.ask("cloudwatch", "describe_alarms", AlarmNames=names)["MetricAlarms"]
    if missing := sorted({*names} - {str(each["AlarmName"]) for each in alarms}):
        said = f"not there: {', '.join(name.removeprefix(prefix) for name in missing)}: nobody is told of it"
        yield warning(said, f"make deploy STAGE={look.stage}")
    if not alarms:
        return
    yield from _on(alarms, prefix)
    if muted := [each["AlarmName"].removeprefix(prefix) for each in alarms if each.get("ActionsEnabled") is False]:
        yield warning(f"their actions are off: {', '.join(muted)}", "aws cloudwatch enable-alarm-actions")
    topics = {str(action) for each in alarms for action in each.get("AlarmActions", ())}
    if topics:
        yield from _readers(look, sorted(topics))
    else:
        yield note("nobody gets them: no e-mail was given", "Deploy again with AlarmEmail=...")


def _on(alarms: list[dict[str, Any]], prefix: str) -> Iterator[Finding]:
    on = [each for each in alarms if each.get("StateValue") == "ALARM"]
    for each in on:
        name, why = each["AlarmName"].removeprefix(prefix), each.get("AlarmDescription", "")
        yield warning(f"{name} is on", why or "See the dashboard.", "docs/watching.md")
    if not on:
        yield ok(f"{len(alarms)} alarms, none is on")


def _readers(look: Look, topics: list[str]) -> Iterator[Finding]:
    states: list[str] = []
    for topic in topics:
        try:
            listed = look.ask("sns", "list_subscriptions_by_topic", TopicArn=topic)["Subscriptions"]
        except NotAnswered as error:
            if error.code not in ("NotFound", "NotFoundException"):
                raise
            yield failure("the topic of the alarms is gone: nobody is told", f"make deploy STAGE={look.stage}")
            return
        states += [str(each["SubscriptionArn"]) for each in listed]
    if any(state.startswith("arn:") for state in states):
        yield ok("somebody who confirmed gets their mail")
    elif PENDING in states:
        yield warning("nobody confirmed their mail: no alarm reaches anybody", "Follow the link in AWS's mail (spam?).")
    else:
        yield warning("nobody is subscribed to them", "Deploy again with AlarmEmail=...")
