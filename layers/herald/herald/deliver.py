"""Deliver: attempt after attempt, each ended by what its outcome permits, until a message is sent or need not be."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.journal import Moved, Records
from herald.message import Message, Sent, Status, Step
from herald.observe import Observer
from herald.reasons import REASONS, Reason
from herald.settings import Settings
from herald.turn import PATIENCE, Chooser, Pace, Turn

# Much longer than an attempt may take (2 s until its turn, 3 s to connect, 10 s to answer): when it is over, the sender
# is gone.
LEASE = timedelta(seconds=60)
# A message that was not taken up so long after its time is queued again by the sweep.
OVERDUE = timedelta(seconds=60)
FIRST_WAIT, LONGEST_WAIT, SHORTEST_WAIT = 5.0, 900.0, 1.0


class Sender(Protocol):
    """A channel, ready to send: one of ``providers/``."""

    def send(self, message: Message) -> Sent:
        """Send once; raises an ``AttemptError``."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the provider says now; raises ``Unsupported`` where it cannot be asked."""


class Later(Protocol):
    """Where a message's id waits until it is sent: ``queue.Queue``."""

    def put(self, message_id: str, delay: float = 0) -> None:
        """Hand the id over; the worker gets it after ``delay`` seconds."""

    def again(self, receipt: str, delay: float) -> None:
        """Let a record that the worker could not handle come back after ``delay`` seconds."""


