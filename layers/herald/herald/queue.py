"""Queue: hand a message's id to SQS, to be sent now or after a delay."""

import json
import math
from typing import Any

# SQS delays a message by 15 minutes at most.
LONGEST_DELAY = 900


class Queue:
    """``client`` is an SQS client. Only ids travel: texts and numbers stay in the journal."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def put(self, message_id: str, delay: float = 0) -> None:
        """Queue a message for the worker after ``delay`` seconds, rounded up. Raises the client's own errors.

        What waits longer than SQS can comes back after 900 seconds, to be put again.
        """
        seconds = math.ceil(max(0, min(LONGEST_DELAY, delay)))
        body = json.dumps({"id": message_id})
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=seconds)

    def again(self, receipt: str, delay: float) -> None:
        """Let a record that could not be handled come back after ``delay`` seconds. Raises the client's own errors.

        ``receipt`` is the handle with which the record was received. Without this it comes back when the queue's
        visibility timeout is over.
        """
        seconds = math.ceil(max(0, min(LONGEST_DELAY, delay)))
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
