"""How large a proof is, where its figures go, and the table at the end of ``make prove``."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.promises.figures import Figures, conditions, rewrite, today

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FIGURES = pytest.StashKey[Figures]()
LEFT_OUT = pytest.StashKey[set[str]]()


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """``size(small, whole)``: the first in ``make test``, the second in ``make prove``."""
    whole: bool = request.config.getoption("whole")
    return lambda small, large: large if whole else small


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest) -> Figures:
    """``figures("what was done", promise="1", sends=10000, lost=0)``: told at the end of the whole proof."""
    return request.config.stash.setdefault(FIGURES, Figures()).of(request.path.name)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note the files of which not every proof takes part."""
    for item in items:
        item.config.stash.setdefault(LEFT_OUT, set()).add(item.path.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures of a whole proof. Those of the files in which all passed become those of the page."""
    if not config.getoption("whole") or FIGURES not in config.stash:
        return
    told, said = config.stash[FIGURES], conditions()
    terminalreporter.section("proofs")
    for line in told.lines():
        terminalreporter.write_line(line)
    told.save(ROOT / ".local" / "prove.json", said)
    files = told.files - set(_in_part(terminalreporter, config))
    if files:
        rewrite(ROOT / "docs" / "promises.md", told.rows(files, today()), files, said)


def _in_part(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[str]:
    """The files of which a proof failed, or did not take part."""
    yield from config.stash.get(LEFT_OUT, set())
    yield from (Path(argument.partition("::")[0]).name for argument in config.args if "::" in argument)
    for outcome in ("failed", "error", "skipped", "xfailed", "xpassed"):
        for report in terminalreporter.getreports(outcome):
            yield Path(report.nodeid.partition("::")[0]).name
