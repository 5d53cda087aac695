"""Herald: SMS from your own AWS account. Never twice by accident, never lost in silence, the truth about every message.

From a Lambda function with this layer and ``HERALD_STAGE`` set::

    from herald import search, send, status

    message = send(to="+91 9741 552 552", body="Your table is ready.")
    status(message.id).status  # "sent"
    [message.status for message in search("+91 9741 552 552")]

Errors are ``herald.errors``; ``herald.sms["exotel"].send(to, subject, sender)`` is the interface of Gramex.

The code, from the top down; imports only go down (``docs/decisions/0020-the-house.md``)::

    entrypoints  cli  testing          the ways in: HTTPS, invocation, queue, callbacks; commands; tests
    wiring                             the real ports: AWS clients, channels, the settings of a stage
    pipeline                           the way of a message, a step a verb: its own docstring draws it
    providers  journal                 one file a vendor; the DynamoDB table, a file a kind of item
    settings  aws                      the YAML in SSM; what AWS's services are to Herald
    errors                             what can go wrong, by what may be done next
    message  keys                      what a message is; what the owner of an API key may do
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from herald import errors
from herald.message import Message
from herald.message.status import Status

if TYPE_CHECKING:
    from herald.entrypoints.gramex import AmazonSNS, Exotel, Notifiers, Twilio
    from herald.pipeline.recipients.erase import Erased

    sms: Notifiers

__version__ = "0.1.0"
__all__ = [
    "AmazonSNS", "Exotel", "Message", "Status", "Twilio", "cancel", "channels", "erase", "errors", "explain", "opt_in",
    "opt_out", "search", "send", "sms", "status",
]  # fmt: skip


def send(
    to: str,
    body: str | None = None,
    *,
    subject: str | None = None,
    sender: str | None = None,
    channel: str | None = None,
    kind: str | None = None,
    send_at: str | None = None,
    valid_for: int | None = None,
    reference: str | None = None,
    tags: dict[str, str] | None = None,
    on_unknown: str | None = None,
    deliver_by: int | None = None,
    callback_url: str | None = None,
    mode: str | None = None,
    smart: bool = False,
    idempotency_key: str | None = None,
) -> Message:
    """Send one text, as ``POST /messages`` does, and return the message.

    ``subject`` is another name of ``body``; ``callback_url`` is told what becomes of the message; ``smart`` writes
    the text in GSM-7 if all of it can be. With an ``idempotency_key``, repeating the call sends nothing more.
    A message whose ``status`` is ``unknown`` may have been sent; one that is ``accepted`` or ``scheduled`` will be.
    Raises ``InvalidMessage`` (every problem listed), ``NotAllowed`` (a guard does not let it in; ``retry_after`` says
    when it may), ``Refused`` (with the reason), ``KeyReused``, ``StillSending``,
    ``NotAccepted`` (nothing was sent: try again).
    """
    from herald.entrypoints.idempotency import checked_key
    from herald.errors import raise_if_refused
    from herald.wiring import herald

    key = checked_key("idempotency_key", idempotency_key)
    fields = {
        "to": to, "body": body, "subject": subject, "sender": sender, "channel": channel, "kind": kind,
        "send_at": send_at, "valid_for": valid_for, "reference": reference, "tags": tags, "on_unknown": on_unknown,
        "deliver_by": deliver_by, "callback_url": callback_url, "mode": mode, "smart": smart or None,
    }  # fmt: skip
    request = {name: value for name, value in fields.items() if value is not None}
    return raise_if_refused(herald().send(request, caller=_caller(), entrypoint="python", key=key).message)


def explain(to: str, body: str | None = None, **fields: object) -> dict[str, object]:
    """What would happen if ``send`` was called with the same now: it sends, counts and writes nothing.

    ``would`` is ``send``, ``schedule``, ``wait``, ``refuse`` (then ``problem`` says why) or ``replay``; ``steps`` say
    what each step of the way finds. The other names are those of ``POST /messages/explain``.
    """
    from herald.entrypoints.idempotency import checked_key
    from herald.wiring import herald

    key = checked_key("idempotency_key", fields.pop("idempotency_key", None))
    given = {"to": to, "body": body, **fields}
    request = {name: value for name, value in given.items() if value is not None}
    return herald().explain(request, caller=_caller(), entrypoint="python", key=key).public()


def channels() -> dict[str, object]:
    """The health of each channel, as ``GET /channels`` has it."""
    from herald.wiring import herald

    return herald().channels()


def status(message_id: str, refresh: bool = False) -> Message:
    """The message as it stands; with ``refresh``, after its provider was asked about it. Raises ``NotFound``."""
    from herald.wiring import herald

    return herald().refreshed(message_id).message if refresh else herald().find(message_id)


def search(
    to: str | None = None,
    *,
    reference: str | None = None,
    status: str | None = None,
    since: str | None = None,
    caller: str | None = None,
) -> Iterator[Message]:
    """All messages to a number, or with a reference, newest first, fetched as they are needed.

    ``status`` is one of ``Status``; alone it finds the latest that failed, are unknown, undelivered or expired, 50 of
    all of these. ``since`` is a time as in ``send_at``. ``caller`` says whose messages: to a number everybody's by
    default, else those of this function. Raises ``InvalidRequest`` at once.
    """
    from herald.pipeline.recipients.search import every
    from herald.wiring import herald

    whose = caller or (_caller() if to is None else None)
    asked = {"to": to, "reference": reference, "status": status, "since": since, "caller": whose}
    return every(herald().search, asked)


def cancel(message_id: str) -> Message:
    """Cancel a message that still waits. Raises ``NotFound``, ``NotCancelable``."""
    from herald.wiring import herald

    return herald().cancel(message_id)


def erase(number: str) -> "Erased":
    """Erase all messages to a number: ``erased`` of them, while ``left`` are being sent right now: ask again then.

    Those that wait are canceled first. Raises ``InvalidRequest``.
    """
    from herald.wiring import herald

    return herald().erase(number)


def opt_out(number: str) -> None:
    """The person with this number wants no texts from now on, of no caller. Raises ``InvalidRequest``."""
    from herald.wiring import herald

    herald().opt(number, out=True, source="python", field="number")


def opt_in(number: str) -> None:
    """The person with this number wants texts again. Raises ``InvalidRequest``."""
    from herald.wiring import herald

    herald().opt(number, out=False, source="python", field="number")


def _caller() -> str:
    import os

    return "lambda:" + os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "python")


def __getattr__(name: str) -> Any:
    """The interface of Gramex, imported when it is first used."""
    if name in ("AmazonSNS", "Exotel", "Twilio", "sms"):
        import herald.entrypoints.gramex

        return getattr(herald.entrypoints.gramex, name)
    raise AttributeError(f"module 'herald' has no attribute {name!r}")
