"""Refresh: a provider is asked how a message fares now, where that can be asked and takes nobody's turn."""

from typing import NamedTuple

from herald.errors import HeraldError, NotFound
from herald.journal import Moved
from herald.message import Message
from herald.message.status import Status, Step
from herald.pipeline.ports import Ports
from herald.pipeline.receive.record import record
from herald.pipeline.route.turn import CALL
from herald.pipeline.send.lookup import Lookup, free, lists
from herald.pipeline.send.settle import move
from herald.providers import load
from herald.providers._base import Provider
from herald.settings.values import Channel

# A final message is not asked about: nothing that a provider says there would change anything.
ASKED = (Status.SENT, Status.UNKNOWN)


class Refreshed(NamedTuple):
    """A message as it stands, and whether its provider has just said so."""

    message: Message
    asked: bool


class Refresh:
    """Asks providers."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def about(self, message: Message) -> Refreshed:
        """The message after its provider said how it fares; as it stands where nobody can be asked now."""
        if message.status is Status.UNKNOWN and lists(message.provider):
            return Refreshed(*Lookup(self._ports).about(message))
        return self._asked(message)

    def _asked(self, message: Message) -> Refreshed:
        try:
            channel = self._channel(message)
            vendor = self._vendor(message, channel) if channel else None
            if channel is None or vendor is None or self._ports.left() < CALL or not free(self._ports, channel):
                return Refreshed(message, False)
            said = self._ports.sender(channel.name).status(message.response or {})
        except NotFound as error:
            return Refreshed(self._noted(message, error.detail), False)
        except HeraldError:
            return Refreshed(message, False)
        except Exception as error:
            place = {"channel": message.channel, "message_id": message.id}
            self._ports.observer.trouble("provider not asked", error, **place)
            return Refreshed(message, False)
        try:
            recorded = record(self._ports, message, vendor.receipt(said), message.attempts)
        except Exception as error:
            self._ports.observer.trouble("receipt not recorded", error, message_id=message.id)
            return Refreshed(message, False)
        return Refreshed(recorded or message, True)

    def _channel(self, message: Message) -> Channel | None:
        """The channel that a message went through, if there is something to ask about it."""
        if message.test or message.status not in ASKED or not message.response or not message.channel:
            return None
        return self._ports.settings.channels.get(message.channel)

    def _vendor(self, message: Message, channel: Channel) -> type[Provider] | None:
        """Who can be asked, if anybody can: not where the message was sent by what is another channel now."""
        vendor = load(channel.type) if channel.type == message.provider else None
        return vendor if vendor and vendor.keeps_status else None

    def _noted(self, message: Message, detail: str) -> Message:
        """The message with a step that says that its provider does not know it; said once."""
        if any((step.step, step.detail) == ("refresh", detail) for step in message.trace):
            return message
        now = self._ports.clock()
        try:
            noted = message.with_(updated_at=now, trace=(*message.trace, Step(now, "refresh", detail)))
            return move(self._ports, message, noted)
        except Moved as moved:
            return moved.current or message
        except Exception as error:
            self._ports.observer.trouble("refresh not recorded", error, message_id=message.id)
            return message
