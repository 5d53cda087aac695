"""``herald channels``: the channels of a stage: how they fare; show, check, write and edit them in SSM."""

from typing import Annotated

from typer import Argument, Context

from herald.cli import _writing
from herald.cli._asking import Url, asks, give, pointed
from herald.cli._client.target import Target
from herald.cli._document import Document
from herald.cli._show import message as shown
from herald.cli._show.progress import working
from herald.cli.frame import Here, Json, Profile, Region, Said, Stage, Stopped, command, group, tell, together
from herald.settings.channel import NAME
from herald.settings.hidden import plain

AGAIN = "It can be run again."
Name = Annotated[str, Argument(help="the channel, such as exotel: routes, keys and messages name it so")]
File = Annotated[str | None, Argument(help="YAML; - is standard input")]

app = group(__doc__)


@asks(app, "health")
def health(target: Target) -> int:
    """Say how each channel fares: whether it is used, and what share of its messages it gets."""
    with working("Asking"):
        found = target.service.channels()
    give(target, found, lambda screen: shown.health(found["channels"], screen))
    return 0


@command(app, "show", after=AGAIN)
def show(
    here: Here, *, name: Annotated[str | None, Argument(help="the channel; without it, all are listed")] = None
) -> int:
    """Print a channel, its secrets hidden; without a name, list the channels."""
    if name is not None:
        return _writing.show(_document(here, name))
    kept = Document(here.stage, "channels").kept
    names = [name.partition("/")[2] for name in sorted(kept) if name.startswith("channels/")]
    for each in names:
        print(f"{each}: {plain(kept[f'channels/{each}']).get('type', 'no type')}")
    if not names:
        tell("There is none: texts go by Amazon SNS, under the functions' own role.")
    return 0


@command(app, "check", after=AGAIN)
def check(here: Here, *, name: Name, file: File = None) -> int:
    """Say what is wrong with a file beside what is in SSM, or in SSM as it stands. It writes nothing."""
    return _writing.check(_document(here, name), file)


@command(app, "set", after=AGAIN)
def put(here: Here, *, name: Name, file: File = None) -> int:
    """Check a file, or standard input, and write it as this channel."""
    return _writing.put(_document(here, name), file)


@command(app, "edit", after=AGAIN, as_json="none")
def edit(here: Here, *, name: Name) -> int:
    """Edit a channel in $VISUAL or $EDITOR; it is checked, then written."""
    return _writing.edit(_document(here, name))


@app.callback(invoke_without_command=True)
def channels(
    ctx: Context, *, stage: Stage = None, region: Region = None, profile: Profile = None, url: Url = None,
    as_json: Json = False,
) -> int:  # fmt: skip
    """The channels of a stage; without a command, how they fare."""
    said = together(ctx.obj, Said(stage, region, profile, url, as_json))
    if ctx.invoked_subcommand is None:
        return health(pointed(ctx.obj, said))
    ctx.obj.said = said
    return 0


def _document(here: Here, name: str) -> Document:
    if not NAME.fullmatch(name):
        raise Stopped("A channel's name is 1 to 64 letters, digits or _ . -", 2)
    return Document(here.stage, f"channels/{name}")
