"""``herald settings``: a stage's settings in SSM: show, check, write and edit them; import a gramex.yaml."""

from pathlib import Path
from typing import Annotated

from typer import Argument

from herald.cli import _writing
from herald.cli._document import SETTINGS, Document
from herald.cli.frame import Here, Stopped, command, group, tell
from herald.errors import HeraldError
from herald.settings.gramex import read_gramex
from herald.settings.values import Channel
from herald.wiring import parameters, provider_fields

AGAIN = "It can be run again."
File = Annotated[str | None, Argument(help="YAML; - is standard input")]

app = group(__doc__)


@command(app, "show", after=AGAIN)
def show(here: Here) -> int:
    """Print the settings as they are in SSM."""
    return _writing.show(Document(here.stage, SETTINGS))


@command(app, "check", after=AGAIN)
def check(here: Here, *, file: File = None) -> int:
    """Say what is wrong with a file beside what is in SSM, or in SSM as it stands. It writes nothing."""
    return _writing.check(Document(here.stage, SETTINGS), file)


@command(app, "set", after=AGAIN)
def put(here: Here, *, file: File = None) -> int:
    """Check a file, or standard input, and write it as the settings."""
    return _writing.put(Document(here.stage, SETTINGS), file)


@command(app, "edit", after=AGAIN, as_json="none")
def edit(here: Here) -> int:
    """Edit the settings in $VISUAL or $EDITOR; they are checked, then written."""
    return _writing.edit(Document(here.stage, SETTINGS))


@command(app, "import")
def bring(
    here: Here, *, file: Annotated[Path, Argument(help="a gramex.yaml, or any YAML with an sms: section")]
) -> int:
    """Write the channels of a gramex.yaml to SSM."""
    try:
        channels = read_gramex(file.read_text(encoding="utf-8"), provider_fields)
    except (OSError, UnicodeDecodeError) as error:
        raise Stopped(f"{file}: cannot be read ({type(error).__name__})") from None
    except HeraldError as error:
        for problem in error.problems:
            tell(f"{problem.field}: {problem.detail}")
        raise Stopped("Nothing was written. Correct these and run the command again.") from None
    for channel in channels.values():
        _write(channel, here.stage)
    return 0


def _write(channel: Channel, stage: str) -> None:
    name = f"/herald/{stage}/channels/{channel.name}"
    try:
        parameters(stage).write(f"channels/{channel.name}", block(channel))
    except HeraldError as error:
        raise Stopped(f"{name}: not written. {error.detail}") from None
    except Exception as error:  # The client's own errors; their texts may repeat what was sent.
        raise Stopped(f"{name}: not written ({type(error).__name__})") from None
    print(f"{name}: {shown(channel)}")


def block(channel: Channel) -> str:
    """The channel's YAML, as it is kept in SSM."""
    import yaml

    return str(yaml.safe_dump(given(channel), sort_keys=False))


def given(channel: Channel) -> dict[str, str]:
    """The channel's fields, as they are spelled in its block."""
    return {"type": channel.type, **channel.values, **({"rate": str(channel.rate)} if channel.rate else {})}


def shown(channel: Channel) -> str:
    """The channel in one line, its secrets hidden."""
    secret = {field.name for field in provider_fields(channel.type) if field.secret}
    values = {name: "(hidden)" if name in secret else value for name, value in channel.values.items()}
    return ", ".join(f"{name}={value}" for name, value in {"type": channel.type, **values}.items())
