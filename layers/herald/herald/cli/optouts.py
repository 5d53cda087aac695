"""``herald optouts``: who wants no texts from a stage.

Numbers are read from standard input, one a line, so that none stays in the shell's history.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from herald import wiring
from herald.aws.client import ACCESS, client
from herald.cli.frame import Stopped, command, commands, tell
from herald.errors import InvalidRequest, NotAccepted
from herald.pipeline.flow import Herald
from herald.pipeline.receive.token import inbound
from herald.providers import load
from herald.settings.values import Channel

FIELD = "number"


def url(options: argparse.Namespace) -> int:
    """Print the URL at which a channel's provider hands over what people write; only the provider may know it."""
    here = wiring.real(options.stage)
    able = [name for name, known in here.settings.channels.items() if load(known.type).inbound]
    if options.channel not in able:
        listed = ", ".join(able) or "there is none"
        raise Stopped(f"channel: must be a channel whose provider hands over what people write: {listed}")
    print(f"{here.url}/inbound/{options.channel}/{inbound(here.secret, options.channel)}")
    return 0


def add(options: argparse.Namespace) -> int:
    """Note that people want no texts."""
    return _each(options, sys.stdin, lambda herald, line: herald.opt(line, out=True, source="list", field=FIELD))


def remove(options: argparse.Namespace) -> int:
    """Note that people want texts again."""
    return _each(options, sys.stdin, lambda herald, line: herald.opt(line, out=False, source="list", field=FIELD))


def check(options: argparse.Namespace) -> int:
    """Say of each line whether that person opted out: one answer a line, also where there is no number."""

    def say(herald: Herald, line: str) -> None:
        print("opted out" if herald.opted_out(line, field=FIELD).opted_out else "wants texts")

    return _each(options, sys.stdin, say, otherwise=lambda: print("no number"))


def sync(options: argparse.Namespace) -> int:
    """Note everybody who is on AWS's own lists: those of the channels that send by Amazon SNS or End User Messaging,
    each in its account and region.
    """
    left = 0
    for kept, names in _lists(wiring.real(options.stage).settings.channels.values()).items():
        tell(f"{', '.join(names)}:")
        left |= _sync(options, kept)
    return left


def arguments(group: argparse.ArgumentParser) -> None:
    """``url``, ``add``, ``remove``, ``check`` and ``sync``."""
    added = commands(group)
    for run in (url, add, remove, check, sync):
        made = command(added, run.__name__, run, after="It can be run again.")
        if run is url:
            made.add_argument("--channel", required=True, help="the channel whose provider is to call it")


class Pages(NamedTuple):
    """How a service of AWS tells its lists: the operation, where the numbers are, and what it takes to be told."""

    operation: str
    numbers: Callable[[Mapping[str, Any]], list[str]]
    needed: str
    source: str


LISTS: Mapping[str, Pages] = {
    "sns": Pages(
        "list_phone_numbers_opted_out", lambda page: page["phoneNumbers"], "sns:ListPhoneNumbersOptedOut", "sns"
    ),
    "pinpoint-sms-voice-v2": Pages(
        "describe_opted_out_numbers",
        lambda page: ["+" + each["OptedOutNumber"].removeprefix("+") for each in page["OptedOutNumbers"]],
        "sms-voice:DescribeOptedOutNumbers",
        "endusermessaging",
    ),
}


class Kept(NamedTuple):
    """Where a list is: a service of AWS, as whom and in which region; ``asked`` says which of several it is."""

    service: str
    access: tuple[tuple[str, str], ...] = ()
    asked: tuple[tuple[str, str], ...] = ()


def _lists(channels: Iterable[Channel]) -> dict[Kept, list[str]]:
    """The names of the channels by the list that their texts obey: those that share one are named together."""
    lists: dict[Kept, list[str]] = {}
    for channel in channels:
        service, values = load(channel.type).transport, channel.values
        if service in LISTS:
            access = tuple((name, values[name]) for name in ACCESS if values.get(name))
            # An account of End User Messaging may have several; a number that names none obeys this one.
            asked = (("OptOutListName", values.get("opt_out_list", "Default")),) if service != "sns" else ()
            lists.setdefault(Kept(service, access, asked), []).append(channel.name)
    return lists or {Kept("sns"): ["the stack's own account and region"]}


def _sync(options: argparse.Namespace, kept: Kept) -> int:
    """Note everybody who is on one list. One that cannot be read is said so; the others are read even so."""
    access: dict[str, Any] = dict(kept.access)
    pages, asked = LISTS[kept.service], dict(kept.asked)
    try:
        found = client(kept.service, **access).get_paginator(pages.operation).paginate(**asked)
        numbers = [number for page in found for number in pages.numbers(page)]
    except Exception as error:  # AWS's texts may name the key.
        tell(f"This list was not read ({type(error).__name__}). Needed: {pages.needed}")
        return 1
    return _each(
        options, numbers, lambda herald, number: herald.opt(number, out=True, source=pages.source, field=FIELD)
    )


def _each(
    options: argparse.Namespace,
    lines: Iterable[str],
    act: Callable[[Herald, str], object],
    *,
    otherwise: Callable[[], object] = lambda: None,
) -> int:
    """Act on each line that is not empty. Those that are no numbers are told by their place, and left.

    ``otherwise`` is called for each line that is not acted on, so that what is printed keeps step with the lines.
    """
    herald, done, left = wiring.herald(options.stage), 0, 0
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
