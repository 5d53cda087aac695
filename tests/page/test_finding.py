"""Messages are found on the page by number, and all that is known of a person is erased there."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from herald.message.reasons import REASONS
from herald.message.status import Status
from tests.page.hands import PHONE, WHAT, find, listed, send
from tests.page.life import ask_to_erase, ending, questions
from tests.page.service import KEY, Service, a_message


class TestFinding:
    def test_messages_are_found_by_number_newest_first_and_page_by_page(self, desk: Page, service: Service) -> None:
        for number in range(1, 6):
            service.tell(a_message(number))
        service.tell(a_message(9, to="+6591234567"))
        find(desk)
        ids = listed(desk, "found").locator(".id")
        expect(ids).to_have_text(["msg_5", "msg_4"])
        expect(desk.locator("#find-said")).to_have_text("2 messages, and more, newest first.")
        desk.get_by_role("button", name="Show more").click()
        expect(ids).to_have_text(["msg_5", "msg_4", "msg_3", "msg_2"])
        expect(listed(desk, "found").nth(2).locator("summary").first).to_be_focused()
        desk.get_by_role("button", name="Show more").click()
        expect(ids).to_have_text(["msg_5", "msg_4", "msg_3", "msg_2", "msg_1"])
        expect(desk.get_by_role("button", name="Show more")).to_be_hidden()
        expect(desk.locator("#find-said")).to_have_text("5 messages, newest first.")

    def test_a_status_narrows_it_down(self, desk: Page, service: Service) -> None:
        service.tell(a_message(1))
        service.tell(a_message(2, status=Status.FAILED, reason=REASONS["spam"]))
        find(desk, status="Failed")
        expect(listed(desk, "found").locator(".pill")).to_have_text(["failed"])
        expect(desk.locator("#find-said")).to_have_text("1 failed message, newest first.")

    def test_every_status_can_be_asked_for(self, desk: Page) -> None:
        offered = desk.get_by_label("Status", exact=True).locator("option")
        expect(offered).to_have_text(["Any", *(status.capitalize() for status in Status)])

    def test_a_new_search_forgets_the_one_before(self, desk: Page, service: Service) -> None:
        service.tell(a_message(1))
        find(desk)
        expect(listed(desk, "found")).to_have_count(1)
        find(desk, number="+6591234567")
        expect(desk.locator("#find-said")).to_have_text("No message to this number is known.")
        expect(listed(desk, "found")).to_have_count(0)

    def test_a_number_that_is_none_is_said_at_its_field(self, desk: Page) -> None:
        none = "This is no number. No message has it as its reference either."
        for number, complaint in (("", "Enter a number, a message id or a reference."), ("12", none)):
            find(desk, number=number)
            field = desk.get_by_label(WHAT, exact=True)
            expect(field).to_have_accessible_description(re.compile(re.escape(complaint)))
            expect(field).to_be_focused()
            expect(field).to_have_attribute("aria-invalid", "true")

    def test_without_a_key_or_with_a_wrong_one_the_key_is_asked_for(self, desk: Page) -> None:
        key = desk.get_by_label("API key")
        unfit = "This is no API key: it holds “. Copy it again."
        wrong = (("", "Paste an API key to find messages."), ("“no", unfit), ("no", "This API key is not accepted."))
        for value, complaint in wrong:
            key.fill(value)
            find(desk)
            expect(key).to_have_accessible_description(complaint)
            expect(key).to_be_focused()

    @pytest.mark.parametrize("act", [find, send])
    @pytest.mark.parametrize("value", ["hk_test_“quoted”", "hk_live_a b", "hk_live_\u200b"])
    def test_a_key_that_no_browser_could_send_is_said_at_its_field(
        self, desk: Page, value: str, act: Callable[[Page], object]
    ) -> None:
        desk.get_by_label("API key").fill(value)
        act(desk)
        complaint = re.compile(r"^This is no API key: it holds .+\. Copy it again\.$")
        expect(desk.get_by_label("API key")).to_have_accessible_description(complaint)

    def test_a_time_names_its_zone_where_the_pointer_rests(self, desk: Page, service: Service) -> None:
        service.tell(a_message(1))
        find(desk)
        expect(listed(desk, "found").locator("time").first).to_have_attribute(
            "title", re.compile(r"GMT\+5:30 \(Asia/\w+\)$")
        )

    def test_a_refusal_and_a_lost_answer_are_said(self, desk: Page) -> None:
        said = desk.locator("#find-said")
        desk.route("**/messages?*", lambda route: route.fulfill(status=503, json={"detail": "No journal."}), times=1)
        find(desk)
        expect(said).to_have_text("No journal.")
        desk.route("**/messages?*", lambda route: route.abort(), times=1)
        find(desk)
        expect(said).to_have_text("No answer arrived. Try again.")

    def test_what_was_found_is_followed_too(self, desk: Page, service: Service) -> None:
        message = service.tell(a_message(1))
        find(desk)
        expect(listed(desk, "found").locator(".pill")).to_have_text("sent")
        service.tell(ending("delivered", message))
        expect(listed(desk, "found").locator(".pill")).to_have_text("delivered")

    def test_an_old_message_that_was_found_is_not_asked_after(self, unread: Page, service: Service) -> None:
        unread.clock.install()
        unread.goto("/")
        long_ago = datetime.now(UTC) - timedelta(hours=3)
        service.tell(a_message(1, updated_at=long_ago, sent_at=long_ago))
        expect(unread.get_by_label("API key")).to_have_value(KEY)
        find(unread)
        expect(listed(unread, "found")).to_have_count(1)
        asked = questions(service)
        unread.clock.run_for(60_000)
        assert questions(service) == asked

    def test_what_is_found_is_not_remembered_in_the_session(self, desk: Page, service: Service) -> None:
        service.tell(a_message(1))
        find(desk)
        expect(listed(desk, "found")).to_have_count(1)
        assert "msg_1" not in desk.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")


class TestFindingByOtherThings:
    def test_a_reference_finds_what_any_program_sent(self, desk: Page, service: Service) -> None:
        service.tell(a_message(1, reference="order-118"))
        service.tell(a_message(2, reference="order-119"))
        find(desk, number="order-118")
        expect(listed(desk, "found").locator(".id")).to_have_text(["msg_1"])
        expect(desk.locator("#find-said")).to_have_text("1 message, newest first.")
        expect(desk.get_by_role("button", name="Erase this person…")).to_be_hidden()
        find(desk, number="order-120")
        expect(desk.locator("#find-said")).to_have_text("No message with this reference is known to this key.")

    @pytest.mark.parametrize("digits", ["20261128", "0123 456-7"])
    def test_a_reference_may_be_of_digits_as_a_number_is(self, desk: Page, service: Service, digits: str) -> None:
        service.tell(a_message(1, reference=digits))
        find(desk, number=digits)
        expect(listed(desk, "found").locator(".id")).to_have_text(["msg_1"])
        find(desk, number="0555 000")
        expect(desk.locator("#find-said")).to_have_text(
            "No message to this number, and none with this reference, is known."
        )

    def test_pages_of_a_reference_follow_each_other(self, desk: Page, service: Service) -> None:
        for number in range(1, 4):
            service.tell(a_message(number, reference="118"))
        find(desk, number="118")
        desk.get_by_role("button", name="Show more").click()
        expect(listed(desk, "found").locator(".id")).to_have_text(["msg_3", "msg_2", "msg_1"])

    def test_an_id_finds_its_message(self, desk: Page, service: Service) -> None:
        service.tell(a_message(1, to="+6591234567"))
        find(desk, number=" msg_1 ")
        expect(listed(desk, "found").locator(".to")).to_have_text(["+6591234567"])
        find(desk, number="msg_2")
        expect(desk.locator("#find-said")).to_have_text("No message with this id is known to this key.")
        expect(listed(desk, "found")).to_have_count(0)


class TestWhatWentWrong:
    def ended(self, service: Service, number: int, status: Status) -> None:
        at = datetime.now(UTC) + timedelta(seconds=number)
        service.tell(a_message(number, status=status, updated_at=at, reason=REASONS["spam"]))

    def test_it_is_listed_without_a_number_the_last_one_first(self, desk: Page, service: Service) -> None:
        states = (Status.FAILED, Status.UNKNOWN, Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED)
        for number, status in enumerate(states, 1):
            self.ended(service, number, status)
        desk.get_by_role("button", name="Went wrong lately").click()
        expect(listed(desk, "found").locator(".pill")).to_have_text(["expired", "undelivered", "unknown", "failed"])
        expect(desk.locator("#find-said")).to_have_text(
            "The last 4 that are failed, unknown, undelivered or expired, the last one first."
        )
        expect(desk.get_by_role("button", name="Erase this person…")).to_be_hidden()

    def test_a_status_alone_lists_those_of_it(self, desk: Page, service: Service) -> None:
        for number, status in enumerate((Status.FAILED, Status.UNKNOWN), 1):
            self.ended(service, number, status)
        find(desk, number="", status="Unknown")
        expect(listed(desk, "found").locator(".pill")).to_have_text(["unknown"])
        find(desk, number="", status="Expired")
        expect(desk.locator("#find-said")).to_have_text("Nothing of this key is expired, of what went wrong lately.")
        find(desk, number="", status="Delivered")
        field = desk.get_by_label(WHAT, exact=True)
        expect(field).to_have_accessible_description(re.compile("Enter a number"))

    def test_that_nothing_did_a_refusal_and_a_lost_answer_are_said(self, desk: Page) -> None:
        said, button = desk.locator("#find-said"), desk.get_by_role("button", name="Went wrong lately")
        button.click()
        expect(said).to_have_text(
            "Nothing of this key is failed, unknown, undelivered or expired, of what went wrong lately."
        )
        answer = {"status": 429, "json": {"detail": "Too many requests."}, "headers": {"Retry-After": "1"}}
        desk.route("**/messages?*", lambda route: route.fulfill(**answer))
        button.click()
        expect(said).to_have_text("Too many requests. Try again in 1 s.")
        desk.unroute("**/messages?*")
        desk.route("**/messages?*", lambda route: route.abort())
        button.click()
        expect(said).to_have_text("No answer arrived. Try again.")


class TestErasing:
    def test_it_is_said_what_happens_before_it_happens(self, desk: Page, service: Service) -> None:
        dialog = ask_to_erase(desk, service)
        expect(dialog).to_have_accessible_description(re.compile(re.escape(PHONE)))
        expect(dialog).to_contain_text("cannot be undone")
        expect(dialog.get_by_role("button", name="Keep")).to_be_focused()

    @pytest.mark.parametrize("how", ["Keep", "Escape"])
    def test_a_second_thought_keeps_everything(self, desk: Page, service: Service, how: str) -> None:
        dialog = ask_to_erase(desk, service)
        dialog.get_by_role("button", name="Keep").press("Escape" if how == "Escape" else "Enter")
        expect(dialog).to_be_hidden()
        expect(desk.get_by_role("button", name="Erase this person…")).to_be_focused()
        expect(listed(desk, "found")).to_have_count(2)
        assert {request.method for request in service.asked} == {"GET"}

    def test_what_is_known_of_the_person_is_gone_everywhere(self, desk: Page, service: Service) -> None:
        service.born = a_message(7, status=Status.DELIVERED)
        send(desk)
        ask_to_erase(desk, service).get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_have_text("3 messages erased.")
        expect(listed(desk, "found")).to_have_count(0)
        expect(listed(desk)).to_have_count(0)
        assert [r.path for r in service.asked if r.method == "DELETE"] == [f"/recipients/%2B{PHONE[1:]}"]

    def test_what_is_left_is_said_and_still_listed(self, desk: Page, service: Service) -> None:
        service.left = 1
        ask_to_erase(desk, service).get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_have_text(
            "1 message erased. 1 message still under way: erase again afterwards."
        )
        expect(listed(desk, "found")).to_have_count(1)

    def test_a_refusal_and_a_lost_answer_are_said_and_the_list_stays(self, desk: Page, service: Service) -> None:
        dialog = ask_to_erase(desk, service)
        desk.route("**/recipients/*", lambda route: route.fulfill(status=403, json={"detail": "Not with this key."}))
        dialog.get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_have_text("Not with this key.")
        desk.unroute("**/recipients/*")
        desk.route("**/recipients/*", lambda route: route.abort())
        desk.get_by_role("button", name="Erase this person…").click()
        dialog.get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_contain_text("No answer arrived.")
        expect(listed(desk, "found")).to_have_count(2)
