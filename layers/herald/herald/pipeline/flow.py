"""Flow: what an entry point may ask for, a step each. What a plain send never needs is imported when it is needed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from herald.errors import InvalidSettings
from herald.keys.grant import Grant
from herald.message import Message
from herald.pipeline.ports import Ports
from herald.pipeline.send.accept import Accept, Accepted
from herald.pipeline.send.find import find

if TYPE_CHECKING:
    from herald.message.receipt import Report
    from herald.pipeline.explain.explain import Explained
    from herald.pipeline.receive.refresh import Refreshed
    from herald.pipeline.recipients.consent import OptedOut
    from herald.pipeline.recipients.erase import Erased
    from herald.pipeline.recipients.search import Page
    from herald.pipeline.send.cancel import Canceled
    from herald.pipeline.send.sweep import Swept
    from herald.providers._base import Callback


class Herald:
    """The way of a message. ``ports`` are all that it needs of the world: from ``wiring``, or from ``testing``.

    ``caller`` names who asks: with one, only that caller's own messages are there.
    """

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    def send(
        self,
        request: Mapping[str, object],
        *,
        caller: str,
        entrypoint: str,
        key: str | None = None,
        grant: Grant | None = None,
    ) -> Accepted:
        """Validate, guard, claim, and send (or queue, or schedule) one message.

        ``request`` is what an entry point received, untrusted; ``key`` the idempotency key, scoped by ``caller``;
        ``grant`` what the caller may do (None: as much as the settings allow).
        The answer's status tells what happened: ``failed``, with the reason, if the provider refused it.
        Raises ``InvalidMessage``, ``InvalidSettings``, ``NotAllowed``, ``KeyReused``, ``StillSending``,
        ``NotAccepted``.
        """
        try:
            accept = Accept(self.ports)
        except InvalidSettings as broken:
            from herald.pipeline.send.repeat import repeated

            return Accepted(repeated(self.ports, request, caller, key, broken), replayed=True)
        return accept.send(request, caller=caller, entrypoint=entrypoint, key=key, grant=grant)

    def explain(
        self,
        request: Mapping[str, object],
        *,
        caller: str,
        entrypoint: str,
        key: str | None = None,
        grant: Grant | None = None,
    ) -> "Explained":
        """What ``send`` would do with this request now. It sends, counts, claims and writes nothing.

        Raises ``InvalidSettings``, ``NotAccepted``: what would be refused is told, not raised.
        """
        from herald.pipeline.explain.explain import explain

        return explain(self.ports, request, caller=caller, entrypoint=entrypoint, key=key, grant=grant)

    def resume(self, message_id: str) -> Message | None:
        """Send a message whose time has come. Safe to call any number of times; None if there is no such message."""
        from herald.pipeline.send.resume import Resume

        return Resume(self.ports).message(message_id)

    def give_up(self, message_id: str) -> Message | None:
        """Write that a message which waits could not be handled: it failed, but its text is kept for a redrive."""
        from herald.pipeline.send.resume import Resume

        return Resume(self.ports).give_up(message_id)

    def look_up(self, message_id: str) -> Message | None:
        """Look for a message that is unknown in its provider's list. Raises the journal's errors."""
        from herald.pipeline.send.lookup import Lookup

        message = self.ports.journal.get(message_id)
        return Lookup(self.ports).about(message).message if message else None

    def find(self, message_id: str, *, caller: str | None = None) -> Message:
        """The message as it stands. Raises ``NotFound``, ``NotAccepted``."""
        return find(self.ports, message_id, caller)

    def refreshed(self, message_id: str, *, caller: str | None = None) -> "Refreshed":
        """The message after its provider was asked about it, where that can be. Raises as ``find`` does."""
        from herald.pipeline.receive.refresh import Refresh

        return Refresh(self.ports).about(self.find(message_id, caller=caller))

    def cancel(self, message_id: str, *, caller: str | None = None) -> Message:
        """Cancel a message that still waits. Raises ``NotFound``, or ``NotCancelable`` if it no longer waits."""
        from herald.pipeline.send.cancel import cancel

        return cancel(self.ports, message_id, caller)

    def waiting(self, caller: str) -> Iterator[Message]:
        """All that a caller has waiting, whoever asks. Raises the journal's own errors."""
        return self.ports.journal.waiting(caller)

    def cancel_all(self, caller: str) -> "Canceled":
        """Cancel all that a caller has waiting, whoever asks. Raises ``NotAccepted``; safe to repeat."""
        from herald.pipeline.send.cancel import cancel_all

        return cancel_all(self.ports, caller)

    def search(self, asked: Mapping[str, object], *, caller: str | None = None) -> "Page":
        """The messages to a person, with a reference, or that ended badly last: newest first, by ``search.FIELDS``.

        Of ``asked``, untrusted, ``Search.page`` says the rest. Raises ``InvalidRequest``, ``NotAccepted``.
        """
        from herald.pipeline.recipients.search import Search

        return Search(self.ports).page(asked, caller)

    def erase(self, number: object, *, field: str = "to") -> "Erased":
        """Erase every caller's messages to a number, so that those which wait are never sent. Safe to repeat.

        ``number`` is untrusted; ``field`` is how the entry point calls it. Raises ``InvalidRequest``, ``NotAccepted``.
        """
        from herald.pipeline.recipients.erase import Erase

        return Erase(self.ports).person(number, field)

    def erased_at(self, number: object) -> datetime | None:
        """When the person with a number was erased last, if in the last two weeks. Raises as ``erase`` does."""
        from herald.pipeline.recipients.erase import Erase

        return Erase(self.ports).at(number)

    def opted_out(self, number: object, *, field: str = "to") -> "OptedOut":
        """Whether the person with a number wants no texts. Raises as ``erase`` does."""
        from herald.pipeline.recipients.consent import Consent

        return Consent(self.ports).of(number, field)

    def opt(self, number: object, *, out: bool, source: str, field: str = "to") -> "OptedOut":
        """Note that the person wants no texts from now on (``out``), or wants them again. Raises as ``erase`` does.

        ``source`` says how we know.
        """
        from herald.pipeline.recipients.consent import Consent

        return Consent(self.ports).change(number, field, opted_out=out, source=source)

    def channels(self) -> dict[str, object]:
        """The health of each channel, as ``shown.channels`` has it. Raises ``InvalidSettings``, ``NotAccepted``."""
        from herald.pipeline.health.shown import channels

        return channels(self.ports)

    def receipt(self, channel: str, token: str, callback: "Callback") -> None:
        """What became of a text, as its provider calls back.

        Raises ``Forbidden``, ``InvalidMessage`` (it cannot be understood), ``NotAccepted``.
        """
        from herald.pipeline.receive.receipts import Receipts

        Receipts(self.ports).callback(channel, token, callback)

    def receipts(self, event: Mapping[str, Any]) -> None:
        """What became of texts, as an event of AWS says: a batch of a delivery log. Raises ``NotAccepted``."""
        from herald.pipeline.receive.receipts import Receipts

        Receipts(self.ports).event(event)

    def waited(self, report: "Report") -> None:
        """A receipt that waited in the queue for its message. Raises the journal's errors: then it is to wait again."""
        from herald.pipeline.receive.receipts import Receipts

        Receipts(self.ports).waited(report)

    def proved(self, channel: str, token: str, callback: "Callback") -> None:
        """Whether what people write is taken in at this URL. Raises ``Forbidden`` if not."""
        from herald.pipeline.receive.inbound import Inbound

        Inbound(self.ports).proved(channel, token, callback)

    def written(self, channel: str, token: str, callback: "Callback") -> None:
        """What a person wrote back, as the provider hands it over. Raises as ``receipt`` does."""
        from herald.pipeline.receive.inbound import Inbound

        Inbound(self.ports).written(channel, token, callback)

    def sweep(self, enough: Callable[[], bool]) -> "Swept":
        """Look after all that nobody else did, until ``enough`` says so. Raises the journal's own errors."""
        from herald.pipeline.send.sweep import Sweep

        return Sweep(self.ports).run(enough)
