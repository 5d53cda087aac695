"""What providers say: what became of a text, by a callback or an event of AWS; and what people write back."""

from typing import Any

from herald import wiring
from herald.aws import deadline
from herald.entrypoints.callbacks import Callbacks

callbacks = Callbacks(wiring.herald)


def handler(event: dict[str, Any], context: object) -> dict[str, Any] | None:
    """Take note of what a provider says. A batch of log entries that cannot be kept is handed over again."""
    with deadline.of(context):
        if not isinstance(event, dict) or "httpMethod" in event:
            return callbacks.answer(event)
        wiring.herald().receipts(event)
    return None
