"""Turn: by which channel a message goes and when, so that all processes together keep to each channel's rate."""

from datetime import datetime, timedelta
from typing import NamedTuple

from herald.message import Message
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

    def _later(self, message: Message, channel: str, wait: float, now: datetime) -> Place | None:
        """A place after a slow channel was left alone: the longer a message waits, the later, so that its trace stays
        short; but while there is time it comes back.
        """
        waited = (now - max(message.created_at, message.send_at or message.created_at)).total_seconds()
        left = (message.expires_at - now).total_seconds()
        seconds = min(max(wait, waited / WAITED), LONGEST, left / 2)
        return Place(channel, now + timedelta(seconds=seconds) + PATIENCE, SLOW) if seconds >= SHORTEST else None

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
