"""A message's life on the page, as a service tells it: ticks, timeline, refresh, find, erase, figures and fates."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from tests.page.hands import NUMBER, PHONE, find, listed, pill, send, texts, unfold
from tests.page.pale import PALE
from tests.page.service import KEY, Service, a_message

FIELDS = {"to": NUMBER, "body": "Your code is 4921.", "channel": "exotel"}
TICKS = {
    "accepted": "clock", "scheduled": "clock", "sending": "clock", "unknown": "question", "sent": "one",
    "delivered": "two", "undelivered": "cross", "failed": "cross", "expired": "cross", "canceled": "slash",
}  # fmt: skip
ENTRY: Mapping[str, object] = {
    "status": "SUCCESS", "providerResponse": "Message has been accepted by phone", "mcc": 404, "note": None
}  # fmt: skip


def ending(status: str, message: Message, **known: object) -> Message:
    """The message once it ended so, 1.2 s after it was sent."""
    at = (message.sent_at or message.created_at) + timedelta(seconds=1.2)
    delivered_at = at if status == "delivered" else None
    trace = (*message.trace, Step(at, status))
    changes = {"status": Status(status), "delivered_at": delivered_at, "updated_at": at, "trace": trace, **known}
    return message.with_(**changes)


def refreshes(service: Service) -> list[str]:
    """Which messages were asked to be refreshed."""
    return [request.path for request in service.asked if request.query == "refresh=true"]


def questions(service: Service) -> int:
    """How often any message was asked after."""
    return sum(request.method == "GET" for request in service.asked)


class TestFollowing:
    def test_a_sent_message_becomes_delivered_by_itself_and_says_how_long_it_took(
        self, desk: Page, service: Service
    ) -> None:
        send(desk)
        expect(pill(desk)).to_have_text("sent")
        service.tell(ending("delivered", service.born))
        expect(pill(desk)).to_have_text("delivered")
        expect(listed(desk).locator(".facts")).to_contain_text("delivered after 1.2 s")

    def test_what_became_of_the_last_message_is_said_beside_the_button(self, desk: Page, service: Service) -> None:
        send(desk)
        said = desk.locator("#result")
        expect(said).to_have_text(f"Sent by exotel to {PHONE}.")
        service.tell(ending("delivered", service.born))
        expect(said).to_have_text(f"Delivered by exotel to {PHONE} after 1.2 s.")

    @pytest.mark.parametrize("status", list(TICKS))
    def test_each_status_has_its_tick_and_its_word(self, desk: Page, service: Service, status: str) -> None:
        service.born = a_message(status=Status(status), send_at=datetime.now(UTC))
        send(desk)
        expect(pill(desk)).to_have_text(status)
        expect(pill(desk).locator(".tick")).to_have_attribute("data-tick", TICKS[status])
        expect(pill(desk).locator(".tick")).to_have_attribute("aria-hidden", "true")  # the word is the alternative

    @pytest.mark.parametrize("status", ["delivered", "undelivered", "failed", "expired", "canceled"])
    def test_what_is_final_is_asked_after_no_more(self, unread: Page, service: Service, status: str) -> None:
        unread.clock.install()
        self.sent(unread, service, a_message(status=Status(status)))
        unread.clock.run_for(60_000)
        assert questions(service) == 0

    def test_what_stays_sent_is_asked_after_ever_less_often_and_then_no_more(
        self, unread: Page, service: Service
    ) -> None:
        unread.clock.install()
        self.sent(unread, service, a_message())
        first, _, later, _ = (self.asked_within(unread, service, minutes=minutes) for minutes in (1, 4, 1, 5))
        assert first > later > 0
        assert self.asked_within(unread, service, minutes=10) == 0

    def test_what_waits_is_asked_after_for_as_long_as_it_waits(self, unread: Page, service: Service) -> None:
        unread.clock.install()
        self.sent(unread, service, a_message(status=Status.SCHEDULED, send_at=datetime.now(UTC) + timedelta(days=1)))
        assert self.asked_within(unread, service, minutes=12)
        assert self.asked_within(unread, service, minutes=2)

    def test_a_message_that_is_no_longer_there_leaves_the_list(self, desk: Page, service: Service) -> None:
        send(desk)
        expect(pill(desk)).to_have_text("sent")
        service.messages.clear()
        expect(listed(desk)).to_have_count(0)
        expect(desk.locator("#nothing")).to_be_visible()

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [(-5, "0 ms"), (0.25, "250 ms"), (3.5, "3.5 s"), (59.97, "1 min 0 s"), (3725.5, "1 h 2 min")],
    )
    def test_the_time_on_the_way_is_never_below_nothing(
        self, desk: Page, service: Service, seconds: float, said: str
    ) -> None:
        self.delivered(desk, service, datetime(2026, 11, 22, 12, 0, 0, 1000, tzinfo=UTC), seconds)
        expect(listed(desk).locator(".facts")).to_contain_text(f"delivered after {said}")

    @pytest.mark.parametrize(("seconds", "said"), [(-0.9, "1 s"), (0.1, "1 s"), (2.1, "3 s"), (75.1, "1 min 15 s")])
    def test_a_time_that_the_provider_gives_in_whole_seconds_is_about_right(
        self, desk: Page, service: Service, seconds: float, said: str
    ) -> None:
        sent_at = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC) - timedelta(seconds=seconds)
        self.delivered(desk, service, sent_at, seconds)
        expect(listed(desk).locator(".facts")).to_contain_text(f"delivered after about {said}")

    def test_a_message_settled_without_having_been_sent_says_no_time(self, desk: Page, service: Service) -> None:
        service.born = a_message(status=Status.DELIVERED, delivered_at=datetime.now(UTC), sent_at=None)
        send(desk)
        expect(pill(desk)).to_have_text("delivered")
        expect(desk.locator("#result")).to_have_text(f"Delivered by exotel to {PHONE}.")

    def test_a_callback_url_is_sent_along_and_a_mistake_in_it_is_said_at_its_field(self, desk: Page) -> None:
        wrong = {"field": "callback_url", "code": "host_not_allowed", "detail": "this host is not allowed."}
        desk.route("/messages", lambda route: route.fulfill(status=422, json={"detail": "no", "errors": [wrong]}))
        desk.get_by_text("More", exact=True).click()
        field = desk.get_by_label("Callback URL")
        field.fill("https://example.com/texts")
        with desk.expect_request("**/messages") as request:
            send(desk)
        asked = request.value.post_data_json
        assert asked == {**FIELDS, "callback_url": "https://example.com/texts"}
        expect(field).to_have_accessible_description(re.compile("This host is not allowed"))
        expect(field).to_be_focused()

    def delivered(self, page: Page, service: Service, sent_at: datetime, seconds: float) -> None:
        delivered_at = sent_at + timedelta(seconds=seconds)
        service.born = a_message(status=Status.DELIVERED, sent_at=sent_at, delivered_at=delivered_at)
        send(page)
        expect(pill(page)).to_have_text("delivered")

    def sent(self, page: Page, service: Service, message: Message) -> None:
        service.born = message
        page.goto("/")
        expect(page.get_by_label("API key")).to_have_value(KEY)
        send(page)
        expect(pill(page)).to_have_text(str(message.status))

    def asked_within(self, page: Page, service: Service, *, minutes: int) -> int:
        """How often a message was asked after in so many minutes of the page's clock."""
        before = questions(service)
        for _ in range(minutes * 6):
            page.clock.run_for(10_000)
            page.evaluate("fetch('health').then((answer) => answer.text())")  # whatever was asked is answered too
        return questions(service) - before


