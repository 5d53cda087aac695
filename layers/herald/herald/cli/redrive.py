"""``herald redrive``: when its cause is gone, take up again what failed and waits."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from typer import Option

from herald import wiring
from herald.aws.client import client
from herald.aws.dead_letters import Erased, Redriven, rehook, repeat, requeue
from herald.aws.dead_listing import Judge, Listing, look, of_a_message, of_a_webhook, of_an_invocation
from herald.cli.frame import Here, Stopped, alone, command, tell
from herald.errors import InvalidRequest, NotAccepted
from herald.settings import stack

# What the stack says of itself, as far as it is needed here.
PARTS = ("queue", "dead_letters", "dead_hooks", "failed_invocations_url", "invoke_function")
Ask = Callable[[str], str]


app = alone()


@command(app, after="Nothing is lost: run the command again.")
def redrive(
    here: Here,
    *,
    dry_run: Annotated[bool, Option("--dry-run", help="only list what waits, and what cannot be repeated")] = False,
    yes: Annotated[bool, Option("--yes", help="do not ask: for scripts")] = False,
) -> int:
    """List what waits in the three queues of what failed, ask, and hand it on; with --dry-run, only list it."""
    parts = stack.parts(client("ssm"), here.stage, *PARTS)
    erased = erased_since(here.stage)
    able, stuck = listed(client("sqs"), *parts[1:4], erased=erased)
    if dry_run or not able:
        return 1 if stuck and not dry_run else 0
    asked = sys.stdin.isatty() and not here.as_json
    if not yes and not agreed(able, input if asked else None):
        tell("Nothing was done.")
        return 1
    return hand_on(*parts, erased=erased)


def agreed(able: int, ask: Ask | None) -> bool:
    """Whether whoever sits there wants it. Raises ``Stopped`` where nobody does."""
    if ask is None:
        raise Stopped("Nothing was done: without a terminal, say --yes (make redrive ARGS=--yes).", 2)
    try:
        return ask(f"Hand on {'this one' if able == 1 else f'these {able}'}? [y/N] ").strip().lower().startswith("y")
    except (EOFError, KeyboardInterrupt):
        return False


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


def listed(sqs: Any, dead: str, hooks: str, failed: str, *, erased: Erased) -> tuple[int, int]:
    """Print what waits; returns how many can be handed on, and how many cannot. Raises the client's own errors."""
    judges: tuple[tuple[str, str, Judge], ...] = (
        (dead, "message", of_a_message),
        (hooks, "webhook", of_a_webhook),
        (failed, "invocation", partial(of_an_invocation, erased=erased)),
    )
    able = stuck = 0
    for url, noun, judge in judges:
        found = look(sqs, url, judge)
        _list(url.rpartition("/")[2], noun, found)
        able, stuck = able + found.able, stuck + found.stuck
    return able, stuck


def hand_on(queue: str, dead: str, hooks: str, failed: str, function: str, *, erased: Erased) -> int:
    """Take up what waits in all three queues. Raises the clients' own errors."""
    sqs = client("sqs")
    _show(dead, requeue(sqs, dead, queue), "message", "queued again")
    hooked = rehook(sqs, hooks, queue, datetime.now(UTC))
    _show(hooks, hooked, "webhook", "queued again")
    repeated = repeat(sqs, failed, client("lambda"), function, erased)
    _show(failed, repeated, "invocation", "repeated")
    return 1 if hooked.left or repeated.left else 0


def _list(name: str, noun: str, found: Listing) -> None:
    """A queue: how many, since when, and why; never what."""
    count = found.able + found.stuck
    since = f", the oldest since {found.since:%Y-%m-%d %H:%M} UTC" if found.since else ""
    print(f"{name}: {_counted(count, noun)}{since}." if count else f"Nothing waits in {name}.")
    for judged, times in found.found.most_common():
        print(f"  {times}: {judged.why}{f'. Cannot be repeated: {judged.stuck}' if judged.stuck else ''}.")
    if found.more:
        print(f"  {found.more} more were not looked at.")
    if found.hidden:
        told = "was looked at by somebody a moment ago: it is" if found.hidden == 1 else "were looked at: they are"
        print(f"  {found.hidden} more {told} to be seen again within a minute.")


def _show(url: str, redriven: Redriven, noun: str, what: str) -> None:
    """One line for a queue: how many, never what; none where there was nothing."""
    name, (done, left, erased) = url.rpartition("/")[2], redriven
    if erased:
        print(f"{_counted(erased, noun)} to people who were erased since removed.")
    stays = f"; {left} cannot be repeated and stayed in {name}, see above" if left else ""
    if done or left:
        print(f"{_counted(done, noun)} {what}{stays}.")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
