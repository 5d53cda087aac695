"""Turn: by which channel a message goes and when, so that all processes together keep to each channel's rate."""

from datetime import datetime, timedelta
from typing import NamedTuple

from herald.message import Message
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import Route
from herald.settings.values import Settings

# How long a turn is waited for on the spot. Who would wait longer comes back from the queue, so long before its place.
PATIENCE = timedelta(seconds=2)


class Turn(NamedTuple):
    """By which channel a message goes and when (at once, or very soon), why that one, and which may be tried after."""

    channel: str
    at: datetime
    why: str
    others: tuple[str, ...] = ()


class Place(NamedTuple):
    """A place in the line of a channel that is busy: when to come back for a turn."""

    channel: str
    at: datetime


class Chooser:
    """Chooses a message's channel by what is free."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports, self._settings = ports, settings

    def choose(self, message: Message, way: Route, now: datetime) -> Turn | Place | None:
        """The turn of the first channel that is free soon, else a place in the first one's line; None if too late."""
        first, soonest, end = way.channels[0], now + PATIENCE, message.expires_at - timedelta(microseconds=1)
        for place, channel in enumerate(way.channels):
            at = self._take(channel, channel, now, min(soonest, end))
            if at:
                return Turn(channel, at, f"{first} is busy" if place else way.why, way.channels[place + 1 :])
        back = self._take(first, f"{first}#line", soonest, end)
        return Place(first, back) if back else None

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
