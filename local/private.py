"""Private: what the laptop writes down, keys among it, is its owner's alone from the moment that it is there."""

import os
import stat
from pathlib import Path
from typing import BinaryIO


def folder(path: Path) -> None:
    """Make a folder that nobody else may enter; one that is there is closed, unless it is everybody's (as /tmp is)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.stat().st_mode & stat.S_ISVTX:
        path.chmod(0o700)


def file(path: Path, *, append: bool = False) -> BinaryIO:
    """Open a file for writing that nobody else may read: a new one, or one that is added to.

    One that was there before is not written over but made anew: somebody may have it open.
    """
    if not append:
        path.unlink(missing_ok=True)
    made = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_EXCL), 0o600)
    os.fchmod(made, 0o600)
    return os.fdopen(made, "wb")
