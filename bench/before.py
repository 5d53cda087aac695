"""Before: two commits of Herald beside each other, pair after pair, as ``make bench ARGS="--before REV"`` asks."""

import json
import os
import platform
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bench.bench import Bench
from bench.paired import Pair, Ratio, compared, orders
from bench.sides import MEASURES, Side, modules
from bench.tree import ROOT, Tree, build, check_out, commit_of, zipped

Sides = tuple[Side, Side]


def compare(bench: Bench, before: str, after: str | None, seed: int) -> int:
    """Measure both, print the table, and write ``.local/compared.json``. ``after``: None is the working tree."""
    sides = Side(bench, _tree(bench, before, "before")), Side(bench, _tree(bench, after, "after"))
    taken, fixed = pairs(sides, bench.pairs, seed), once(sides)
    ratios = {row: compared(each, seed) for row, each in taken.items()}
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    said = f"before: {before[:9]}; after: {after[:9] if after else here()}; {bench.pairs} pairs, seed {seed}; {machine}"
    target = ROOT / ".local" / "compared.json"
    target.parent.mkdir(exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found = {row: ratio._asdict() for row, ratio in ratios.items()}
    target.write_text(json.dumps({"at": now, "said": said, "found": found, "once": fixed, "pairs": taken}, indent=1))
    print(table(said, ratios, fixed))
    return 0


def pairs(sides: Sides, count: int, seed: int) -> dict[str, list[Pair]]:
    """What each pair took, by row. The first pair of each measure is not counted."""
    taken: dict[str, list[Pair]] = defaultdict(list)
    for name, measure in MEASURES.items():
        print(f"Comparing: {name} ...", file=sys.stderr)
        for number, order in enumerate([(0, 1), *orders(count, seed)]):
            runs = {which: measure(sides[which]) for which in order}
            for row in runs[0] if number else ():
                taken[row].append((runs[0][row], runs[1][row]))
    return taken


def once(sides: Sides) -> dict[str, Pair]:
    """What is the same however often one looks."""
    print("Comparing: size and modules ...", file=sys.stderr)
    found = []
    for side in sides:
        size = {"zip_mb": zipped(side.tree, side.bench.folder / "all.zip")}
        found.append(size | modules(side, "api") | modules(side, "worker"))
    before, after = found
    return {row: (before[row], after[row]) for row in before}


def table(said: str, ratios: Mapping[str, Ratio], fixed: Mapping[str, Pair]) -> str:
    """The same for people."""
    lines = [said, "", _line("", "before", "after", "after/before", "of the pairs", "95 % interval")]
    for row, each in ratios.items():
        apart = "" if each.told_apart else "   no difference seen"
        interval = f"{each.low:.3f} to {each.high:.3f}{apart}"
        figures = f"{each.before:.2f}", f"{each.after:.2f}", f"{each.ratio:.3f}", f"{each.of_pairs:.3f}"
        lines.append(_line(row, *figures, interval))
    for row, (before, after) in fixed.items():
        lines.append(_line(row, f"{before:.4g}", f"{after:.4g}", f"{after / before:.3f}", "", ""))
    return "\n".join(lines)


def here() -> str:
    """What the working tree is: its commit, and whether what is built of it has changed since."""
    command = ["git", "-C", str(ROOT), "status", "--porcelain", "--", "layers", "functions"]
    changed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return f"{commit_of('HEAD')[:9]}{' and what has changed' if changed else ''}"


def _line(*cells: str) -> str:
    widths: Sequence[int] = (32, 10, 10, 15, 15)
    first, *figures, last = cells
    aligned = [f"{cell:>{width}}" for cell, width in zip(figures, widths[1:], strict=True)]
    return f"{first:{widths[0]}}{''.join(aligned)}   {last}".rstrip()


def _tree(bench: Bench, commit: str | None, name: str) -> Tree:
    if commit is None:
        return bench.tree
    print(f"Building: {commit[:9]} ...", file=sys.stderr)
    return build(check_out(commit, bench.folder / name), bench.folder / f"{name}-built")
