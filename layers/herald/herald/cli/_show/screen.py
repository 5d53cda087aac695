"""Screen: lines and tables as wide as the terminal, in colour only there; whole and plain everywhere else."""

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import NamedTuple, TextIO

COLOURS = {"good": "32", "bad": "31", "open": "33", "faint": "2", "strong": "1"}
TONES = {
    "sent": "good", "delivered": "good", "closed": "good", "ok": "good",
    "failed": "bad", "undelivered": "bad", "expired": "bad", "canceled": "bad", "open": "bad", "no": "bad",
    "unknown": "open", "accepted": "open", "scheduled": "open", "sending": "open", "half-open": "open",
}  # fmt: skip
GAP = "  "
LEAST = 20


class Screen(NamedTuple):
    """What is written on: ``width`` in columns, None if it has none, which is a file or another program."""

    width: int | None
    colour: bool

    def paint(self, text: str, tone: str | None) -> str:
        """The text in the colour of a tone, or of a state that has one."""
        code = COLOURS.get(tone or "") or COLOURS.get(TONES.get(tone or "", ""))
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text

    def pairs(self, rows: Sequence[tuple[str, object]]) -> list[str]:
        """Names and what belongs to them, one below the other; nothing for what is None or empty."""
        told = [(name, clean(value)) for name, value in rows if value not in (None, "", [], {})]
        space = max((len(name) for name, _ in told), default=0)
        lines = []
        for name, value in told:
            first, *more = self._wrapped(value, space + len(GAP))
            lines.append(f"{self.paint(name.ljust(space), 'faint')}{GAP}{self.paint(first, first)}")
            lines += [" " * (space + len(GAP)) + line for line in more]
        return lines

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
        """Rows below titles; where they would not fit, a block for each row."""
        cells = [[clean("" if cell is None else cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
        if self.width and sum(widths) + len(GAP) * (len(widths) - 1) > self.width:
            blocks = [self.pairs(list(zip(titles, row, strict=True))) for row in cells]
            return [line for block in blocks for line in (*block, "")][:-1]
        made = [GAP.join(title.ljust(w) for title, w in zip(titles, widths, strict=True)).rstrip()]
        lines = [self.paint(made[0], "faint")]
        for row in cells:
            padded = [self.paint(cell.ljust(w), cell) for cell, w in zip(row, widths, strict=True)]
            lines.append(GAP.join(padded).rstrip())
        return lines

    def steps(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """A line each: a mark or time, a word, and a sentence, which goes on below itself."""
        told = [(clean(mark), clean(word), clean(said)) for mark, word, said in rows]
        marks, words = (max((len(row[n]) for row in told), default=0) for n in (0, 1))
        indent, lines = marks + words + 2 * len(GAP), []
        for mark, word, said in told:
            first, *more = self._wrapped(said, indent)
            head = f"{self.paint(mark.ljust(marks), mark)}{GAP}{self.paint(word.ljust(words), word)}{GAP}{first}"
            lines += [head.rstrip(), *(" " * indent + line for line in more)]
        return lines

    def _wrapped(self, text: str, indent: int) -> list[str]:
        return wrap(text, max(LEAST, self.width - indent)) or [""] if self.width else [text]


def screen(stream: TextIO | None = None) -> Screen:
    """What standard output is. NO_COLOR (no-color.org) and a terminal that can do nothing are respected."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return Screen(None, colour=False)
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return Screen(shutil.get_terminal_size().columns, colour=not plain)


def clean(value: object) -> str:
    """A text without what would steer the terminal: a provider's words are a stranger's."""
    return "".join(c if c.isprintable() else "�" for c in str(value))
