"""Outcome: how an attempt ended is written down, as that permits: sent, not sent, later, or nobody knows."""

import time

from herald.errors import AttemptError, Unavailable, Uncertain
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS, Reason
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.ports import Ports
from herald.pipeline.send import transitions
from herald.pipeline.send.settle import join, write
from herald.pipeline.send.waiting import put
from herald.settings.values import Settings


class Outcome:
    """Writes the ends of a message's attempts. ``started`` is when one began, by ``time.perf_counter``; None: never."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports, self._settings = ports, settings

    def sent(self, message: Message, answer: Sent, started: float) -> Message:
        """The provider took it. The caller gets the provider's answer whole."""
        done = self._record(message, transitions.sent(message, answer, self._ports.clock()), started)
        self._watch(done)
        return done.with_(response=answer.response)

    def expired(self, message: Message) -> Message:
        """Its time was over before the provider was called."""
        now = self._ports.clock()
        return self._record(message, transitions.unsent(message, Status.EXPIRED, REASONS["expired"], now), None)

    def not_taken(self, message: Message, error: AttemptError, started: float) -> Message:
        """Surely not sent: refused for good, or again later."""
        now = self._ports.clock()
        if not isinstance(error, Unavailable):
            refused = transitions.unsent(message, Status.FAILED, error.reason, now, error.code, error=error)
            return self._record(message, refused, started)
        return self.waits(message, transitions.later(message, error, now), error, started)

    def waits(self, message: Message, later: Message, error: AttemptError, started: float | None) -> Message:
        """Surely not sent: it waits as ``later`` says."""
        try:
            waiting = self._write(message, later, _since(started))
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._ports.observer.trouble("retry not recorded", failure, message_id=message.id)
            return self.stuck(message, error, started)
        if waiting.waiting:
            put(self._ports, waiting)
        return waiting

    def stuck(self, message: Message, error: AttemptError, started: float | None) -> Message:
        """Surely not sent, but the journal did not take what was to come next: then that does not come.

        If even this cannot be written the message may still be taken up again: nobody knows.
        """
        now = self._ports.clock()
        failed = transitions.unsent(message, Status.FAILED, error.reason, now, error.code, error=error)
        return self._record(message, failed, started, instead=self._unknown(message, REASONS["interrupted"]))

    def uncertain(self, message: Message, error: Exception, started: float) -> Message:
        """Nobody knows. What we did not foresee counts as well: the provider may have been called by then."""
        if not isinstance(error, Uncertain):
            self._ports.observer.trouble("attempt broke off", error, message_id=message.id)
        reason = error.reason if isinstance(error, Uncertain) else REASONS["interrupted"]
        from herald.pipeline.send.lookup import soon

        return self._watch(soon(self._ports, self._record(message, self._unknown(message, reason, error), started)))

    def _watch(self, message: Message) -> Message:
        """A second channel takes over in time, if it is to."""
        if message.waiting and message.deliver_by:
            put(self._ports, message)
        return message

    def _unknown(self, message: Message, reason: Reason, error: Exception | None = None) -> Message:
        resend_after = self._settings.resend_after
        return transitions.unknown(message, reason, self._ports.clock(), resend_after=resend_after, error=error)

    def _record(
        self, message: Message, new: Message, started: float | None, *, instead: Message | None = None
    ) -> Message:
        """Write how an attempt ended. If that fails the caller gets the truth even so, or what is said ``instead``."""
        try:
            return self._write(message, new, _since(started))
        except Moved as moved:
            return join(self._ports, moved.current or new, new, _since(started), settings=self._settings)
        except Exception as failure:
            self._ports.observer.trouble("result not recorded", failure, message_id=message.id, status=str(new.status))
            return instead or new

    def _write(self, old: Message, new: Message, latency_ms: float | None) -> Message:
        return write(self._ports, old, new, latency_ms, settings=self._settings)


def _since(started: float | None) -> float | None:
    """Milliseconds, if there is a start."""
    return None if started is None else (time.perf_counter() - started) * 1000
