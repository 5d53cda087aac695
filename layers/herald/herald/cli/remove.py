"""``herald remove``: delete the stack of a stage, and say what of it remains.

Its data (table, settings, keys, layer versions) stay, unless --data is said.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from typer import Option

from herald.aws import delivery_logs as log
from herald.aws import stage_parts
from herald.aws.client import client
from herald.cli._where import LAPTOP, Where
from herald.cli.frame import Here, Stopped, alone, command, tell
from herald.cli.receipts import stop_reading

NEXT = (
    "A stage of the same name can be deployed after a minute: SQS gives a deleted queue's name away after 60 seconds."
)


class Clients(NamedTuple):
    """The clients of AWS's services that have a part in it."""

    cloudformation: Any
    dynamodb: Any
    iam: Any
    lambda_: Any
    logs: Any
    ssm: Any


class Found(NamedTuple):
    """What there is of a stage."""

    stack: stage_parts.Stack | None
    strangers: list[str]
    table: bool
    parameters: list[str]
    layers: list[int]
    reads: bool

    def anything(self) -> bool:
        return bool(self.stack or self.table or self.parameters or self.layers or self.reads)


app = alone()


@command(app, after="It can be run again.", deployed=False, named=True, as_json="none")
def remove(
    here: Here, *, data: Annotated[bool, Option("--data", help="also table, settings, keys and layer versions")] = False
) -> int:
    """List what goes and what stays, ask for the stage's name, and delete the stack."""
    clients = Clients(*(client(service.rstrip("_")) for service in Clients._fields))
    return run(clients, here.stage, here.where, data=data, ask=_ask)


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise Stopped("Nothing was done: nobody typed the stage's name.", 2) from None


def run(
    here: Clients, stage: str, where: Where, *, data: bool, ask: Callable[[str], str], wait_seconds: int = 5
) -> int:
    """Look, ask, remove, look again. Returns 1 if something could not be deleted. Raises the clients' own errors."""
    if stage == LAPTOP:
        raise Stopped("The laptop's stage is removed by make down.", 2)
    place = log.Place("aws", where.region, where.account)
    found = look(here, stage, place)
    if not found.anything():
        raise Stopped(f"There is nothing of a stage {stage} in {where}.")
    if found.strangers:
        raise Stopped(
            f"The policy that herald-{stage} made is attached to {', '.join(found.strangers)}. Detach it there first: "
            "CloudFormation could not delete it. Nothing was done."
        )
    _say(stage, found, data=data)
    if ask(f"Type {stage} to delete this: ").strip() != stage:
        raise Stopped("Nothing was done.", 2)
    code = _delete(here, stage, place, found, data=data, wait_seconds=wait_seconds)
    _say_rest(stage, look(here, stage, place), log.nobody_reads(here.logs, place), place)
    return code


def look(here: Clients, stage: str, place: log.Place) -> Found:
    """What there is of a stage. Raises the clients' own errors."""
    name = f"herald-{stage}"
    stack = stage_parts.stack(here.cloudformation, name)
    return Found(
        stack,
        stage_parts.strangers(here.iam, stack) if stack else [],
        stage_parts.table(here.dynamodb, name),
        stage_parts.parameters(here.ssm, stage),
        stage_parts.layer_versions(here.lambda_, name),
        any(log.name(stage) in log.readers(here.logs, group) for group in place.groups()),
    )


def _say(stage: str, found: Found, *, data: bool) -> None:
    goes: list[str] = []
    stays: list[str] = []
    if found.stack:
        goes.append(
            f"the stack herald-{stage} ({found.stack.parts} parts): functions, their logs, API, bus, alarms; queues "
            "with what waits in them; all schedules in its group, yours too"
        )
    if found.reads:
        goes.append("its subscriptions to SNS's delivery logs; the logs stay, and other stages go on reading")
    kept = [
        (found.table, f"the table herald-{stage}: messages, and who opted out"),
        (found.parameters, f"{len(found.parameters)} parameters in SSM: settings, credentials, keys, secrets"),
        (found.layers, f"{len(found.layers)} versions of the layer herald-{stage}, which your functions may still use"),
    ]
    for there, what in kept:
        if there:
            with_stack = what.startswith("the table") and found.stack and not found.stack.table_is_kept
            (goes if data or with_stack else stays).append(what)
    _list("Will be deleted, for good:", goes)
    _list("Will stay (--data deletes these too):", stays)


def _delete(here: Clients, stage: str, place: log.Place, found: Found, *, data: bool, wait_seconds: int) -> int:
    name = f"herald-{stage}"
    if found.reads:
        stop_reading(here.logs, place, stage)
    if found.stack:
        tell(f"Deleting {name}; this takes some minutes ...")
        if failed := stage_parts.delete_stack(here.cloudformation, name, wait_seconds=wait_seconds):
            _list(f"{name} was not deleted. When the cause is gone, run this again:", failed)
            return 1
    if data:
        stage_parts.delete_parameters(here.ssm, found.parameters)
        stage_parts.delete_layer(here.lambda_, name, found.layers)
        if stage_parts.table(here.dynamodb, name):
            here.dynamodb.delete_table(TableName=name)
            here.dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": wait_seconds})
    return 0


def _say_rest(stage: str, left: Found, unread: tuple[str, ...], place: log.Place) -> None:
    """What there still is after it, each with what removes it."""
    name = f"herald-{stage}"
    rest = [f"the stack {name}: {left.stack.state}"] if left.stack else []
    if left.table:
        rest.append(f"the table {name}: aws dynamodb delete-table --table-name {name}")
        rest.append(f"    (while it is there, a stage {stage} cannot be deployed anew)")
    if left.parameters or left.layers:
        rest.append(f"{len(left.parameters)} parameters, {len(left.layers)} layer versions: make remove ARGS=--data")
    rest.append(f"what was uploaded: below {name}/ in the bucket of the stack aws-sam-cli-managed-default")
    rest.append(f"the section [{stage}.deploy.parameters] of samconfig.toml")
    if unread:
        rest.append(
            f"SNS writes its delivery logs on, though nobody reads them: {', '.join(unread)}, by the role "
            f"{place.role_name()}. How to end that: docs/removing.md"
        )
    _list("What remains:", rest)
    if not left.stack:
        print(NEXT)


def _list(title: str, lines: list[str]) -> None:
    if lines:
        print(title)
        print("\n".join(f"  {line}" for line in lines))
