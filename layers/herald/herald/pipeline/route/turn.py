"""Turn: by which channel a message goes and when, so that all processes together keep to each channel's rate."""

from datetime import datetime, timedelta
from typing import NamedTuple

from herald.message import Message
from herald.pipeline.attempts import Line
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import Route
from herald.pipeline.trouble import told
from herald.providers._end import SECONDS
from herald.settings.values import Settings

# How long a turn is waited for on the spot. Who would wait longer comes back from the queue, so long before its place.
PATIENCE = timedelta(seconds=2)
# Who waits for a slow channel comes back after an eighth of the time that it has waited already; in seconds.
WAITED, SHORTEST, LONGEST = 8, 1.0, 900.0
# A call to a provider, with what is written after it where AWS is slow; in seconds. And the same with its turn before.
CALL = SECONDS + 4.0
ATTEMPT = PATIENCE.total_seconds() + CALL
BUSY, SLOW, NO_TIME = "is busy", "answers slowly", "is called by a function that has the time"
TRIED = "to see whether it works again"
# Who waits for a broken channel that somebody else tries now looks again after so many seconds.
SOON = 5.0


class Turn(NamedTuple):
    """By which channel a message goes and when (at once, or very soon), why that one, and which may be tried after."""

    channel: str
    at: datetime
    why: str
    others: tuple[str, ...] = ()


class Place(NamedTuple):
    """A place in the line of a channel that cannot take a message now: when to come back for a turn, and why."""

    channel: str
    at: datetime
    why: str = BUSY


class Chooser:
    """Chooses a message's channel by what is free.

    ``patient`` is who comes from the queue: nobody waits for that, so it does not go by a channel that answers slowly.
    """

    def __init__(self, ports: Ports, settings: Settings, *, patient: bool = False) -> None:
        self._ports, self._settings, self._patient = ports, settings, patient

    def choose(self, message: Message, way: Route, now: datetime) -> Turn | Place | None:
        """The turn of the first channel that is free soon, else a place in the first one's line; None if too late.

        A function that would be stopped before the attempt has ended gets no turn: the message goes to the queue.
        """
        if self._ports.left() < ATTEMPT:
            return Place(way.channels[0], now, NO_TIME)
        line = self._ports.health.line(message, way.channels, now)
        trial = self._try(message, line, line.trial, now) if line.trial else None
        if trial:
            return trial
        if not line.channels:
            return self._later(message, line.broken[0], max(line.wait, SOON), now, line.why)
        way = Route(line.channels, f"{way.channels[0]} {line.why}" if line.why else way.why)
        turn = self._free(message, way, now)
        return turn._replace(others=(*turn.others, *line.broken)) if isinstance(turn, Turn) else turn

    def usable(self, message: Message, channels: tuple[str, ...]) -> bool:
        """Whether one of these is in order, or may be tried by the message."""
        line = self._ports.health.line(message, channels, self._ports.clock())
        return bool(line.channels or line.trial)

    def _try(self, message: Message, line: Line, channel: str, now: datetime) -> Turn | None:
        """The turn of a broken channel, if this is the message that tries it."""
        end = message.expires_at - timedelta(microseconds=1)
        at = self._take(channel, channel, now, min(now + PATIENCE, end))
        if at is None:
            return None
        others = (*line.channels, *(name for name in line.broken if name != channel))
        turn = Turn(channel, at, TRIED, others)
        if self._ports.health.take_on(message, channel, now):
            return turn
        self.give_back(turn)
        return None

    def _free(self, message: Message, way: Route, now: datetime) -> Turn | Place | None:
        """The turn of the first channel that is free soon, else a place in the first one's line; None if too late."""
        first, soonest, end = way.channels[0], now + PATIENCE, message.expires_at - timedelta(microseconds=1)
        slow = dict.fromkeys(way.channels, 0.0)
        for place, channel in enumerate(way.channels):
            slow[channel] = self._ports.slow.wait(channel) if self._patient else 0.0
            at = None if slow[channel] else self._take(channel, channel, now, min(soonest, end))
            if at:
                why = f"{first} {SLOW if slow[first] else BUSY}" if place else way.why
                return Turn(channel, at, why, way.channels[place + 1 :])
        if slow[first]:
            return self._later(message, first, slow[first], now)
        back = self._take(first, f"{first}#line", soonest, end)
        return Place(first, back) if back else None

    def give_back(self, turn: Turn | Place) -> None:
        """Nobody uses this turn, or place in a line. What cannot be given back stays empty: never goes one too fast."""
        known = self._settings.channels.get(turn.channel)
        if known is None or known.rate is None:
            return
        line = turn.channel if isinstance(turn, Turn) else f"{turn.channel}#line"
        with told(self._ports.observer, "turn not given back", channel=turn.channel):
            self._ports.turns.give(line, known.rate, turn.at)

    def _later(self, message: Message, channel: str, wait: float, now: datetime, why: str = SLOW) -> Place | None:
        """A place after a slow or broken channel was left alone: the longer a message waits, the later, so that its
        trace stays short; but while there is time it comes back.
        """
        waited = (now - max(message.created_at, message.send_at or message.created_at)).total_seconds()
        left = (message.expires_at - now).total_seconds()
        seconds = min(max(wait, waited / WAITED), LONGEST, left / 2)
        return Place(channel, now + timedelta(seconds=seconds) + PATIENCE, why) if seconds >= SHORTEST else None

    def _take(self, channel: str, line: str, now: datetime, latest: datetime) -> datetime | None:
        """The next turn in a line. If it cannot be asked for, the message goes: the provider has a limit as well."""
        known = self._settings.channels.get(channel)
        if known is None or known.rate is None:
            return now if now < latest else None
        try:
            return self._ports.turns.take(line, known.rate, now=now, latest=latest)
        except Exception as error:
            self._ports.observer.trouble("turn not taken", error, channel=channel)
            return now if now < latest else None
