"""Stack: what a deployed stack says of itself: the names and ARNs of its parts, in ``/herald/{stage}/stack``."""

import json
from typing import Any

from herald.errors import NotAccepted

NAME = "stack"


def part(path: str, said: str | None, name: str) -> str:
    """The name, URL or ARN of a part, by what the parameter below ``path`` has ``said``. Raises ``NotAccepted``."""
    try:
        return str(json.loads(said or "")[name])
    except (KeyError, ValueError, TypeError):
        raise NotAccepted(f"{path}/{NAME} does not name the {name}: deploy the stack again.") from None


def parts(ssm: Any, stage: str, *names: str) -> tuple[str, ...]:
    """Some parts of a stage's stack, for the commands. ``ssm`` is a client of SSM, whose other errors are raised.

    Raises ``NotAccepted`` if there is no such stack, or if it does not name a part.
    """
    path = f"/herald/{stage}"
    try:
        said = ssm.get_parameter(Name=f"{path}/{NAME}")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        raise NotAccepted(f"There is no {path}/{NAME} in this account and region: is the stack deployed?") from None
    return tuple(part(path, said, name) for name in names)
