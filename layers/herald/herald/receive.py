"""Receive: what providers say later, in any order and any number of times, becomes the end of a message's journey."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from herald import tokens
from herald.deliver import Later
from herald.errors import Forbidden, HeraldError, NotAccepted
from herald.hear import hear
from herald.journal import Records
from herald.message import Message, Receipt
from herald.observe import Observer
from herald.phone import recipient
from herald.providers import load
from herald.providers._base import Callback, Provider
from herald.settings import Channel

# A receipt may overtake our own note of the provider's id. After these waits (seconds) it is nobody's of this stage:
# SNS logs the texts of the whole account.
WAITS = (5, 60, 600)


class Receipts:
    """Takes receipts in. ``channels`` gives the channels by name, ``hash_key`` the stage's secret."""

    def __init__(
        self,
        *,
        channels: Callable[[], Mapping[str, Channel]],
        hash_key: Callable[[], bytes],
        journal: Callable[[], Records],
        queue: Callable[[], Later],
        observer: Observer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._channels, self._hash_key, self._journal, self._queue = channels, hash_key, journal, queue
        self.observer, self._clock = observer, clock

    def callback(self, channel: str, token: str, callback: Callback) -> None:
        """What a provider's callback says. Raises ``Forbidden``, or ``NotAccepted`` if it can be kept nowhere."""
        grant = tokens.read(self._hash_key(), channel, token, self._clock())
        if grant is None:
            raise self._forbidden()
        message, configured = self._known(grant.message_id), self._configured(channel)
        kind = configured.type if configured else message.provider if message else None
        if kind is None:
            return  # The channel is gone, and the message as well.
        provider, values = load(kind), configured.values if configured else {}
        foreign = message is not None and not provider.addressed_to(callback.fields, message.to)
        if foreign or not provider.verify(values, callback):
            raise self._forbidden()
        receipt = provider.parse_receipt(callback.fields)
        self._take({"id": grant.message_id, "attempt": grant.attempt, **receipt.kept()}, message)

    def logged(self, provider: type[Provider], entries: Iterable[Mapping[str, Any]]) -> None:
        """What entries of a provider's log say. Raises ``NotAccepted`` if one of them can be kept nowhere."""
        for entry in entries:
            receipt = provider.parse_receipt(entry)
            if receipt.provider_id and receipt.to:
                person = recipient(self._hash_key(), receipt.to)
                self._take({"recipient": person, "provider": provider.name, **receipt.kept()})

    def held(self, kept: Mapping[str, Any], message: Message | None = None) -> None:
        """A receipt that waited. Raises the journal's errors: then it is to wait again."""
        message = message or self._message(kept)
        if message:
            self._apply(message, kept)
        elif "recipient" in kept:
            self._wait(kept)

    def _forbidden(self) -> Forbidden:
        self.observer.count("ReceiptsForbidden")
        return Forbidden()

    def _known(self, message_id: str) -> Message | None:
        try:
            return self._journal().get(message_id)
        except Exception as error:  # It is tried again when the receipt is written down.
            self.observer.trouble("message not read", error, message_id=message_id)
            return None

    def _configured(self, channel: str) -> Channel | None:
        try:
            return self._channels().get(channel)
        except HeraldError as error:  # Wrong settings lose no receipt: the message knows its provider.
            self.observer.trouble("settings not read", error)
            return None

    def _take(self, kept: Mapping[str, Any], message: Message | None = None) -> None:
        try:
            self.held(kept, message)
        except Exception as error:
            self.observer.trouble("receipt not recorded", error)
            try:
                self._queue().post({"receipt": kept}, WAITS[0])
            except Exception as failure:
                self.observer.trouble("receipt not queued", failure)
                raise NotAccepted("The receipt could not be written down.") from None

    def _message(self, kept: Mapping[str, Any]) -> Message | None:
        """The message that a receipt is about: named by its token, or found by number and the provider's own id."""
        if "id" in kept:
            return self._journal().get(kept["id"])
        theirs, named = self._journal().sent_to(kept["recipient"]), (kept["provider"], kept["provider_id"])
        return next((message for message in theirs if (message.provider, message.provider_id) == named), None)

    def _apply(self, message: Message, kept: Mapping[str, Any]) -> None:
        receipt, attempt = Receipt.read(kept), kept.get("attempt", message.attempts)
        hear(message, receipt, attempt, journal=self._journal(), observer=self.observer, now=self._clock())

    def _wait(self, kept: Mapping[str, Any]) -> None:
        """Nobody has this provider's id yet; or it is a text of another stage, or of another program."""
        waits = kept.get("waits", 0)
        if waits < len(WAITS):
            self._queue().post({"receipt": {**kept, "waits": waits + 1}}, WAITS[waits])
        else:
            self.observer.count("ReceiptsUnmatched")


def entries(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries of a log that a Logs subscription hands over; what is no JSON object is nothing of SNS's."""
    import gzip

    batch = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    for line in batch["logEvents"]:
        try:
            entry = json.loads(line["message"])
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
