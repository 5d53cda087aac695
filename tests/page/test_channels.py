"""What the page shows of the channels' health, to a key that may read."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.service import Service

WELL: dict[str, Any] = {
    "name": "exotel", "provider": "exotel", "state": "closed", "since": None, "until": None, "why": None, "share": 100,
    "share_at_rest": 100, "attempts": 0, "failed": 0, "uncertain": 0, "countries": [],
}  # fmt: skip
LATE = {"country": "IN", "texts": 120, "late": 40, "share": 80}
OPEN = {"state": "open", "share": 0, "why": "5 failures in a row", "until": "2026-11-22T12:00:30.000Z"}


def shows(desk: Page, service: Service, *channels: dict[str, Any]) -> list[str]:
    """What stands on the page of each of these channels."""
    service.channels = {"channels": [{**WELL, **each} for each in channels]}
    desk.reload()
    expect(desk.get_by_role("region", name="Channels")).to_be_visible()
    return desk.locator("#channels-list li").all_inner_texts()


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({}, ["in use", "exotel"]),
        ({"attempts": 12, "failed": 3, "uncertain": 1}, ["in use", "12 attempts in 5 min", "3 failed", "1 uncertain"]),
        (OPEN, ["not in use", "5 failures in a row", "tried again at 17:30"]),
        ({"state": "half_open", "share": 0, "why": "5 failures in a row"}, ["being tried"]),
        ({"share": 80, "why": "40 of 120 texts late or silent", "countries": [LATE]},
         ["80 % of its messages", "40 of 120 texts late or silent", "IN: 40 of 120 late, 80 %"]),
    ],
)  # fmt: skip
def test_a_channel_stands_there_with_its_state_and_why(
    desk: Page, service: Service, channel: dict[str, Any], said: list[str]
) -> None:
    (shown,) = shows(desk, service, channel)
    assert [each for each in said if each not in shown] == []


def test_each_channel_has_its_line(desk: Page, service: Service) -> None:
    assert len(shows(desk, service, {}, {"name": "twilio"})) == 2


def test_where_the_key_may_not_read_nothing_is_shown(desk: Page, service: Service) -> None:
    service.channels = None
    desk.reload()
    expect(desk.get_by_role("heading", name="Send a text")).to_be_visible()
    expect(desk.get_by_role("region", name="Channels")).to_be_hidden()


def test_on_a_small_screen_a_long_reason_makes_no_scrollbar(desk: Page, service: Service) -> None:
    desk.set_viewport_size({"width": 360, "height": 700})
    shows(desk, service, {**OPEN, "why": "6 of 12 attempts within a minute went wrong" * 3}, {"name": "a" * 64})
    assert desk.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
