"""Delivery: attempt after attempt, each ended by what its outcome permits, until a message is sent or need not be."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from herald.errors import AttemptError, Refused, Unavailable
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS, Reason
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.ports import Ports, Sender
from herald.pipeline.route.rules import Route, shown
from herald.pipeline.route.turn import CALL, NO_TIME, Chooser, Place, Turn
from herald.pipeline.send import transitions
from herald.pipeline.send.outcome import Outcome
from herald.pipeline.send.settle import move, write
from herald.pipeline.send.waiting import put
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
        self._chooser, self._outcome = Chooser(ports, settings, patient=patient), Outcome(ports, settings)
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
            why = message.reason or too_late.reason
            return write_next(transitions.unsent(message, Status.EXPIRED, why, now, too_late.detail)), None
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
            return self._outcome.expired(message)
        if not self._time_left():  # AWS was slow: nobody was called yet.
            return self._put_back(message, turn, now)
        started, self._begun = time.perf_counter(), self._begun or now
        try:
            with self._ports.health.attempt(message):
                sent = self._call(message)
        except (Refused, Unavailable) as error:
            if turn.others and (isinstance(error, Unavailable) or error.channels_own):
                return self._elsewhere(message, turn.others, error, started)
            return self._outcome.not_taken(message, error, started)
        except Exception as error:
            return self._outcome.uncertain(message, error, started)
        return self._outcome.sent(message, sent, started)

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
        return self._outcome.waits(message, waiting, Unavailable(), None)

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
        soon = self._quick() and self._chooser.usable(message, others)
        if soon or message.expired(self._ports.clock()):
            return self._next(message, others, error, started)
        return self._outcome.not_taken(message, Unavailable(error.code, response=error.response), started)

    def _next(self, message: Message, others: tuple[str, ...], error: AttemptError, started: float) -> Message:
        """Go on with the next channel."""
        way = Route(others, f"{message.channel} said {error.code}")
        try:
            taken = self._take(message, way, self.moves(message))
        except Moved as moved:
            return moved.current or message
        except Exception as failure:
            self._ports.observer.trouble("next channel not taken", failure, message_id=message.id)
            return self._outcome.stuck(message, error, started)
        return self._go_on(*taken)
