"""Invocation: what another Lambda, an EventBridge rule or a Scheduler schedule hands over -> a call -> the message.

The payload is a message's fields, with an optional ``idempotency_key``; or an EventBridge event of detail-type
``SMS Requested`` whose detail is the fields; or an action: ``{"action": "status", "id": ..., "refresh": true}``,
``{"action": "cancel", "id": ...}``, ``{"action": "search", "to": ...}`` (or ``reference``, or a ``status`` of what
ended badly, of a ``caller``: if none is said, what came by invocation), ``{"action": "erase", "to": ...}``, and
``{"action": "opt_out", "to": ...}`` or ``opt_in``: the person wants no texts any more, or wants them again; and
``{"action": "channels"}``: the health of each channel; and ``{"action": "explain", ...}`` with a message's fields: what
would happen to it.
A schedule adds ``"schedule": "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time>"``, which makes each of its
runs send once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from herald.entrypoints.idempotency import checked_key
from herald.errors import HeraldError, InvalidMessage, InvalidRequest, Problem, raise_if_refused
from herald.message import Message
from herald.pipeline.flow import Herald
from herald.pipeline.validate.fields import Fields, yes_or_no

DETAIL_TYPE = "SMS Requested"
ACTIONS = ("status", "cancel", "search", "erase", "opt_out", "opt_in", "channels", "explain")
FIELDS = ("id", "refresh")
# Who asks where nobody says who it is.
CALLER = "invoke"
# How a payload begins whose context words nobody replaced: it is no key.
_UNREPLACED = "<aws."


def answer(event: object, request_id: str, herald: Herald) -> dict[str, object] | None:
    """The message as callers see it, a page of them, or what was erased; None if a schedule names one that is gone.

    Raises the same errors as every entrypoint: ``InvalidMessage``, ``Refused``, ``NotFound``, ``NotCancelable``...
    ``request_id`` is the invocation's own: Lambda's retries of an asynchronous one keep it, so they send once.
    """
    try:
        return _answer(event, request_id, herald)
    except HeraldError:
        raise
    except Exception as error:
        herald.ports.observer.trouble("invocation broke off", error, request_id=request_id)
        raise HeraldError("Herald made a mistake. Look the message up before you repeat it.") from None


def _answer(event: object, request_id: str, herald: Herald) -> dict[str, object] | None:
    if not isinstance(event, Mapping):
        raise InvalidMessage([Problem("", "not_an_object", "The payload must be a JSON object.")])
    if "detail-type" in event and "detail" in event:
        return _event(event, request_id, herald).public()
    if "action" in event:
        return _act(event, herald)
    return _invoked(event, request_id, herald).public()


def _event(event: Mapping[str, Any], request_id: str, herald: Herald) -> Message:
    if event["detail-type"] != DETAIL_TYPE or not isinstance(event["detail"], Mapping):
        detail = f"Only events of detail-type {DETAIL_TYPE}, whose detail is a message, are taken."
        raise InvalidMessage([Problem("detail-type", "unknown_event", detail)])
    own_key = str(event.get("id") or request_id)
    return _send(_unscheduled(event["detail"]), "event", f"event:{event.get('source')}", own_key, herald)


def _invoked(event: Mapping[str, Any], request_id: str, herald: Herald) -> Message:
    """A message of whoever may invoke the function: Lambda does not tell who that is, so a schedule names itself."""
    schedule = checked_key("schedule", event.get("schedule"))
    fields = _unscheduled(event)
    if schedule is None or event.get("idempotency_key") is not None:
        return _send(fields, "invocation", CALLER, request_id, herald)
    known = not schedule.startswith(_UNREPLACED)
    caller, key = (_scheduled_by(schedule), schedule) if known else ("schedule", request_id)
    return _send(fields, "schedule", caller, key, herald)


def _unscheduled(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a message. What an event says of a schedule is nothing: its caller is its source."""
    return {name: value for name, value in said.items() if name != "schedule"}


def _send(fields: Mapping[str, Any], entrypoint: str, caller: str, own_key: str, herald: Herald) -> Message:
    """Send; ``own_key`` is the key where the fields have none."""
    mapping = dict(fields)
    key = checked_key("idempotency_key", mapping.pop("idempotency_key", None)) or own_key or None
    return raise_if_refused(herald.send(mapping, caller=caller, entrypoint=entrypoint, key=key).message)


def _scheduled_by(schedule: str) -> str:
    """``schedule:group/name``: who asks, by the ARN that a schedule says of itself."""
    arn, _, _ = schedule.partition(" ")
    return f"schedule:{arn.partition(':schedule/')[2]}".rstrip(":")


def _act(event: Mapping[str, Any], herald: Herald) -> dict[str, object] | None:
    action, fields = event["action"], {name: value for name, value in event.items() if name != "action"}
    match action:
        case "search":
            return herald.search(fields if fields.get("to") else {"caller": CALLER, **fields}).public()
        case "erase":
            return herald.erase(_only_to(fields))._asdict()
        case "opt_out" | "opt_in":
            wish, number = action == "opt_out", _only_to(fields)
            return herald.opt(number, out=wish, source="invocation")._asdict()
        case "channels":
            _nothing(fields)
            return herald.channels()
        case "explain":
            mapping = dict(fields)
            key = checked_key("idempotency_key", mapping.pop("idempotency_key", None))
            return herald.explain(mapping, caller=CALLER, entrypoint="invocation", key=key).public()
    message = _by_id(action, fields, herald)
    return message.public() if message else None


def _only_to(given: Mapping[str, Any]) -> object:
    """The number, where there is nothing else to say. Raises ``InvalidRequest``."""
    fields = Fields(given)
    fields.unknown(("to",), lambda name: " The only field is to.")
    if fields.problems:
        raise InvalidRequest(fields.problems)
    return given.get("to")


def _nothing(given: Mapping[str, Any]) -> None:
    """Raises ``InvalidRequest`` where anything more is said."""
    fields = Fields(given)
    fields.unknown((), lambda name: " This action takes no fields.")
    if fields.problems:
        raise InvalidRequest(fields.problems)


def _by_id(action: object, given: Mapping[str, Any], herald: Herald) -> Message | None:
    """Do what is asked with one message; None if there is none to resume."""
    fields, known = Fields(given), FIELDS if action == "status" else ("id",)
    acts: dict[object, Callable[[str], Message | None]] = {
        "status": herald.find,
        "cancel": herald.cancel,
        "resume": herald.resume,
    }
    fields.unknown(known, lambda name: f" The fields are {', '.join(known)}.")
    act = acts.get(action) if isinstance(action, str) else None
    if act is None:
        fields.problem("action", "unknown_choice", f"must be one of {', '.join(ACTIONS)}")
    if not isinstance(given.get("id"), str):
        fields.problem("id", "missing", "must be the id of a message")
    refresh = fields.optional("refresh", yes_or_no, False)
    if fields.problems or act is None:
        raise InvalidRequest(fields.problems)
    return herald.refreshed(given["id"]).message if refresh else act(given["id"])
