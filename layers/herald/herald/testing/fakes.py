"""Fakes: a clock that stands still, a provider that keeps a ledger, an observer that keeps what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from herald.errors import Unsupported
from herald.message import Message
from herald.message.receipt import Listed, Sent


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Let time pass: ``clock.pass_(minutes=5)``."""
        self.now += timedelta(**time)


@dataclass
class FakeProvider:
    """A provider that keeps a ledger of what it accepted.

    ``answers`` come first, in turn: an error to raise, or None to accept. Then it accepts everything.
    """

    name: str = "fake"
    answers: list[Exception | None] = field(default_factory=list)
    texts: list[Message] = field(default_factory=list)
    callbacks: list[str | None] = field(default_factory=list)
    calls: int = 0
    calls_back = True

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        self.texts.append(message)
        self.callbacks.append(callback)
        provider_id = f"{self.name}-{len(self.texts)}"
        return Sent(provider_id, {"Sid": provider_id, "Body": message.body}, texts=frozenset({"Body"}))

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Unsupported(f"{self.name} has no delivery status to ask for")

    def listed(self, message: Message, since: datetime, until: datetime) -> Sequence[Listed]:
        raise Unsupported(f"{self.name} has no list of texts to ask for")


class Notes:
    """An observer that keeps what it is told: ``(phrase, message id or error type)``."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        self.told.append((phrase, message.id))

    def accepted(self, message: Message) -> None:
        self.told.append(("message accepted", message.id))

    def refused(self, message: Message, guard: str) -> None:
        self.told.append(("message refused", guard))

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        self.step(f"message {message.status}", message)

    def count(self, name: str, **extra: object) -> None:
        self.told.append((name, ""))

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.told.append((phrase, type(error).__name__))
