"""Queue: hand to SQS what the worker is to do, now or after a delay: mostly to send the message with an id."""

import json
import math
from collections.abc import Mapping
from typing import Any

# SQS delays a message by 15 minutes at most.
LONGEST_DELAY = 900


class Queue:
    """``client`` is an SQS client. Ids, receipts and webhooks travel: texts and numbers stay in the journal."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def put(self, message_id: str, delay: float = 0) -> None:
        """Queue a message for the worker after ``delay`` seconds, rounded up. Raises the client's own errors.

        What waits longer than SQS can comes back after 900 seconds, to be put again.
        """
        self.post({"id": message_id}, delay)

    def post(self, what: Mapping[str, object], delay: float = 0) -> None:
        """Queue anything that the worker knows, ``{"id": ...}`` or ``{"hook": {...}}``, as ``put`` does."""
        seconds = math.ceil(max(0, min(LONGEST_DELAY, delay)))
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(what), DelaySeconds=seconds)

    def again(self, handle: str, delay: float) -> None:
        """Let a record that could not be handled come back after ``delay`` seconds. Raises the client's own errors.

        ``handle`` is what the record was received with. Without this it comes back when the queue's
        visibility timeout is over.
        """
        seconds = math.ceil(max(0, min(LONGEST_DELAY, delay)))
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=seconds)
