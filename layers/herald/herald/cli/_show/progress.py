"""Progress: that something is at work, and for how long, once it lasts longer than a second; on a terminal alone."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

SECONDS = 1.0


@contextmanager
def working(what: str, after: float = SECONDS) -> Iterator[None]:
    """While open for longer than ``after`` seconds, standard error shows ``what`` and the seconds that went by."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield
        return
    done = Event()
    shown = Thread(target=_show, args=(what, after, done), name="progress", daemon=True)
    shown.start()
    try:
        yield
    finally:
        done.set()
        shown.join()


def _show(what: str, after: float, done: Event) -> None:
    if done.wait(after):
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=None)
        done.wait()