class TestTimeline:
    def told(self, page: Page, service: Service, *steps: Step, **known: object) -> Locator:
        service.born = a_message(trace=(*service.born.trace, *steps), **known)
        send(page)
        unfold(page)
        return listed(page).locator(".timeline > li")

    def step(self, service: Service, seconds: float, step: str, detail: str = "") -> Step:
        return Step(service.born.trace[-1].at + timedelta(seconds=seconds), step, detail)

    def test_each_step_says_how_long_after_the_one_before_it_came(self, desk: Page, service: Service) -> None:
        steps = self.told(desk, service, *(self.step(service, s, "sent") for s in (1.234, 62, 4000, 100_000)))
        expect(steps.locator(".after")).to_have_text(
            ["+ 30 ms", "+ 60 ms", "+ 1.2 s", "+ 1 min 1 s", "+ 1 h 5 min", "+ 1 d 2 h"]
        )

    def test_a_step_at_or_before_the_one_before_it_says_no_time_between(self, desk: Page, service: Service) -> None:
        steps = self.told(desk, service, self.step(service, 0, "receipt"), self.step(service, -0.08, "sent"))
        expect(steps).to_have_count(5)
        expect(steps.locator(".after")).to_have_count(2)

    def test_a_receipt_holds_the_providers_own_words_folded_small(self, desk: Page, service: Service) -> None:
        steps = self.told(desk, service, self.step(service, 1, "receipt", json.dumps(ENTRY)))
        words = steps.last.locator("dl")
        expect(words).to_be_hidden()
        steps.last.get_by_text("In the provider's own words").click()
        expect(words.locator("dt")).to_have_text(list(ENTRY))
        expect(words.locator("dd")).to_have_text(["SUCCESS", "Message has been accepted by phone", "404", "null"])

    @pytest.mark.parametrize("detail", ["late news {", "42", "null", '"words"'])
    def test_a_receipt_that_is_no_json_object_is_shown_as_it_stands(
        self, desk: Page, service: Service, detail: str
    ) -> None:
        steps = self.told(desk, service, self.step(service, 1, "receipt", detail))
        expect(steps.last.locator(".detail")).to_have_text(detail)

    def test_words_of_a_receipt_are_shown_as_text_and_nothing_in_them_runs(self, desk: Page, service: Service) -> None:
        hostile = {"<b>Status</b>": "<img src=x onerror=\"document.title='taken'\">"}
        steps = self.told(desk, service, self.step(service, 1, "receipt", json.dumps(hostile)))
        steps.last.get_by_text("In the provider's own words").click()
        expect(steps.last.locator("dt")).to_have_text("<b>Status</b>")
        expect(steps.last.locator("dd")).to_have_text(next(iter(hostile.values())))
        expect(desk).to_have_title("Herald · send a text")

    def test_words_that_were_opened_stay_open_when_more_becomes_known(self, desk: Page, service: Service) -> None:
        steps = self.told(desk, service, self.step(service, 1, "receipt", json.dumps(ENTRY)))
        steps.last.get_by_text("In the provider's own words").click()
        service.tell(ending("delivered", service.born))
        expect(steps).to_have_count(5)
        expect(steps.nth(3).locator("dl")).to_be_visible()


