"""Observers that keep all that they are told, and outboxes that have them."""

from typing import TYPE_CHECKING, Any

from herald.message import Message
from herald.testing.fakes import Notes
from herald.testing.outbox import Outbox
from tests.builders import a_box
from tests.failing import FailingJournal

if TYPE_CHECKING:
    from herald.message.status import Status


class Recorder(Notes):
    """An observer that keeps all that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[tuple[str, type[BaseException], dict[str, object]]] = []
        self.latencies: list[tuple[Status, float | None]] = []

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        super().ended(message, latency_ms, spent=spent)
        self.latencies.append((message.status, latency_ms))

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        super().trouble(phrase, error, **extra)
        self.troubles.append((phrase, type(error), extra))


def recorded(box: Outbox) -> Recorder:
    assert isinstance(box.observer, Recorder)
    return box.observer


def a_recorded_box(*channels: str, **parts: Any) -> Outbox:
    """An outbox whose observer keeps all that it is told."""
    return a_box(*channels, observer=Recorder(), **parts)


def a_failing(operation: str, **channels: Any) -> Outbox:
    """An outbox whose journal fails once at this."""
    box = a_recorded_box(*channels.pop("channels", ()), journal=FailingJournal(), **channels)
    assert isinstance(box.journal, FailingJournal)
    box.journal.failing = {operation: 1}
    return box
