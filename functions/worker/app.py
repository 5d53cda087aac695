"""The queue's door: messages that were put aside are sent here, and webhooks called."""

import os
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

import herald
from herald import wiring
from herald.records import Worker

AGENT = f"Herald/{herald.__version__}"
HOOK_SECONDS = float(os.environ.get("HOOK_SECONDS", "10"))

processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
worker = Worker(
    wiring.herald,
    max_receives=int(os.environ.get("MAX_RECEIVES", "5")),
    wait=float(os.environ.get("RETRY_SECONDS", "30")),
    others={
        "hook": lambda hook: wiring.hooks(AGENT, HOOK_SECONDS).deliver(hook),
        "receipt": lambda receipt: wiring.receipts().held(receipt),
    },
)


def send(record: SQSRecord) -> None:
    """Send the message that the record names, or do what else it says."""
    worker.send(record.raw_event)


def handler(event: dict[str, Any], context: Any) -> Any:
    """Send a batch; only the records that broke off come back."""
    return process_partial_response(event=event, record_handler=send, processor=processor, context=context)
