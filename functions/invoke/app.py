"""Invoked by other Lambda functions, EventBridge rules and Scheduler: the fields of a message in, the message out."""

from typing import Any

from herald import cold, wiring
from herald.aws import deadline
from herald.entrypoints import invocation
from herald.pipeline.send import resume  # noqa: F401 - loaded while the start has a whole processor

cold.ready(wiring.prepare)


def handler(event: object, context: Any) -> dict[str, object] | None:
    """Send, look up or cancel one message. What it raises reaches a waiting caller; an asynchronous one is retried."""
    with deadline.of(context):
        return invocation.answer(event, context.aws_request_id, wiring.herald())
