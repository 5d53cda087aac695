"""The page has a provider asked about a message, where that can help, and says what came of it."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from herald.message.reasons import REASONS
from herald.message.status import Status
from tests.page.hands import PHONE, listed, pill, send, unfold
from tests.page.life import ending
from tests.page.service import Service, a_message


def refreshes(service: Service) -> list[str]:
    """Which messages were asked to be refreshed."""
    return [request.path for request in service.asked if request.query == "refresh=true"]


class TestRefreshing:
    def open(self, page: Page) -> Locator:
        send(page)
        unfold(page)
        return page.get_by_role("button", name=f"Refresh what is known of the message to {PHONE}")

    def test_a_provider_that_can_be_asked_settles_an_unknown_message(self, desk: Page, service: Service) -> None:
        service.born = a_message(status=Status.UNKNOWN, reason=REASONS["answer_lost"])
        service.refresh = lambda message: ending("delivered", message, reason=None)
        send(desk)
        desk.get_by_role("button", name="Refresh").click()  # without opening it
        expect(pill(desk)).to_have_text("delivered")
        expect(listed(desk).get_by_role("status")).to_have_text(
            re.compile(r"^exotel was asked at \d\d:\d\d:\d\d: delivered\.$")
        )
        assert refreshes(service) == ["/messages/msg_1"]

    def test_a_provider_that_cannot_be_asked_is_said(self, desk: Page, service: Service) -> None:
        service.born = a_message(channel="amazonsns")
        self.open(desk).click()
        expect(listed(desk).get_by_role("status")).to_have_text(
            "amazonsns was not asked: it cannot be, or not now. This is what Herald knows."
        )

    def test_a_message_that_is_final_by_now_needs_nobody_to_be_asked(self, desk: Page, service: Service) -> None:
        service.born = a_message(status=Status.UNKNOWN, reason=REASONS["answer_lost"])
        button = self.open(desk)
        final = ending("delivered", service.born, reason=None).public()
        desk.route("**/messages/*refresh=true", lambda route: route.fulfill(json=final))
        desk.route("**/messages/msg_1", lambda route: route.fulfill(json=service.born.public()))
        button.click()
        expect(pill(desk)).to_have_text("delivered")
        expect(listed(desk).locator(".note")).to_be_hidden()

    def test_an_answer_without_the_header_is_one_that_nobody_was_asked_for(self, desk: Page, service: Service) -> None:
        button = self.open(desk)
        desk.route("**/messages/*refresh=true", lambda route: route.fulfill(json=service.born.public()))
        button.click()
        expect(listed(desk).get_by_role("status")).to_contain_text("was not asked")

    def test_it_stays_out_of_sight_until_a_sent_message_is_opened(self, desk: Page) -> None:
        send(desk)
        expect(pill(desk)).to_have_text("sent")
        expect(desk.get_by_role("button", name="Refresh")).to_be_hidden()
        unfold(desk)
        expect(desk.get_by_role("button", name="Refresh")).to_be_visible()

    def test_the_focus_goes_to_the_message_when_its_button_goes(self, desk: Page, service: Service) -> None:
        service.refresh = lambda message: ending("delivered", message)
        self.open(desk).press("Enter")
        expect(desk.get_by_role("button", name="Refresh")).to_have_count(0)
        expect(listed(desk).locator("summary").first).to_be_focused()

    def test_the_focus_stays_on_a_button_that_stays(self, desk: Page, service: Service) -> None:
        service.refresh = lambda message: message.with_(updated_at=datetime.now(UTC), provider_id="9c2b")
        button = self.open(desk)
        button.press("Enter")
        expect(listed(desk).get_by_role("status")).to_contain_text("was asked at")
        expect(button).to_be_focused()

    def test_a_refusal_and_a_lost_answer_are_said(self, desk: Page) -> None:
        button, said = self.open(desk), listed(desk).get_by_role("status")
        problem = {"detail": "The provider cannot be reached."}
        desk.route("**/messages/*refresh=true", lambda route: route.fulfill(status=503, json=problem), times=1)
        button.click()
        expect(said).to_have_text("The provider cannot be reached.")
        desk.route("**/messages/*refresh=true", lambda route: route.abort(), times=1)
        button.click()
        expect(said).to_have_text("No answer arrived. Try again.")

    @pytest.mark.parametrize("status", ["accepted", "sending", "delivered", "failed", "undelivered"])
    def test_there_is_nothing_to_refresh_in_another_status(self, desk: Page, service: Service, status: str) -> None:
        service.born = a_message(status=Status(status), reason=REASONS["do_not_disturb"])
        self.open(desk)
        expect(pill(desk)).to_have_text(status)
        expect(listed(desk).get_by_role("button")).to_have_count(0)
