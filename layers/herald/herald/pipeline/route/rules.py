"""Rules: which channels a message may go through, in which order, and why. Pure."""

from typing import NamedTuple

from herald.message import Message
from herald.settings.values import Settings


class Route(NamedTuple):
    """The channels to try, in order; ``why`` is a sentence for the trace."""

    channels: tuple[str, ...]
    why: str


def route(message: Message, settings: Settings) -> Route:
    """The caller's channel if one was named; else the first rule that matches; else the default channel.

    Of these, only what the caller may use: there may be none.
    """
    found = _route(message, settings)
    if message.allowed is None:
        return found
    return found._replace(channels=tuple(name for name in found.channels if name in message.allowed))


def _route(message: Message, settings: Settings) -> Route:
    if message.asked_channel:
        return Route((message.asked_channel,), "asked for by the caller")
    return _of_the_settings(settings, message.country, message.kind)


def usual(settings: Settings) -> str:
    """The channel that is tried first for a transactional message to the default region."""
    return _of_the_settings(settings, settings.default_region, "transactional").channels[0]


def _of_the_settings(settings: Settings, country: str, kind: str) -> Route:
    for number, rule in enumerate(settings.routes, start=1):
        if rule.country in (None, country) and rule.kind in (None, kind):
            return Route(rule.channels, f"route {number} of the settings")
    return Route((_default(settings),), "the default channel")


def _default(settings: Settings) -> str:
    by_type = {channel.type: name for name, channel in sorted(settings.channels.items(), reverse=True)}
    return settings.default_channel or by_type.get("amazonsns") or min(settings.channels)
