"""``python -m bench``: measures everything, prints a table, and writes ``.local/bench.json``.

What is compared is run in turn, pair after pair, so that whatever slows the machine down slows all of them; a ratio is
that of the medians.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.bench import ROOT, Bench, cloud
from bench.parts import PARTS
from tests.promises.figures import rewrite

GOALS = {
    "cold_vs_bare": 1.0, "cold_vs_three_calls": 0.75, "cold_vs_everything": 0.45, "pyc_vs_none": 0.5,
    "warm_vs_raw": 1.15, "exotel_vs_session": 1.1, "exotel_vs_gramex": 1 / 15, "exotel_vs_apprise": 1 / 15,
    "worker_vs_ideal": 0.85, "rss_mb": 48, "zip_mb": 5, "usd_per_million": 7,
}  # fmt: skip
LARGER_IS_BETTER = ("worker_vs_ideal",)
WHOLE = 15


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=WHOLE, help="how often everything is repeated")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; default: all")
    options = parser.parse_args()
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, cloud() as url:
        bench = Bench(Path(folder), url, options.pairs)
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
