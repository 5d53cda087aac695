"""Frame: what all commands share: the stage, where it is, how errors are told, and the exit codes.

0: done. 1: it broke off, or something was left out. 2: it was called wrongly, and nothing was done. 3: refused: it was
not sent, or it is not there. 4: not known: a text may have been sent, so look before you repeat.

A module beside this file is a group of commands, or one command, and stands in ``GROUPS``. It has an ``app``::

    app = group(__doc__)

    @command(app, "create", after="It can be run again.")
    def create(here: Here, *, name: Annotated[str, Option(help="who will use it")], days: int = 30) -> int:
        \"\"\"Make a key for one caller.\"\"\"

The first parameter is the stage that was found; each other one is an option (or an ``Argument``) of typer's.
``--stage``, ``--region``, ``--profile`` and ``--json`` come by themselves. A file that is one command has
``app = alone()`` and ``@command(app)``. What goes by a URL as well takes ``asks`` of ``_asking.py``.

To take over a module that was written for argparse: ``arguments(group)`` goes, each ``add_argument`` is a parameter,
``options.days`` is ``days``, ``options.stage`` and ``options.where`` are ``here.stage`` and ``here.where``;
``type=read`` becomes ``Option(parser=read)``, and ``read`` raises ``BadParameter``. ``main`` returns 2
for what was called wrongly.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Annotated, Any, Literal, NamedTuple

from typer import Abort, BadParameter, Context, Option, Typer, TyperException

from herald.cli._signature import merged
from herald.cli._where import Find, Stopped, Where, find
from herald.errors import HeraldError
from herald.settings import stack

__all__ = ["Here", "Stopped", "alone", "command", "group", "main", "tell"]

# A file each, in the order of the help.
GROUPS = (
    "send", "explain", "status", "messages", "channels", "tail", "open", "simulate",
    "keys", "settings", "optouts", "webhooks", "receipts", "doctor", "redrive", "deploy", "remove",
)  # fmt: skip
WHICH = "Which stage? Say --stage dev, for example."


class Said(NamedTuple):
    """What was said on the command line of where to act, None if nothing was; the same of every command."""

    stage: str | None = None
    region: str | None = None
    profile: str | None = None
    url: str | None = None
    as_json: bool = False


class State:
    """What one call of ``main`` knows: how a stage is found, and what was said before the command's name."""

    def __init__(self, find: Find) -> None:
        self.find, self.said, self.usual_stage = find, Said(), ""
        self.after, self.as_json, self.lines = "", False, list[str]()


class Here(NamedTuple):
    """The stage on which a command acts, where it is, and whether what it gives on is to be JSON."""

    stage: str
    where: Where
    as_json: bool = False


def checked_stage(name: str) -> str:
    """The name of a stage. Raises ``BadParameter`` if it is none."""
    try:
        stack.path(name)
    except HeraldError as error:
        raise BadParameter(error.problems[0].detail) from None
    return name


Stage = Annotated[
    str | None, Option("--stage", parser=checked_stage, metavar="STAGE", help="the stage of the stack: dev, prod, ...")
]
Region = Annotated[
    str | None, Option("--region", metavar="REGION", help="the region of the stack, if samconfig.toml does not say it")
]
Profile = Annotated[
    str | None, Option("--profile", metavar="PROFILE", help="a profile of AWS's configuration, as AWS_PROFILE")
]
Json = Annotated[bool, Option("--json", help="what is printed is JSON")]


def group(about: str | None) -> Typer:
    """What the commands of a module are added to; ``about`` is the module's docstring."""
    said = str(about).partition(": ")[2].strip()
    made = Typer(help=said[:1].upper() + said[1:], add_completion=False, rich_markup_mode=None)
    made.callback()(lambda: None)  # With it, typer keeps a group of one command a group.
    return made


def alone() -> Typer:
    """What the one command of a module is added to."""
    return Typer(add_completion=False, rich_markup_mode=None)


