"""Records: what the queue hands over. Each names a message; one that cannot be handled comes back, but not for ever."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from herald.errors import InvalidSettings, NotAccepted
from herald.flow import Herald

# Settings that are wrong or cannot be read: the messages go on waiting, and the sweep queues them again.
NOT_THE_MESSAGES = (InvalidSettings, NotAccepted)


class Worker:
    """Sends what records name. One that was received ``max_receives`` times is left to the dead-letter queue.

    Before, it comes back after ``wait`` seconds, twice as much, and so on.
    """

    def __init__(self, herald: Callable[[], Herald], *, max_receives: int, wait: float) -> None:
        self._herald, self._max_receives, self._wait = herald, max_receives, wait

    def send(self, record: Mapping[str, Any]) -> None:
        """Send the message that an SQS record names. What it raises means: not handled, the record must not go."""
        try:
            self._herald().resume(_id(record))
        except Exception as error:
            self._failed(record, error)
            raise

    def _failed(self, record: Mapping[str, Any], failure: Exception) -> None:
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        journey = self._herald()
        journey.observer.trouble("record not handled", failure, receives=receives)
        try:
            last = receives >= self._max_receives
            if last and not isinstance(failure, NOT_THE_MESSAGES):
                journey.bury(_id(record))
            # SQS moves a record to the dead-letter queue when it would hand it out once more.
            journey.queue().again(record["receiptHandle"], 0 if last else self._wait * 2 ** (receives - 1))
        except Exception as error:  # Then it comes back when its visibility timeout is over.
            journey.observer.trouble("record not put off", error, receives=receives)


def _id(record: Mapping[str, Any]) -> str:
    return str(json.loads(record["body"])["id"])
