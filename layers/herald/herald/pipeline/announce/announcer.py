"""Announcer: what became of a message is told to the bus, and to the URL that the message names.

Written from the journal's stream: whoever changes a state has done enough by writing it, and nothing that was written
is lost before it is told. What is told twice, because something broke off in between, has the same ``event_id``.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from herald.aws.bus import MOST, Bus, Event
from herald.errors import HeraldError
from herald.journal.item import message_of
from herald.message import Message
from herald.message.phone import mask
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.announce.troubled import note_troubled
from herald.pipeline.announce.watch import OPENED, channel_events, watch
from herald.pipeline.ports import LITTLE, Ports
from herald.settings.values import EVENTS

# What others may know of a message: no text, no number in clear, nothing of the provider's own answer.
TOLD = (
    "country", "channel", "provider", "provider_id", "kind", "reference", "tags", "segments", "price", "attempts",
    "possible_duplicate", "second_channel", "test", "reason", "created_at", "updated_at", "sent_at", "delivered_at",
    "send_at", "expires_at",
)  # fmt: skip


class News(NamedTuple):
    """What is told of a change of the table, by its number in the stream: of a message, or of a channel."""

    sequence: str
    event: Event
    message: Message | None = None


def detail(message: Message) -> dict[str, object]:
    """What is told of a message: JSON values. ``event_id`` is the same whenever the same is told."""
    public = message.public()
    return {
        "event_id": f"{message.id}.{message.status}.{message.attempts}",
        "id": message.id,
        "status": str(message.status),
        "to": mask(message.to),
        **{name: public[name] for name in TOLD},
    }


class Announcer:
    """Tells what records of the table's stream say: the bus, and webhooks. The settings say which states are told."""

    def __init__(self, ports: Ports, bus: Callable[[], Bus]) -> None:
        self._ports, self._bus = ports, bus

    def announce(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Tell the news among these records, in their order.

        The sequence number of the first that could not be told, if any: Lambda brings it and all after it again.
        """
        failed, changes = self._announce(records), [record["dynamodb"] for record in records]
        # What comes again is counted then.
        done = list(takewhile(lambda change: [change.get("SequenceNumber")] != failed, changes))
        watch(self._ports, done)
        note_troubled(self._ports, done)
        return failed

    def _announce(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        told = self._told()
        news = [found for record in records for found in self._news(record["dynamodb"], told)]
        for start in range(0, len(news), MOST):
            page = news[start : start + MOST]
            done = self._tell(page) if self._ports.left() >= LITTLE else 0
            if done < len(page):
                return [page[done].sequence]
        return []

    def _told(self) -> tuple[str, ...]:
        try:
            return self._ports.settings.events
        except HeraldError as error:
            self._ports.observer.trouble("settings not read", error)
            return EVENTS

    def _news(self, change: Mapping[str, Any], told: tuple[str, ...]) -> list[News]:
        """What a record tells: that a message came into another state, and one that is to be told; or a channel did."""
        before, after = change.get("OldImage", {}), change.get("NewImage", {})
        status = after.get("status", {}).get("S")
        if status is None:
            return [News(change["SequenceNumber"], event) for event in channel_events(change)]
        if status not in told or after.get("status") == before.get("status") or "erased" in after:
            return []
        try:
            message = message_of(after)
            if message.status is Status.SENT and message.earlier and not message.second_channel:
                return []  # The second channel did not take it: it is what it was.
            event = Event(f"SMS {message.status.title()}", message.updated_at, detail(message))
            return [News(change["SequenceNumber"], event, message)]
        except Exception as error:  # It would be the same each time, and all others would have to wait behind it.
            self._ports.observer.trouble("record not understood", error)
            return []

    def _tell(self, page: Sequence[News]) -> int:
        """Tell the bus, then the webhooks. How many were told, from the first on."""
        try:
            done = self._bus().put([news.event for news in page])
        except Exception as error:
            self._ports.observer.trouble("events not put", error)
            return 0
        for n, news in enumerate(page[:done]):
            if self._ports.left() < LITTLE:
                return n
            try:
                self._hook(news)
            except Exception as error:
                told = {"message_id": news.message.id} if news.message else {}
                self._ports.observer.trouble("webhook not queued", error, **told)
                return n
        return done

    def _hook(self, news: News) -> None:
        url, event = news.message and news.message.callback_url, news.event
        if event.type == OPENED:
            self._ports.observer.count("ChannelsOpened", channel=event.detail["channel"], why=event.detail["why"])
        if url:
            body = {"type": event.type, **event.detail}
            self._ports.queue.post(
                {"hook": {"url": url, "event": body, "tries": 0, "since": rfc3339(self._ports.clock())}}
            )
