"""``python -m bench.mutants [MODULE...]``: mutate the core, or some of its modules, and tell what no test noticed."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.mutants.survivors import Score, complete, read, rewrite
from local.engine import CREDENTIALS, Engine

ROOT = Path(__file__).resolve().parents[2]
# mutmut knows a function by the path of its file, and its package must be in `src`: so it works in a folder of its own.
PLACE = ROOT / ".local" / "mutation"
LINKS = {"src": "layers/herald", **{name: name for name in ("tests", "local", "events", "docs", "pyproject.toml")}}
LEAST = 90.0


def lay_out() -> None:
    """Make the folder anew: the package, its tests and the settings, as links."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    for name, target in LINKS.items():
        (PLACE / name).symlink_to(ROOT / target)


def mutate(modules: list[str], engine: str) -> int:
    """Run mutmut on these modules of the package (all that its settings name, if none); its exit status.

    All mutants share one engine: to start one for each would take hours.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    names = [f"herald.{module}.*" for module in modules]
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(min(2, os.cpu_count() or 1)), *names]
    environment = {**kept, **CREDENTIALS, "HERALD_TEST_ENGINE": engine, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=PLACE, env=environment, check=False).returncode


def main(modules: list[str]) -> int:
    """0 if enough mutants were killed and each survivor has its reason on the page."""
    lay_out()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder))
        try:
            status = mutate(modules, engine.start())
        finally:
            engine.stop()
    if status:
        return status
    scores = read(PLACE)
    unexplained = rewrite(ROOT / "docs" / "mutants.md", scores, whole=complete(PLACE))
    total = sum(scores, Score("all"))
    print("\n".join([*map(str, scores), str(total)]))
    for survivor in unexplained:
        print(f"No test notices, and docs/mutants.md does not say why: {survivor}")
    return int(bool(unexplained) or total.percent < LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
