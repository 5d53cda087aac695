"""``python -m bench``: measures everything, prints a table, and writes ``.local/bench.json``.

What is compared is run in turn, pair after pair, so that whatever slows the machine down slows all of them; a ratio is
that of the medians. With ``--before REV`` it measures two commits only: that one, and what is here.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.before import compare
from bench.bench import Bench, cloud
from bench.parts import PARTS
from bench.tree import ROOT, commit_of
from tests.promises.figures import rewrite

GOALS = {
    "cold_vs_bare": 1.0, "cold_vs_three_calls": 0.75, "cold_vs_everything": 0.45, "pyc_vs_none": 0.5,
    "warm_vs_raw": 1.15, "exotel_vs_session": 1.1, "exotel_vs_gramex": 1 / 15, "exotel_vs_apprise": 1 / 15,
    "worker_vs_ideal": 0.85, "rss_mb": 48, "zip_mb": 5, "usd_per_million": 7,
}  # fmt: skip
LARGER_IS_BETTER = ("worker_vs_ideal",)
WHOLE = 15


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What somebody asks for; ``before`` and ``after`` are whole names of commits."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=WHOLE, help="how often everything is repeated")
    parser.add_argument("--before", metavar="REV", help="compare this commit, and nothing else, with the working tree")
    parser.add_argument("--after", metavar="REV", help="with --before: this commit instead of the working tree")
    parser.add_argument("--seed", type=int, default=1, help="with --before: of the pairs' order and of the intervals")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; default: all")
    options = parser.parse_args(given)
    if options.pairs < 1:
        parser.error("--pairs: at least 1")
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}")
    if options.parts and options.before:
        parser.error("--before runs its own comparisons: name no parts beside it")
    if options.after and not options.before:
        parser.error("--after needs --before")
    try:
        options.before, options.after = (each and commit_of(each) for each in (options.before, options.after))
    except ValueError as wrong:
        parser.error(str(wrong))
    return options


def main() -> int:
    """Measure, print, write."""
    options = arguments()
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, cloud() as url:
        bench = Bench(Path(folder), url, options.pairs)
        if options.before:
            return compare(bench, options.before, options.after, options.seed)
        for name, part in PARTS.items():
            if not options.parts or name in options.parts:
                print(f"Measuring: {name} ...", file=sys.stderr)
                ratios |= part(bench)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "pairs": options.pairs,
        "ratios": ratios, "goals": {name: GOALS[name] for name in ratios}, "seconds": bench.seconds,
    }  # fmt: skip
    target = ROOT / ".local" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(whole, indent=2) + "\n")
    print(table(ratios, bench.seconds, machine, options.pairs))
    if ratios.keys() == GOALS.keys() and options.pairs >= WHOLE:
        rewrite(ROOT / "docs" / "performance.md", markdown(ratios, bench.seconds, machine, options.pairs))
    return 0


def reached(name: str, value: float) -> bool:
    """Whether a goal is reached."""
    return value >= GOALS[name] if name in LARGER_IS_BETTER else value <= GOALS[name]


def markdown(
    ratios: Mapping[str, float], seconds: Mapping[str, float], machine: Mapping[str, object], pairs: int
) -> str:
    """The same for a page."""
    day = datetime.now(UTC).strftime("%-d %B %Y")
    rows = [f"| {name} | {1000 * value:.2f} ms |" for name, value in seconds.items()]
    goals = [
        f"| `{name}` | {value:.3g} | {'at least' if name in LARGER_IS_BETTER else 'at most'} {GOALS[name]:.3g} "
        f"| {'reached' if reached(name, value) else 'not reached'} |"
        for name, value in ratios.items()
    ]
    said = f"Measured on {day}: {machine['cores']} cores, Python {machine['python']}, medians of {pairs} rounds."
    measured = ["| median of | |", "|---|---|", *rows]
    return "\n".join([said, "", "| | measured | goal | |", "|---|---|---|---|", *goals, "", *measured])


def table(ratios: Mapping[str, float], seconds: Mapping[str, float], machine: Mapping[str, object], pairs: int) -> str:
    """The same for people."""
    lines = [f"{machine['cores']} cores, Python {machine['python']}; medians of {pairs} rounds", ""]
    lines += [f"{name:40} {1000 * value:9.2f} ms" for name, value in seconds.items()]
    lines += ["", f"{'':40} {'measured':>9}  {'goal':>6}"] if ratios else []
    for name, value in ratios.items():
        sign = ">=" if name in LARGER_IS_BETTER else "<="
        missed = "" if reached(name, value) else "   not reached"
        lines.append(f"{name:40} {value:9.3f}  {sign} {GOALS[name]:.3g}{missed}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
