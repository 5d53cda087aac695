"""``python -m herald.redrive --stage dev``: when its cause is gone, take up again what failed and waits."""

import argparse
import json
import sys
from datetime import UTC, datetime

from herald.aws import client
from herald.errors import HeraldError, NotAccepted
from herald.redrive import Redriven, rehook, repeat, requeue, waiting

# What the stack says of itself, as far as it is needed here.
PARTS = ("queue", "dead_letters", "dead_hooks", "failed_invocations_url", "invoke_function")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 1 if it broke off, or if a record cannot be taken up."""
    parser = argparse.ArgumentParser(prog="python -m herald.redrive", description=__doc__)
    parser.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    parser.add_argument("--dry-run", action="store_true", help="only count what waits")
    options = parser.parse_args(arguments)
    try:
        return (count if options.dry_run else redrive)(*parts(options.stage))
    except HeraldError as error:
        print(error.detail, file=sys.stderr)
    except Exception as error:  # The clients' own errors; their texts may repeat what was sent.
        print(f"Stopped ({type(error).__name__}). Nothing is lost: run the command again.", file=sys.stderr)
    return 1


def parts(stage: str) -> tuple[str, ...]:
    """Queue, dead letters, dead webhooks and failed invocations by their URLs, and the invoke function's ARN."""
    ssm, name = client("ssm"), f"/herald/{stage}/stack"
    try:
        stack = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        return tuple(stack[part] for part in PARTS)
    except ssm.exceptions.ParameterNotFound:
        raise NotAccepted(f"There is no {name} in this account and region: is the stack deployed?") from None
    except (KeyError, ValueError):
        raise NotAccepted(f"{name} does not name the queues: deploy the stack again.") from None


def redrive(queue: str, dead: str, hooks: str, failed: str, function: str) -> int:
    """Take up what waits in all three queues. Raises the clients' own errors."""
    sqs = client("sqs")
    tell(dead, requeue(sqs, dead, queue), "message", "queued again")
    hooked = rehook(sqs, hooks, queue, datetime.now(UTC))
    tell(hooks, hooked, "webhook", "queued again")
    repeated = repeat(sqs, failed, client("lambda"), function)
    tell(failed, repeated, "invocation", "repeated")
    return 1 if hooked.left or repeated.left else 0


def count(queue: str, dead: str, hooks: str, failed: str, function: str) -> int:
    """Only say what waits."""
    sqs = client("sqs")
    tell(dead, Redriven(waiting(sqs, dead), 0), "message", "would be queued again")
    tell(hooks, Redriven(waiting(sqs, hooks), 0), "webhook", "would be queued again")
    tell(failed, Redriven(waiting(sqs, failed), 0), "invocation", "would be repeated")
    return 0


def tell(url: str, redriven: Redriven, noun: str, what: str) -> None:
    """One line for a queue: how many, never what."""
    name, (done, left) = url.rpartition("/")[2], redriven
    if not done and not left:
        print(f"Nothing waits in {name}.")
        return
    stays = f"; {left} cannot be told and stayed in {name}" if left else ""
    print(f"{done} {noun}{'' if done == 1 else 's'} {what}{stays}.")


if __name__ == "__main__":
    sys.exit(main())
