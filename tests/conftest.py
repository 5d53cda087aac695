"""What every kind of test may use: the local engine alone, or the whole stack deployed on it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from local.engine import CREDENTIALS, Engine
from local.stack import Stack

BROWSER = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# For `make mutants`: that an example fails is enough, nobody looks for the smallest one.
settings.register_profile("mutants", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate])


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--whole`` is what ``make prove`` says."""
    parser.addoption("--whole", action="store_true", help="run the proofs in tests/promises at their full size")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the built layer ran with: not every machine has every Python."""
    passed = [dict(report.user_properties) for report in terminalreporter.getreports("passed")]
    if ran := sorted({said["ran with"] for said in passed if "ran with" in said}):
        terminalreporter.write_line(f"The functions of the built layer ran with {', '.join(ran)}")


@pytest.fixture(scope="session", autouse=True)
def _no_account() -> Iterator[None]:
    """No test, and nothing that several tests share, can reach an AWS account of whoever runs them."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION"):
            environment.delenv(name, raising=False)
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, one for all tests of this process: Playwright runs once at a time."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.fail("These tests need a browser on the PATH: install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local engine with nothing deployed on it; one that runs already, if ``make mutants`` says so."""
    if running := os.environ.get("HERALD_TEST_ENGINE"):
        yield running
        return
    started = Engine(tmp_path_factory.mktemp("engine"))
    yield started.start()
    started.stop()


@pytest.fixture(scope="module")
def dynamodb(engine: str) -> Any:
    """A real client of the engine's DynamoDB."""
    from tests.tables import client

    return client("dynamodb", engine)


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    """A table like the template's that each file of tests has for itself."""
    from tests.tables import a_table

    return a_table(dynamodb)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole of Herald: the template deployed on an engine of its own, carrier and front on free ports."""
    started = Stack(Path(tmp_path_factory.mktemp("stack")), port=0)
    started.start()
    yield started
    started.stop()