class TestReasons:
    def because(self, page: Page, service: Service, status: Status, reason: str) -> Locator:
        service.born = a_message(status=status, reason=REASONS[reason])
        send(page)
        return listed(page).locator(".note")

    @pytest.mark.parametrize(
        ("status", "reason", "advice"),
        [
            (Status.UNDELIVERED, "do_not_disturb", "To act: the recipient. Sending it again does not help."),
            (Status.UNDELIVERED, "carrier_unavailable", "the recipient's carrier. Sending it again later can help."),
            (Status.FAILED, "not_registered", "sender id's registration. Sending it again does not help."),
            (Status.FAILED, "no_balance", "whoever keeps the account at the provider."),
            (Status.UNKNOWN, "answer_lost", "the provider. Sending it again may text the person twice."),
            (Status.ACCEPTED, "throttled", "Herald tries again by itself."),
            (Status.EXPIRED, "expired", "To act: whoever asked for the message."),
        ],
    )
    def test_it_is_said_why_who_must_act_and_whether_sending_again_helps(
        self, desk: Page, service: Service, status: Status, reason: str, advice: str
    ) -> None:
        note = self.because(desk, service, status, reason)
        expect(note).to_contain_text(REASONS[reason].text)
        expect(note.locator(".advice")).to_contain_text(advice)

    def test_every_reason_says_in_words_who_must_act(self, desk: Page) -> None:
        assert {reason.who for reason in REASONS.values()} <= set(desk.evaluate("Object.keys(WHO)"))

    def test_what_was_canceled_asks_nobody_to_act(self, desk: Page, service: Service) -> None:
        note = self.because(desk, service, Status.CANCELED, "canceled")
        expect(note).to_have_text(REASONS["canceled"].text)

    def test_a_delivered_message_has_nothing_to_explain(self, desk: Page, service: Service) -> None:
        expect(self.because(desk, service, Status.DELIVERED, "answer_lost")).to_be_hidden()


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
        for number, complaint in (("", "Enter a number."), ("12", "This is no number.")):
            find(desk, number=number)
            field = desk.get_by_label("Number", exact=True)
            expect(field).to_have_accessible_description(complaint)
            expect(field).to_be_focused()
            expect(field).to_have_attribute("aria-invalid", "true")

    def test_without_a_key_or_with_a_wrong_one_the_key_is_asked_for(self, desk: Page) -> None:
        key = desk.get_by_label("API key")
        for value, complaint in (("", "Paste an API key to find messages."), ("no", "This API key is not accepted.")):
            key.fill(value)
            find(desk)
            expect(key).to_have_accessible_description(complaint)
            expect(key).to_be_focused()

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


