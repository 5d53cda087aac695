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
from herald.reasons import REASONS
from herald.settings import Settings

# Much longer than a call to a provider may take (3 s to connect, 10 s to answer): when it is over, the sender is gone.
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
            retry_at=None,
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
                return self._next(message, others, error, started)
            return self._refused(message, error, started)
        except Unavailable as error:
            if others:
                return self._next(message, others, error, started)
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
        changed = old.with_(status=status, updated_at=now, lease_until=None, trace=trace, **new)
        moved = self._journal().move(old, changed)
        self._observer.ended(moved, latency)
        return moved

    def _call(self, message: Message) -> Sent:
        """One attempt. If the credentials are refused they are read anew: somebody may have changed them."""
        sender = self._sender(message)
        try:
            return sender.send(message)
        except Refused as error:
            if error.code != "credentials_refused":
                raise
            renewed = self._renewed(message)
            if renewed is None or renewed is sender:
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
            sending = self.sending(message, others[0], f"{message.channel} said {error.code}")
            ours = self._journal().move(message, sending)
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._observer.trouble("next channel not taken", failure, message_id=message.id)
            return self._refused(message, error, started)
        return self.attempt(ours, others[1:])

    def _sent(self, message: Message, sent: Sent, started: float) -> Message:
        changes: dict[str, Any] = {"provider_id": sent.provider_id, "price": sent.price, "response": sent.kept}
        recorded = self._record(message, Status.SENT, started, sent_at=self._clock(), **changes)
        return recorded.with_(response=sent.response)

    def _refused(self, message: Message, error: AttemptError, started: float) -> Message:
        changes: dict[str, Any] = {"reason": error.reason, "response": _response(error)}
        return self._record(message, Status.FAILED, started, error.code, **changes)

    def _uncertain(self, message: Message, error: Exception, started: float) -> Message:
        """Nobody knows. What we did not foresee counts as well: the provider may have been called by then."""
        if not isinstance(error, Uncertain):
            self._observer.trouble("attempt broke off", error, message_id=message.id)
        reason = error.reason if isinstance(error, Uncertain) else REASONS["interrupted"]
        return self._record(message, Status.UNKNOWN, started, reason.code, reason=reason, response=_response(error))

    def _retry(self, message: Message, error: Unavailable, started: float) -> Message:
        """Surely not sent: again later, until the message's time is over."""
        now, wait = self._clock(), max(waiting_time(message.attempts), error.retry_after or 0)
        if wait >= (message.expires_at - now).total_seconds():
            return self._refused(message, error, started)
        changes: dict[str, Any] = {"reason": error.reason, "retry_at": now + timedelta(seconds=wait)}
        detail, latency = f"{error.code}: again in {wait:.0f} s", _milliseconds(started)
        waiting = message
        try:
            waiting = self.move(message, Status.ACCEPTED, detail, latency=latency, **changes)
            self._queue().put(message.id, wait)
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._observer.trouble("retry not queued", failure, message_id=message.id)
            return self._refused(waiting, error, started)
        return waiting

    def _record(self, message: Message, status: Status, started: float, detail: str = "", **new: object) -> Message:
        """Write how an attempt ended. The caller hears the truth even if the journal cannot be written."""
        try:
            return self.move(message, status, detail, latency=_milliseconds(started), **new)
        except Moved as moved:
            return moved.current or message.with_(status=status, **new)
        except Exception as failure:
            self._observer.trouble("result not recorded", failure, message_id=message.id, status=str(status))
            return message.with_(status=status, **new)


def waiting_time(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling from 5 to 900, each drawn between half and whole."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 - it only spreads the load


def _milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _response(error: Exception) -> Mapping[str, Any] | None:
    """What the provider answered, if it did."""
    response = error.response if isinstance(error, AttemptError) else None
    return response if isinstance(response, Mapping) else None
