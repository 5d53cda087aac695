"""Transitions: what becomes of a message: each state that it may come into, as it is written. Pure."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from herald.errors import AttemptError, Unavailable
from herald.message import Message
from herald.message.counted import Counted
from herald.message.price import amount
from herald.message.reasons import Reason
from herald.message.receipt import Sent
from herald.message.status import Status, Step
from herald.pipeline.route.turn import PATIENCE, Place, Turn
from herald.pipeline.send import second

# Much longer than an attempt may take (2 s until its turn, 15 s for the call; and once more if the credentials were
# refused within 8 s): when it is over, the sender is gone.
LEASE = timedelta(seconds=60)
# A message that was not taken up so long after its time is queued again by the sweep.
OVERDUE = timedelta(seconds=60)
FIRST_WAIT, LONGEST_WAIT, SHORTEST_WAIT = 5.0, 900.0, 1.0


def queued(message: Message, now: datetime) -> Message:
    """The message in the queue for the worker."""
    return step_to(message, Status.ACCEPTED, now, step="queued", due_at=now + OVERDUE)


def scheduled(message: Message, at: datetime, now: datetime) -> Message:
    """The message while it waits for its time."""
    return step_to(message, Status.SCHEDULED, now, due_at=at + OVERDUE)


def in_line(message: Message, place: Place, provider: str | None, now: datetime) -> Message:
    """The message in the queue until its turn is near."""
    by = {"channel": place.channel, "provider": provider}
    return step_to(
        message, _waiting(message), now, f"{place.channel} {place.why}", step="queued", turn_at=place.at,
        retry_at=message.retry_at, due_at=place.at + OVERDUE, **(_first(message) or by),
    )  # fmt: skip


def sending(message: Message, turn: Turn, provider: str | None, now: datetime, shows: str | None = None) -> Message:
    """The message before the provider is called: channel, attempt, lease, and the sender id that it ``shows``.

    After ``unknown`` it may be a duplicate from here on; its reason stays, as nothing else explains that. After
    ``sent`` it is one, unless a receipt said that the first text does not arrive: that is the reason then.
    """
    follows = second.under_way(message)
    again = message.reason is None if follows else _again(message)
    other = message.deliver_by is not None and again and turn.channel != message.channel
    changes: dict[str, Any] = {}
    if follows:
        changes = {"earlier": second.sent_before(message), "provider_id": None, "response": None}
    by = f"{turn.channel} as {shows}" if shows else turn.channel
    return step_to(
        message, Status.SENDING, now, f"by {by}: {turn.why}", channel=turn.channel, provider=provider,
        attempts=message.attempts + 1, due_at=now + LEASE, reason=message.reason if again or follows else None,
        possible_duplicate=again, second_channel=follows or other or message.second_channel, **changes,
    )  # fmt: skip


def sent(message: Message, answer: Sent, now: datetime) -> Message:
    """The provider took it. Of its answer, what repeats text or number is not kept.

    A second channel takes over later, if the message asks for it.
    """
    at = second.takes_over(message, now)
    return step_to(
        message, Status.SENT, now, reason=None, sent_at=now, provider_id=answer.provider_id,
        price=told_price(answer.price), response=answer.kept, counted=left(message), retry_at=at,
        due_at=at and at + OVERDUE,
    )  # fmt: skip


def joined(current: Message, sent: Message) -> Message:
    """The message whose receipt was faster than our own writing that it was ``sent``: now it has all of both."""
    return current.with_(
        updated_at=sent.updated_at,
        sent_at=sent.sent_at,
        provider_id=sent.provider_id,
        price=current.price or sent.price,
        response=sent.response,
        trace=current.trace if said_sent(current) else (*current.trace, sent.trace[-1]),
    )


def said_sent(message: Message) -> bool:
    """Whether the trace says already that its last attempt sent it: by a receipt that was faster than our own note."""
    last = takewhile(lambda step: step.step != Status.SENDING, reversed(message.trace))
    return any(step.step == Status.SENT for step in last)


def unsent(
    message: Message, status: Status, reason: Reason, now: datetime, detail: str = "", *, error: Exception | None = None
) -> Message:
    """It is not sent (any more): ``status`` says how that came. If it may have been sent before, that stays unknown;
    if it was sent before, that stays so.
    """
    if second.under_way(message):
        return _only_first(message, now, detail or reason.code)
    if _again(message):
        status, detail = Status.UNKNOWN, f"not sent again: {detail or reason.code}"
        reason = message.reason or reason
    response, counted = _response(message, error), _given_back(message.counted)
    return step_to(message, status, now, detail, reason=reason, response=response, counted=counted)


def unknown(
    message: Message, reason: Reason, now: datetime, *, resend_after: float, error: Exception | None = None
) -> Message:
    """Nobody knows. Under ``resend`` it waits so many seconds to be sent once more, if there is time.

    Of a message whose first text was sent, that stays true: it is only not known whether a second was.
    """
    response, counted = _response(message, error), left(message)
    if second.under_way(message) and message.reason is None:
        return step_to(message, Status.SENT, now, reason.code, step="unknown", response=response, counted=counted)
    at = now + timedelta(seconds=message.deliver_by or resend_after)
    once = not (message.possible_duplicate or message.second_channel)
    resend = message.on_unknown == "resend" and once and at < message.expires_at
    wait: dict[str, Any] = {"retry_at": at, "due_at": at} if resend else {}
    changes = {"reason": reason, "response": response, "counted": counted, **wait}
    return step_to(message, Status.UNKNOWN, now, reason.code, **changes)


def later(message: Message, error: Unavailable, now: datetime) -> Message:
    """Surely not sent: it waits for another attempt, or has expired if there is no time for one."""
    left = (message.expires_at - now).total_seconds()
    wait = max(min(waiting_time(message.attempts), left / 2), error.retry_after or 0)
    if not SHORTEST_WAIT <= wait < left:
        detail = f"{error.code}: no time left for another attempt"
        return unsent(message, Status.EXPIRED, error.reason, now, detail, error=error)
    at = now + timedelta(seconds=wait)
    reason = message.reason if _again(message) or second.under_way(message) else error.reason
    detail, first = f"{error.code}: again in {wait:.0f} s", _first(message)
    times = {"retry_at": at, "due_at": at + OVERDUE}
    step = "second_channel" if first else None
    return step_to(message, _waiting(message), now, detail, step=step, reason=reason, **times, **first)


def put_off(message: Message, code: str, seconds: float, now: datetime) -> Message:
    """The message while a limit on sending is reached, which is named by ``code``."""
    at, detail = now + timedelta(seconds=seconds), f"{code}: again in {seconds:.0f} s"
    changes = {"reason": message.reason, "retry_at": at, "due_at": at + OVERDUE}
    return step_to(message, _waiting(message), now, detail, step="queued", **changes)


def comes_at(message: Message, now: datetime) -> datetime:
    """When a message that waits is to come out of the queue: before its place in the line, to take its turn then."""
    place = message.turn_at and message.turn_at - PATIENCE
    return max(filter(None, (now, message.send_at, message.retry_at, place)))


def waiting_time(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling from 5 to 900, each drawn between half and whole."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 - it only spreads the load


def left(message: Message) -> Counted | None:
    """Its text has left, or may have: it stays counted from here on, or is counted again if all was given back."""
    counted = message.counted
    return counted if counted is None or counted.gone else counted._replace(state="left")


def told_price(price: str | None) -> str | None:
    return price if amount(price) else None


def _again(message: Message) -> bool:
    """True if the message may have been sent before: whatever comes of it now, it cannot be said not to be sent."""
    return message.possible_duplicate or message.status is Status.UNKNOWN


def _waiting(message: Message) -> Status:
    if second.under_way(message):
        return Status.SENT
    return Status.UNKNOWN if _again(message) else Status.ACCEPTED


def _first(message: Message) -> dict[str, Any]:
    """What is said of a message whose second text was not sent; nothing where there is no first."""
    return second.only_first(message) if second.under_way(message) else {}


def _only_first(message: Message, now: datetime, why: str) -> Message:
    """A message whose second text is not sent stays what its first text made of it."""
    status = Status.UNDELIVERED if message.reason else Status.SENT
    changes = {"counted": _given_back(message.counted), "reason": message.reason, **_first(message)}
    return step_to(message, status, now, f"not used: {why}", step="second_channel", **changes)


def _given_back(counted: Counted | None) -> Counted | None:
    return counted._replace(state="back") if counted and counted.state == "kept" else counted


def step_to(
    message: Message, status: Status, now: datetime, detail: str = "", *, step: str | None = None, **new: Any
) -> Message:
    """The message in its next state, with its step. The times of the state before are over."""
    trace = (*message.trace, Step(now, step or str(status), detail))
    over: dict[str, Any] = {"due_at": None, "retry_at": None, "turn_at": None}
    return message.with_(**{**over, "status": status, "updated_at": now, "trace": trace, **new})


def _response(message: Message, error: Exception | None) -> Mapping[str, Any] | None:
    """What the provider answered, if it did."""
    response = error.response if isinstance(error, AttemptError) else None
    return response if isinstance(response, Mapping) else message.response
