"""Root: ``herald`` itself: the groups below it, what is said before their names, and how a misuse is told."""

import os
from importlib import import_module
from typing import Annotated, Any

from typer import Context, Exit, Option, Typer, TyperException
from typer.core import TyperGroup
from typer.main import get_command

from herald.cli.frame import GROUPS, Json, Profile, Region, Said, Stage, checked_stage, first_sentence

ABOUT = "Send texts, follow them, and look after a stage of Herald. Alone, it says where it points and what is next."


class Groups(TyperGroup):
    """The groups, each imported when it is asked for: a command does not wait for what others need."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(GROUPS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in GROUPS:
            return None
        made = get_command(import_module(f"herald.cli.{cmd_name}").app)
        made.name, made.short_help = cmd_name, first_sentence(made.help)
        return made


app = Typer(cls=Groups, rich_markup_mode=None, help=ABOUT, context_settings={"help_option_names": ["--help", "-h"]})


@app.callback(invoke_without_command=True)
def root(
    ctx: Context,
    *,
    stage: Stage = None,
    region: Region = None,
    profile: Profile = None,
    url: Annotated[
        str | None, Option("--url", metavar="URL", help="a stage's URL, instead; its key is HERALD_KEY, or asked")
    ] = None,
    as_json: Json = False,
    version: Annotated[bool, Option("--version", help="print the version")] = False,
) -> int:
    """What is said before a command's name is said to it."""
    if version:
        print(f"herald {import_module('herald').__version__}")
        raise Exit(0)
    ctx.obj.said = Said(stage, region, profile, url, as_json)
    usual = os.environ.get("HERALD_STAGE", "")
    ctx.obj.usual_stage = checked_stage(usual) if usual else ""
    if ctx.invoked_subcommand is None:
        from herald.cli import _pointer

        return _pointer.show(ctx.obj)
    return 0


def made() -> Any:
    """The command, with all that is below it."""
    return get_command(app)


def misuse(wrong: TyperException) -> str:
    """What was called wrongly, and where its help is."""
    context: Any = getattr(wrong, "ctx", None)
    path = context.command_path if context else "herald"
    said = wrong.format_message()
    if said.startswith("No such command") and path == "herald":
        said += _near(said)
    return f"{said}\nUsage: {context.get_usage().partition('Usage: ')[2] if context else path}\nMore: {path} --help"


def _near(said: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(said.split("'")[1] if "'" in said else "", GROUPS)
    return f" Did you mean {' or '.join(near)}?" if near else f" There are: {', '.join(GROUPS)}."
