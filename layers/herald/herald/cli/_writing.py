"""Writing: what ``herald settings`` and ``herald channels`` have in common: show, check, set and edit."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from herald.cli._document import Document, read, told
from herald.cli.frame import Stopped, tell
from herald.errors import Problem

Ask = Callable[[str], str]
Run = Callable[[Sequence[str]], int]
NOTHING = "Nothing was written."


def show(document: Document) -> int:
    """Print it, its secrets hidden."""
    if not document.text.strip():
        tell(f"There is no {document.path}.")
        return 0
    given = document.shown()
    print(given, end="" if given.endswith("\n") else "\n")
    return 0


def check(document: Document, file: str | None) -> int:
    """Say what would be wrong if it held this file; without one, what is wrong in SSM as it stands."""
    if file is None:
        found = document.mistakes()
    else:
        text, missing = document.revealed(read(file))
        made, before = document.judged(text)
        found = [*missing, *made, *before]
        if not missing and not made:
            document.tell_changes(text)
    told(found)
    tell("Nothing was written. All mistakes are above." if found else "No mistake.")
    return 1 if found else 0


def put(document: Document, file: str | None) -> int:
    """Write this file, if it makes no mistake."""
    text, missing = document.revealed(read(file))
    made, before = document.judged(text)
    if missing or made:
        told(missing + made)
        raise Stopped(f"{NOTHING} Correct these and run the command again.")
    document.tell_changes(text)
    document.write(text)
    _tell_before(before)
    return 0


def edit(document: Document, ask: Ask | None = None, run: Run | None = None) -> int:
    """Open it in $VISUAL or $EDITOR, check what was saved, offer to go on while it is wrong, and write it."""
    if ask is None and not sys.stdin.isatty():
        raise Stopped(f"edit needs a terminal. {NOTHING} Without one: set, from a file or from standard input.", 2)
    if document.text and document.shown() and "#" in document.text and document.text != document.shown():
        tell("Comments of a channel are left out, since there may be secrets in them.")
    with TemporaryDirectory(prefix="herald-") as folder:  # Closed to others, with whatever the editor puts beside it.
        file = Path(folder) / f"{document.name.rpartition('/')[2]}.yaml"
        file.write_text(document.shown(), encoding="utf-8")
        return _edited(document, file, ask or input, run or _run)


def _edited(document: Document, file: Path, ask: Ask, run: Run) -> int:
    while True:
        if code := run([*_editor(), str(file)]):
            raise Stopped(f"The editor ended with {code}. {NOTHING}")
        text, missing = document.revealed(read(str(file)))
        if read(str(file)) == document.shown():
            tell(f"No change. {NOTHING}")
            return 0
        made, before = document.judged(text)
        if not missing and not made:
            break
        told(missing + made)
        if not _agreed(ask, "Go on editing? [Y/n] ", otherwise=True):
            raise Stopped(NOTHING)
    document.tell_changes(text)
    if document.changed_meanwhile() and not _agreed(
        ask, "Somebody else has changed it meanwhile. Write yours all the same? [y/N] ", otherwise=False
    ):
        raise Stopped(NOTHING)
    document.write(text)
    _tell_before(before)
    return 0


def _agreed(ask: Ask, question: str, *, otherwise: bool) -> bool:
    try:
        said = ask(question).strip().lower()
    except (EOFError, KeyboardInterrupt):
        return False
    return said.startswith("y") if said else otherwise


def _tell_before(before: Sequence[Problem]) -> None:
    if before:
        told(before)
        tell("These are in SSM already. Until they are corrected, a process that begins sends nothing.")


def _editor() -> list[str]:
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    return shlex.split(chosen)


def _run(words: Sequence[str]) -> int:
    try:
        return subprocess.run(list(words), check=False).returncode
    except OSError as error:
        raise Stopped(f"{words[0]} cannot be run ({type(error).__name__}): set EDITOR. {NOTHING}") from None
