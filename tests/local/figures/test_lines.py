"""The functions' log lines: each comes once, in whatever order they turn up."""

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.figures.lines import LATE, Lines


class Logs:
    """CloudWatch Logs with the two questions that are asked of it. Lines have no ids, as the engine's have none."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}

    def write(self, group: str, stream: str, at: int, *messages: str) -> None:
        events = self.groups.setdefault(group, [])
        events += [{"logStreamName": stream, "timestamp": at, "message": message} for message in messages]
        events.sort(key=lambda event: int(event["timestamp"]))

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        return {"events": [e for e in self.groups[asked["logGroupName"]] if e["timestamp"] >= asked["startTime"]]}

    def get_paginator(self, operation: str) -> "Logs":
        assert operation == "describe_log_groups"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        names = [name for name in self.groups if name.startswith(asked["logGroupNamePrefix"])]
        return [{"logGroups": [{"logGroupName": name} for name in names]}]


class TestLines:
    def test_each_line_comes_once_and_equal_lines_are_not_one(self) -> None:
        logs = Logs()
        lines, now = Lines(logs, "/ours/"), time.time_ns() // 1_000_000 + 10
        logs.write("/ours/a", "1", now, "same", "same")
        logs.write("/ours/a", "2", now, "same")
        logs.write("/theirs", "1", now, "not ours")
        assert [text for _, text in lines.new()] == ["same"] * 3
        assert lines.new() == []
        logs.write("/ours/a", "3", now, "same")
        logs.write("/ours/b", "1", now - 1, "a little late")
        assert [text for _, text in lines.new()] == ["a little late", "same"]

    def test_what_was_written_before_is_not_ours(self) -> None:
        logs = Logs()
        logs.write("/ours/a", "1", time.time_ns() // 1_000_000 - 1, "before")
        lines = Lines(logs, "/ours/")
        assert lines.new() == []

    @given(
        written=st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(0, LATE), st.integers(1, 3), st.booleans()), max_size=40
        )
    )
    def test_in_whatever_order_they_turn_up_each_comes_once(self, written: list[tuple[str, int, int, bool]]) -> None:
        logs, seen, expected = Logs(), [], []
        lines, now = Lines(logs, "/ours/"), time.time_ns() // 1_000_000 + 10
        for place, (group, late, count, look) in enumerate(written):
            now += 700
            at = max(now - late, now - 700 * place)
            said = [f"{place}.{number}" for number in range(count)]
            logs.write(f"/ours/{group}", f"stream {place}", at, *said)
            expected += said
            if look:
                seen += [text for _, text in lines.new()]
        seen += [text for _, text in lines.new()]
        assert sorted(seen) == sorted(expected)
