"""CloudWatch: one JSON log line a step, with its metrics in it. Numbers are masked; no text or secret is in it."""

import math
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from herald.message import Message
from herald.message.phone import mask
from herald.message.status import Status

NAMESPACE = "Herald"
# All that is counted: of a message, by service and channel; and apart from any message, by service alone. With one
# channel the first are ten metrics, which is what CloudWatch gives away.
UNITS: Mapping[str, MetricUnit] = {
    "Accepted": MetricUnit.Count,
    "Sent": MetricUnit.Count,
    "Delivered": MetricUnit.Count,
    "Undelivered": MetricUnit.Count,
    "Failed": MetricUnit.Count,  # 0 or 1, so that the average is the rate.
    "Unknown": MetricUnit.Count,
    "Segments": MetricUnit.Count,
    "Spend": MetricUnit.NoUnit,  # In the provider's currency.
    "ProviderLatency": MetricUnit.Milliseconds,
    "DeliveryLatency": MetricUnit.Milliseconds,
}
# Counted by service as well: an alarm can watch one metric only, not one for each channel. Faults by service alone: 1
# for each that failed, or that was not delivered by a fault of others than its recipient, and 0 for each that was sent.
FAULTS = "Faults"
TOTALS = frozenset({FAULTS, "Unknown", "Spend"})
COUNTERS = frozenset(
    {"Refused", "KeysRefused", "ReceiptsForbidden", "ReceiptsUnmatched", "CallbacksUnread", "ChannelsOpened"}
)


class CloudWatch:
    """Log lines on standard output, where Lambda passes them on to CloudWatch, which makes metrics of their figures;
    outside of Lambda, on standard error.

    Each stage is a service of its own: two of them in one account do not share figures, nor alarms.
    """

    def __init__(self, stage: str) -> None:
        self._service = f"herald-{stage}"
        # Figures travel on these lines: no variable may silence them. Elsewhere standard output is the program's.
        stream = None if "AWS_LAMBDA_FUNCTION_NAME" in os.environ else sys.stderr
        self._log = Logger(service=self._service, level="INFO", location=None, stream=stream)

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        self._tell(phrase, message, _spend(spent), extra)

    def accepted(self, message: Message) -> None:
        self._tell("message accepted", message, {"Accepted": 1}, {})

    def refused(self, message: Message, guard: str) -> None:
        counted = {} if message.test else _counted({"Refused": 1}, self._service)
        told = {name: value for name, value in _fields(message).items() if name != "status"}
        self._log.info("message refused", extra={**counted, **told, "guard": guard})

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        figures = {**_figures(message), **_spend(spent)}
        if latency_ms is None:
            return self._tell(f"message {message.status}", message, figures, {})
        extra = {"latency_ms": round(latency_ms, 1)}
        return self._tell(f"message {message.status}", message, {**figures, "ProviderLatency": latency_ms}, extra)

    def count(self, name: str, **extra: object) -> None:
        phrase = re.sub(r"\B([A-Z])", r" \1", name).lower()
        self._log.info(phrase, extra={**extra, **_counted({name: 1}, self._service)})

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self._log.error(phrase, extra={"error": type(error).__name__, "place": _place(error), **extra})

    def _tell(self, phrase: str, message: Message, figures: Mapping[str, float], extra: Mapping[str, object]) -> None:
        channel = message.channel or message.asked_channel or "none"
        counted = {} if message.test else _counted(figures, self._service, channel)
        self._log.info(phrase, extra={**counted, **_fields(message), **extra})


def _figures(message: Message) -> dict[str, float]:
    """What is counted of a message that came into the state it has."""
    match message.status:
        case Status.SENT:
            return {"Sent": 1, "Failed": 0, FAULTS: 0, "Segments": message.segments, **_spend(message.price)}
        case Status.FAILED | Status.EXPIRED:
            return {"Failed": 1, FAULTS: 1}
        case Status.DELIVERED:
            return {"Delivered": 1, **_delivery(message)}
        case Status.UNDELIVERED:
            return {"Undelivered": 1, **({FAULTS: 1} if message.reason and message.reason.fault else {})}
        case Status.UNKNOWN:
            return {"Unknown": 1}
    return {}


def _delivery(message: Message) -> dict[str, float]:
    """From sent to delivered, in milliseconds. The provider's clock may be a little behind ours: never below 0."""
    if not message.sent_at or not message.delivered_at:
        return {}
    return {"DeliveryLatency": max(0.0, (message.delivered_at - message.sent_at).total_seconds() * 1000)}


def _spend(price: str | None) -> dict[str, float]:
    try:
        spent = float(price or "nan")
    except ValueError:
        return {}
    return {"Spend": spent} if math.isfinite(spent) else {}


def _counted(figures: Mapping[str, float], service: str, channel: str | None = None) -> dict[str, Any]:
    """The part of a log line of which CloudWatch makes metrics (embedded metric format)."""
    if not figures:
        return {}
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=service)
    if channel:
        metrics.add_dimension("channel", channel)
    for name, value in figures.items():
        metrics.add_metric(name, UNITS.get(name, MetricUnit.Count), value)
    counted: dict[str, Any] = {**metrics.serialize_metric_set()}
    directives = counted["_aws"]["CloudWatchMetrics"]
    totals = [metric for metric in directives[0]["Metrics"] if channel and metric["Name"] in TOTALS]
    if totals:
        directives.append({**directives[0], "Dimensions": [["service"]], "Metrics": totals})
        directives[0]["Metrics"] = [metric for metric in directives[0]["Metrics"] if metric["Name"] != FAULTS]
    return counted


def _fields(message: Message) -> dict[str, object]:
    told = {
        "message_id": message.id,
        "to": mask(message.to),
        "country": message.country,
        "channel": message.channel,
        "status": str(message.status),
        "reason": message.reason.code if message.reason else None,
        "attempt": message.attempts,
        "caller": message.caller,
        "test": True if message.test else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _place(error: BaseException) -> str:
    """The file and line where an error arose: enough to find it, without its text."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if not trace:
        return "unknown"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
