"""Turn: by which channel a message goes and when, so that all processes together keep to each channel's rate."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from herald.message import Message
from herald.observe import Observer
from herald.settings import Rate, Settings

# How long a turn is waited for on the spot; one further away is waited for in the queue. So much later it still counts.
PATIENCE = timedelta(seconds=2)


class Pace(Protocol):
    """What holds a channel to its rate, in all processes together: ``limit.Turns``."""

    def take(self, channel: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        """The channel's next turn, which is then ours; None, and none is taken, if it would be after ``latest``."""


class Turn(NamedTuple):
    """A message's turn: by which channel and when, why that one, and which may be tried after it."""

    channel: str
    at: datetime
    why: str
    others: tuple[str, ...] = ()

    def soon(self, now: datetime) -> bool:
        """True if it is so near that it is waited for on the spot."""
        return self.at - now <= PATIENCE


class Chooser:
    """Chooses a message's channel by what is free. ``pace`` is shared by all processes."""

    def __init__(self, *, settings: Callable[[], Settings], pace: Callable[[], Pace], observer: Observer) -> None:
        self._settings, self._pace, self._observer = settings, pace, observer

    def choose(self, message: Message, channels: tuple[str, ...], why: str, now: datetime) -> Turn | None:
        """The turn of the first channel that is free soon, else of the first one, later; None if it comes too late.

        A message that waited for its turn has it already.
        """
        if message.turn_at and message.channel in channels and abs(now - message.turn_at) <= PATIENCE:
            return Turn(message.channel, message.turn_at, "its turn", _after(message.channel, channels))
        first, end = channels[0], message.expires_at
        for channel in channels if len(channels) > 1 else ():
            at = self._take(channel, now, min(now + PATIENCE, end))
            if at:
                return Turn(channel, at, why if channel == first else f"{first} is busy", _after(channel, channels))
        at = self._take(first, now, end)
        return Turn(first, at, why, channels[1:]) if at else None

    def _take(self, channel: str, now: datetime, latest: datetime) -> datetime | None:
        """The channel's next turn. If it cannot be asked for, the message goes: the provider has a limit as well."""
        known = self._settings().channels.get(channel)
        if known is None or known.rate is None:
            return now if now < latest else None
        try:
            return self._pace().take(channel, known.rate, now=now, latest=latest)
        except Exception as error:
            self._observer.trouble("turn not taken", error, channel=channel)
            return now if now < latest else None


def _after(channel: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    return channels[channels.index(channel) + 1 :]
