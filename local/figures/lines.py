"""Lines: what the functions on the engine write into their log groups, each line once."""

import time
from collections import Counter
from typing import Any, NamedTuple

GROUPS = "/aws/lambda/herald-local-"
# A line may turn up a little after one with a later time.
LATE = 5_000


class Line(NamedTuple):
    """A log line. ``at`` is in seconds since 1970."""

    at: float
    text: str


class Lines:
    """Reads the log groups whose names begin with ``groups``, from now on. ``logs`` is a boto3 client."""

    def __init__(self, logs: Any, groups: str = GROUPS) -> None:
        self._logs, self._groups = logs, groups
        self._first = self._newest = time.time_ns() // 1_000_000
        self._seen: set[tuple[str, str, int, int]] = set()

    def new(self) -> list[Line]:
        """What came since the last time. Raises boto3's errors; then nothing is lost."""
        since, found = max(self._first, self._newest - LATE), []
        for group in self._names():
            nth: Counter[tuple[str, int]] = Counter()
            for event in self._logs.filter_log_events(logGroupName=group, startTime=since)["events"]:
                # The engine gives the lines of a function no ids; their place among those of a moment does not change.
                spot = event["logStreamName"], event["timestamp"]
                nth[spot] += 1
                found.append(((group, *spot, nth[spot]), Line(event["timestamp"] / 1000, event["message"])))
        fresh = [(identity, line) for identity, line in found if identity not in self._seen]
        self._newest = max([self._newest, *(identity[2] for identity, _ in fresh)])
        self._seen = {identity for identity, _ in found if identity[2] >= self._newest - LATE}
        return sorted((line for _, line in fresh), key=lambda line: line.at)

    def _names(self) -> list[str]:
        pages = self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self._groups)
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]
