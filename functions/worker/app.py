"""The queue's door: messages that were put aside, or whose provider could not take them, are sent here."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from herald import wiring

processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


def send(record: SQSRecord) -> None:
    """Send the message that the record names."""
    wiring.herald().resume(record.json_body["id"])


def handler(event: dict[str, Any], context: Any) -> Any:
    """Send a batch; only the records that broke off come back."""
    return process_partial_response(event=event, record_handler=send, processor=processor, context=context)
