"""Observe: one JSON log line a step and one line of metrics (EMF) a result. Numbers masked, texts and secrets never."""

from typing import Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from herald.message import Message, Status
from herald.phone import mask

NAMESPACE = "Herald"
SERVICE = "herald"

_METRICS = {
    Status.ACCEPTED: "Accepted",
    Status.SCHEDULED: "Accepted",
    Status.SENT: "Sent",
    Status.FAILED: "Failed",
    Status.EXPIRED: "Failed",
    Status.UNKNOWN: "Unknown",
    Status.DELIVERED: "Delivered",
    Status.UNDELIVERED: "Undelivered",
}


class Observer(Protocol):
    """What the journey tells of itself."""

    def step(self, phrase: str, message: Message, **extra: object) -> None:
        """Something happened to a message: ``phrase`` is fixed and lower-case."""

    def ended(self, message: Message, latency_ms: float | None = None) -> None:
        """A message came into the state it has now; ``latency_ms`` is the provider's."""

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        """Something that an operator should know. Only the error's type and place are told, never its text."""


class CloudWatch:
    """Log lines and metrics on standard output, where Lambda passes them on to CloudWatch."""

    def __init__(self) -> None:
        self._log = Logger(service=SERVICE, location=None)

    def step(self, phrase: str, message: Message, **extra: object) -> None:
        self._log.info(phrase, extra={**_fields(message), **extra})

    def ended(self, message: Message, latency_ms: float | None = None) -> None:
        extra = {} if latency_ms is None else {"latency_ms": round(latency_ms, 1)}
        self.step(f"message {message.status}", message, **extra)
        metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        metrics.add_dimension("channel", message.channel or "none")
        if message.status in _METRICS:
            metrics.add_metric(_METRICS[message.status], MetricUnit.Count, 1)
        if message.status is Status.SENT:
            metrics.add_metric("Segments", MetricUnit.Count, message.segments)
        if latency_ms is not None:
            metrics.add_metric("ProviderLatency", MetricUnit.Milliseconds, latency_ms)
        if metrics.metric_set:
            metrics.flush_metrics()

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self._log.error(phrase, extra={"error": type(error).__name__, "place": _place(error), **extra})


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
