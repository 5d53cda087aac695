"""Deliver: attempt after attempt, each ended by what its outcome permits, until a message is sent or need not be."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from herald.errors import HeraldError, Refused, Unavailable, Uncertain
from herald.journal import Moved, Records
from herald.message import Message, Sent, Status, Step
from herald.observe import Observer
from herald.reasons import REASONS
from herald.settings import Settings

# Longer than any function of ours may run: when it is over, whoever was sending is gone.
LEASE = timedelta(seconds=60)
FIRST_WAIT, LONGEST_WAIT = 5.0, 900.0


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
        observer: Observer,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._refresh, self._channel = settings, refresh, channel
        self._journal, self._queue, self._observer, self._clock = journal, queue, observer, clock

    def sending(self, message: Message, channel: str, why: str) -> Message:
        """The message as it is written before the provider is called: channel, attempt and lease."""
        now = self._clock()
        known = self._settings().channels.get(channel)
        return message.with_(
            status=Status.SENDING,
            channel=channel,
            provider=known.type if known else None,
            attempts=message.attempts + 1,
            lease_until=now + LEASE,
            updated_at=now,
            reason=None,
            trace=(*message.trace, Step(now, "sending", f"by {channel}: {why}")),
        )

    def attempt(self, message: Message, others: tuple[str, ...]) -> Message:
        """Call the provider once, then go on as the outcome permits.

        ``message`` is ours: written as ``sending``. ``others`` are the channels that may be tried after this one.
        """
        started = time.perf_counter()
        try:
            sent = self._call(message)
        except Refused as error:
            if others and error.channels_own:
                return self._next(message, others, error.code)
            return self._refused(message, error, started)
        except Unavailable as error:
            return self._next(message, others, error.code) if others else self._retry(message, error, started)
        except Exception as error:
            return self._uncertain(message, error, started)
        return self._sent(message, sent, started)

    def move(self, old: Message, status: Status, detail: str = "", *, latency: float | None = None, **new: object) -> Message:
        """Write the message's next state, with its step. Raises ``Moved`` if somebody else was faster."""
        now = self._clock()
        trace = (*old.trace, Step(now, str(status), detail))
        moved = self._journal().move(old, old.with_(status=status, updated_at=now, lease_until=None, trace=trace, **new))
        self._observer.ended(moved, latency)
        return moved

    def _call(self, message: Message) -> Sent:
        """One attempt. If the credentials are refused they are read anew: somebody may have changed them."""
        sender = self._channel(message.channel or "")
        try:
            return sender.send(message)
        except Refused as error:
            if error.code != "credentials_refused":
                raise
            renewed = self._renewed(message)
            if renewed in (None, sender):
                raise
        return renewed.send(message)

    def _renewed(self, message: Message) -> Sender | None:
        try:
            self._refresh()
            return self._channel(message.channel or "")
        except HeraldError:
            return None

    def _next(self, message: Message, others: tuple[str, ...], code: str) -> Message:
        try:
            sending = self.sending(message, others[0], f"{message.channel} said {code}")
            return self.attempt(self._journal().move(message, sending), others[1:])
        except Moved as moved:
            return moved.current or message

    def _sent(self, message: Message, sent: Sent, started: float) -> Message:
        changes: dict[str, Any] = {"provider_id": sent.provider_id, "price": sent.price, "sent_at": self._clock(), "response": sent.kept}
        return self._record(message, Status.SENT, started, **changes).with_(response=sent.response)

    def _refused(self, message: Message, error: Refused, started: float) -> Message:
        response = error.response if isinstance(error.response, Mapping) else None
        return self._record(message, Status.FAILED, started, error.code, reason=error.reason, response=response)

    def _uncertain(self, message: Message, error: Exception, started: float) -> Message:
        """Nobody knows. What we did not foresee counts as well: the provider may have been called by then."""
        if not isinstance(error, Uncertain):
            self._observer.trouble("attempt broke off", error, message_id=message.id)
        reason = error.reason if isinstance(error, Uncertain) else REASONS["interrupted"]
        return self._record(message, Status.UNKNOWN, started, reason.code, reason=reason)

    def _retry(self, message: Message, error: Unavailable, started: float) -> Message:
        """Surely not sent: again later, until the message's time is over."""
        wait = max(error.retry_after or 0, waiting_time(message.attempts))
        if message.expired(self._clock() + timedelta(seconds=wait)):
            return self._record(message, Status.FAILED, started, error.code, reason=error.reason)
        detail = f"{error.code}: again in {wait:.0f} s"
        waiting = self._record(message, Status.ACCEPTED, started, detail, reason=error.reason)
        try:
            self._queue().put(message.id, wait)
        except Exception as failure:
            self._observer.trouble("retry not queued", failure, message_id=message.id)
            return self._record(waiting, Status.FAILED, started, error.code, reason=error.reason)
        return waiting

    def _record(self, message: Message, status: Status, started: float, detail: str = "", **new: object) -> Message:
        """Write how an attempt ended. The caller hears the truth even if the journal cannot be written."""
        latency = (time.perf_counter() - started) * 1000
        try:
            return self.move(message, status, detail, latency=latency, **new)
        except Moved as moved:
            return moved.current or message.with_(status=status, **new)
        except Exception as failure:
            self._observer.trouble("result not recorded", failure, message_id=message.id, status=str(status))
            return message.with_(status=status, **new)


def waiting_time(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling from 5 to 900, each drawn between half and whole."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))
    return random.uniform(longest / 2, longest)
