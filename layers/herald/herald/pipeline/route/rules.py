"""Rules: which channels a message may go through, in which order, and why. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from herald.message import Message
from herald.settings.values import Rule, Settings


class Route(NamedTuple):
    """The channels to try, in order; ``why`` is a sentence for the trace."""

    channels: tuple[str, ...]
    why: str


class Ranks(NamedTuple):
    """Channels by rank, each with its share of its rank's messages; ``why`` is the beginning of the sentence."""

    ranks: tuple[Mapping[str, float], ...]
    why: str


class _Traits(NamedTuple):
    """All of a message that rules look at."""

    country: str
    kind: str
    to: str = ""
    caller: str = ""
    sender: str | None = None


def route(message: Message, settings: Settings) -> Route:
    """The caller's channel if one was named; else those of the first rule that matches; else the default channel.

    Of these, only what the caller may use: there may be none. Whenever it is asked, a message has the same route by the
    same settings.
    """
    return ordered(_usable(message, _ranked(message, settings)), message.id)


def ordered(found: Ranks, message_id: str) -> Route:
    """The route of a message that may use these channels, of which some may be drawn."""
    ranks, why = found
    if sum(map(len, ranks)) < 2:  # As where no rule is needed.
        return Route(tuple(name for rank in ranks for name in rank), why)
    from herald.pipeline.route.order import draws, order

    channels = order(ranks, draws(message_id))
    return Route(channels, why + _share(ranks[0], channels[0]))


def usual(settings: Settings) -> str:
    """The channel that is tried first for most transactional messages to the default region."""
    first = _of_the_settings(settings, _Traits(settings.default_region, "transactional")).ranks[0]
    return max(first, key=first.__getitem__)


def _ranked(message: Message, settings: Settings) -> Ranks:
    if message.asked_channel:
        return Ranks(({message.asked_channel: 1},), "asked for by the caller")
    traits = _Traits(message.country, message.kind, message.to, message.caller, message.sender)
    return _of_the_settings(settings, traits)


def _usable(message: Message, found: Ranks) -> Ranks:
    """The ranks without what the caller may not use."""
    if message.allowed is None:
        return found
    ranks = ({name: share for name, share in rank.items() if name in message.allowed} for rank in found.ranks)
    return found._replace(ranks=tuple(filter(None, ranks)))


def _of_the_settings(settings: Settings, traits: _Traits) -> Ranks:
    for number, rule in enumerate(settings.routes, start=1):
        if _fits(rule, traits):
            ranks = tuple({rank: 1} if isinstance(rank, str) else rank for rank in rule.channels)
            return Ranks(ranks, f"route {number} of the settings")
    return Ranks(({_default(settings): 1},), "the default channel")


def _fits(rule: Rule, traits: _Traits) -> bool:
    return (
        (not rule.countries or traits.country in rule.countries)
        and (not rule.prefixes or traits.to.startswith(rule.prefixes))
        and (not rule.kinds or traits.kind in rule.kinds)
        and (not rule.callers or any(_is_called(traits.caller, name) for name in rule.callers))
        and (not rule.senders or traits.sender in rule.senders)
    )


def _is_called(caller: str, name: str) -> bool:
    """Whether a rule's ``name`` is a caller's, or how it begins: ``key:*``."""
    return caller.startswith(name[:-1]) if name.endswith("*") else caller == name


def _share(rank: Mapping[str, float], first: str) -> str:
    """How the first channel was found, if it was drawn."""
    drawn = [share for share in rank.values() if share]
    return f": {first} drawn with {rank[first]:g} of {sum(drawn):g}" if len(drawn) > 1 else ""


def _default(settings: Settings) -> str:
    by_type = {channel.type: name for name, channel in sorted(settings.channels.items(), reverse=True)}
    return settings.default_channel or by_type.get("amazonsns") or min(settings.channels)
