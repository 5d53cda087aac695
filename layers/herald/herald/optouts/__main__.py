"""``python -m herald.optouts url|add|remove|check|sync``: who wants no texts from a stage.

Numbers are read from standard input, one a line, so that none stays in the shell's history.
"""

import argparse
import sys
from collections.abc import Callable, Iterable

from herald import aws, wiring
from herald.consent import Consent
from herald.errors import HeraldError, InvalidRequest, NotAccepted


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 1 if it broke off, or if a line is no number."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except HeraldError as error:
        print(error.detail, file=sys.stderr)
    except Exception as error:  # The clients' own errors; their texts may repeat what was sent.
        print(f"Stopped ({type(error).__name__}). It can be run again.", file=sys.stderr)
    return 1


def url(options: argparse.Namespace) -> int:
    """Print the URL at which a channel's provider hands over what people write; only the provider may know it."""
    print(wiring.inbound_url(options.stage, options.channel))
    return 0


def add(options: argparse.Namespace) -> int:
    """Note that people want no texts."""
    return _each(options, sys.stdin, lambda consent, line: _change(consent, line, "list", opted_out=True))


def remove(options: argparse.Namespace) -> int:
    """Note that people want texts again."""
    return _each(options, sys.stdin, lambda consent, line: _change(consent, line, "list", opted_out=False))


def check(options: argparse.Namespace) -> int:
    """Say of each line whether that person opted out."""

    def say(consent: Consent, line: str) -> None:
        print("opted out" if consent.of(line, "number").opted_out else "wants texts")

    return _each(options, sys.stdin, say)


def sync(options: argparse.Namespace) -> int:
    """Note everybody who is on Amazon SNS's own list of this account and region."""
    pages = aws.client("sns").get_paginator("list_phone_numbers_opted_out").paginate()
    numbers = (number for page in pages for number in page["phoneNumbers"])
    return _each(options, numbers, lambda consent, number: _change(consent, number, "sns", opted_out=True))


def _change(consent: Consent, number: str, source: str, *, opted_out: bool) -> None:
    consent.change(number, "number", opted_out=opted_out, source=source)


def _each(options: argparse.Namespace, lines: Iterable[str], act: Callable[[Consent, str], object]) -> int:
    """Act on each line that is not empty. Those that are no numbers are told by their place, and left."""
    consent, done, left = wiring.herald(options.stage).consent, 0, 0
    for place, line in enumerate(lines, 1):
        number = line.strip()
        if not number:
            continue
        try:
            act(consent, number)
            done += 1
        except InvalidRequest as wrong:
            left += 1
            print(f"Line {place}: {wrong.problems[0].detail}", file=sys.stderr)
        except NotAccepted as error:
            print(f"Stopped at line {place}: {error.detail} Run it again: it may be repeated.", file=sys.stderr)
            return 1
    told = f"{done} {'number' if done == 1 else 'numbers'} done"
    print(f"{told}, {left} left out." if left else f"{told}.", file=sys.stderr)
    return 1 if left else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m herald.optouts", description=__doc__)
    commands = parser.add_subparsers(required=True)
    stage = argparse.ArgumentParser(add_help=False)
    stage.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    for command in (url, add, remove, check, sync):
        made = commands.add_parser(command.__name__, parents=[stage], help=str(command.__doc__).rstrip("."))
        made.set_defaults(command=command)
        if command is url:
            made.add_argument("--channel", required=True, help="the channel whose provider is to call it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
