"""Bus: tell EventBridge what became of messages."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

SOURCE = "herald"
# As many as EventBridge takes at once.
MOST = 10


class Event(NamedTuple):
    """What is told: its detail-type, when it came about (aware), and the details as JSON values."""

    type: str
    at: datetime
    detail: Mapping[str, object]


class Bus:
    """``client`` is an EventBridge client, ``name`` the bus of the stack."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def put(self, events: Sequence[Event]) -> int:
        """Put at most ten events on the bus. How many of them, from the first on, are surely there.

        What EventBridge did not take is put once more. Raises the client's own errors.
        """
        missing = self._put(events, range(len(events)))
        if missing:
            missing = self._put(events, missing)
        return missing[0] if missing else len(events)

    def _put(self, events: Sequence[Event], which: Sequence[int]) -> list[int]:
        """Put those events; which of them were not taken."""
        answer = self._client.put_events(Entries=[self._entry(events[n]) for n in which])
        return [n for n, entry in zip(which, answer["Entries"], strict=True) if "EventId" not in entry]

    def _entry(self, event: Event) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.at,
            "Resources": [],
            "Detail": json.dumps(event.detail),
        }
