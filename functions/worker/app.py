"""What waits in the queue: messages are sent, webhooks called, receipts looked up once more."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import herald
from herald import cold, wiring
from herald.aws import deadline
from herald.entrypoints.worker import Worker
from herald.message.receipt import Report
from herald.pipeline.send import resume  # noqa: F401 - loaded while the start has a whole processor

AGENT = f"Herald/{herald.__version__}"
HOOK_SECONDS = float(os.environ.get("HOOK_SECONDS", "10"))
# As many as a batch may hold, so that a batch takes as long as its slowest record; clients keep as many connections.
HANDS = 10

worker = Worker(
    wiring.herald,
    max_receives=int(os.environ.get("MAX_RECEIVES", "5")),
    wait=float(os.environ.get("RETRY_SECONDS", "30")),
    others={
        "hook": lambda hook: wiring.webhooks(AGENT, HOOK_SECONDS).deliver(hook),
        "lookup": lambda asked: wiring.herald().look_up(str(asked["id"])),
        "receipt": lambda kept: wiring.herald().waited(Report.read(kept)),
    },
)
hands = ThreadPoolExecutor(HANDS)
cold.ready(wiring.prepare)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Send a batch, side by side; only the records that broke off come back."""
    records = event["Records"]
    with deadline.of(context):
        done = list(hands.map(worker.done, records))
    failed = [record["messageId"] for record, well in zip(records, done, strict=True) if not well]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
