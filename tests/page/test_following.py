"""A message that was sent is followed on the page: its status, its time on the way, its timeline, and why it ended."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from tests.page.hands import NUMBER, PHONE, listed, pill, send, unfold
from tests.page.life import ending, questions
from tests.page.service import KEY, Service, a_message

FIELDS = {"to": NUMBER, "body": "Your code is 4921.", "channel": "exotel"}
TICKS = {
    "accepted": "clock", "scheduled": "clock", "sending": "clock", "unknown": "question", "sent": "one",
    "delivered": "two", "undelivered": "cross", "failed": "cross", "expired": "cross", "canceled": "slash",
}  # fmt: skip
ENTRY: Mapping[str, object] = {
    "status": "SUCCESS", "providerResponse": "Message has been accepted by phone", "mcc": 404, "note": None
}  # fmt: skip


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
