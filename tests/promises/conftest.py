"""How large a proof is, where its figures go, and the table at the end of ``make prove``."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.promises.figures import Figures, conditions, rewrite

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FIGURES = pytest.StashKey[Figures]()
COMPLETE = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """``size(small, whole)``: the first in ``make test``, the second in ``make prove``."""
    whole: bool = request.config.getoption("whole")
    return lambda small, large: large if whole else small


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    """``figures("what was done", promise="1", sends=10000, lost=0)``: told at the end of the whole proof."""
    return request.config.stash.setdefault(FIGURES, Figures())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note whether every file of proofs takes part."""
    session.config.stash[COMPLETE] = {item.path for item in session.items} >= set(HERE.glob("test_*.py"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Print the figures of a whole proof; if nothing failed or was left out, they become those of the page."""
    if not config.getoption("whole") or FIGURES not in config.stash:
        return
    told, said = config.stash[FIGURES], conditions()
    terminalreporter.section("proofs")
    for line in told.lines():
        terminalreporter.write_line(line)
    told.save(ROOT / ".local" / "prove.json", said)
    left_out = {"skipped", "deselected", "xfailed"} & terminalreporter.stats.keys()
    if exitstatus == pytest.ExitCode.OK and config.stash[COMPLETE] and not left_out:
        rewrite(ROOT / "docs" / "promises.md", told.markdown(said))