class TestErasing:
    def ask(self, page: Page, service: Service) -> Locator:
        for number in (1, 2):
            service.tell(a_message(number, status=Status.DELIVERED))
        find(page, number="+91 9741 552 552")
        page.get_by_role("button", name="Erase this person…").click()
        return page.get_by_role("dialog", name="Erase this person?")

    def test_it_is_said_what_happens_before_it_happens(self, desk: Page, service: Service) -> None:
        dialog = self.ask(desk, service)
        expect(dialog).to_have_accessible_description(re.compile(re.escape(PHONE)))
        expect(dialog).to_contain_text("cannot be undone")
        expect(dialog.get_by_role("button", name="Keep")).to_be_focused()

    @pytest.mark.parametrize("how", ["Keep", "Escape"])
    def test_a_second_thought_keeps_everything(self, desk: Page, service: Service, how: str) -> None:
        dialog = self.ask(desk, service)
        dialog.get_by_role("button", name="Keep").press("Escape" if how == "Escape" else "Enter")
        expect(dialog).to_be_hidden()
        expect(desk.get_by_role("button", name="Erase this person…")).to_be_focused()
        expect(listed(desk, "found")).to_have_count(2)
        assert {request.method for request in service.asked} == {"GET"}

    def test_what_is_known_of_the_person_is_gone_everywhere(self, desk: Page, service: Service) -> None:
        service.born = a_message(7, status=Status.DELIVERED)
        send(desk)
        self.ask(desk, service).get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_have_text("3 messages erased.")
        expect(listed(desk, "found")).to_have_count(0)
        expect(listed(desk)).to_have_count(0)
        assert [r.path for r in service.asked if r.method == "DELETE"] == [f"/recipients/%2B{PHONE[1:]}"]

    def test_what_is_left_is_said_and_still_listed(self, desk: Page, service: Service) -> None:
        service.left = 1
        self.ask(desk, service).get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_have_text(
            "1 message erased. 1 message still under way: erase again afterwards."
        )
        expect(listed(desk, "found")).to_have_count(1)

    def test_a_refusal_and_a_lost_answer_are_said_and_the_list_stays(self, desk: Page, service: Service) -> None:
        dialog = self.ask(desk, service)
        desk.route("**/recipients/*", lambda route: route.fulfill(status=403, json={"detail": "Not with this key."}))
        dialog.get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_have_text("Not with this key.")
        desk.unroute("**/recipients/*")
        desk.route("**/recipients/*", lambda route: route.abort())
        desk.get_by_role("button", name="Erase this person…").click()
        dialog.get_by_role("button", name="Erase").click()
        expect(desk.locator("#find-said")).to_contain_text("No answer arrived.")
        expect(listed(desk, "found")).to_have_count(2)


def on_the_phone(receipt: str | None, number: int = 1) -> dict[str, object]:
    """A text on the phone with its receipt, as the carrier lists it."""
    at = "2026-11-22T12:00:00.000Z"
    text = {"provider": "exotel", "to": PHONE, "from": "HERALD", "body": f"Text {number}", "id": str(number)}
    return {**text, "at": at, "fields": {}, "receipt": receipt}


