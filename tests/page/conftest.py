"""A browser on the page of the whole stack; each test begins with empty phones and a session of its own."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.stack import Stack

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.fail("The tests of the page need a browser on the PATH: install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def blank(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A tab that shows nothing yet. What the page throws fails the test."""
    context = browser.new_context(
        base_url=stack.url, locale="en-GB", timezone_id="Asia/Kolkata", reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    context.request.delete(f"{stack.carrier_url}/messages")
    context.request.delete(f"{stack.carrier_url}/faults")
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    page.unroute_all(behavior="ignoreErrors")  # The page still asks for the phones while the tab is closed.
    context.close()
    assert not thrown


@pytest.fixture
def page(blank: Page, stack: Stack) -> Page:
    """The page, ready to send."""
    blank.goto("/")
    expect(blank.get_by_label("API key")).to_have_value(stack.key)
    return blank
