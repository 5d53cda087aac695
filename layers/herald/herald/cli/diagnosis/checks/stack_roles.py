"""The roles of the functions and of the schedules: without its role a function is not started, and says nothing."""

from collections.abc import Iterator

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.checks.stack_functions import configuration
from herald.cli.diagnosis.findings import Finding, failure, ok
from herald.cli.diagnosis.look import FUNCTIONS, Look

TITLE = "roles"
NEEDS = ("lambda:GetFunctionConfiguration", "iam:GetRole")
LINK = "docs/permissions.md"


def check(look: Look) -> Iterator[Finding]:
    roles = {name: str(said["Role"]) for name in FUNCTIONS if (said := configuration(look, name))}
    roles["schedules"] = look.part("schedule_role")
    gone = [name for name, role in roles.items() if not _is_there(look, role)]
    if gone:
        yield failure(f"the role is gone of: {', '.join(gone)}", f"make deploy STAGE={look.stage}")
    else:
        yield ok(f"{len(roles)} roles are there")


def _is_there(look: Look, role: str) -> bool:
    try:
        look.ask("iam", "get_role", RoleName=role.rpartition("/")[2])
    except NotAnswered as error:
        if error.code not in ("NoSuchEntity", "NoSuchEntityException"):
            raise
        return False
    return True