class Delivery:
    """Sends claimed messages. ``channel`` gives the sender of a channel; ``refresh`` reads the settings anew."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        refresh: Callable[[], object],
        channel: Callable[[str], Sender],
        journal: Callable[[], Records],
        queue: Callable[[], Later],
        pace: Callable[[], Pace],
        observer: Observer,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings, self._refresh, self._channel = settings, refresh, channel
        self._journal, self._queue, self._observer = journal, queue, observer
        self._clock, self._sleep = clock, sleep
        self._chooser = Chooser(settings=settings, pace=pace, observer=observer)

    def turn(self, message: Message, channels: tuple[str, ...], why: str) -> Turn | None:
        """When the message goes, and by which of the channels; None if its time is over by then."""
        return self._chooser.choose(message, channels, why, self._clock())

    def sending(self, message: Message, turn: Turn) -> Message:
        """The message as it is written before the provider is called: channel, attempt and lease.

        After ``unknown`` it may be a duplicate from here on; its reason stays, as nothing else explains that.
        """
        now = self._clock()
        again = _again(message)
        return message.with_(
            **self._by(turn),
            status=Status.SENDING,
            attempts=message.attempts + 1,
            due_at=now + LEASE,
            retry_at=None,
            turn_at=None,
            updated_at=now,
            reason=message.reason if again else None,
            possible_duplicate=again,
            trace=(*message.trace, Step(now, "sending", f"by {turn.channel}: {turn.why}")),
        )

    def waits(self, message: Message, turn: Turn) -> Message:
        """The message as it is written while it waits in the queue for its turn."""
        step = Step(message.updated_at, "queued", f"{turn.channel} is busy")
        due = turn.at + OVERDUE
        return message.with_(**self._by(turn), turn_at=turn.at, due_at=due, trace=(*message.trace, step))

    def begin(self, message: Message, channels: tuple[str, ...], why: str) -> Message:
        """Send a message that stands in the journal, or queue it until its turn. Raises ``Moved``."""
        taken, turn = self._taken_up(message, channels, why)
        return self.attempt(taken, turn) if turn else taken

    def attempt(self, message: Message, turn: Turn) -> Message:
        """Call the provider once when the turn has come, then go on as the outcome permits.

        ``message`` is ours: written as ``sending``.
        """
        self._sleep(max(0.0, (turn.at - self._clock()).total_seconds()))
        started = time.perf_counter()
        try:
            sent = self._call(message)
        except Refused as error:
            if turn.others and error.channels_own:
                return self._next(message, turn.others, error, started)
            return self._refused(message, error, started)
        except Unavailable as error:
            if turn.others:
                return self._next(message, turn.others, error, started)
            return self._retry(message, error, started)
        except Exception as error:
            return self._uncertain(message, error, started)
        return self._sent(message, sent, started)

    def move(
        self, old: Message, status: Status, detail: str = "", *, latency: float | None = None, **new: object
    ) -> Message:
        """Write the message's next state, with its step. Raises ``Moved`` if somebody else was faster."""
        now = self._clock()
        trace = (*old.trace, Step(now, str(status), detail))
        over: dict[str, object] = {"due_at": None, "retry_at": None, "turn_at": None}
        moved = self._journal().move(old, old.with_(status=status, updated_at=now, trace=trace, **{**over, **new}))
        self._observer.ended(moved, latency)
        return moved

    def give_up(self, message: Message, status: Status, reason: Reason) -> Message:
        """Write that a message which waited is not sent. Raises ``Moved``."""
        return self.move(message, **_unsent(message, status, reason, ""))

    def interrupted(self, message: Message) -> Message:
        """Write that nobody knows how the attempt ended: its sender is gone. Raises ``Moved``."""
        return self.move(message, **self._unknown(message, REASONS["interrupted"]))

    def put(self, message: Message) -> None:
        """Queue a message until its time. If that fails the sweep does it, once the message is overdue."""
        now = self._clock()
        try:
            self._queue().put(message.id, max(0.0, (comes_at(message, now) - now).total_seconds()))
        except Exception as error:
            self._observer.trouble("message not queued", error, message_id=message.id)

    def _taken_up(self, message: Message, channels: tuple[str, ...], why: str) -> tuple[Message, Turn | None]:
        """The message as it stands then, and its turn if it is ours and to be sent now. Raises ``Moved``."""
        turn = self.turn(message, channels, why)
        if turn is None:
            return self.give_up(message, Status.EXPIRED, REASONS["expired"]), None
        if turn.soon(self._clock()):
            return self._journal().move(message, self.sending(message, turn)), turn
        changes = {**self._by(turn), "turn_at": turn.at, "retry_at": message.retry_at, "due_at": turn.at + OVERDUE}
        waiting = self.move(message, _waiting(message), f"{turn.channel} is busy", **changes)
        self.put(waiting)
        return waiting, None

    def _by(self, turn: Turn) -> dict[str, Any]:
        known = self._settings().channels.get(turn.channel)
        return {"channel": turn.channel, "provider": known.type if known else None}

    def _call(self, message: Message) -> Sent:
        """One attempt. If the credentials are refused they are read anew: somebody may have changed them."""
        sender = self._sender(message)
        try:
            return sender.send(message)
        except Refused as error:
            if error.code != "credentials_refused":
                raise
            renewed = self._renewed(message)
            if renewed is None or renewed is sender or message.expired(self._clock()):
                raise
        return renewed.send(message)

    def _sender(self, message: Message) -> Sender:
        """The message's channel, ready to send. Raises ``Refused`` if there is none: nothing was sent."""
        try:
            return self._channel(message.channel or "")
        except AttemptError:
            raise
        except Exception as error:
            self._observer.trouble("channel not ready", error, channel=message.channel, message_id=message.id)
            raise Refused("channel_invalid") from None

    def _renewed(self, message: Message) -> Sender | None:
        try:
            self._refresh()
            return self._channel(message.channel or "")
        except Exception as error:
            self._observer.trouble("channel not renewed", error, channel=message.channel, message_id=message.id)
            return None

    def _next(self, message: Message, others: tuple[str, ...], error: AttemptError, started: float) -> Message:
        """Go on with the next channel. Without the journal that may not be: the message failed, surely not sent."""
        try:
            taken, turn = self._taken_up(message, others, f"{message.channel} said {error.code}")
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._observer.trouble("next channel not taken", failure, message_id=message.id)
            return self._stuck(message, error, started)
        return self.attempt(taken, turn) if turn else taken

    def _sent(self, message: Message, sent: Sent, started: float) -> Message:
        changes: dict[str, Any] = {"provider_id": sent.provider_id, "price": sent.price, "response": sent.kept}
        new = {"status": Status.SENT, "reason": None, "sent_at": self._clock(), **changes}
        return self._record(message, started, **new).with_(response=sent.response)

    def _refused(self, message: Message, error: AttemptError, started: float) -> Message:
        new = _unsent(message, Status.FAILED, error.reason, error.code)
        return self._record(message, started, response=_response(error), **new)

    def _stuck(self, message: Message, error: AttemptError, started: float) -> Message:
        """Surely not sent, but the journal did not take what was to come next: then that does not come.

        If even this cannot be written the message may still be taken up again: nobody knows.
        """
        told = {"status": Status.UNKNOWN, "reason": REASONS["interrupted"]}
        return self._record(message, started, told=told, **_unsent(message, Status.FAILED, error.reason, error.code))

    def _uncertain(self, message: Message, error: Exception, started: float) -> Message:
        """Nobody knows. What we did not foresee counts as well: the provider may have been called by then."""
        if not isinstance(error, Uncertain):
            self._observer.trouble("attempt broke off", error, message_id=message.id)
        reason = error.reason if isinstance(error, Uncertain) else REASONS["interrupted"]
        return self._record(message, started, response=_response(error), **self._unknown(message, reason))

    def _unknown(self, message: Message, reason: Reason) -> dict[str, Any]:
        """How ``unknown`` is written. Under ``resend`` the message waits to be sent once more, if there is time."""
        at = self._clock() + timedelta(seconds=self._settings().resend_after)
        resend = message.on_unknown == "resend" and not message.possible_duplicate and at < message.expires_at
        wait = {"retry_at": at, "due_at": at} if resend else {}
        return {"status": Status.UNKNOWN, "detail": reason.code, "reason": reason, **wait}

    def _retry(self, message: Message, error: Unavailable, started: float) -> Message:
        """Surely not sent: again later, until the message's time is over."""
        now = self._clock()
        left = (message.expires_at - now).total_seconds()
        wait = max(min(waiting_time(message.attempts), left / 2), error.retry_after or 0)
        if not SHORTEST_WAIT <= wait < left:
            expired = _unsent(message, Status.EXPIRED, error.reason, f"{error.code}: no time left for another attempt")
            return self._record(message, started, response=_response(error), **expired)
        at, status = now + timedelta(seconds=wait), _waiting(message)
        changes: dict[str, Any] = {"reason": message.reason if status is Status.UNKNOWN else error.reason}
        detail = f"{error.code}: again in {wait:.0f} s"
        try:
            waiting = self.move(
                message, status, detail, latency=_since(started), retry_at=at, due_at=at + OVERDUE, **changes
            )
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._observer.trouble("retry not recorded", failure, message_id=message.id)
            return self._stuck(message, error, started)
        self.put(waiting)
        return waiting

    def _record(
        self, message: Message, started: float, *, detail: str = "", told: Mapping[str, Any] | None = None, **new: Any
    ) -> Message:
        """Write how an attempt ended. If that fails the caller hears the truth even so, or what is ``told``."""
        try:
            return self.move(message, detail=detail, latency=_since(started), **new)
        except Moved as moved:
            return moved.current or message.with_(**new)
        except Exception as failure:
            self._observer.trouble("result not recorded", failure, message_id=message.id, status=str(new["status"]))
            return message.with_(**(told or new))


