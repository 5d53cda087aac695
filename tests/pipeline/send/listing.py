"""Listing: a provider of Twilio's kind that lists what it took, and what another program sent, as it is told to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from herald.errors import Uncertain
from herald.message import Message
from herald.message.receipt import Listed, Sent
from herald.message.status import Status
from herald.settings.values import Channel, Rate, Settings
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, NUMBER, TEXT

SID = "SM" + "1b" * 16


def a_sid(number: int) -> str:
    """An id of Twilio's kind."""
    return f"SM{number:032x}"


class Listing(FakeProvider):
    """``answers`` as ever; what it takes is listed, also where its answer gets lost. ``fault`` is what a look meets."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("twilio")
        self.clock, self.texts_listed, self.fault = clock, list[Listed](), None  # type: ignore[var-annotated]
        self.lost, self.looks = False, list[tuple[datetime, datetime]]()

    def send(self, message: Message, callback: str | None = None) -> Sent:
        sent = super().send(message, callback)
        sid = self.list(message.body or "").sent.provider_id
        if self.lost:
            raise Uncertain("answer_lost")
        return sent._replace(provider_id=sid, response={"sid": sid, "status": "queued"})

    def list(self, body: str, at: datetime | None = None, sid: str | None = None, **said: Any) -> Listed:
        """Have a text in the list, whoever sent it."""
        known = sid or a_sid(len(self.texts_listed))
        answer = {"sid": known, "status": "sent", "to": NUMBER, "body": body, **said}
        listed = Listed(Sent(known, answer, texts=frozenset({"to", "body"})), body, at or self.clock())
        self.texts_listed.append(listed)
        return listed

    def listed(self, message: Message, since: datetime, until: datetime) -> Sequence[Listed]:
        self.looks.append((since, until))
        if self.fault:
            raise self.fault
        return [text for text in self.texts_listed if since <= text.at <= until]


def a_listing_box(rate: Rate | None = None, **parts: Any) -> Outbox:
    """An outbox whose one channel is of Twilio's type."""
    clock = Clock()
    settings = Settings(channels={"us": Channel("us", "twilio", rate=rate)})
    return Outbox(**{"providers": {"us": Listing(clock)}, "settings": settings, "clock": clock, **parts})


def listing(box: Outbox) -> Listing:
    """The provider of the channel."""
    provider: Listing = box.providers["us"]
    return provider


@contextmanager
def losing(box: Outbox) -> Iterator[None]:
    """Meanwhile the provider takes texts, and its answers get lost."""
    listing(box).lost = True
    yield
    listing(box).lost = False


def unknown(box: Outbox, *, taken: bool, wait: float = 30, **fields: object) -> Message:
    """A message of which nobody knows, some time ago, as the journal has it."""
    asked = {**FIELDS, "channel": "us", **fields}
    provider = listing(box)
    if not taken:
        provider.answers = [Uncertain("answer_lost")]
    with losing(box):
        made = box.herald().send(asked, caller="shop", entrypoint="https").message
    assert made.status is Status.UNKNOWN
    box.clock.pass_(seconds=wait)
    return box.herald().find(made.id)


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


__all__ = ["SID", "TEXT", "Listing", "a_listing_box", "a_sid", "listing", "losing", "minutes", "unknown"]