def first_sentence(documentation: str | None) -> str:
    """What stands beside the name of a command or group in a list."""
    return " ".join(str(documentation).strip().partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def command(
    app: Typer,
    name: str | None = None,
    *,
    after: str = "",
    deployed: bool = True,
    named: bool = False,
    as_json: Literal["lines", "own", "none"] = "lines",
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Add a command that acts on a stage; its help is its docstring.

    ``after`` is said if a client breaks off: whether it may be repeated. ``deployed``: it stops where there is no
    stack of the stage. ``named``: the stage must be said on the command line, ``HERALD_STAGE`` is not enough.
    ``as_json``: what ``--json`` makes of it: its lines as JSON; what it prints itself by ``here.as_json``; or nothing,
    then it has no such option.
    """

    how, lines = as_json, as_json == "lines"

    def add(run: Callable[..., int]) -> Callable[..., int]:
        def acts(
            ctx: Context, stage: Stage = None, region: Region = None, profile: Profile = None, as_json: Json = False,
            **given: Any,
        ) -> int:  # fmt: skip
            said = Said(stage, region, profile, None, as_json)
            here = _here(ctx.obj, said, after, deployed=deployed, named=named)
            return _in_json(ctx.obj, lambda: run(here, **given)) if lines and here.as_json else run(here, **given)

        without = ("as_json",) if how == "none" else ()
        app.command(name, help=run.__doc__, short_help=first_sentence(run.__doc__))(merged(acts, run, without))
        return run

    return add


def _in_json(state: State, run: Callable[[], int]) -> int:
    """Run, and print as JSON the lines that it printed. Where it breaks off they are told beside the error."""
    with redirect_stdout(StringIO()) as printed:
        try:
            code = run()
        finally:
            state.lines = printed.getvalue().splitlines()
    print(json.dumps({"lines": state.lines}, indent=2, ensure_ascii=False))
    return code


def _here(state: State, said: Said, after: str, *, deployed: bool, named: bool) -> Here:
    """The stage that is meant. Raises ``Stopped`` if none is, or if it is not there."""
    said = together(state, said)
    state.after = after
    name = said.stage if said.stage is not None or named else state.usual_stage
    if not name:
        raise Stopped(WHICH, 2)
    use_profile(said.profile)
    where = state.find(name, said.region, deployed=deployed)
    tell(f"Stage {name}: {where}.")
    return Here(name, where, said.as_json)


def together(state: State, said: Said) -> Said:
    """What was said behind a command's name goes before what was said in front of it."""
    outer, state.as_json = state.said, said.as_json or state.said.as_json

    def either(own: str | None, other: str | None) -> str | None:
        return other if own is None else own

    return Said(
        either(said.stage, outer.stage), either(said.region, outer.region), either(said.profile, outer.profile),
        either(said.url, outer.url), state.as_json,
    )  # fmt: skip


def use_profile(name: str | None) -> None:
    """AWS is asked with this profile from now on."""
    if name is not None:
        os.environ["AWS_PROFILE"] = name


def main(arguments: Sequence[str] | None = None, find: Find = find) -> int:
    """Run a command; returns the exit code. ``find`` says where a stage is, or stops the command."""
    state = State(find)
    try:
        return _run(arguments, state)
    except Stopped as stopped:
        return _ended(state, stopped.said, stopped.code, stopped.problem)
    except HeraldError as error:
        return _ended(state, error.detail, 1, error.public())
    except Exception as error:  # The clients' own errors; their texts may repeat what was sent.
        return _ended(state, f"Stopped ({type(error).__name__}). {state.after}".rstrip(), 1)


def _run(arguments: Sequence[str] | None, state: State) -> int:
    from herald.cli import _root

    try:
        return int(_root.made().main(arguments, prog_name="herald", standalone_mode=False, obj=state) or 0)
    except TyperException as wrong:
        tell(_root.misuse(wrong))
        return 2
    except (Abort, EOFError):
        raise Stopped("Stopped: nobody answered. Nothing more was done.", 2) from None


def _ended(state: State, said: str, code: int, problem: Any = None) -> int:
    """Tell why a command ended, on standard error; for programs, as JSON on standard output too."""
    if state.as_json:
        done = {"lines": state.lines} if state.lines else {}
        print(json.dumps({**done, "error": problem or {"detail": said}}, indent=2, ensure_ascii=False))
    tell(said)
    return code


def tell(said: str) -> None:
    """A line for whoever runs the command, beside what it gives to the next program."""
    print(said, file=sys.stderr)
