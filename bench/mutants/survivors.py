"""Survivors: the mutants that no test noticed, the score, and the page that says why each of them may live."""

import json
import re
from collections.abc import Iterable
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

BEGIN, END = "<!-- mutants -->", "<!-- /mutants -->"
UNEXPLAINED = "?"
_KEY = re.compile(r"(?:x_|xǁ(\w+)ǁ)(\w+?)__mutmut_\d+")
_ROW = re.compile(r"\| `(\S+)` \| `(.*)` \| `(.*)` \| (.+) \|")


class Survivor(NamedTuple):
    """A change that no test noticed. Its number at mutmut changes with every edit, so it is known by what it does."""

    where: str
    line: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.where}: {self.line}  ->  {self.becomes}"


@dataclass
class Score:
    """How many mutants of a module there were, and which survived."""

    module: str
    mutants: int = 0
    survivors: list[Survivor] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """How many a test noticed; one that never ends counts."""
        return self.mutants - len(self.survivors)

    @property
    def percent(self) -> float:
        """The score, 0 to 100."""
        return 100.0 * self.killed / self.mutants if self.mutants else 100.0

    def __add__(self, other: Self) -> "Score":
        return Score(self.module, self.mutants + other.mutants, self.survivors + other.survivors)

    def __radd__(self, other: Self) -> "Score":
        return other + self

    def __str__(self) -> str:
        return f"{self.module:24} {self.mutants:5} mutants {self.killed:5} killed {self.percent:6.1f} %"


def read(place: Path) -> list[Score]:
    """The scores of all modules that mutmut has checked in ``place``."""
    found = []
    for path in sorted((place / "mutants" / "src").rglob("*.py.meta")):
        source = path.relative_to(place / "mutants").with_suffix("")
        found.append(_score(place, source, json.loads(path.read_text())["exit_code_by_key"]))
    return [score for score in found if score.mutants]


def complete(place: Path) -> bool:
    """True if no mutant was left out, as happens to those of other modules, or when somebody stops it."""
    ends = [json.loads(path.read_text())["exit_code_by_key"] for path in (place / "mutants").rglob("*.py.meta")]
    return bool(ends) and not any(None in each.values() for each in ends)


def _score(place: Path, source: Path, ends: dict[str, int | None]) -> Score:
    from mutmut.stats import status_by_exit_code

    module = ".".join(source.with_suffix("").parts[2:])
    checked = {key: status_by_exit_code[end] for key, end in ends.items() if end is not None}
    alive = [key for key, status in checked.items() if status not in ("killed", "timeout")]
    return Score(module, len(checked), [_survivor(place, source, module, key) for key in alive])


def _survivor(place: Path, source: Path, module: str, key: str) -> Survivor:
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    name = _KEY.fullmatch(key.rpartition(".")[2])
    assert name, key
    with chdir(place):
        diff = get_diff_for_mutant(key, path=source).splitlines()[2:]
    line, becomes = (" ".join(row[1:].strip() for row in diff if row.startswith(sign)) for sign in "-+")
    return Survivor(".".join(filter(None, (module, *name.groups()))), line, becomes)


# ------------------------------------------------------------------------------------------------------------ the page


def rewrite(page: Path, scores: Iterable[Score], *, whole: bool) -> list[Survivor]:
    """Write scores and survivors between the page's marks, keeping the reasons that are there; those without one.

    A run that is not ``whole`` only compares. Raises ``ValueError`` if the page has no marks.
    """
    text, scores = page.read_text(), list(scores)
    before, begin, rest = text.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} needs {BEGIN} and, below it, {END}")
    reasons = {Survivor(*map(_raw, cells)): why for *cells, why in _ROW.findall(old)}
    if whole:
        page.write_text(f"{before}{BEGIN}\n{_tables(scores, reasons)}\n{END}{after}")
    survivors = [survivor for score in scores for survivor in score.survivors]
    return [survivor for survivor in survivors if reasons.get(survivor, UNEXPLAINED) == UNEXPLAINED]


def _tables(scores: list[Score], reasons: dict[Survivor, str]) -> str:
    rows = ["| module | mutants | killed | score |", "|---|---|---|---|"]
    rows += [f"| {s.module} | {s.mutants} | {s.killed} | {s.percent:.1f} % |" for s in _with_total(scores)]
    rows += ["", "| where | line | becomes | why no test notices |", "|---|---|---|---|"]
    survivors = dict.fromkeys(survivor for score in scores for survivor in score.survivors)
    rows += [_row(survivor, reasons.get(survivor, UNEXPLAINED)) for survivor in survivors]
    return "\n".join(rows)


def _with_total(scores: list[Score]) -> list[Score]:
    return [*scores, sum(scores, Score("**all**"))]


def _row(survivor: Survivor, why: str) -> str:
    cells = " | ".join(f"`{cell.replace('|', chr(92) + '|')}`" for cell in survivor)
    return f"| {cells} | {why} |"


def _raw(cell: str) -> str:
    return cell.replace("\\|", "|")
