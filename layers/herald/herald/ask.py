"""Ask: the room that asks a provider how a message fares now, where that can be asked and takes nobody's turn."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from herald.deliver import Sender
from herald.errors import HeraldError, NotFound
from herald.hear import hear
from herald.journal import Moved, Records
from herald.message import Message, Status, Step
from herald.observe import Observer
from herald.providers import load
from herald.providers._base import Provider
from herald.settings import Settings
from herald.turn import Pace
from herald.validate.fields import Wrong

# A final message is not asked about: nothing that a provider says there would change anything.
ASKED = (Status.SENT, Status.UNKNOWN)
WORDS = {"true": True, "1": True, "false": False, "0": False}


class Refreshed(NamedTuple):
    """A message as it stands, and whether its provider has just said so."""

    message: Message
    asked: bool


class Ask:
    """Asks providers. ``channel`` gives the sender of a channel, ``pace`` the turns that all calls to it share."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        channel: Callable[[str], Sender],
        journal: Callable[[], Records],
        pace: Callable[[], Pace],
        observer: Observer,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._channel, self._journal, self._pace = settings, channel, journal, pace
        self._observer, self._clock = observer, clock

    def about(self, message: Message) -> Refreshed:
        """The message after its provider said how it fares; as it stands where nobody can be asked now."""
        try:
            vendor = self._vendor(message)
            if vendor is None or not self._free(str(message.channel)):
                return Refreshed(message, False)
            said = self._channel(str(message.channel)).status(message.response or {})
        except NotFound as error:
            return Refreshed(self._noted(message, error.detail), False)
        except HeraldError:
            return Refreshed(message, False)
        except Exception as error:
            self._observer.trouble("provider not asked", error, channel=message.channel, message_id=message.id)
            return Refreshed(message, False)
        receipt, now = vendor.parse_receipt(said), self._clock()
        try:
            heard = hear(message, receipt, message.attempts, journal=self._journal(), observer=self._observer, now=now)
        except Exception as error:
            self._observer.trouble("receipt not recorded", error, message_id=message.id)
            return Refreshed(message, False)
        return Refreshed(heard or message, True)

    def _vendor(self, message: Message) -> type[Provider] | None:
        """Who can be asked about a message, if anybody can: not where it was sent by what is another channel now."""
        if message.test or message.status not in ASKED or not message.response or not message.channel:
            return None
        known = self._settings().channels.get(message.channel)
        if known is None or known.type != message.provider:
            return None
        vendor = load(known.type)
        return vendor if vendor.keeps_status else None

    def _free(self, channel: str) -> bool:
        """Take a turn of the channel, if nobody waits for one: a question counts for its rate as a text does."""
        now, rate = self._clock(), self._settings().channels[channel].rate
        return rate is None or self._pace().take(channel, rate, now=now, latest=now) is not None

    def _noted(self, message: Message, detail: str) -> Message:
        """The message with a step that says that its provider does not know it; said once."""
        if any((step.step, step.detail) == ("refresh", detail) for step in message.trace):
            return message
        now = self._clock()
        try:
            noted = message.with_(updated_at=now, trace=(*message.trace, Step(now, "refresh", detail)))
            return self._journal().move(message, noted)
        except Moved as moved:
            return moved.current or message
        except Exception as error:
            self._observer.trouble("refresh not recorded", error, message_id=message.id)
            return message


def wanted(value: object) -> bool:
    """Whether ``refresh`` is asked for: true or false, also as 1 or 0. Raises ``Wrong``."""
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if word not in WORDS:
        raise Wrong("not_a_choice", f"Choose one of: {', '.join(WORDS)}.")
    return WORDS[word]
