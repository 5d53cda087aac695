"""Fed by the journal's stream: each state of a message that is worth telling is told to the bus and to webhooks."""

from typing import Any

from herald import wiring
from herald.aws import deadline


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Announce a batch of the table's stream; only the records that broke off come back."""
    with deadline.of(context):
        failed = wiring.announcer().announce(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}