class TestPhones:
    def test_a_text_has_one_tick_and_a_second_one_with_its_receipt(self, desk: Page, service: Service) -> None:
        service.texts = [on_the_phone(None)]
        marks = desk.locator(".phone .by").get_by_role("img")
        expect(marks).to_have_accessible_name("no receipt yet")
        expect(marks).to_have_attribute("data-tick", "one")
        service.texts = [on_the_phone("delivered")]
        expect(marks).to_have_accessible_name("delivered")
        expect(marks).to_have_attribute("data-tick", "two")
        expect(texts(desk)).to_have_count(1)

    @pytest.mark.parametrize(
        ("receipt", "shape"),
        [
            ("failed", "cross"),
            ("undelivered", "cross"),
            ("failed-dnd", "cross"),
            ("sent", "one"),
            ("unknown", "question"),
        ],
    )
    def test_each_word_of_the_carrier_has_its_tick(
        self, desk: Page, service: Service, receipt: str, shape: str
    ) -> None:
        service.texts = [on_the_phone(receipt)]
        mark = desk.get_by_role("img", name=receipt)
        expect(mark).to_have_attribute("data-tick", shape)

    def test_a_word_that_has_no_tick_is_shown_as_it_is(self, desk: Page, service: Service) -> None:
        service.texts = [on_the_phone("EXPIRED_AT_GATE")]
        expect(desk.locator(".phone .by")).to_contain_text("EXPIRED_AT_GATE")

    def test_a_carrier_that_says_nothing_of_receipts_shows_one_tick(self, desk: Page, service: Service) -> None:
        service.texts = [{name: value for name, value in on_the_phone(None).items() if name != "receipt"}]
        expect(desk.get_by_role("img", name="no receipt yet")).to_be_visible()


EXOTEL: Mapping[str, Any] = {
    "sent": 12, "delivered": 9, "undelivered": 2, "failed": 1, "unknown": 0, "segments": 1400, "spend": 0.0312,
    "provider_latency_ms": {"p50": 41.6, "p95": 880}, "delivery_latency_ms": {"p50": 1100, "p95": None},
}  # fmt: skip


class TestFigures:
    def row(self, page: Page, name: str) -> Locator:
        return page.get_by_role("row", name=re.compile(f"^{name}")).get_by_role("cell")

    def test_each_channel_has_its_column(self, desk: Page, service: Service) -> None:
        service.figures = {"channels": {"exotel": EXOTEL, "amazonsns": {"sent": 3}}, "reasons": {}, "queue": {}}
        desk.reload()
        expect(desk.get_by_role("columnheader")).to_have_text(["exotel", "amazonsns"])
        expect(self.row(desk, "Delivered")).to_have_text(["9", "–"])
        expect(self.row(desk, "Unknown")).to_have_text(["0", "–"])
        expect(self.row(desk, "Segments")).to_have_text(["1,400", "–"])
        expect(self.row(desk, "Spend")).to_have_text(["0.0312", "–"])
        expect(self.row(desk, "Provider latency")).to_have_text(["42 ms · 880 ms", "–"])
        expect(self.row(desk, "Delivery latency")).to_have_text(["1.1 s · –", "–"])

    def test_reasons_and_the_queue_stand_below(self, desk: Page, service: Service) -> None:
        service.figures = {"channels": {}, "reasons": {"do_not_disturb": 2}, "queue": {"waiting": 4}}
        desk.reload()
        below = desk.locator("#figures-rest")
        expect(below.locator("dt")).to_have_text(["Waiting in the queue", "Do not disturb"])
        expect(below.locator("dd")).to_have_text(["4", "2"])

    def test_they_follow_what_happens(self, desk: Page, service: Service) -> None:
        service.figures = {"channels": {"exotel": {"sent": 1}}}
        desk.reload()
        expect(self.row(desk, "Sent")).to_have_text(["1"])
        service.figures = {"channels": {"exotel": {"sent": 2}}}
        expect(self.row(desk, "Sent")).to_have_text(["2"])

    @pytest.mark.parametrize("figures", [{}, {"channels": None, "reasons": None, "queue": None}, {"queue": {}}])
    def test_figures_that_are_missing_break_nothing(
        self, desk: Page, service: Service, figures: dict[str, object]
    ) -> None:
        service.figures = figures
        desk.reload()
        expect(desk.get_by_role("heading", name="Figures")).to_be_visible()
        expect(desk.locator("#figures-rest dd")).to_have_text(["–"])

    def test_without_the_route_there_are_none_and_they_are_asked_for_once(self, unread: Page, service: Service) -> None:
        asked: list[str] = []
        unread.on("request", lambda request: asked.append(request.url))
        unread.clock.install()
        with unread.expect_response("**/local/figures"):
            unread.goto("/")
        unread.clock.run_for(30_000)
        expect(unread.get_by_role("heading", name="Figures")).to_be_hidden()
        assert [url for url in asked if "/local/" in url] == [
            f"{service.url}/local/{name}" for name in ("fates", "figures")
        ]

    def test_another_stage_has_neither_figures_nor_fates(self, unread: Page, service: Service) -> None:
        asked: list[str] = []
        unread.on("request", lambda request: asked.append(request.url))
        service.stage, service.figures, service.fates = "prod", {"channels": {}}, [{"to": PHONE, "what": "x"}]
        unread.goto("/")
        expect(unread.get_by_text("Texts go to real phones")).to_be_visible()
        expect(unread.get_by_role("heading", name="Figures")).to_be_hidden()
        expect(unread.locator("#fates")).to_be_hidden()
        assert not [url for url in asked if "/local" in url]


