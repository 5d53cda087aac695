"""Schedule: hand a message's id to EventBridge Scheduler, to come back at its time and then remove itself."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any


class Schedule:
    """``client`` is an EventBridge Scheduler client; ``target`` the ARN of the invoke function.

    ``failed`` is the ARN of the queue that takes what Scheduler could not hand over.
    """

    def __init__(self, client: Any, *, group: str, role: str, target: str, failed: str) -> None:
        self._client, self._group, self._role, self._target, self._failed = client, group, role, target, failed

    def put(self, message_id: str, at: datetime) -> None:
        """Make a one-time schedule named like the message, in place of one that may be there.

        Raises the client's own errors.
        """
        schedule = {
            "Name": message_id,
            "GroupName": self._group,
            "ScheduleExpression": expression(at),
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self._target,
                "RoleArn": self._role,
                "Input": json.dumps({"action": "resume", "id": message_id}),
                "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
                "DeadLetterConfig": {"Arn": self._failed},
            },
        }
        try:
            self._client.create_schedule(**schedule)
        except self._client.exceptions.ConflictException:  # Of an earlier call, whose answer never came.
            self.remove(message_id)
            self._client.create_schedule(**schedule)

    def remove(self, message_id: str) -> None:
        """Remove the message's schedule if it is still there. Raises the client's own errors."""
        with suppress(self._client.exceptions.ResourceNotFoundException):  # It fired, or was removed before.
            self._client.delete_schedule(Name=message_id, GroupName=self._group)


def expression(at: datetime) -> str:
    """``at(2026-11-25T03:30:00)``, in UTC and never early: a fraction of a second is rounded up."""
    moment = at.astimezone(UTC)
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"
