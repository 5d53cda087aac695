"""Find: a message by its id, as it stands; an attempt whose sender is gone is written down as unknown."""

from herald.errors import NotAccepted, NotFound
from herald.journal import Moved
from herald.message import Message
from herald.message.ids import ID
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.ports import Ports
from herald.pipeline.send import transitions
from herald.pipeline.send.settle import write
from herald.pipeline.trouble import needed
from herald.settings.values import RESEND_AFTER


def find(ports: Ports, message_id: str, caller: str | None) -> Message:
    """The message as it stands; with a ``caller``, only that caller's own. Raises ``NotFound``, ``NotAccepted``."""
    message = kept(ports, message_id) if ID.fullmatch(message_id) else None
    if message is None or caller not in (None, message.caller):
        raise NotFound
    return as_it_stands(ports, message)


def kept(ports: Ports, message_id: str) -> Message | None:
    """What the journal holds. Raises ``NotAccepted``."""
    cannot = NotAccepted("The journal could not be read.")
    with needed(ports.observer, "message not read", cannot, message_id=message_id):
        return ports.journal.get(message_id)


def as_it_stands(ports: Ports, message: Message) -> Message:
    """A message whose sender is gone (its lease ran out) is unknown, from the moment that somebody looks."""
    if message.status is not Status.SENDING or not message.due_at or ports.clock() < message.due_at:
        return message
    try:
        return interrupted(ports, message)
    except Moved as moved:
        return moved.current or message
    except Exception as error:
        ports.observer.trouble("result not recorded", error, message_id=message.id)
        return message.with_(status=Status.UNKNOWN, reason=REASONS["interrupted"])


def interrupted(ports: Ports, message: Message) -> Message:
    """Write that nobody knows how an attempt ended: its sender is gone. Raises ``Moved``."""
    try:
        resend_after = ports.settings.resend_after
    except Exception:  # They may have become wrong meanwhile; what happened is written down even so.
        resend_after = RESEND_AFTER
    new = transitions.unknown(message, REASONS["interrupted"], ports.clock(), resend_after=resend_after)
    from herald.pipeline.send.lookup import soon

    return soon(ports, write(ports, message, new))
