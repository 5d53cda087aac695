"""Frame: what all commands share: the stage, where it is, how errors are told, and the exit codes.

0: done. 1: it broke off, or something was left out. 2: it was called wrongly, and nothing was done.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from herald.cli._where import Find, Stopped, find
from herald.errors import HeraldError
from herald.settings import stack

__all__ = ["Stopped", "command", "commands", "main", "runs", "tell"]

# A file each, which fills in its part of the command line by its function ``arguments``.
GROUPS = ("keys", "settings", "channels", "optouts", "webhooks", "receipts", "redrive", "deploy", "remove", "doctor")


def main(arguments: Sequence[str] | None = None, find: Find = find) -> int:
    """Run a command; returns the exit code. ``find`` says where a stage is, or stops the command."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        options.where = find(options.stage, options.region, deployed=options.deployed)
        tell(f"Stage {options.stage}: {options.where}.")
        return run(options)
    except Stopped as stopped:
        tell(stopped.said)
        return stopped.code
    except HeraldError as error:
        tell(error.detail)
    except Exception as error:  # The clients' own errors; their texts may repeat what was sent.
        tell(f"Stopped ({type(error).__name__}). {options.after}".rstrip())
    return 1


def commands(group: argparse.ArgumentParser) -> Any:
    """Where the commands of a group are added."""
    return group.add_subparsers(metavar="COMMAND", required=True)


def command(
    added_to: Any, name: str, run: Callable[[argparse.Namespace], int], *, after: str = ""
) -> argparse.ArgumentParser:
    """Add a command, whose help is what ``run`` says of itself; the rest as ``runs`` does."""
    return runs(added_to.add_parser(name, help=_said(run.__doc__), description=run.__doc__), run, after=after)


def runs(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    *,
    after: str = "",
    deployed: bool = True,
) -> argparse.ArgumentParser:
    """Let a parser run this, for a stage. ``after`` is said if a client breaks off: whether it may be repeated.

    ``deployed``: it stops where there is no stack of the stage.
    """
    parser.add_argument("--stage", required=True, type=_stage, help="the stage of the stack: dev, prod, ...")
    parser.add_argument("--region", help="the region of the stack, if samconfig.toml does not say it")
    parser.set_defaults(run=run, after=after, deployed=deployed)
    return parser


def _stage(name: str) -> str:
    try:
        stack.path(name)
    except HeraldError as error:
        raise argparse.ArgumentTypeError(error.problems[0].detail) from None
    return name


def tell(said: str) -> None:
    """A line for whoever runs the command, beside what it gives to the next program."""
    print(said, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="herald", description="Look after a stage of Herald.")
    groups = parser.add_subparsers(metavar="GROUP", required=True)
    for name in GROUPS:
        module = import_module(f"herald.cli.{name}")
        about = str(module.__doc__).partition(": ")[2].strip()
        module.arguments(groups.add_parser(name, help=_said(about), description=about[0].upper() + about[1:]))
    return parser


def _said(documentation: str | None) -> str:
    """The first sentence."""
    return str(documentation).strip().partition("\n")[0].rstrip(".")