def comes_at(message: Message, now: datetime) -> datetime:
    """When a message that waits is to come out of the queue: before its place in the line, to take its turn then."""
    place = message.turn_at and message.turn_at - PATIENCE
    return max(filter(None, (now, message.send_at, message.retry_at, place)))


def waiting_time(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling from 5 to 900, each drawn between half and whole."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 - it only spreads the load


def _again(message: Message) -> bool:
    """True if the message may have been sent before: whatever comes of it now, it cannot be said not to be sent."""
    return message.possible_duplicate or message.status is Status.UNKNOWN


def _waiting(message: Message) -> Status:
    return Status.UNKNOWN if _again(message) else Status.ACCEPTED


def _unsent(message: Message, status: Status, reason: Reason, detail: str) -> dict[str, Any]:
    """How it is written that a message is not sent (any more)."""
    if _again(message):
        detail = f"not sent again: {detail or reason.code}"
        return {"status": Status.UNKNOWN, "detail": detail, "reason": message.reason or reason}
    return {"status": status, "detail": detail, "reason": reason}


def _since(started: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - started) * 1000


def _response(error: Exception) -> Mapping[str, Any] | None:
    """What the provider answered, if it did."""
    response = error.response if isinstance(error, AttemptError) else None
    return response if isinstance(response, Mapping) else None
