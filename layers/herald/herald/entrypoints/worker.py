"""Worker: what the queue hands over, mostly ids of messages; what cannot be handled comes back, but not for ever."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from herald.errors import InvalidSettings, NotAccepted
from herald.pipeline.flow import Herald
from herald.pipeline.route.turn import ATTEMPT
from herald.pipeline.trouble import needed

# Settings that are wrong or cannot be read: the messages go on waiting, and the sweep queues them again.
NOT_THE_MESSAGES = (InvalidSettings, NotAccepted)


class Worker:
    """Sends what records name. One that was received ``max_receives`` times is left to the dead-letter queue.

    Before, it comes back after ``wait`` seconds, twice as much, and so on. What there is no time for is put back anew.
    ``others`` handle what is no message: a record ``{"hook": {...}}`` goes to the one that is called ``hook``.
    """

    def __init__(
        self,
        herald: Callable[[], Herald],
        *,
        max_receives: int,
        wait: float,
        others: Mapping[str, Callable[[Mapping[str, Any]], object]] = MappingProxyType({}),
    ) -> None:
        self._herald, self._max_receives, self._wait, self._others = herald, max_receives, wait, others

    def send(self, record: Mapping[str, Any]) -> None:
        """Handle an SQS record: send the message that it names. What it raises means: the record must not go."""
        try:
            self._handle(json.loads(record["body"]))
        except Exception as error:
            self._failed(record, error)
            raise

    def done(self, record: Mapping[str, Any]) -> bool:
        """Handle an SQS record; False if it must not go. What broke off has been told."""
        try:
            self.send(record)
        except Exception:
            return False
        return True

    def _handle(self, body: Mapping[str, Any]) -> None:
        ports = self._herald().ports
        if ports.left() < ATTEMPT:  # A new record: this one counts how often it was received.
            with needed(ports.observer, "record not put back", NotAccepted("There was no time for it.")):
                ports.queue.post(body)
            return
        for name in self._others.keys() & body:
            self._others[name](body[name])
            return
        self._herald().resume(str(body["id"]))

    def _failed(self, record: Mapping[str, Any], failure: Exception) -> None:
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        herald = self._herald()
        herald.ports.observer.trouble("record not handled", failure, receives=receives)
        try:
            last = receives >= self._max_receives
            message_id = _id(record)
            if last and message_id and not isinstance(failure, NOT_THE_MESSAGES):
                herald.give_up(message_id)
            # SQS moves a record to the dead-letter queue when it would hand it out once more.
            herald.ports.queue.again(record["receiptHandle"], 0 if last else self._wait * 2 ** (receives - 1))
        except Exception as error:  # Then it comes back when its visibility timeout is over.
            herald.ports.observer.trouble("record not put off", error, receives=receives)


def _id(record: Mapping[str, Any]) -> str | None:
    """The id of the message that a record names, if it names one."""
    try:
        return str(json.loads(record["body"])["id"])
    except (ValueError, TypeError, KeyError):
        return None
