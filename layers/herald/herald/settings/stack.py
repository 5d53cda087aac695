"""Stack: what a deployed stack says of itself: the names and ARNs of its parts, in ``/herald/{stage}/stack``."""

import json
from typing import Any

from herald.errors import InvalidSettings, NotAccepted, Problem

NAME = "stack"
# As the template has it (AllowedPattern of Stage): what may be in a stage's name is a place of its own in SSM.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_LONGEST, _MORE = 16, frozenset("0123456789-")


def path(stage: str) -> str:
    """Where a stage's parameters are: ``/herald/{stage}``. Raises ``InvalidSettings`` for what is no stage's name."""
    if stage[:1] not in _LETTERS or len(stage) > _LONGEST or not set(stage) <= _LETTERS | _MORE:
        detail = "A stage's name is a small letter, then at most 15 small letters, digits or hyphens."
        raise InvalidSettings([Problem("stage", "invalid_stage", detail)])
    return f"/herald/{stage}"


def keys_path(stage: str) -> str:
    """Where the records of a stage's API keys are: ``/herald-keys/{stage}``. Raises as ``path`` does.

    Not below ``path``: who may read a path by ``GetParametersByPath`` may read all that is below it, whatever a policy
    denies there (AWS, Parameter Store, November 2026).
    """
    return path(stage).replace("/herald/", "/herald-keys/", 1)


def part(where: str, said: str | None, name: str) -> str:
    """The name, URL or ARN of a part, by what the parameter below ``where`` has ``said``. Raises ``NotAccepted``."""
    try:
        return str(json.loads(said or "")[name])
    except (KeyError, ValueError, TypeError):
        raise NotAccepted(f"{where}/{NAME} does not name the {name}: deploy the stack again.") from None


def parts(ssm: Any, stage: str, *names: str) -> tuple[str, ...]:
    """Some parts of a stage's stack, for the commands. ``ssm`` is a client of SSM, whose other errors are raised.

    Raises ``NotAccepted`` if there is no such stack, or if it does not name a part.
    """
    where = path(stage)
    try:
        said = ssm.get_parameter(Name=f"{where}/{NAME}")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        raise NotAccepted(f"There is no {where}/{NAME} in this account and region: is the stack deployed?") from None
    return tuple(part(where, said, name) for name in names)
