"""Deliver: attempt after attempt, each ended by what its outcome permits, until a message is sent or need not be."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from herald import outcome
from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.journal import Moved, Records
from herald.message import Message, Sent, Status
from herald.observe import Observer
from herald.reasons import REASONS, Reason
from herald.settings import RESEND_AFTER, Settings
from herald.turn import Chooser, Pace, Place, Turn


class Sender(Protocol):
    """A channel, ready to send: one of ``providers/``."""

    def send(self, message: Message, callback: str | None = None) -> Sent:
        """Send once; raises an ``AttemptError``. ``callback`` is the URL for receipts, if there is one."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the provider says now; raises ``Unsupported`` where it cannot be asked."""


class Later(Protocol):
    """Where a message's id waits until it is sent: ``queue.Queue``."""

    def put(self, message_id: str, delay: float = 0) -> None:
        """Hand the id over; the worker gets it after ``delay`` seconds."""

    def post(self, what: Mapping[str, object], delay: float = 0) -> None:
        """Hand over what is no message: a receipt that cannot be written down yet, or a webhook."""

    def again(self, receipt: str, delay: float) -> None:
        """Let a record that the worker could not handle come back after ``delay`` seconds."""


class Delivery:
    """Sends claimed messages. ``channel`` gives the sender of a channel; ``refresh`` reads the settings anew.

    ``callback`` gives the URL at which the receipts of a message's attempt are awaited, if there is one. ``simulated``
    is the sender of messages that reach nobody: they take no channel's turn.
    """

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
        simulated: Sender,
        callback: Callable[[Message], str | None] = lambda message: None,
    ) -> None:
        self._callback, self._simulated = callback, simulated
        self._settings, self._refresh, self._channel = settings, refresh, channel
        self._journal, self._queue, self._observer = journal, queue, observer
        self._clock, self._sleep = clock, sleep
        self._chooser = Chooser(settings=settings, pace=pace, observer=observer)

    def turn(self, message: Message, channels: tuple[str, ...], why: str) -> Turn | Place | None:
        """When the message goes by which of the channels, or when to ask again; None if its time is over by then."""
        if message.test:
            return Turn(channels[0], self._clock(), why, channels[1:])
        return self._chooser.choose(message, channels, why, self._clock())

    def sending(self, message: Message, turn: Turn) -> Message:
        """The message as it is written before the provider is called."""
        return outcome.sending(message, turn, self._provider(turn.channel), self._clock())

    def in_line(self, message: Message, place: Place) -> Message:
        """The message as it is written while it waits for its turn."""
        return outcome.in_line(message, place, self._provider(place.channel), self._clock())

    def begin(self, message: Message, channels: tuple[str, ...], why: str) -> Message:
        """Send a message that stands in the journal, or queue it until its turn. Raises ``Moved``."""
        taken, turn = self._taken_up(message, channels, why)
        return self.attempt(taken, turn) if turn else taken

    def attempt(self, message: Message, turn: Turn) -> Message:
        """Call the provider once when the turn has come, then go on as the outcome permits.

        ``message`` is ours: written as ``sending``.
        """
        self._sleep(max(0.0, (turn.at - self._clock()).total_seconds()))
        if message.expired(self._clock()):  # It slept a little too long.
            expired = outcome.unsent(message, Status.EXPIRED, REASONS["expired"], self._clock())
            return self._record(message, expired, None)
        started = time.perf_counter()
        try:
            sent = self._call(message)
        except (Refused, Unavailable) as error:
            if turn.others and (isinstance(error, Unavailable) or error.channels_own):
                return self._next(message, turn.others, error, started)
            return self._not_taken(message, error, started)
        except Exception as error:
            return self._uncertain(message, error, started)
        # The caller hears the provider's answer whole.
        return self._record(message, outcome.sent(message, sent, self._clock()), started).with_(response=sent.response)

    def unsent(self, message: Message, status: Status, reason: Reason, detail: str = "") -> Message:
        """Write that a message which waited is not sent. Raises ``Moved``."""
        return self._write(message, outcome.unsent(message, status, reason, self._clock(), detail))

    def interrupted(self, message: Message) -> Message:
        """Write that nobody knows how the attempt ended: its sender is gone. Raises ``Moved``."""
        return self._write(message, self._unknown(message, REASONS["interrupted"]))

    def put(self, message: Message) -> None:
        """Queue a message until its time. If that fails the sweep does it, once the message is overdue."""
        now = self._clock()
        try:
            self._queue().put(message.id, (outcome.comes_at(message, now) - now).total_seconds())
        except Exception as error:
            self._observer.trouble("message not queued", error, message_id=message.id)

    def _taken_up(self, message: Message, channels: tuple[str, ...], why: str) -> tuple[Message, Turn | None]:
        """The message as it stands then, and its turn if it is ours and to be sent now. Raises ``Moved``."""
        turn = self.turn(message, channels, why)
        if turn is None:
            return self.unsent(message, Status.EXPIRED, REASONS["expired"]), None
        if isinstance(turn, Turn):
            return self._journal().move(message, self.sending(message, turn)), turn
        waiting = self._write(message, self.in_line(message, turn))
        self.put(waiting)
        return waiting, None

    def _provider(self, channel: str) -> str | None:
        known = self._settings().channels.get(channel)
        return known.type if known else None

    def _call(self, message: Message) -> Sent:
        """One attempt. If the credentials are refused they are read anew: somebody may have changed them."""
        sender, callback = self._sender(message), self._callback(message)
        try:
            return sender.send(message, callback)
        except Refused as error:
            if error.code != "credentials_refused":
                raise
            renewed = self._renewed(message)
            if renewed is None or renewed is sender or message.expired(self._clock()):
                raise
        return renewed.send(message, callback)

    def _sender(self, message: Message) -> Sender:
        """The message's channel, ready to send. Raises ``Refused`` if there is none: nothing was sent."""
        if message.test:
            return self._simulated
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
        """Go on with the next channel."""
        try:
            taken, turn = self._taken_up(message, others, f"{message.channel} said {error.code}")
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._observer.trouble("next channel not taken", failure, message_id=message.id)
            return self._stuck(message, error, started)
        return self.attempt(taken, turn) if turn else taken

    def _not_taken(self, message: Message, error: AttemptError, started: float) -> Message:
        """Surely not sent: refused for good, or again later."""
        if not isinstance(error, Unavailable):
            refused = outcome.unsent(message, Status.FAILED, error.reason, self._clock(), error.code, error=error)
            return self._record(message, refused, started)
        try:
            waiting = self._write(message, outcome.later(message, error, self._clock()), _since(started))
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._observer.trouble("retry not recorded", failure, message_id=message.id)
            return self._stuck(message, error, started)
        if waiting.waiting:
            self.put(waiting)
        return waiting

    def _stuck(self, message: Message, error: AttemptError, started: float) -> Message:
        """Surely not sent, but the journal did not take what was to come next: then that does not come.

        If even this cannot be written the message may still be taken up again: nobody knows.
        """
        now = self._clock()
        failed = outcome.unsent(message, Status.FAILED, error.reason, now, error.code, error=error)
        told = self._unknown(message, REASONS["interrupted"])
        return self._record(message, failed, started, told=told)

    def _uncertain(self, message: Message, error: Exception, started: float) -> Message:
        """Nobody knows. What we did not foresee counts as well: the provider may have been called by then."""
        if not isinstance(error, Uncertain):
            self._observer.trouble("attempt broke off", error, message_id=message.id)
        reason = error.reason if isinstance(error, Uncertain) else REASONS["interrupted"]
        return self._record(message, self._unknown(message, reason, error), started)

    def _unknown(self, message: Message, reason: Reason, error: Exception | None = None) -> Message:
        try:
            resend_after = self._settings().resend_after
        except Exception:  # They may have become wrong meanwhile; what happened is written down even so.
            resend_after = RESEND_AFTER
        return outcome.unknown(message, reason, self._clock(), resend_after=resend_after, error=error)

    def _record(self, message: Message, new: Message, started: float | None, *, told: Message | None = None) -> Message:
        """Write how an attempt ended. If that fails the caller hears the truth even so, or what is ``told``."""
        try:
            return self._write(message, new, _since(started))
        except Moved as moved:
            return self._joined(moved.current or new, new, _since(started))
        except Exception as failure:
            self._observer.trouble("result not recorded", failure, message_id=message.id, status=str(new.status))
            return told or new

    def _joined(self, current: Message, new: Message, latency: float | None) -> Message:
        """Where a receipt was faster than our own write, the record gets what that would have said."""
        ours = new.status is Status.SENT and current.attempts == new.attempts and current.response is None
        if not ours or current.status not in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED):
            return current
        try:
            joined = self._journal().move(current, outcome.joined(current, new))
        except Moved as moved:  # Another receipt came; there are not many.
            return self._joined(moved.current or new, new, latency)
        except Exception as failure:
            self._observer.trouble("result not recorded", failure, message_id=new.id, status=str(new.status))
            return current
        spent = None if current.price else new.price
        if outcome.said_sent(current):  # And it was counted then.
            self._observer.step("answer noted", joined, spent=spent)
        else:
            self._observer.ended(new.with_(price=spent), latency)
        return joined

    def _write(self, old: Message, new: Message, latency: float | None = None) -> Message:
        moved = self._journal().move(old, new)
        self._observer.ended(moved, latency)
        return moved


def _since(started: float | None) -> float | None:
    """Milliseconds, if there is a start."""
    return None if started is None else (time.perf_counter() - started) * 1000
