"""Rules: which channels a message may go through, in which order, and why. Pure."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from herald.message import Message
from herald.settings.values import Rule, Settings


class Route(NamedTuple):
    """The channels to try, in order; ``why`` is a sentence for the trace.

    Where there are none, ``barred`` are those that the sender ids of the country alone keep it from.
    """

    channels: tuple[str, ...]
    why: str
    barred: tuple[str, ...] = ()


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

    Of these, only what the caller may use, and what may show the message's sender id: there may be none. Whenever it is
    asked, a message has the same route by the same settings.
    """
    found = _ranked(message, settings)
    if message.allowed is not None:
        found = _without(found, {name for rank in found.ranks for name in rank if name not in message.allowed})
    barred = [name for rank in found.ranks for name in rank if not _may_show(message, name, settings)]
    if not barred:
        return ordered(found, message.id)
    way = ordered(_without(found, barred), message.id)
    left_out = way._replace(why=f"{way.why}; without {', '.join(barred)}, by the setting senders")
    return left_out if way.channels else left_out._replace(barred=tuple(barred))


def shown(message: Message, channel: str, settings: Settings) -> str | None:
    """The sender id that a message has by a channel: what was asked for, else the first that its country allows.

    None: what the channel has for all.
    """
    return message.sender or next(iter(settings.senders_of(channel, message.country) or ()), None)


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
    home = settings.default_region
    found = _of_the_settings(settings, _Traits(home, "transactional"))
    barred = [name for rank in found.ranks for name in rank if settings.senders_of(name, home) == ()]
    first = (_without(found, barred).ranks or found.ranks)[0]
    return max(first, key=first.__getitem__)


def _ranked(message: Message, settings: Settings) -> Ranks:
    if message.asked_channel:
        return Ranks(({message.asked_channel: 1},), "asked for by the caller")
    traits = _Traits(message.country, message.kind, message.to, message.caller, message.sender)
    return _of_the_settings(settings, traits)


def _may_show(message: Message, channel: str, settings: Settings) -> bool:
    """Whether the country allows the message's sender id by a channel; or any, if none was asked for."""
    allowed = settings.senders_of(channel, message.country)
    return allowed is None or (message.sender in allowed if message.sender else bool(allowed))


def _without(found: Ranks, names: Collection[str]) -> Ranks:
    ranks = ({name: share for name, share in rank.items() if name not in names} for rank in found.ranks)
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
