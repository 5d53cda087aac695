"""What would happen: the page tells it beside Send, at the field where something is wrong, and sends nothing."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.page.hands import listed, send, texts, write
from tests.page.pale import PALE


def ask(page: Page) -> None:
    page.get_by_role("button", name="What would happen?").click()


def told(page: Page) -> Locator:
    return page.get_by_role("region", name="What would happen")


def test_the_way_of_the_message_is_told_step_by_step_and_nothing_is_sent(page: Page) -> None:
    write(page, to="09741552552", body="It’s ready.")
    ask(page)
    expect(told(page)).to_contain_text("Would be sent")
    expect(told(page)).to_contain_text("+919741552552 is a mobile number of IN.")
    expect(told(page)).to_contain_text("U+2019 RIGHT SINGLE QUOTATION MARK")
    expect(told(page)).to_be_focused()
    expect(texts(page)).to_have_count(0)
    expect(listed(page)).to_have_count(0)
    told(page).get_by_text("All limits (1)").click()
    expect(told(page).get_by_role("row")).to_contain_text("Day")


def test_it_goes_when_something_else_is_written_and_when_it_is_sent(page: Page) -> None:
    write(page, to="+919741552552", body="Your table is ready.")
    ask(page)
    expect(told(page)).to_be_visible()
    page.get_by_label("Text", exact=True).press_sequentially("!")
    expect(told(page)).to_be_hidden()
    ask(page)
    expect(told(page)).to_be_visible()
    send(page)
    expect(told(page)).to_be_hidden()
    expect(listed(page)).to_have_count(1)


def test_what_is_wrong_is_said_at_its_field(page: Page) -> None:
    write(page, to="12", body="Hi")
    ask(page)
    expect(page.locator("#to-error")).to_contain_text("short code")
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    expect(told(page)).to_be_hidden()


def test_nothing_is_asked_while_the_form_is_empty(page: Page) -> None:
    ask(page)
    expect(page.locator("#body-error")).to_have_text("Write a text.")
    expect(told(page)).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_a_refusal_fits_on_every_screen_and_every_word_stands_out(
    page: Page, stack: Stack, width: int, scheme: Any
) -> None:
    key = {"Authorization": f"Bearer {stack.key}"}
    page.request.put("/recipients/%2B919741552559", data={"opted_out": True}, headers=key)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    write(page, to="+919741552559", body="’" * 100)
    ask(page)
    expect(told(page)).to_contain_text("Would be refused")
    expect(told(page)).to_contain_text("No. The recipient opted out of messages.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.evaluate(PALE)
