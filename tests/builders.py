"""Builders: messages, outboxes, and what a caller does with them."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from herald.message import Message
from herald.message.status import Step
from herald.pipeline.send.accept import Accepted
from herald.settings.values import Channel, Rate, Rule, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER, TEXT = "+919741552552", "Your table is ready."
FIELDS: Mapping[str, object] = {"to": NUMBER, "body": TEXT}


def a_message(**changes: Any) -> Message:
    """A message that has just been accepted, with an id of its own."""
    made = Message(
        id=f"msg_{uuid.uuid4().hex[:26].upper()}", caller="shop", to=NUMBER, country="IN", body=TEXT, encoding="GSM-7",
        segments=1, length=len(TEXT), created_at=NOW, updated_at=NOW, expires_at=NOW + timedelta(days=1),
        fingerprint="f" * 64, trace=(Step(NOW, "accepted", "by https"),),
    )  # fmt: skip
    return made.with_(**changes)


def a_box(*channels: str, rate: Rate | None = None, **parts: Any) -> Outbox:
    """An outbox whose messages try these channels in this order, each at this rate."""
    named = channels or ("amazonsns",)
    settings = Settings(channels={name: Channel(name, "fake", rate=rate) for name in named}, routes=(Rule(named),))
    providers = {name: FakeProvider(name) for name in named}
    return Outbox(**{"providers": providers, "settings": settings, **parts})


def fails(box: Outbox, *answers: Exception | None, channel: str = "amazonsns") -> FakeProvider:
    """The channel's provider, which now answers so."""
    provider: FakeProvider = box.providers[channel]
    provider.answers = list(answers)
    return provider


def sends(box: Outbox, *, key: str | None = None, caller: str = "shop", **fields: object) -> Accepted:
    """What the caller is answered."""
    return box.herald().send({**FIELDS, **fields}, caller=caller, entrypoint="https", key=key)


def send(box: Outbox, *, key: str | None = None, caller: str = "shop", **fields: object) -> Message:
    """The message that the caller is answered with."""
    return sends(box, key=key, caller=caller, **fields).message


def steps(message: Message) -> list[str]:
    """The names of a message's steps."""
    return [step.step for step in message.trace]


def reason(message: Message) -> str | None:
    """The code of a message's reason."""
    return message.reason.code if message.reason else None
