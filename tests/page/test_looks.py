"""However much the page shows, on whatever screen: nothing sticks out, and all can be read and named."""

import json
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from tests.page.hands import find, listed, texts
from tests.page.life import EXOTEL, ask_to_erase, on_the_phone
from tests.page.pale import PALE
from tests.page.service import Service, a_message


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
        expect(ask_to_erase(desk, service)).to_be_in_viewport(ratio=1)
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
