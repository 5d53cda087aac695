"""Lookup: what nobody knows is looked up in the provider's own list of what it took, where it keeps one.

It is settled only where exactly one text of the list can be this message's, and no other message's. That none is there
proves nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, cast, get_args

from herald.errors import HeraldError
from herald.journal import Moved
from herald.message import Message
from herald.message.receipt import Listed
from herald.message.secret import fingerprint, same
from herald.message.status import Status, Step
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import shown
from herald.pipeline.route.turn import CALL
from herald.pipeline.send import transitions
from herald.pipeline.send.received import received
from herald.pipeline.send.settle import move, write
from herald.pipeline.send.waiting import put
from herald.pipeline.trouble import told
from herald.pipeline.validate.validate import Mode, content
from herald.providers import load
from herald.providers._base import Provider
from herald.settings.values import Channel

# How far the provider's clock may be from ours. So long after a message's time is over, another one's text may still
# come to lie in it; a little later the provider's list, and the journal's index, have it all.
SKEW = timedelta(seconds=5)
SETTLED = SKEW + timedelta(seconds=5)
# When a message that became unknown is looked up first, in seconds.
SOON = 20.0
# More messages to one person than this are not compared: then the list says nothing.
MOST = 500
STEP, MISSING = "lookup", "no text in the provider's list is surely this one"


class Found(NamedTuple):
    """A message as it stands, and whether its provider's list has just been read."""

    message: Message
    asked: bool


class Lookup:
    """Asks providers for their lists."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def about(self, message: Message, patience: timedelta = timedelta(0)) -> Found:
        """The message, settled if the list has it; as it stands where it has not, or cannot be asked now.

        A turn of the channel's rate is taken for it, if one is free within ``patience``.
        """
        try:
            channel, spell = self._channel(message), period(message)
            if channel is None or spell is None or self._ports.clock() < spell[1] + SETTLED:
                return Found(message, False)
            if self._ports.left() < CALL or not free(self._ports, channel, patience):
                return Found(message, False)
            lister = cast(Provider, self._ports.sender(channel.name))  # Its class says that it lists.
            listing = lister.listed(self._as_shown(message, channel), *spell)
            found = self._only(message, listing, *spell)
        except HeraldError:
            return Found(message, False)
        except Exception as error:
            place = {"channel": message.channel, "message_id": message.id}
            self._ports.observer.trouble("provider not asked", error, **place)
            return Found(message, False)
        return self._written(message, found)

    def _channel(self, message: Message) -> Channel | None:
        """The channel that a message went through, if its provider can list what it took."""
        if message.status is not Status.UNKNOWN or message.test or not message.channel:
            return None
        channel = self._ports.settings.channels.get(message.channel)
        same_still = channel is not None and channel.type == message.provider
        return channel if same_still and lists(message.provider) else None

    def _as_shown(self, message: Message, channel: Channel) -> Message:
        """The message with the sender id that it has by a channel."""
        return message.with_(sender=shown(message, channel.name, self._ports.settings))

    def _only(self, message: Message, listing: Sequence[Listed], since: datetime, until: datetime) -> Listed | None:
        """The one text of a list that is surely this message's; None if there is none, or more than one may be."""
        others = self._others(message) if listing else []
        if others is None:
            return None
        known = _known(message).union(*map(_known, others))
        rest = [text for text in listing if (message.provider, text.sent.provider_id) not in known]
        fits = [text for text in rest if self._says(message, text.body)]
        if len(fits) != 1 or not all(text.body for text in rest):
            return None
        rivals = [each for each in others if _may_be_there(each, since, until) and self._says(each, fits[0].body)]
        return None if rivals else fits[0]

    def _others(self, message: Message) -> list[Message] | None:
        """Our other messages to the same person; None if there are too many to read."""
        found = list(islice(self._ports.journal.sent_to(message.recipient), MOST + 1))
        return None if len(found) > MOST else [each for each in found if each.id != message.id]

    def _says(self, message: Message, body: str) -> bool:
        """Whether this is the message's text: that which is kept, or that which its fingerprint was made of."""
        if message.body is not None:
            return body == message.body
        asked = [
            message.with_(body=body, sender=sender, deliver_by=seconds)
            for sender in {message.sender, None}
            for seconds in {message.deliver_by, None, 0}
        ]
        hashed = (
            fingerprint(self._ports.secret, None, content(each, mode)) for each in asked for mode in get_args(Mode)
        )
        return any(same(message.fingerprint, each) for each in hashed)

    def _written(self, message: Message, found: Listed | None) -> Found:
        try:
            if found:
                settled = write(self._ports, message, self._settled(message, found))
                if settled.waiting:  # For its receipt, or else its second channel.
                    put(self._ports, settled)
                return Found(settled, True)
            return Found(self._noted(message), True)
        except Moved as moved:
            return Found(moved.current or message, True)
        except Exception as error:
            self._ports.observer.trouble("look-up not recorded", error, message_id=message.id)
            return Found(message, False)

    def _settled(self, message: Message, found: Listed) -> Message:
        """The message as a receipt makes it that says the same; what is listed was taken, whatever became of it."""
        now, sent = self._ports.clock(), found.sent.bounded()
        receipt = load(message.provider or "").receipt(sent.response)
        if receipt.status is Status.UNKNOWN:
            receipt = receipt._replace(status=Status.SENT)
        noted = message.with_(trace=(*message.trace, Step(now, STEP, "found in the provider's list")))
        settled = received(noted, receipt, message.attempts, now) or noted
        return settled.with_(response=sent.kept, sent_at=settled.sent_at or found.at, price=settled.price or sent.price)

    def _noted(self, message: Message) -> Message:
        """The message with a step that says that it was looked up in vain; said once."""
        if any((step.step, step.detail) == (STEP, MISSING) for step in message.trace):
            return message
        now = self._ports.clock()
        return move(
            self._ports, message, message.with_(trace=(*message.trace, Step(now, STEP, MISSING)), updated_at=now)
        )


