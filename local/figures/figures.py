"""Figures: what the engine's metrics and the functions' log lines say of the last hour."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.engine import asking_once
from local.figures.bridge import HOUR, Bridge

NAMESPACE, SERVICE, QUEUE = "Herald", "herald-local", "herald-local"
SUMS = {
    "sent": "Sent", "delivered": "Delivered", "undelivered": "Undelivered", "failed": "Failed", "unknown": "Unknown",
    "segments": "Segments",
}  # fmt: skip
SPEND = "Spend"
LATENCIES = {"provider_latency_ms": "ProviderLatency", "delivery_latency_ms": "DeliveryLatency"}
PERCENTILES = ("p50", "p95")
ASKED = [(metric, "Sum") for metric in (*SUMS.values(), SPEND)]
ASKED += [(metric, percentile) for metric in LATENCIES.values() for percentile in PERCENTILES]
# The engine takes the points of the time that is asked for and cuts it into periods that begin in 1970. With one that
# is longer than all the time since, an hour is never cut in two, and its percentiles are true (ministack 1.5.33; AWS
# would refuse it).
WHOLE = 4_000_000_000


class Figures:
    """The figures of one engine, to which ``bridge`` brings the metrics."""

    def __init__(self, engine_url: str, bridge: Bridge, queue: str = QUEUE) -> None:
        self._bridge, self._queue = bridge, queue
        self._metrics, self._queues = asking_once("cloudwatch", engine_url), asking_once("sqs", engine_url)

    def close(self) -> None:
        """Close the connections to the engine."""
        self._metrics.close()
        self._queues.close()

    def public(self) -> dict[str, object]:
        """``{channels: {name: figures}, reasons: {code: texts}, queue: {waiting}}``. Raises ``OSError``."""
        try:
            return {
                "channels": {name: self._of(name) for name in sorted(set(self._channels()))},
                "reasons": self._bridge.reasons(),
                "queue": {"waiting": self._queued()},
            }
        except (BotoCoreError, ClientError) as error:
            raise OSError("The engine cannot be asked.") from error

    def _channels(self) -> Iterator[str]:
        for page in self._metrics.get_paginator("list_metrics").paginate(Namespace=NAMESPACE):
            for metric in page["Metrics"]:
                if metric["MetricName"] in SUMS.values():
                    yield from (d["Value"] for d in metric["Dimensions"] if d["Name"] == "channel")

    def _of(self, channel: str) -> dict[str, object]:
        now = time.time()
        answer = self._metrics.get_metric_data(
            MetricDataQueries=[_question(place, channel, *asked) for place, asked in enumerate(ASKED)],
            StartTime=now - HOUR,
            EndTime=now + 60,
        )
        values = [next(iter(result["Values"]), None) for result in answer["MetricDataResults"]]
        found = dict(zip(ASKED, values, strict=True))
        sums = {field: round(found[metric, "Sum"] or 0) for field, metric in SUMS.items()}
        spend = found[SPEND, "Sum"]
        return {
            **sums,
            "spend": None if spend is None else round(spend, 6),  # No provider told a price: that is not 0.
            **{field: {p: _tenths(found[metric, p]) for p in PERCENTILES} for field, metric in LATENCIES.items()},
        }

    def _queued(self) -> int | None:
        """How many wait in the queue, now or for their time; None if there is no queue."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        try:
            url = self._queues.get_queue_url(QueueName=self._queue)["QueueUrl"]
        except self._queues.exceptions.QueueDoesNotExist:
            return None
        attributes = self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes.get(name, 0)) for name in names)


def _tenths(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _question(place: int, channel: str, metric: str, stat: str) -> Mapping[str, Any]:
    dimensions = [{"Name": "service", "Value": SERVICE}, {"Name": "channel", "Value": channel}]
    named = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": f"q{place}", "MetricStat": {"Metric": named, "Period": WHOLE, "Stat": stat}}
