"""Explain: what would happen to a message now: it goes the way of a send, by ports that only look."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from herald.errors import HeraldError, InvalidMessage, Refused
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.ids import message_id
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.explain.lines import LINES, Line, View
from herald.pipeline.explain.looking import Called, Looking
from herald.pipeline.guard.gate import Gate
from herald.pipeline.ports import Ports
from herald.pipeline.route.turn import Chooser, Turn
from herald.pipeline.send.accept import Accept, Prepared

Would = Literal["send", "schedule", "wait", "refuse", "replay"]
_WOULD: Mapping[Status, Would] = {Status.SCHEDULED: "schedule", Status.ACCEPTED: "wait"}


class Ending(NamedTuple):
    """How the way ended. ``message`` is what would be written of it, ``at`` when it would go; ``problem`` is what the
    caller would be told if it is refused.
    """

    would: Would
    message: Message | None = None
    at: datetime | None = None
    problem: HeraldError | None = None


class Explained(NamedTuple):
    """What would happen, and why: a line for each step that has something to tell."""

    ending: Ending
    lines: tuple[Line, ...] = ()

    def public(self) -> dict[str, object]:
        """As callers see it: JSON values only. What the lines tell is beside them, by name."""
        would, message, at, problem = self.ending
        facts = {name: fact for line in self.lines for name, fact in line.facts.items()}
        return {
            "would": would,
            "summary": _summary(self.ending),
            "at": at and rfc3339(at),
            "id": message.id if would == "replay" and message else None,
            "problem": problem and problem.public(),
            **facts,
            "steps": [{"step": line.step, "ok": line.ok, "detail": line.detail} for line in self.lines],
        }


def explain(
    ports: Ports, request: Mapping[str, object], *, caller: str, entrypoint: str, key: str | None, grant: Grant | None
) -> Explained:
    """What ``Herald.send`` would do with this request now. Raises ``InvalidSettings``, ``NotAccepted``."""
    key = key or secrets.token_hex(16)  # So that it is one and the same message in all that follows.
    now = ports.clock()
    went = Looking(ports, now)
    ending = _ending(went, request, caller=caller, entrypoint=entrypoint, key=key, grant=grant)
    looking = went.again(now)
    try:
        own_id = message_id(caller, key, now)
        prepared = Accept(looking).prepared(request, own_id, caller=caller, entrypoint=entrypoint, grant=grant)
    except InvalidMessage:
        return Explained(ending)
    view = _view(looking, prepared, ending, grant)
    lines = tuple(line for tell in LINES for line in tell(view))
    return Explained(ending, (*lines, *_other(ending.problem, lines)))


def _ending(
    looking: Looking, request: Mapping[str, object], *, caller: str, entrypoint: str, key: str, grant: Grant | None
) -> Ending:
    try:
        message, replayed = Accept(looking).send(request, caller=caller, entrypoint=entrypoint, key=key, grant=grant)
    except Called as called:
        return Ending("send", called.message, looking.clock())
    except HeraldError as error:
        return Ending("refuse", problem=error)
    refused = Refused(message.reason.code) if message.status.unsent and message.reason else None
    if replayed:
        return Ending("replay", message, problem=refused)
    if refused:
        return Ending("refuse", message, problem=refused)
    at = message.send_at or message.turn_at or looking.clock()
    return Ending(_WOULD.get(message.status, "send"), message, at)


def _view(looking: Looking, prepared: Prepared, ending: Ending, grant: Grant | None) -> View:
    """What the lines look at."""
    settings, message, way = looking.settings, prepared.message, prepared.way
    known = Gate(looking, settings).known(message, grant)
    goes = ending.message if ending.message and ending.would != "replay" else None
    order: tuple[str, ...] = ()
    if way.channels and not known.test:
        turn = Chooser(looking, settings).choose(known, way, looking.clock())
        order = (turn.channel, *turn.others) if isinstance(turn, Turn) else way.channels
    return View(looking, settings, grant, known, way, goes, order, prepared.mode)


def _other(problem: HeraldError | None, lines: tuple[Line, ...]) -> Iterator[Line]:
    """Why it is refused, where no step says so: its key stands for another message, say."""
    if problem and not any(problem.detail in line.detail for line in lines if not line.ok):
        yield Line("request", False, problem.detail)


def _summary(ending: Ending) -> str:
    would, message, at, problem = ending
    if would == "replay" and message:
        return f"Nothing would be sent: this idempotency key stands for {message.id}, which is {message.status}."
    if problem or message is None:
        return f"It would be refused, and not sent: {problem.detail if problem else 'it is no message'}"
    if would == "schedule":
        return f"It would be scheduled for {at and rfc3339(at)}, and judged again then."
    by = f" by {message.channel}" if message.channel else ""
    if would == "wait":
        return f"It would be queued, and sent{by} soon after {at and rfc3339(at)}."
    return f"It would be handed over now{by}." if not message.test else "It would reach nobody: it is only a test."
