"""Figures: what the proofs counted, as a table for the terminal and for docs/promises.md."""

import json
import os
import platform
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
COMMAND = "make prove"
HEAD = "| promise | proof | counted | in tests/promises | on |"


class Figure(NamedTuple):
    """What one proof counted. ``promise`` is the number of the promise that it is about, or several: ``1, 3``; ``file``
    is where the proof stands.
    """

    promise: str
    proof: str
    numbers: dict[str, float | str]
    file: str = ""

    def counted(self) -> str:
        """``sends: 10 000 · lost: 0``, where a name's underscores are spaces."""
        return " · ".join(f"{name.replace('_', ' ')}: {shown(value)}" for name, value in self.numbers.items())


class Figures:
    """All that the proofs of one run counted. ``file`` is where those stand that tell of theirs here."""

    def __init__(self, file: str = "") -> None:
        self._all: list[Figure] = []
        self._file = file

    def of(self, file: str) -> "Figures":
        """The same, for the proofs of another file."""
        other = Figures(file)
        other._all = self._all
        return other

    def __call__(self, proof: str, *, promise: str = "", **numbers: float | str) -> None:
        """Keep what a proof counted, in the order in which it is to be read."""
        self._all.append(Figure(promise, proof, numbers, self._file))

    @property
    def files(self) -> set[str]:
        """The files whose proofs told of something."""
        return {figure.file for figure in self._all}

    def sorted(self) -> list[Figure]:
        """By promise, then as they came."""
        return sorted(self._all, key=lambda figure: figure.promise)

    def lines(self) -> list[str]:
        """The table for a terminal."""
        widest = max((len(figure.proof) for figure in self._all), default=0)
        return [f"{each.promise:7} {each.proof:{widest}}  {each.counted()}" for each in self.sorted()]

    def rows(self, files: Collection[str], day: str) -> list[str]:
        """The rows of a page's table for the proofs in these files, counted on that day."""
        return [
            f"| {each.promise} | {each.proof} | {each.counted()} | {each.file} | {day} |"
            for each in self.sorted()
            if each.file in files
        ]

    def save(self, path: Path, conditions: str) -> None:
        """Write everything as JSON: ``{conditions, figures: [{promise, proof, numbers}]}``."""
        path.parent.mkdir(exist_ok=True)
        whole = {"conditions": conditions, "figures": [each._asdict() for each in self.sorted()]}
        path.write_text(json.dumps(whole, indent=2) + "\n")


def shown(value: float | str) -> str:
    """``10 000``, ``99.5``, or the text itself."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4g}"
    return value if isinstance(value, str) else f"{int(value):,}".replace(",", " ")


def today(now: datetime | None = None) -> str:
    """``28 November 2026``."""
    return (now or datetime.now(UTC)).strftime("%-d %B %Y")


def conditions() -> str:
    """How, and on what machine."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"Counted by `{COMMAND}`, each on the day beside it: {machine}."


def rewrite(page: Path, rows: Sequence[str], files: Collection[str], said: str) -> None:
    """Put the rows of these files in place of those that they had between the page's two marks.

    Raises ``ValueError`` if the marks are not there once, in this order.
    """
    before, _, rest = page.read_text().partition(BEGIN)
    old, end, after = rest.partition(END)
    if not end or BEGIN in old + after or END in before + after:
        raise ValueError(f"{page.name} needs {BEGIN} and, below it, {END}: each once")
    kept = [line for line in old.splitlines() if line.startswith("| ") and line != HEAD and _file(line) not in files]
    table = "\n".join([said, "", HEAD, "|---|---|---|---|---|", *sorted([*kept, *rows], key=_promise)])
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def _file(row: str) -> str:
    return row.rsplit(" | ", 2)[-2]


def _promise(row: str) -> str:
    return row.partition(" | ")[0]
