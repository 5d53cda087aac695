"""Life: what becomes of messages on the page, for several files of its tests."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from playwright.sync_api import Locator, Page

from herald.message import Message
from herald.message.status import Status, Step
from tests.page.hands import PHONE, find
from tests.page.service import Service, a_message


def ending(status: str, message: Message, **known: object) -> Message:
    """The message once it ended so, 1.2 s after it was sent."""
    at = (message.sent_at or message.created_at) + timedelta(seconds=1.2)
    delivered_at = at if status == "delivered" else None
    trace = (*message.trace, Step(at, status))
    changes = {"status": Status(status), "delivered_at": delivered_at, "updated_at": at, "trace": trace, **known}
    return message.with_(**changes)


def questions(service: Service) -> int:
    """How often any message was asked after."""
    return sum(request.method == "GET" for request in service.asked)


def on_the_phone(receipt: str | None, number: int = 1) -> dict[str, object]:
    """A text on the phone with its receipt, as the carrier lists it."""
    at = "2026-11-22T12:00:00.000Z"
    text = {"provider": "exotel", "to": PHONE, "from": "HERALD", "body": f"Text {number}", "id": str(number)}
    return {**text, "at": at, "fields": {}, "receipt": receipt}


EXOTEL: Mapping[str, Any] = {
    "sent": 12, "delivered": 9, "undelivered": 2, "failed": 1, "unknown": 0, "segments": 1400, "spend": 0.0312,
    "provider_latency_ms": {"p50": 41.6, "p95": 880}, "delivery_latency_ms": {"p50": 1100, "p95": None},
}  # fmt: skip


def ask_to_erase(page: Page, service: Service) -> Locator:
    """The question whether a person, to whom two messages went, is to be erased."""
    for number in (1, 2):
        service.tell(a_message(number, status=Status.DELIVERED))
    find(page, number="+91 9741 552 552")
    page.get_by_role("button", name="Erase this person…").click()
    return page.get_by_role("dialog", name="Erase this person?")
