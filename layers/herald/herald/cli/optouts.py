"""``herald optouts``: who wants no texts from a stage.

Numbers are read from standard input, one a line, so that none stays in the shell's history.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any, NamedTuple

from typer import Option

from herald import wiring
from herald.aws.client import ACCESS, client
from herald.cli.frame import Here, Stopped, command, group, tell
from herald.errors import InvalidRequest, NotAccepted
from herald.pipeline.flow import Herald
from herald.pipeline.receive.token import inbound
from herald.providers import load
from herald.providers._base import OptOuts
from herald.settings.values import DEFAULT_CHANNELS, Channel

FIELD = "number"
AGAIN = "It can be run again."

app = group(__doc__)


@command(app, "url", after=AGAIN)
def url(
    here: Here,
    *,
    channel: Annotated[str, Option("--channel", metavar="NAME", help="the channel whose provider is to call it")],
) -> int:
    """Print the URL at which a channel's provider hands over what people write; only the provider may know it."""
    real = wiring.real(here.stage)
    able = [name for name, known in real.settings.channels.items() if load(known.type).inbound]
    if channel not in able:
        listed = ", ".join(able) or "there is none"
        raise Stopped(f"channel: must be a channel whose provider hands over what people write: {listed}")
    print(f"{real.url}/inbound/{channel}/{inbound(real.secret, channel)}")
    return 0


@command(app, "add", after=AGAIN)
def add(here: Here) -> int:
    """Note that people want no texts."""
    return _each(here, sys.stdin, lambda herald, line: herald.opt(line, out=True, source="list", field=FIELD))


@command(app, "remove", after=AGAIN)
def remove(here: Here) -> int:
    """Note that people want texts again."""
    return _each(here, sys.stdin, lambda herald, line: herald.opt(line, out=False, source="list", field=FIELD))


@command(app, "check", after=AGAIN)
def check(here: Here) -> int:
    """Say of each line whether that person opted out: one answer a line, also where there is no number."""

    def say(herald: Herald, line: str) -> None:
        print("opted out" if herald.opted_out(line, field=FIELD).opted_out else "wants texts")

    return _each(here, sys.stdin, say, otherwise=lambda: print("no number"))


@command(app, "sync", after=AGAIN)
def sync(here: Here) -> int:
    """Note everybody who is on the providers' own lists, each in the account and region of its channels.

    A stage without such a channel has the list of its own account and region.
    """
    left, channels = 0, wiring.real(here.stage).settings.channels
    for kept, listed in (_lists(channels.values()) or _lists(DEFAULT_CHANNELS.values())).items():
        tell(f"{', '.join(listed.channels)}:")
        left |= _sync(here, kept, listed.optouts)
    return left


class Kept(NamedTuple):
    """Where a list is: at a provider, as whom and in which region; ``asked`` says which of several it is."""

    provider: str
    access: tuple[tuple[str, str], ...]
    asked: tuple[tuple[str, str], ...]


class List(NamedTuple):
    """A list, and the names of the channels whose texts obey it."""

    optouts: OptOuts
    channels: list[str]


def _lists(channels: Iterable[Channel]) -> dict[Kept, List]:
    """The lists that the channels' texts obey: those that share one are named together."""
    lists: dict[Kept, List] = {}
    for channel in channels:
        if found := load(channel.type).opt_outs(channel.values):
            access = tuple((name, channel.values[name]) for name in ACCESS if channel.values.get(name))
            kept = Kept(channel.type, access, tuple(found.asked.items()))
            lists.setdefault(kept, List(found, [])).channels.append(channel.name)
    return lists


def _sync(here: Here, kept: Kept, listed: OptOuts) -> int:
    """Note everybody who is on one list. One that cannot be read is said so; the others are read even so."""
    access: dict[str, Any] = dict(kept.access)
    try:
        found = client(load(kept.provider).transport, **access).get_paginator(listed.operation).paginate(**listed.asked)
        numbers = [number for page in found for number in listed.numbers(page)]
    except Exception as error:  # AWS's texts may name the key.
        tell(f"This list was not read ({type(error).__name__}). Needed: {listed.needed}")
        return 1
    return _each(here, numbers, lambda herald, number: herald.opt(number, out=True, source=kept.provider, field=FIELD))


def _each(
    here: Here,
    lines: Iterable[str],
    act: Callable[[Herald, str], object],
    *,
    otherwise: Callable[[], object] = lambda: None,
) -> int:
    """Act on each line that is not empty. Those that are no numbers are told by their place, and left.

    ``otherwise`` is called for each line that is not acted on, so that what is printed keeps step with the lines.
    """
    herald, done, left = wiring.herald(here.stage), 0, 0
    for place, line in enumerate(lines, 1):
        number = line.strip()
        if not number:
            otherwise()
            continue
        try:
            act(herald, number)
            done += 1
        except InvalidRequest as wrong:
            left += 1
            otherwise()
            tell(f"Line {place}: {wrong.problems[0].detail}")
        except NotAccepted as error:
            raise Stopped(f"Stopped at line {place}: {error.detail} Run it again: it may be repeated.") from None
    told = f"{done} {'number' if done == 1 else 'numbers'} done"
    tell(f"{told}, {left} left out." if left else f"{told}.")
    return 1 if left else 0
