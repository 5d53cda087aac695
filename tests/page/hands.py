"""What a person does with the page, and where they look."""

from playwright.sync_api import Locator, Page

NUMBER = "+91 9741 552 552"
PHONE = "+919741552552"


def write(page: Page, to: str = NUMBER, body: str = "Your code is 4921.", channel: str = "exotel") -> None:
    """Fill in the form."""
    page.get_by_label("To", exact=True).fill(to)
    page.get_by_label("Text", exact=True).fill(body)
    page.get_by_label("Channel", exact=True).select_option(channel)


def send(page: Page, **what: str) -> None:
    """Fill in the form, and send."""
    write(page, **what)
    page.get_by_role("button", name="Send", exact=True).click()


WHAT = "Number, message id or reference"


def find(page: Page, number: str = PHONE, status: str = "Any") -> None:
    """Look for messages by number, id or reference."""
    page.get_by_label(WHAT, exact=True).fill(number)
    page.get_by_label("Status", exact=True).select_option(status)
    page.get_by_role("button", name="Find", exact=True).click()


def listed(page: Page, where: str = "sent") -> Locator:
    """The messages of a list, newest first: those ``sent`` in this session, or those ``found``."""
    return page.locator(f"#{where} > li")


def pill(page: Page, place: int = 0) -> Locator:
    """The status of a message that was sent, with its tick."""
    return listed(page).nth(place).locator(".pill")


def unfold(page: Page) -> None:
    """Open the message that was sent last."""
    listed(page).first.locator("summary").first.click()


def texts(page: Page, number: str = PHONE) -> Locator:
    """The texts on one phone, oldest first."""
    return page.get_by_role("log", name=f"Texts on {number}").locator(".words")
