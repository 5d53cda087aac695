"""The providers' door: what became of a text, by a callback or SNS's delivery logs; and what people write back."""

from typing import Any

from herald import wiring
from herald.http.callbacks import Callbacks
from herald.providers import load
from herald.receive import entries

door = Callbacks(wiring.receipts, wiring.inbound)


def handler(event: dict[str, Any], context: object) -> dict[str, Any] | None:
    """Take note of what a provider says. A batch of log entries that cannot be kept is handed over again."""
    if "awslogs" not in event:
        return door.answer(event)
    wiring.receipts().logged(load("amazonsns"), entries(event))
    return None
