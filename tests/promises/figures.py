"""Figures: what the proofs counted, as a table for the terminal and for docs/promises.md."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
COMMAND = "make prove"


class Figure(NamedTuple):
    """What one proof counted. ``promise`` is the number of the promise that it is about, or several: ``1, 3``."""

    promise: str
    proof: str
    numbers: dict[str, float | str]

    def counted(self) -> str:
        """``sends: 10 000 · lost: 0``, where a name's underscores are spaces."""
        return " · ".join(f"{name.replace('_', ' ')}: {shown(value)}" for name, value in self.numbers.items())


class Figures:
    """All that the proofs of one run counted."""

    def __init__(self) -> None:
        self._all: list[Figure] = []

    def __call__(self, proof: str, *, promise: str = "", **numbers: float | str) -> None:
        """Keep what a proof counted, in the order in which it is to be read."""
        self._all.append(Figure(promise, proof, numbers))

    def sorted(self) -> list[Figure]:
        """By promise, then as they came."""
        return sorted(self._all, key=lambda figure: figure.promise)

    def lines(self) -> list[str]:
        """The table for a terminal."""
        widest = max((len(figure.proof) for figure in self._all), default=0)
        return [f"{each.promise:7} {each.proof:{widest}}  {each.counted()}" for each in self.sorted()]

    def markdown(self, conditions: str) -> str:
        """The table for a page, with the conditions under which it was counted."""
        rows = [f"| {each.promise} | {each.proof} | {each.counted()} |" for each in self.sorted()]
        return "\n".join([conditions, "", "| promise | proof | counted |", "|---|---|---|", *rows])

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


def conditions(now: datetime | None = None) -> str:
    """When, how and on what machine."""
    day = (now or datetime.now(UTC)).strftime("%-d %B %Y")
    return f"Counted on {day} by `{COMMAND}`: {os.cpu_count()} cores, Python {platform.python_version()}."


def rewrite(page: Path, table: str) -> None:
    """Put the table between the page's two marks. Raises ``ValueError`` if they are not there once, in this order."""
    before, _, rest = page.read_text().partition(BEGIN)
    old, end, after = rest.partition(END)
    if not end or BEGIN in old + after or END in before + after:
        raise ValueError(f"{page.name} needs {BEGIN} and, below it, {END}: each once")
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
