"""The page says of each thing what is true: whose news it is, which limit it was, which zone, and which key."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from herald.message.status import Status
from tests.page.hands import listed, pill, send, unfold, write
from tests.page.life import ending, questions
from tests.page.service import KEY, Service, a_message


def refuse(page: Page, status: int, code: str, *, field: str = "", headers: Any = None, **more: object) -> None:
    """Answer the next send with a problem."""
    detail = "The number got 3 texts in 10 minutes."
    errors = [{"field": field, "code": code, "detail": detail}]
    problem = {"status": status, "code": code, "detail": detail, "errors": errors, "hint": None, **more}
    page.route("**/messages", lambda route: route.fulfill(status=status, json=problem, headers=headers or {}), times=1)


class TestWhoseNewsItIs:
    def test_a_late_note_of_one_message_never_stands_beside_the_refusal_of_another(
        self, desk: Page, service: Service
    ) -> None:
        service.born = a_message(5)
        send(desk)
        expect(desk.locator("#result")).to_contain_text("Sent by exotel")
        refuse(desk, 422, "opted_out")
        send(desk)
        expect(desk.get_by_role("alert")).to_contain_text("The number got 3 texts")
        service.tell(ending("delivered", service.born))
        expect(pill(desk)).to_have_text("delivered")
        expect(desk.locator("#result")).to_be_empty()

    def test_nor_beside_a_complaint_of_the_form(self, desk: Page, service: Service) -> None:
        service.born = a_message(5)
        send(desk)
        expect(desk.locator("#result")).to_contain_text("Sent by exotel")
        send(desk, to="")
        service.tell(ending("delivered", service.born))
        expect(pill(desk)).to_have_text("delivered")
        expect(desk.locator("#result")).to_be_empty()

    def test_a_cancellation_is_told_in_the_list_alone_while_another_ones_refusal_is_shown(
        self, desk: Page, service: Service
    ) -> None:
        service.born = a_message(5, status=Status.SCHEDULED, sent_at=None)
        canceled = ending("canceled", service.born, sent_at=None)

        def cancel(route: Route) -> None:
            if route.request.method == "DELETE":
                return route.fulfill(json=service.tell(canceled).public())
            return route.fallback()

        desk.route("**/messages/msg_5", cancel)
        send(desk)
        expect(pill(desk)).to_have_text("scheduled")
        refuse(desk, 422, "opted_out")
        send(desk)
        expect(desk.get_by_role("alert")).to_contain_text("The number got 3 texts")
        desk.get_by_role("button", name="Cancel the message").click()
        expect(pill(desk)).to_have_text("canceled")
        expect(desk.locator("#result")).to_be_empty()


class TestLimits:
    @pytest.mark.parametrize("field", ["", "to"])
    def test_a_limit_is_named_with_when_to_try_again(self, desk: Page, field: str) -> None:
        refuse(desk, 429, "limit_number_10_minutes", field=field, headers={"Retry-After": "252"}, hint="Wait a little.")
        send(desk)
        alert = desk.get_by_role("alert")
        for said in ("The limit: number 10 minutes.", "Wait a little.", "Try again in 4 min 12 s, at "):
            expect(alert).to_contain_text(said)
        shown = desk.get_by_label("To", exact=True) if field else alert
        told = re.compile("The number got 3 texts in 10 minutes")
        if field:
            expect(shown).to_have_accessible_description(told)
        else:
            expect(shown).to_contain_text(told)

    def test_what_is_short_has_no_time_of_day_and_what_is_long_has_its_day(self, desk: Page) -> None:
        refuse(desk, 503, "not_accepted", headers={"Retry-After": "5"})
        send(desk)
        expect(desk.get_by_role("alert")).to_contain_text("Try again in 5 s.")
        refuse(desk, 429, "limit_total_day", headers={"Retry-After": "200000"})
        desk.get_by_role("button", name="Try again").click()
        expect(desk.get_by_role("alert")).to_contain_text(re.compile(r"in 2 d 7 h, at \d+ \w+ \d{4}"))

    def test_no_time_is_promised_where_none_is_told(self, desk: Page) -> None:
        refuse(desk, 429, "limit_total_day")
        send(desk)
        expect(desk.get_by_role("alert")).to_contain_text("The limit: total day.")
        expect(desk.get_by_role("alert")).not_to_contain_text("Try again")

    def test_what_a_good_key_may_not_do_is_not_said_of_the_key(self, desk: Page) -> None:
        refuse(desk, 403, "country_not_allowed", field="to")
        send(desk)
        expect(desk.get_by_label("API key")).not_to_have_attribute("aria-invalid", "true")
        expect(desk.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "shown"), [("hk_live_“x”", "“ ”"), ("hk_live_x\u200by", "U+200B"), ("hk live", "U+0020")]
    )
    def test_a_key_that_no_header_can_carry_is_said_so_before_anything_is_asked(
        self, desk: Page, service: Service, key: str, shown: str
    ) -> None:
        asked, field = questions(service), desk.get_by_label("API key")
        field.fill(key)
        field.press("Tab")
        complaint = f"This is no API key: it holds {shown}. Copy it again."
        expect(field).to_have_accessible_description(complaint)
        send(desk)
        expect(field).to_have_accessible_description(complaint)
        expect(desk.locator("#trouble")).to_be_empty()
        desk.get_by_role("button", name="Went wrong lately").click()
        assert (questions(service), service.asked) == (asked, [])

    def test_nothing_is_asked_after_with_it_and_a_good_one_goes_on(self, desk: Page, service: Service) -> None:
        service.born = a_message(5)
        send(desk)
        expect(listed(desk)).to_have_count(1)
        key = desk.get_by_label("API key")
        unfold(desk)
        key.fill("“”")
        unfit = "This is no API key: it holds “ ”. Copy it again."
        desk.get_by_role("button", name="Refresh").click()
        expect(listed(desk).get_by_role("status")).to_have_text(unfit)
        key.fill(KEY)
        service.tell(ending("delivered", service.born))
        expect(pill(desk)).to_have_text("delivered")


class TestTimes:
    def test_each_time_says_its_zone_in_a_title(self, desk: Page, service: Service) -> None:
        service.born = a_message(5)
        send(desk)
        unfold(desk)
        times = desk.locator("#sent time")
        expect(times).to_have_count(4)
        for place in range(4):
            expect(times.nth(place)).to_have_attribute("title", re.compile(r"\(Asia/(Kolkata|Calcutta)\)$"))
        desk.get_by_text("More", exact=True).click()
        expect(desk.get_by_label("Send at")).to_have_attribute("title", re.compile("In the time of Asia/"))

    def test_a_send_that_is_written_only_asks_nothing(self, desk: Page, service: Service) -> None:
        write(desk)
        assert service.asked == []
