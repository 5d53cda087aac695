"""Providers during whose call something happens, how often each was called, and the refusals of a channel's own."""

from collections.abc import Callable
from dataclasses import dataclass

from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Sent
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox

OWN = [code for code, found in REASONS.items() if found.who in ("account", "sender")]


@dataclass
class Slow(FakeProvider):
    """A provider during whose call something else happens."""

    meanwhile: Callable[[], object] = lambda: None

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.meanwhile()
        return super().send(message)


def calls(box: Outbox) -> dict[str, int]:
    """How often each channel's provider was called."""
    return {name: provider.calls for name, provider in box.providers.items()}