class TestFates:
    def test_a_number_is_filled_in_with_one_click(self, desk: Page, service: Service) -> None:
        service.fates = [{"to": "+919876500000", "what": "is delivered"}, {"to": "+919876500003", "what": "opted_out"}]
        desk.reload()
        desk.get_by_text("Numbers that choose their fate").click()
        desk.get_by_role("button", name="+919876500003 Opted out").click()
        field = desk.get_by_label("To", exact=True)
        expect(field).to_have_value("+919876500003")
        expect(field).to_be_focused()

    @pytest.mark.parametrize("fates", [None, []])
    def test_without_any_there_is_nothing_to_unfold(
        self, unread: Page, service: Service, fates: list[dict[str, str]] | None
    ) -> None:
        service.fates = fates
        with unread.expect_response("**/local/fates"):
            unread.goto("/")
        expect(unread.get_by_label("API key")).to_have_value(KEY)
        expect(unread.locator("#fates")).to_be_hidden()


class TestLooks:
    def everything(self, page: Page, service: Service) -> None:
        """Show and unfold all that there is."""
        service.figures = {"channels": {"exotel": EXOTEL, "amazonsns": {}}, "reasons": {"spam": 1}}
        service.fates = [{"to": "+919876500000", "what": "is delivered"}]
        service.texts = [on_the_phone(word, number) for number, word in enumerate((None, "delivered", "failed", "odd"))]
        receipt = Step(service.born.trace[-1].at, "receipt", json.dumps({"Status": "sent" * 30, "L" * 40: "x"}))
        for number, status in enumerate(Status):
            message = a_message(number, status=status, reason=REASONS["answer_lost"], send_at=datetime.now(UTC))
            service.tell(message.with_(trace=(*message.trace, receipt)))
        ids = json.dumps([f"msg_{number}" for number, _ in enumerate(Status)])
        page.evaluate("ids => sessionStorage.setItem('herald-sent', ids)", ids)
        page.reload()
        expect(listed(page)).to_have_count(len(Status))
        find(page)
        expect(listed(page, "found")).to_have_count(2)
        page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
        expect(page.get_by_role("heading", name="Figures")).to_be_visible()
        expect(texts(page)).to_have_count(4)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [320, 390, 768, 1280])
    def test_nothing_sticks_out_and_every_word_stands_out(
        self, desk: Page, service: Service, width: int, scheme: Any
    ) -> None:
        desk.emulate_media(color_scheme=scheme)
        desk.set_viewport_size({"width": width, "height": 844})
        self.everything(desk, service)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        assert not desk.evaluate(PALE)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_the_question_before_erasing_can_be_read_on_a_small_phone(
        self, desk: Page, service: Service, scheme: Any
    ) -> None:
        desk.emulate_media(color_scheme=scheme)
        desk.set_viewport_size({"width": 320, "height": 600})
        expect(TestErasing().ask(desk, service)).to_be_in_viewport(ratio=1)
        assert not desk.evaluate(PALE)

    def test_every_control_has_a_name_and_every_id_is_there_once(self, desk: Page, service: Service) -> None:
        self.everything(desk, service)
        for control in desk.locator(":is(input, select, textarea, button, summary):visible, svg[role]").all():
            expect(control).to_have_accessible_name(re.compile("."))
        ids: list[str] = desk.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
        assert len(ids) == len(set(ids))
        named: list[str] = desk.evaluate("""[...document.querySelectorAll("*")].flatMap((node) =>
            ["aria-labelledby", "aria-describedby", "for"].flatMap((name) => node.getAttribute(name)?.split(" ") ?? []))
        """)
        assert set(named) <= set(ids)

    def test_headings_go_down_one_step_at_a_time(self, desk: Page, service: Service) -> None:
        self.everything(desk, service)
        levels = desk.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map((node) => Number(node.tagName[1]))"
        )
        assert levels[0] == 1
        assert all(following - level <= 1 for level, following in pairwise(levels))
