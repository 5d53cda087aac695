"""A browser on the page, of the whole stack or of a service that plays it; each test has a session of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from local.stack import Stack
from tests.page.service import KEY, Service

expect.set_options(timeout=15_000)  # A receipt takes about a second, and longer where a function has to start first.


@contextmanager
def a_tab(browser: Browser, url: str) -> Iterator[Page]:
    """A tab that shows nothing yet. What the page throws fails the test."""
    context = browser.new_context(base_url=url, locale="en-GB", timezone_id="Asia/Kolkata", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    page.unroute_all(behavior="ignoreErrors")  # The page still asks for the phones while the tab is closed.
    context.close()
    assert not thrown


@pytest.fixture
def blank(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A tab of the whole stack that shows nothing yet."""
    with a_tab(browser, stack.url) as page:
        for remembered in ("messages", "faults", "receipts"):
            page.request.delete(f"{stack.carrier_url}/{remembered}")
        yield page


@pytest.fixture
def page(blank: Page, stack: Stack) -> Page:
    """The page, ready to send."""
    blank.goto("/")
    expect(blank.get_by_label("API key")).to_have_value(stack.key)
    return blank


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that says of each message what the test wants."""
    service = Service()
    service.start()
    yield service
    service.stop()


@pytest.fixture
def unread(browser: Browser, service: Service) -> Iterator[Page]:
    """A tab of that service that shows nothing yet."""
    with a_tab(browser, service.url) as page:
        yield page


@pytest.fixture
def desk(unread: Page) -> Page:
    """The page of that service, ready to send."""
    unread.goto("/")
    expect(unread.get_by_label("API key")).to_have_value(KEY)
    return unread
