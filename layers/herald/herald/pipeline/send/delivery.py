"""Delivery: attempt after attempt, each ended by what its outcome permits, until a message is sent or need not be."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS, Reason
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.ports import Ports, Sender
from herald.pipeline.route.rules import Route, shown
from herald.pipeline.route.turn import CALL, NO_TIME, Chooser, Place, Turn
from herald.pipeline.send import transitions
from herald.pipeline.send.settle import join, move, write
from herald.pipeline.trouble import told
from herald.settings.values import Settings

Write = Callable[[Message], Message]
"""Writes a message's next state and tells of it: by a claim, or by a move. Raises what says that it is not ours."""


class TooLate(NamedTuple):
    """How it is written that no channel is free before a message's time is over."""

    reason: Reason
    detail: str = ""


# After this no other call begins: whoever waits for an answer, or for the rest of a batch, waits for one call more.
ON_THE_SPOT = timedelta(seconds=8)
EXPIRED = TooLate(REASONS["expired"])
_Taken = tuple[Message, Turn | None]
"""A message as it was written, and its turn if it is ours and to be sent now."""


class Delivery:
    """Sends one message, which these ``settings`` judge. ``patient`` says that it comes from the queue."""

    def __init__(self, ports: Ports, settings: Settings, *, patient: bool = False) -> None:
        self._ports, self._settings = ports, settings
        self._chooser = Chooser(ports, settings, patient=patient)
        self._begun: datetime | None = None

    def begin(self, message: Message, way: Route, write_next: Write, too_late: TooLate = EXPIRED) -> Message:
        """Send a message by the first channel of its route that is free, or queue it until its turn.

        Nothing happens unless ``write_next`` has written it: what that raises is raised.
        """
        return self._go_on(*self._take(message, way, write_next, too_late))

    def moves(self, message: Message) -> Write:
        """The way to write the next state of a message that stands in the journal. It raises ``Moved``."""

        def write_next(new: Message) -> Message:
            # The attempt itself is told when it has ended.
            one = move if new.status is Status.SENDING else write
            return one(self._ports, message, new, settings=self._settings)

        return write_next

    def _take(self, message: Message, way: Route, write_next: Write, too_late: TooLate = EXPIRED) -> _Taken:
        now, turn = self._ports.clock(), self._turn(message, way)
        if turn is None:
            return write_next(transitions.unsent(message, Status.EXPIRED, too_late.reason, now, too_late.detail)), None
        known = self._settings.channels.get(turn.channel)
        provider = known.type if known else None
        try:
            if isinstance(turn, Turn):
                shows = shown(message, turn.channel, self._settings)
                return write_next(transitions.sending(message, turn, provider, now, shows)), turn
            waiting = write_next(transitions.in_line(message, turn, provider, now))
        except Exception:  # A repetition, or somebody else's by now: nobody goes at that moment.
            if not message.test:
                self._chooser.give_back(turn)
            raise
        put(self._ports, waiting)
        return waiting, None

    def _turn(self, message: Message, way: Route) -> Turn | Place | None:
        """When the message goes by which channel, or when to ask again; None if its time is over by then."""
        if message.test:  # What reaches nobody takes no channel's turn, and never fails over.
            return Turn(way.channels[0], self._ports.clock(), way.why)
        return self._chooser.choose(message, way, self._ports.clock())

    def _go_on(self, message: Message, turn: Turn | None) -> Message:
        return self._attempt(message, turn) if turn else message

    def _attempt(self, message: Message, turn: Turn) -> Message:
        """Call the provider once when the turn has come, then go on as the outcome permits."""
        self._ports.sleep(max(0.0, (turn.at - self._ports.clock()).total_seconds()))
        now = self._ports.clock()
        if message.expired(now):  # It slept a little too long.
            return self._record(message, transitions.unsent(message, Status.EXPIRED, REASONS["expired"], now), None)
        if not self._time_left():  # AWS was slow: nobody was called yet.
            return self._put_back(message, turn, now)
        started, self._begun = time.perf_counter(), self._begun or now
        try:
            sent = self._call(message)
        except (Refused, Unavailable) as error:
            if turn.others and (isinstance(error, Unavailable) or error.channels_own):
                return self._elsewhere(message, turn.others, error, started)
            return self._not_taken(message, error, started)
        except Exception as error:
            return self._uncertain(message, error, started)
        done = self._record(message, transitions.sent(message, sent, self._ports.clock()), started)
        self._watch(done)
        return done.with_(response=sent.response)  # The caller gets the provider's answer whole.

    def _call(self, message: Message) -> Sent:
        """One attempt. If the credentials are refused they are read anew: somebody may have changed them."""
        sender = self._sender(message)
        callback = self._ports.callback(message) if sender.calls_back else None
        try:
            return self._timed(message, sender, callback)
        except Refused as error:
            if error.code != "credentials_refused" or not self._quick():
                raise
            if not self._time_left():
                raise Unavailable(error.code, response=error.response) from None
            renewed = self._renewed(message)
            if renewed is None or renewed is sender or message.expired(self._ports.clock()):
                raise
            if not self._time_left():
                raise Unavailable(error.code, response=error.response) from None
        return self._timed(message, renewed, callback)

    def _timed(self, message: Message, sender: Sender, callback: str | None) -> Sent:
        text = message.with_(sender=shown(message, message.channel or "", self._settings))
        if message.test:
            return sender.send(text, callback)
        with self._ports.slow.attempt(message.channel or ""):
            return sender.send(text, callback)

    def _quick(self) -> bool:
        """Whether there is time for another call on the spot."""
        return self._begun is None or self._ports.clock() - self._begun < ON_THE_SPOT

    def _time_left(self) -> bool:
        """Whether a call that begins now has ended before we are stopped."""
        return self._ports.left() >= CALL

    def _put_back(self, message: Message, turn: Turn, now: datetime) -> Message:
        """It has its turn, but no time: it waits in the queue for a function that has."""
        if not message.test:
            self._chooser.give_back(turn)
        waiting = transitions.in_line(message, Place(turn.channel, now, NO_TIME), message.provider, now)
        return self._waits(message, waiting, Unavailable(), None)

    def _sender(self, message: Message) -> Sender:
        """The message's channel, ready to send. Raises ``Refused`` if there is none: nothing was sent."""
        if message.test:
            from herald.pipeline.send.simulate import Simulated

            return Simulated(self._ports)
        try:
            return self._ports.sender(message.channel or "")
        except AttemptError:
            raise
        except Exception as error:
            self._ports.observer.trouble("channel not ready", error, channel=message.channel, message_id=message.id)
            raise Refused("channel_invalid") from None

    def _renewed(self, message: Message) -> Sender | None:
        with told(self._ports.observer, "channel not renewed", channel=message.channel, message_id=message.id):
            self._ports.refresh()
            return self._ports.sender(message.channel or "")
        return None

    def _elsewhere(
        self, message: Message, others: tuple[str, ...], error: Refused | Unavailable, started: float
    ) -> Message:
        """Go on with another channel: at once, or if that took long already from the queue, by what is free then."""
        if self._quick() or message.expired(self._ports.clock()):
            return self._next(message, others, error, started)
        return self._not_taken(message, Unavailable(error.code, response=error.response), started)

    def _next(self, message: Message, others: tuple[str, ...], error: AttemptError, started: float) -> Message:
        """Go on with the next channel."""
        way = Route(others, f"{message.channel} said {error.code}")
        try:
            taken = self._take(message, way, self.moves(message))
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._ports.observer.trouble("next channel not taken", failure, message_id=message.id)
            return self._stuck(message, error, started)
        return self._go_on(*taken)

    def _not_taken(self, message: Message, error: AttemptError, started: float) -> Message:
        """Surely not sent: refused for good, or again later."""
        now = self._ports.clock()
        if not isinstance(error, Unavailable):
            refused = transitions.unsent(message, Status.FAILED, error.reason, now, error.code, error=error)
            return self._record(message, refused, started)
        return self._waits(message, transitions.later(message, error, now), error, started)

    def _waits(self, message: Message, later: Message, error: AttemptError, started: float | None) -> Message:
        try:
            waiting = self._write(message, later, _since(started))
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._ports.observer.trouble("retry not recorded", failure, message_id=message.id)
            return self._stuck(message, error, started)
        if waiting.waiting:
            put(self._ports, waiting)
        return waiting

    def _stuck(self, message: Message, error: AttemptError, started: float | None) -> Message:
        """Surely not sent, but the journal did not take what was to come next: then that does not come.

        If even this cannot be written the message may still be taken up again: nobody knows.
        """
        now = self._ports.clock()
        failed = transitions.unsent(message, Status.FAILED, error.reason, now, error.code, error=error)
        return self._record(message, failed, started, instead=self._unknown(message, REASONS["interrupted"]))

    def _uncertain(self, message: Message, error: Exception, started: float) -> Message:
        """Nobody knows. What we did not foresee counts as well: the provider may have been called by then."""
        if not isinstance(error, Uncertain):
            self._ports.observer.trouble("attempt broke off", error, message_id=message.id)
        reason = error.reason if isinstance(error, Uncertain) else REASONS["interrupted"]
        return self._watch(self._record(message, self._unknown(message, reason, error), started))

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


def put(ports: Ports, message: Message) -> None:
    """Queue a message until its time. If that fails the sweep does it, once the message is overdue."""
    now = ports.clock()
    with told(ports.observer, "message not queued", message_id=message.id):
        ports.queue.put(message.id, (transitions.comes_at(message, now) - now).total_seconds())


def _since(started: float | None) -> float | None:
    """Milliseconds, if there is a start."""
    return None if started is None else (time.perf_counter() - started) * 1000
