"""Service: what a command may ask of a Herald, and what its errors are to the command: a sentence and an exit code."""

from collections.abc import Mapping
from typing import Any, Protocol

from herald.cli._where import Stopped

BROKE, WRONG, REFUSED, UNKNOWN = 1, 2, 3, 4
# What a message's status is to a script; all others are 0.
CODES = {
    "failed": REFUSED, "expired": REFUSED, "canceled": REFUSED, "undelivered": REFUSED, "unknown": UNKNOWN,
}  # fmt: skip
_UNREADABLE = (400, 405, 413, 415)
_INVALID = ("invalid_message", "invalid_request")

Answer = Mapping[str, Any]


class Service(Protocol):
    """A Herald. Each answer is the JSON object of the HTTPS API; each method raises ``Stopped``."""

    def send(self, fields: Mapping[str, object], key: str) -> Answer:
        """Send one text; with the same ``key`` again, it is sent once."""
        ...

    def explain(self, fields: Mapping[str, object], key: str | None) -> Answer:
        """What would happen to it."""
        ...

    def status(self, message_id: str, *, refresh: bool) -> Answer:
        """The message; with ``refresh``, after its provider was asked."""
        ...

    def search(self, fields: Mapping[str, object]) -> Answer:
        """A page of the messages that these fields ask for."""
        ...

    def channels(self) -> Answer:
        """The health of each channel."""
        ...


def refused(problem: Mapping[str, Any], key: str | None = None) -> Stopped:
    """A problem of RFC 9457 as what the command ends with. ``key`` is the idempotency key, if a text was to be sent."""
    code = _code(problem, sending=key is not None)
    lines = [str(problem.get("detail") or problem.get("title") or "It was refused.")]
    if key is not None and code == UNKNOWN:
        lines[0] = f"It is not known whether it was sent: {lines[0]}"
        lines.append(f"To send it at most once, repeat it with --idempotency-key {key}")
    elif key is not None:
        lines[0] = f"Not sent: {lines[0]}"
    if key is not None and (made := problem.get("id")):
        lines.append(f"Its steps: herald status {made}")
    if hint := problem.get("hint"):
        lines.append(str(hint))
    told = {**problem, "idempotency_key": key} if key is not None else dict(problem)
    return Stopped("\n".join(lines), code, told)


def _code(problem: Mapping[str, Any], *, sending: bool) -> int:
    """The exit code for a problem."""
    status, code = int(problem.get("status") or 500), problem.get("code")
    if code in _INVALID or status in _UNREADABLE:
        return WRONG
    if code == "still_sending" or status == 502:
        return UNKNOWN if sending else BROKE
    if status < 500:
        return REFUSED
    return UNKNOWN if sending and status not in (501, 503) else BROKE
