"""Second channel: a text that no receipt says to be delivered in time goes once more, by another channel. Pure.

It goes only while the message is valid, never a third time, and never where it is not known whether the first was sent.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from herald.message import Message
from herald.message.earlier import Earlier
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.pipeline.route.rules import Route

# Who can be at fault where another channel may do better.
OF_THE_CHANNEL = ("account", "sender", "carrier", "provider")


def asked_for(message: Message, way: Route, kinds: Mapping[str, int]) -> Message:
    """A new message with its own ``deliver_by``, or that of its kind; with none where no second channel may take it."""
    seconds = kinds.get(message.kind) if message.deliver_by is None else message.deliver_by
    soonest = (message.send_at or message.created_at) + timedelta(seconds=seconds or 0)
    lacks = "second channel" if len(way.channels) < 2 else "time" if soonest >= message.expires_at else ""
    if seconds and lacks:
        accepted = message.trace[0]
        noted = accepted._replace(detail=f"{accepted.detail}, no {lacks} to deliver by")
        return message.with_(deliver_by=None, trace=(noted, *message.trace[1:]))
    return message.with_(deliver_by=seconds or None)


def may_follow(message: Message) -> bool:
    """Whether a second text may follow the one that is under way."""
    once = not (message.possible_duplicate or message.second_channel)
    return bool(message.deliver_by) and once and message.body is not None


def takes_over(message: Message, now: datetime) -> datetime | None:
    """When the second channel takes over from a text that is sent now; None if it does not."""
    at = now + timedelta(seconds=message.deliver_by or 0)
    return at if may_follow(message) and at < message.expires_at else None


def may_do_better(message: Message, receipt: Receipt, now: datetime) -> bool:
    """Whether the second channel takes over at once: the first text does not arrive, for a reason of its channel."""
    failed = receipt.status is Status.UNDELIVERED and receipt.reason and receipt.reason.who in OF_THE_CHANNEL
    return bool(failed) and may_follow(message) and not message.expired(now)


def under_way(message: Message) -> bool:
    """Whether a first text was sent, so that what becomes of the second cannot unsay that."""
    return message.status is Status.SENT or (message.status is Status.SENDING and message.earlier is not None)


def sent_before(message: Message) -> Earlier:
    """The text that was sent first."""
    return message.earlier or Earlier(
        message.attempts, message.channel, message.provider, message.provider_id, message.response
    )


def only_first(message: Message) -> dict[str, Any]:
    """What a message says of itself while only its first text was sent, whatever was tried meanwhile."""
    first = sent_before(message)
    return {
        "channel": first.channel, "provider": first.provider, "provider_id": first.provider_id,
        "response": first.response, "second_channel": False, "possible_duplicate": False,
    }  # fmt: skip


def way(message: Message, usual: Route) -> Route:
    """By which channels a message goes on: others than that of its first text, if it has one.

    What may not have been sent, and is to be resent, tries the others first.
    """
    own, channels = message.channel, usual.channels
    if message.deliver_by is None or message.status not in (Status.SENT, Status.UNKNOWN):
        return usual
    behind = channels.index(own) + 1 if own in channels else 0
    others = tuple(name for name in channels[behind:] + channels[:behind] if name != own)
    if message.status is Status.UNKNOWN:
        return Route((*others, *channels[behind - 1 : behind]), usual.why)
    said = message.reason and message.reason.code
    return Route(others, f"{own} said {said}" if said else f"no receipt by {own} within {message.deliver_by} s")
