"""Receipts: what providers say later, in any order and any number of times, becomes the end of a message's way."""

from collections.abc import Mapping
from typing import Any

from herald.errors import Forbidden, HeraldError, NotAccepted
from herald.message import Message
from herald.message.receipt import Receipt, Report
from herald.message.secret import recipient
from herald.message.status import Status
from herald.pipeline.ports import LITTLE, Ports
from herald.pipeline.receive.record import record
from herald.pipeline.receive.token import Claim, read
from herald.pipeline.receive.unread import unread
from herald.pipeline.trouble import needed
from herald.providers import load, types
from herald.providers._base import Callback, Provider
from herald.settings.values import Channel

# A receipt may overtake our own note of the provider's id. After these waits (seconds) it is nobody's of this stage:
# SNS logs the texts of the whole account.
WAITS = (5, 60, 600)


class Receipts:
    """Takes receipts in."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def callback(self, channel: str, token: str, callback: Callback) -> None:
        """What a provider's callback says.

        Raises ``Forbidden``, ``InvalidMessage`` (it cannot be understood), or ``NotAccepted`` (it can be kept nowhere).
        """
        claim = self._claim(channel, token)
        if claim is None:
            raise self._forbidden()
        message, configured = self._known(claim.message_id), self._configured(channel)
        kind = configured.type if configured else message.provider if message else None
        if kind is None:  # The channel is gone, and the message as well.
            self._ports.observer.count("ReceiptsUnmatched")
            return
        provider, values = load(kind), configured.values if configured else {}
        foreign = message is not None and not provider.addressed_to(callback.fields, message.to)
        if foreign or not provider.verify(values, callback):
            raise self._forbidden()
        receipt = provider.receipt(callback.fields)
        if callback.refusal or not _says_something(receipt):
            raise unread(self._ports.observer, kind, "receipt", callback, ("provider_id", "status"))
        self._take(Report(receipt, claim.message_id, claim.attempt), message)

    def event(self, event: Mapping[str, Any]) -> None:
        """What an event of AWS says, such as a batch of a provider's delivery log.

        Raises ``NotAccepted`` if one of its receipts can be kept nowhere.
        """
        for provider in map(load, types()):
            for said in provider.entries(event):
                if proof := provider.proof(said):
                    self._proved(provider, proof, said)
                else:
                    self._entry(provider.name, provider.receipt(said))

    def waited(self, report: Report, message: Message | None = None) -> None:
        """A receipt that waited. Raises the journal's errors: then it is to wait again."""
        message = message or self._message(report)
        if message:
            attempt = _attempt(message, report) if report.attempt is None else report.attempt
            if _too_soon(message, report.receipt, attempt):
                return self._post(report, WAITS[0])
            record(self._ports, message, report.receipt, attempt)
        elif report.message_id is None:
            self._wait(report)
        return None

    def _proved(self, provider: type[Provider], proof: str, said: Mapping[str, Any]) -> None:
        """An entry that gives back what its text was sent with: believed as a callback to that URL would be."""
        channel, _, token = proof.partition("/")
        claim, receipt = self._claim(channel, token), provider.receipt(said)
        message = self._known(claim.message_id) if claim else None
        if not receipt.provider_id:
            self._ports.observer.count("CallbacksUnread", provider=provider.name, what="event")
        elif claim is None or (message and _of_another(message, claim, provider, receipt, said)):
            self._ports.observer.count("ReceiptsForbidden")
        else:
            self._take(Report(receipt, claim.message_id, claim.attempt), message)

    def _entry(self, provider: str, receipt: Receipt) -> None:
        """An entry of a log, which may be about a text of another program."""
        if not (receipt.provider_id and receipt.to):
            self._ports.observer.count("CallbacksUnread", provider=provider, what="log entry")
        elif secret := self._ports.secret_if_made:
            self._take(Report(receipt, recipient=recipient(secret, receipt.to), provider=provider))
        else:  # This stage never sent a text.
            self._ports.observer.count("ReceiptsUnmatched")

    def _claim(self, channel: str, token: str) -> Claim | None:
        """What a token allows; None if it is not good here, or this stage never sent a text."""
        secret = self._ports.secret_if_made
        return read(secret, channel, token, self._ports.clock()) if secret else None

    def _forbidden(self) -> Forbidden:
        self._ports.observer.count("ReceiptsForbidden")
        return Forbidden()

    def _known(self, message_id: str) -> Message | None:
        try:
            return self._ports.journal.get(message_id)
        except Exception as error:  # It is tried again when the receipt is written down.
            self._ports.observer.trouble("message not read", error, message_id=message_id)
            return None

    def _configured(self, channel: str) -> Channel | None:
        try:
            return self._ports.settings.channels.get(channel)
        except HeraldError as error:  # Wrong settings lose no receipt: the message knows its provider.
            self._ports.observer.trouble("settings not read", error)
            return None

    def _take(self, report: Report, message: Message | None = None) -> None:
        if self._ports.left() < LITTLE:  # A delivery log may hold more than there is time for.
            return self._leave(report, 0)
        try:
            self.waited(report, message)
        except Exception as error:
            self._ports.observer.trouble("receipt not recorded", error)
            self._leave(report, WAITS[0])

    def _leave(self, report: Report, delay: float) -> None:
        """Leave a receipt to the worker. Raises ``NotAccepted``."""
        cannot = NotAccepted("The receipt could not be written down.")
        with needed(self._ports.observer, "receipt not queued", cannot):
            self._post(report, delay)

    def _message(self, report: Report) -> Message | None:
        """The message that a receipt is about: named by its token, or found by number and the provider's own id."""
        if report.message_id is not None:
            return self._ports.journal.get(report.message_id)
        theirs = self._ports.journal.sent_to(report.recipient)
        return next((message for message in theirs if _own(message, report) or _earlier(message, report)), None)

    def _wait(self, report: Report) -> None:
        """Nobody has this provider's id yet; or it is a text of another stage, or of another program."""
        if report.waits < len(WAITS):
            self._post(report._replace(waits=report.waits + 1), WAITS[report.waits])
        else:
            self._ports.observer.count("ReceiptsUnmatched")

    def _post(self, report: Report, delay: float) -> None:
        self._ports.queue.post({"receipt": report.kept()}, delay)


