"""The queues: how long the oldest message waits, and what failed and waits for a person."""

from collections.abc import Iterator
from datetime import timedelta

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.findings import Finding, failure, ok, several, warning
from herald.cli.diagnosis.look import Look

TITLE = "queues"
NEEDS = ("sqs:GetQueueAttributes", "cloudwatch:GetMetricData")
LINK = "docs/runbook.md#the-three-queues"
FAILED = {"dead_letters": "message", "dead_hooks": "webhook", "failed_invocations_url": "invocation"}
# Nothing waits there on purpose for longer than SQS can delay it, 15 minutes.
LONGEST = 1800.0


def check(look: Look) -> Iterator[Finding]:
    redrive = f"When the cause is gone: herald redrive --stage {look.stage}"
    alarms = [
        warning(f"{_failed(count, noun)} in {look.part(part).rpartition('/')[2]}", redrive)
        for part, noun in FAILED.items()
        if (count := _waiting(look, part))
    ]
    gone = [part for part in ("queue", *FAILED) if _waiting(look, part) is None]
    if gone:
        alarms.append(failure(f"not there: {', '.join(gone)}", f"make deploy STAGE={look.stage}"))
    name = look.part("queue").rpartition("/")[2]
    age = look.highest("AWS/SQS", "ApproximateAgeOfOldestMessage", timedelta(minutes=15), QueueName=name)
    if age is not None and age > LONGEST:
        said = f"the oldest message has waited for {age / 60:.0f} minutes: the worker does not take it"
        alarms.append(failure(said, f"Look into /aws/lambda/herald-{look.stage}-worker; is concurrency used up?"))
    waiting = _waiting(look, "queue") or 0
    yield from alarms or [ok(f"nothing failed; {several(waiting, 'message')} in the queue")]


def _failed(count: int, noun: str) -> str:
    return f"{several(count, noun)} failed and wait{'s' if count == 1 else ''}"


def _waiting(look: Look, part: str) -> int | None:
    """About how many records wait; None if there is no such queue."""
    asked = {"QueueUrl": look.part(part), "AttributeNames": ["ApproximateNumberOfMessages"]}
    try:
        return int(look.ask("sqs", "get_queue_attributes", **asked)["Attributes"]["ApproximateNumberOfMessages"])
    except NotAnswered as error:
        if "NonExistentQueue" not in error.code and error.code != "QueueDoesNotExist":
            raise
        return None
