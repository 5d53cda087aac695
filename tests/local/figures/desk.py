"""A bridge on the engine with log groups of its own, and who writes into them."""

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.engine import asking_once
from local.figures.bridge import Bridge
from local.figures.figures import Figures


def line(at: float | None = None, /, **said: Any) -> str:
    """A line as the functions write it: each metric by service and channel, and by service alone."""
    metrics = {name: value for name, value in said.items() if name[0].isupper()}
    directive = {
        "Namespace": "Herald",
        "Dimensions": [["service", "channel"], ["service"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in metrics],
    }
    stamp = round(1000 * (time.time() if at is None else at))
    return json.dumps(
        {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]}, "service": "herald-local", **said}
    )


class Desk:
    """A bridge over log groups of its own, on the engine, and who writes into them."""

    def __init__(self, engine: str) -> None:
        self.name = uuid.uuid4().hex
        self.logs, self.cloudwatch, self.queues = (asking_once(s, engine) for s in ("logs", "cloudwatch", "sqs"))
        self.bridge = Bridge(engine, f"/{self.name}/")
        self.figures = Figures(engine, self.bridge, queue=self.name)
        self._streams = 0

    def write(self, *lines: str) -> None:
        """As a function at its end: all at once, in a stream of its own."""
        group, stream = f"/{self.name}/api", str(self._streams)
        if not self._streams:
            self.logs.create_log_group(logGroupName=group)
        self._streams += 1
        self.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": time.time_ns() // 1_000_000, "message": text} for text in lines]
        self.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def told(self, id: str, phrase: str, reason: str | None = None) -> str:
        """A log line about a message."""
        return json.dumps(
            {"level": "INFO", "message": phrase, "message_id": id, **({"reason": reason} if reason else {})}
        )

    def measured(self, name: str, **dimensions: str) -> dict[str, float]:
        """Sum and number of a metric's values, as CloudWatch knows them."""
        points = self.cloudwatch.get_metric_statistics(
            Namespace="Herald", MetricName=name, Period=3600, Statistics=["Sum", "SampleCount"],
            StartTime=datetime.now(UTC) - timedelta(hours=1), EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )["Datapoints"]  # fmt: skip
        return {"Sum": sum(p["Sum"] for p in points), "SampleCount": sum(p["SampleCount"] for p in points)}

    def of(self, channel: str) -> Mapping[str, Any]:
        channels: Any = self.figures.public()["channels"]
        figures: Mapping[str, Any] = channels[channel]
        return figures

    def close(self) -> None:
        self.bridge.stop()
        self.figures.close()
        for each in (self.logs, self.cloudwatch, self.queues):
            each.close()