def soon(ports: Ports, message: Message) -> Message:
    """The message, which is looked up once the list may have it, if its provider keeps one. What fails is told."""
    if message.status is Status.UNKNOWN and not message.test and lists(message.provider):
        with told(ports.observer, "look-up not queued", message_id=message.id):
            ports.queue.post({"lookup": {"id": message.id}}, SOON)
    return message


def lists(provider: str | None) -> bool:
    """Whether a provider of this name lists what it took."""
    try:
        return load(provider or "").lists
    except HeraldError:
        return False


def free(ports: Ports, channel: Channel, patience: timedelta = timedelta(0)) -> bool:
    """Take a turn of a channel, if one is free: a question counts for its rate as a text does."""
    if channel.rate is None:
        return True
    now = ports.clock()
    turn = ports.turns.take(channel.name, channel.rate, now=now, latest=now + patience)
    if turn:
        ports.sleep(max(0.0, (turn - now).total_seconds()))
    return turn is not None


def period(message: Message) -> tuple[datetime, datetime] | None:
    """Between which times the provider took a message by its channel, if it did; None if that is not recorded."""
    begun = [place for place, step in enumerate(message.trace) if _is_attempt(step, message.channel)]
    last = message.trace[begun[-1] :] if begun else ()
    ended = next((step.at for step in last if step.step == Status.UNKNOWN), None)
    return (message.trace[begun[0]].at - SKEW, ended + SKEW) if ended else None


def _is_attempt(step: Step, channel: str | None) -> bool:
    return step.step == Status.SENDING and step.detail.startswith((f"by {channel}: ", f"by {channel} as "))


def _may_be_there(message: Message, since: datetime, until: datetime) -> bool:
    """Whether another message of ours may be in the list under an id that we do not know."""
    begun = [step.at for step in message.trace if step.step == Status.SENDING]
    near = any(at - SKEW <= until and at + transitions.LEASE + SKEW >= since for at in begun)
    return near and not message.status.unsent and len(_known(message)) < message.attempts


def _known(message: Message) -> set[tuple[str | None, str]]:
    """Which texts of which providers are known to be a message's."""
    first = message.earlier
    ids = [(message.provider, message.provider_id), (first.provider, first.provider_id) if first else (None, None)]
    return {(provider, known) for provider, known in ids if known}
