"""Asking: a command that asks a Herald, wherever it is: a stage on AWS, one behind a URL, the laptop's."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from typer import Context, Option, Typer

from herald.cli._client.target import Target, resolve
from herald.cli._show.screen import Screen, screen
from herald.cli._signature import merged
from herald.cli.frame import Json, Profile, Region, Said, Stage, State, first_sentence, tell, together

Url = Annotated[
    str | None, Option("--url", metavar="URL", help="a stage's URL, instead; its key is HERALD_KEY, or asked for")
]


def asks(
    app: Typer, name: str | None = None, *, after: str = "", cls: Any = None
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Add a command that asks a Herald: its first parameter is the ``Target``. Else as ``frame.command``."""

    def add(run: Callable[..., int]) -> Callable[..., int]:
        def acts(
            ctx: Context, *, stage: Stage = None, region: Region = None, profile: Profile = None, url: Url = None,
            as_json: Json = False, **given: Any,
        ) -> int:  # fmt: skip
            return run(pointed(ctx.obj, Said(stage, region, profile, url, as_json), after), **given)

        app.command(name, help=run.__doc__, short_help=first_sentence(run.__doc__), cls=cls)(merged(acts, run))
        return run

    return add


def pointed(state: State, said: Said, after: str = "") -> Target:
    """The Herald that is meant, which is told. Raises ``Stopped``."""
    state.after = after
    target = resolve(state, together(state, said))
    tell(str(target.place))
    return target


def give(target: Target, found: Any, lines: Callable[[Screen], list[str]]) -> None:
    """Print what was found: to a program as JSON, to a person as lines."""
    if target.as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for line in lines(screen()):
        print(line)
