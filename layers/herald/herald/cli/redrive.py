"""``herald redrive``: when its cause is gone, take up again what failed and waits."""

import argparse
from datetime import UTC, datetime

from herald import wiring
from herald.aws.client import client
from herald.aws.dead_letters import Erased, Redriven, rehook, repeat, requeue, waiting
from herald.cli.frame import runs
from herald.errors import InvalidRequest, NotAccepted
from herald.settings import stack

# What the stack says of itself, as far as it is needed here.
PARTS = ("queue", "dead_letters", "dead_hooks", "failed_invocations_url", "invoke_function")


def redrive(options: argparse.Namespace) -> int:
    """Hand on what waits in the three queues of what failed; with --dry-run, only count it."""
    parts = stack.parts(client("ssm"), options.stage, *PARTS)
    return count(*parts) if options.dry_run else hand_on(*parts, erased=erased_since(options.stage))


def arguments(group: argparse.ArgumentParser) -> None:
    """``--dry-run``."""
    runs(group, redrive, after="Nothing is lost: run the command again.")
    group.add_argument("--dry-run", action="store_true", help="only count what waits")


def erased_since(stage: str) -> Erased:
    """Whether the person with a number, as somebody wrote it, was erased after a time; by the journal of a stage."""
    herald = wiring.herald(stage)
    try:
        stack.parts(client("ssm"), stage, "table")
    except NotAccepted:  # Where there is no journal nobody was erased.
        return lambda number, asked_at: False

    def since(number: object, asked_at: datetime) -> bool:
        try:
            erased_at = herald.erased_at(number)
        except InvalidRequest:  # Then it will be refused once more.
            return False
        return erased_at is not None and asked_at <= erased_at

    return since


def hand_on(queue: str, dead: str, hooks: str, failed: str, function: str, *, erased: Erased) -> int:
    """Take up what waits in all three queues. Raises the clients' own errors."""
    sqs = client("sqs")
    _show(dead, requeue(sqs, dead, queue), "message", "queued again")
    hooked = rehook(sqs, hooks, queue, datetime.now(UTC))
    _show(hooks, hooked, "webhook", "queued again")
    repeated = repeat(sqs, failed, client("lambda"), function, erased)
    _show(failed, repeated, "invocation", "repeated")
    return 1 if hooked.left or repeated.left else 0


def count(queue: str, dead: str, hooks: str, failed: str, function: str) -> int:
    """Only say what waits."""
    sqs = client("sqs")
    _show(dead, Redriven(waiting(sqs, dead), 0), "message", "would be queued again")
    _show(hooks, Redriven(waiting(sqs, hooks), 0), "webhook", "would be queued again")
    _show(failed, Redriven(waiting(sqs, failed), 0), "invocation", "would be repeated")
    return 0


def _show(url: str, redriven: Redriven, noun: str, what: str) -> None:
    """One line for a queue: how many, never what."""
    name, (done, left, erased) = url.rpartition("/")[2], redriven
    if erased:
        print(f"{erased} {noun}{'' if erased == 1 else 's'} to people who were erased since removed.")
    if not any(redriven):
        print(f"Nothing waits in {name}.")
        return
    stays = f"; {left} cannot be told and stayed in {name}" if left else ""
    print(f"{done} {noun}{'' if done == 1 else 's'} {what}{stays}.")
