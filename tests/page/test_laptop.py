"""What the page shows on the laptop alone: the carrier's phones, figures, and numbers that choose how a text ends."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.hands import PHONE, texts
from tests.page.life import EXOTEL, on_the_phone
from tests.page.service import KEY, Service


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
        expect(self.row(desk, "Spend")).to_have_text(["0.0312", "not told"])
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
        desk.get_by_text("Numbers with a fixed outcome").click()
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