def _own(message: Message, report: Report) -> bool:
    """Whether a report names the text that a message was sent by last."""
    return (message.provider, message.provider_id) == (report.provider, report.receipt.provider_id)


def _earlier(message: Message, report: Report) -> bool:
    """Whether it names the text before a second channel's."""
    first = message.earlier
    return first is not None and (first.provider, first.provider_id) == (report.provider, report.receipt.provider_id)


def _attempt(message: Message, report: Report) -> int:
    return message.earlier.attempt if message.earlier and _earlier(message, report) else message.standing


def _too_soon(message: Message, receipt: Receipt, attempt: int) -> bool:
    """Whether a first text is said not to arrive while the second is on its way: one after the other."""
    first = message.earlier if message.status is Status.SENDING else None
    return first is not None and first.attempt == attempt and receipt.status is Status.UNDELIVERED


def _of_another(
    message: Message, claim: Claim, provider: type[Provider], receipt: Receipt, said: Mapping[str, Any]
) -> bool:
    """Whether an entry is about another text than the one that its proof was made for, as far as that can be seen."""
    known = message.provider_id if claim.attempt == message.standing else None
    foreign = known is not None and known != receipt.provider_id
    return foreign or not provider.addressed_to(said, message.to)


def _says_something(receipt: Receipt) -> bool:
    """Whether a callback held any field that its vendor is known to send."""
    return bool(receipt.provider_id or receipt.raw) or receipt.status is not Status.UNKNOWN
