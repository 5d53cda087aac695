"""``herald channels``: a stage's channels in SSM: show them, check a file, write one, edit one."""

import argparse

from herald.cli import _writing
from herald.cli._document import Document
from herald.cli.frame import Stopped, command, commands, tell
from herald.settings.channel import NAME
from herald.settings.hidden import plain


def show(options: argparse.Namespace) -> int:
    """Print a channel, its secrets hidden; without a name, list the channels."""
    if options.name is not None:
        return _writing.show(_document(options))
    kept = Document(options.stage, "channels").kept
    names = [name.partition("/")[2] for name in sorted(kept) if name.startswith("channels/")]
    for name in names:
        print(f"{name}: {plain(kept[f'channels/{name}']).get('type', 'no type')}")
    if not names:
        tell("There is none: texts go by Amazon SNS, under the functions' own role.")
    return 0


def check(options: argparse.Namespace) -> int:
    """Say what is wrong with a file beside what is in SSM, or in SSM as it stands. It writes nothing."""
    return _writing.check(_document(options), options.file)


def put(options: argparse.Namespace) -> int:
    """Check a file, or standard input, and write it as this channel."""
    return _writing.put(_document(options), options.file)


def edit(options: argparse.Namespace) -> int:
    """Edit a channel in $VISUAL or $EDITOR; it is checked, then written."""
    return _writing.edit(_document(options))


def arguments(group: argparse.ArgumentParser) -> None:
    """``show``, ``check``, ``set`` and ``edit``."""
    added = commands(group)
    command(added, "show", show).add_argument("name", nargs="?", help="the channel; without it, all are listed")
    for name, run in (("check", check), ("set", put), ("edit", edit)):
        made = command(added, name, run, after="It can be run again.")
        made.add_argument("name", help="the channel, such as exotel: routes, keys and messages name it so")
        if run is not edit:
            made.add_argument("file", nargs="?", help="YAML; - is standard input")


def _document(options: argparse.Namespace) -> Document:
    if not NAME.fullmatch(options.name):
        raise Stopped("A channel's name is 1 to 64 letters, digits or _ . -", 2)
    return Document(options.stage, f"channels/{options.name}")
