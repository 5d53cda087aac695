"""``herald receipts``: let Amazon SNS write down what became of its texts, and this stage read it.

SNS does so for a whole account in a region, in two log groups that belong to no stage.
"""

from typing import Annotated, Any, NamedTuple

from typer import Option

from herald.aws import delivery_logs as log
from herald.aws.client import client
from herald.cli.frame import Here, Stopped, command, group
from herald.errors import InvalidSettings, NotAccepted
from herald.settings import stack

# What the stack says of itself, as far as it is needed here.
PART = "receipts_function"
DAYS = 30
NEEDED = (
    "Needed: ssm:GetParameter; logs:CreateLogGroup, PutRetentionPolicy, DescribeSubscriptionFilters, "
    "PutSubscriptionFilter, DeleteSubscriptionFilter; sns:GetSMSAttributes, SetSMSAttributes; iam:GetRole, CreateRole, "
    "PutRolePolicy, PassRole"
)


class Clients(NamedTuple):
    """The clients of AWS's services that have a part in it."""

    ssm: Any
    logs: Any
    sns: Any
    iam: Any


app = group(__doc__)


@command(app, "enable", after=f"It can be run again. {NEEDED}.")
def enable(
    here: Here,
    *,
    replace: Annotated[
        bool, Option("--replace", help="even if SNS writes them with a role of somebody else's")
    ] = False,
    days: Annotated[int, Option("--days", help="how long a log group is kept that is made now")] = DAYS,
) -> int:
    """Let SNS write all of its delivery logs, and this stage read them."""
    return run(_clients(), here.stage, days=days, replace=replace)


@command(app, "disable", after="It can be run again.")
def disable(here: Here) -> int:
    """Let this stage read SNS's delivery logs no more; SNS and the other stages go on."""
    clients = _clients()
    read = stop_reading(clients.logs, log.place(function(clients.ssm, here.stage)), here.stage)
    print("This stage reads SNS's delivery logs no more." if read else "This stage did not read SNS's delivery logs.")
    return 0


def run(here: Clients, stage: str, *, days: int = DAYS, replace: bool = False) -> int:
    """Make what is missing, and say what it was. Raises ``Stopped``, ``NotAccepted``, or the clients' own errors."""
    reader = function(here.ssm, stage)
    place = log.place(reader)
    for each in place.groups():
        _read(here, each, stage, reader, days)
    if stage != "local":  # The laptop's carrier plays SNS, and always writes.
        _write(here, place, replace=replace)
    return 0


def function(ssm: Any, stage: str) -> str:
    """The ARN of the stage's function that reads receipts. Raises ``NotAccepted``, or the client's own errors."""
    return stack.parts(ssm, stage, PART)[0]


def stop_reading(logs: Any, place: log.Place, stage: str) -> bool:
    """Take a stage's subscriptions away. Returns whether there were any."""
    taken = [log.unsubscribe(logs, group, stage) for group in place.groups()]
    return any(taken)


def _read(here: Clients, group: str, stage: str, reader: str, days: int) -> None:
    made = log.make(here.logs, group, days)
    readers = log.readers(here.logs, group)
    if readers.get(log.name(stage)) == reader:
        print(f"{group}: read by this stage already")
        return
    others = [name for name in readers if name != log.name(stage)]
    others = [name for name in others if not _left_behind(here, group, name)]
    if len(others) >= log.MOST_READERS:
        raise Stopped(
            f"{group}: AWS allows a log group {log.MOST_READERS} readers, and it has them: {', '.join(others)}. This "
            "stage's texts by SNS stay sent, unless another stage gives its place up: herald receipts disable."
        )
    log.subscribe(here.logs, group, stage, reader)
    print(f"{group}: {f'made, kept {days} days; ' if made else ''}read by this stage from now on")


def _left_behind(here: Clients, group: str, name: str) -> bool:
    """True for the subscription of a stage that was deleted by other means than ``make remove``: it is taken away."""
    stage = name.removeprefix("herald-")
    try:
        stack.parts(here.ssm, stage if stage != name else "")
        return False
    except InvalidSettings:  # Somebody else's, not a stage's.
        return False
    except NotAccepted:
        log.unsubscribe(here.logs, group, stage)
        print(f"{group}: {name} is no stage any more, and reads it no longer")
        return True


def _write(here: Clients, place: log.Place, *, replace: bool) -> None:
    """Let SNS write with the role that it has, if that is still there; else with Herald's, of no stage."""
    before = log.current(here.sns)
    foreign = before.get(log.ROLE, "")
    if foreign.endswith(f"/{place.role_name()}") or replace or not (foreign and log.is_there(here.iam, foreign)):
        role = log.make_role(here.iam, place)
    else:
        role = foreign
        print(f"SNS writes with a role of somebody else's, which is as good: {role} (--replace takes Herald's)")
    after = {log.ROLE: role, log.RATE: "100"}
    if before == after:
        print("Amazon SNS writes all of its delivery logs already.")
        return
    for name, becomes in after.items():
        was = before.get(name, "not set")
        print(f"{name}: {was}" + ("" if was == becomes else f" -> {becomes}"))
    log.switch_on(here.sns, after)
    print("Changed. What becomes of a text that is sent from now on is written down, at the latest after 72 hours.")


def _clients() -> Clients:
    return Clients(*(client(service) for service in Clients._fields))
