"""What becomes of a text on the laptop, as it comes to the page by itself: the whole stack, with its carrier."""

import re
import uuid

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.page.hands import PHONE, find, listed, pill, send, unfold

SILENT = "+919876500090"  # a text to this number has no receipt, ever


@pytest.mark.parametrize("channel", ["amazonsns", "exotel"])
def test_a_text_is_delivered_and_gets_its_second_tick(page: Page, channel: str) -> None:
    send(page, channel=channel)
    expect(pill(page)).to_have_text("delivered")
    expect(pill(page).locator(".tick")).to_have_attribute("data-tick", "two")
    expect(listed(page).locator(".facts")).to_contain_text("delivered after")
    expect(page.locator(".phone").get_by_role("img", name="delivered")).to_be_visible()
    expect(page.locator("#result")).to_contain_text(f"Delivered by {channel} to {PHONE} after")


@pytest.mark.parametrize("channel", ["amazonsns", "exotel"])
def test_the_receipt_stands_in_the_trace_in_the_providers_own_words(page: Page, channel: str) -> None:
    send(page, channel=channel)
    expect(pill(page)).to_have_text("delivered")
    unfold(page)
    steps = listed(page).locator(".timeline > li")
    expect(steps.locator("b")).to_have_text(["accepted", "sending", "sent", "receipt", "delivered"])
    page.get_by_text("In the provider's own words").click()
    said = {"amazonsns": "Message has been accepted by phone", "exotel": "DELIVERED_TO_HANDSET"}[channel]
    expect(steps.nth(3).locator("dd", has_text=said)).to_be_visible()


def test_a_magic_number_fails_with_its_reason_and_who_must_act(page: Page) -> None:
    page.get_by_text("Numbers with a fixed outcome").click()
    page.get_by_role("button", name="+919876500001 Do not disturb").click()
    send(page, to=page.get_by_label("To", exact=True).input_value())
    expect(pill(page)).to_have_text("undelivered")
    expect(listed(page).locator(".note")).to_contain_text("do-not-disturb list")
    expect(listed(page).locator(".advice")).to_have_text("To act: the recipient. Sending it again does not help.")
    expect(page.locator(".phone").get_by_role("img", name="failed")).to_be_visible()


def test_what_a_program_sent_is_found_by_its_reference_and_among_what_went_wrong_lately(
    page: Page, stack: Stack
) -> None:
    reference = f"order-{uuid.uuid4().hex[:8]}"
    answer = page.request.post(
        f"{stack.url}/messages",
        data={"to": "+919876500001", "body": "Hi", "channel": "exotel", "reference": reference},
        headers={"Authorization": f"Bearer {stack.key}"},
    )
    sent = answer.json()["id"]
    find(page, number=reference)
    found = listed(page, "found")
    expect(found.locator(".id")).to_have_text([sent])
    expect(found.locator(".pill")).to_have_text("undelivered")

    def lately() -> bool:
        """It is noted from the table's stream, a moment later."""
        page.get_by_role("button", name="Went wrong lately").click()
        expect(page.locator("#find-said")).to_contain_text(re.compile("lately|last"))
        return sent in found.locator(".id").all_inner_texts()

    assert any(lately() or page.wait_for_timeout(500) for _ in range(30))


def test_the_figures_count_it(page: Page) -> None:
    def counted(name: str) -> Locator:
        return page.get_by_role("row", name=re.compile(f"^{name}")).get_by_role("cell")

    send(page)
    expect(pill(page)).to_have_text("delivered")
    expect(page.get_by_role("columnheader", name="exotel", exact=True)).to_be_visible()
    for name in ("Sent", "Delivered", "Segments"):
        expect(counted(name).filter(has_text=re.compile("[1-9]"))).not_to_have_count(0)
    expect(counted("Delivery latency").filter(has_text="s ·")).not_to_have_count(0)


def test_sns_cannot_be_asked_and_that_is_said(page: Page) -> None:
    send(page, to=SILENT, channel="amazonsns")
    unfold(page)
    page.get_by_role("button", name="Refresh").click()
    expect(listed(page).get_by_role("status")).to_contain_text("amazonsns was not asked")


def test_exotel_is_asked_what_became_of_a_message_without_a_receipt(page: Page) -> None:
    send(page, to=SILENT)
    unfold(page)
    said = listed(page).get_by_role("status")
    for _ in range(100):  # Not at once: a question takes its turn as a text does.
        page.get_by_role("button", name="Refresh").click()
        expect(said).to_contain_text("asked")
        if "exotel was asked at" in said.inner_text():
            break
    expect(said).to_have_text(re.compile("^exotel was asked at .*: sent.$"))
    expect(listed(page).locator(".timeline dd", has_text="_TO_OPERATOR")).to_be_attached()


def test_messages_are_found_by_number_and_a_person_is_erased(page: Page) -> None:
    someone = "+919876512345"
    for body in ("one", "two"):
        send(page, to=someone, body=body)
        expect(listed(page).locator(".preview").first).to_have_text(body)
        expect(pill(page)).to_have_text("delivered")
    find(page, "098765 12345")
    expect(page.locator("#find-said")).to_have_text("2 messages, newest first.")
    expect(page.locator("#found .pill")).to_have_text(["delivered"] * 2)
    page.get_by_role("button", name="Erase this person…").click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()
    expect(page.locator("#find-said")).to_have_text("2 messages erased.")
    expect(listed(page)).to_have_count(0)
    page.get_by_role("button", name="Find").click()
    none = "No message to this number, and none with this reference, is known."
    expect(page.locator("#find-said")).to_have_text(none)
