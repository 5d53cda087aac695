"""Lines: what explain tells of a message, a function a line. Each looks at the same, and writes nothing.

A new step of the way adds its line by one function in ``LINES``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from herald.journal.tally import MILLIONTHS, Level
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.text import Measure, forcing, measure, named, smart
from herald.message.times import rfc3339
from herald.pipeline.guard.budget import tallies, when
from herald.pipeline.guard.gate import LIMITS, NOW, THEN
from herald.pipeline.guard.policy import refusals, sender_refused
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import Route, shown
from herald.pipeline.validate.validate import Mode
from herald.settings.values import Settings

MONEY = "spend"


class Line(NamedTuple):
    """What is told of one step: whether a message passes it, a sentence, and ``facts`` by their names in the answer."""

    step: str
    ok: bool
    detail: str
    facts: Mapping[str, object] = {}


class View(NamedTuple):
    """What lines look at. ``goes`` is the message as it would go or wait, None if it is refused or a repetition;
    ``order`` are the channels in the order in which they would be tried.
    """

    ports: Ports
    settings: Settings
    grant: Grant | None
    message: Message
    way: Route
    goes: Message | None
    order: tuple[str, ...]
    mode: Mode

    @property
    def first(self) -> str | None:
        """The channel that it would go by, or wait for; None if none is left."""
        found = self.goes.channel if self.goes else None
        return found or next(iter(self.order or self.way.channels), None)

    def refused(self, *codes: str, by_key: bool = False) -> str:
        """What the settings (or the API key) say against the message, by these codes; empty if nothing."""
        found = refusals(self.message, self.settings, self.grant)
        return " ".join(no.detail for no in found if (no.status == 403) == by_key and (not codes or no.code in codes))


Tell = Callable[[View], Iterator[Line]]


def number(view: View) -> Iterator[Line]:
    """The number as it was read."""
    to, country, no = view.message.to, view.message.country, view.refused("country_not_allowed")
    yield Line("number", not no, no or f"{to} is a mobile number of {country}.", {"to": to, "country": country})


def key(view: View) -> Iterator[Line]:
    """What the caller may do, and whether the message reaches anybody."""
    no, channels = view.refused(by_key=True), view.way.channels or view.way.barred
    if not no and not channels:
        no = "No channel that the settings choose for this message is one that this API key may use."
    if view.grant:
        kept = "is a test key: what it sends reaches nobody" if view.grant.test else "may send this"
        yield Line("key", not no, no or f"The key {view.grant.name} {kept}.")
    if view.message.test and not (view.grant and view.grant.test):
        yield Line("guests", True, "The number is not on the list of guests: the message reaches nobody.")


def text(view: View) -> Iterator[Line]:
    """How the text travels, and what would make it shorter."""
    body, no = view.message.body or "", view.refused("too_many_segments")
    found, forced, plain = measure(body), forcing(body), measure(smart(body))
    better = plain if plain.encoding != found.encoding or plain.segments < found.segments else None
    said = f"{_measured(found)}, because of {named(forced)}" if forced else _measured(found)
    said += f". With smart: true it would be {_measured(better)}" if better else ""
    facts = {
        "encoding": found.encoding, "segments": found.segments, "length": found.length,
        "forcing": [{"character": c, "name": named(c)} for c in forced], "smart": better and better._asdict(),
    }  # fmt: skip
    yield Line("text", not no, no or f"{said}.", facts)


def channel(view: View) -> Iterator[Line]:
    """By which channel it goes and why; and which follow if that one surely does not take it."""
    first, way, order = view.first, view.way, view.order
    if first is None:
        no = sender_refused(view.message, view.settings, way.barred).detail if way.barred else ""
        yield Line("channel", False, no or f"No channel is left: {way.why}.", {"channel": None, "then": []})
        return
    known = view.settings.channels.get(first)
    then = list(order[order.index(first) + 1 :]) if first in order else []
    facts = {"channel": first, "provider": known.type if known else None, "then": then}
    after = f" If it surely does not take the text, {' then '.join(then)} would be tried." if then else ""
    yield Line("channel", True, f"{_why(view, first)}.{after}", facts)


def sender(view: View) -> Iterator[Line]:
    """The sender id that shows on the phone."""
    first = view.first
    if first is None:
        return
    shows = shown(view.message, first, view.settings)
    said = f"The phone would show {shows}." if shows else f"The phone shows what {first} has for all its texts."
    yield Line("sender", True, said, {"sender": shows})


def price(view: View) -> Iterator[Line]:
    """What it may cost, by the settings."""
    no, cost = view.refused("price_unknown", "price_above_maximum"), view.message.reserved
    said = f"Not known: the setting prices has none for {view.message.country}."
    if cost is not None:
        said = f"At most {_amount(cost):g}, by the setting prices."
    yield Line("price", not no, no or said, {"price_at_most": None if cost is None else _amount(cost)})


def opt_out(view: View) -> Iterator[Line]:
    """Whether the person wants no texts."""
    try:
        wish = view.ports.optouts.has(view.message.recipient)
    except Exception as error:
        view.ports.observer.trouble("opt-outs not read", error)
        yield Line("opt_out", False, "Whether the recipient opted out could not be read.", {"opted_out": None})
        return
    said = "The recipient opted out of messages." if wish else "The recipient has not opted out."
    yield Line("opt_out", not wish, said, {"opted_out": wish})


def limits(view: View) -> Iterator[Line]:
    """Each limit that the message would be counted in, and what is left of it."""
    asked = when(view.message, view.ports.clock(), queued=view.mode == "async")
    try:
        every = tallies(view.message, view.settings, view.grant, view.ports.secret, asked)
        found = [view.ports.counters.look(tally, asked.now) for tally in every]
    except Exception as error:
        view.ports.observer.trouble("limits not read", error)
        passes = view.message.kind in view.settings.uncounted
        yield Line("limits", passes, "The limits could not be read.", {"limits": None})
        return
    full = next((each.full for each in found if each.full), None)
    levels = [level for each in found for level in each.levels]
    said = "No limit counts this message."
    if levels:
        tight = min(levels, key=lambda level: _left(level) / max(level.most, 1))
        used, most = (_number(tight, n) for n in (tight.used, tight.most))
        said = f"{used:g} of {most:g} used of the limit {tight.code}"
        said += f", the tightest of {len(levels)}." if len(levels) > 1 else "."
    if full:
        said = LIMITS[full.code][0].format(**(THEN if asked.moment is None else NOW))
    yield Line("limits", full is None, said, {"limits": [_public(level) for level in levels]})


def time(view: View) -> Iterator[Line]:
    """Until when it may be sent."""
    message = view.message
    said = f"It waits until {rfc3339(message.send_at)}. " if message.send_at else ""
    ends = rfc3339(message.expires_at)
    yield Line("time", True, f"{said}If it is not sent by {ends}, it expires.", {"expires_at": ends})


def second_channel(view: View) -> Iterator[Line]:
    """What happens if no receipt comes."""
    seconds = view.message.deliver_by
    if seconds and len(view.way.channels) > 1:
        said = f"If no receipt says within {seconds} s that it was delivered, it goes once more by another channel."
        yield Line("second_channel", True, said, {"deliver_by": seconds})


LINES: tuple[Tell, ...] = (number, key, text, channel, sender, price, opt_out, limits, time, second_channel)


def _why(view: View, first: str) -> str:
    """Why this channel, in the words of the trace that the message would have."""
    steps = view.goes.trace if view.goes else ()
    said = next((step.detail for step in reversed(steps) if step.step in ("sending", "queued") and step.detail), "")
    said = said or f"by {first}: {view.way.why}"
    return f"By {said[3:]}" if said.startswith("by ") else said


def _measured(found: Measure) -> str:
    """``160 characters of GSM-7 in 1 segment``."""
    one, several = "character" if found.length == 1 else "characters", "" if found.segments == 1 else "s"
    return f"{found.length} {one} of {found.encoding} in {found.segments} segment{several}"


def _public(level: Level) -> dict[str, Any]:
    return {
        "limit": level.code, "used": _number(level, level.used), "most": _number(level, level.most),
        "left": _number(level, _left(level)), "frees_at": level.frees and rfc3339(level.frees),
    }  # fmt: skip


def _left(level: Level) -> int:
    return max(0, level.most - level.used)


def _number(level: Level, number: int) -> float:
    """A number of messages, or an amount of money in the currency of the prices."""
    return _amount(number) if MONEY in level.code else number


def _amount(millionths: int) -> float:
    return round(millionths / MILLIONTHS, 6)
