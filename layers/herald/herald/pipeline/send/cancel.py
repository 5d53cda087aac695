"""Cancel: a message that still waits is never sent."""

from typing import NamedTuple

from herald.errors import NotAccepted, NotCancelable, NotFound
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.ports import Ports
from herald.pipeline.send import transitions
from herald.pipeline.send.find import find
from herald.pipeline.send.settle import write
from herald.pipeline.trouble import needed, told

CANCELABLE = (Status.ACCEPTED, Status.SCHEDULED)


def cancel(ports: Ports, message_id: str, caller: str | None) -> Message:
    """Cancel a message that waits. Raises ``NotFound``, ``NotAccepted``, ``NotCancelable`` if it waits no more."""
    message: Message | None = find(ports, message_id, caller)
    if message and message.status is Status.CANCELED:
        return message
    if message and message.status in CANCELABLE:
        cannot = NotAccepted("The journal could not be written.")
        try:
            with needed(ports.observer, "message not canceled", cannot, passes=Moved, message_id=message_id):
                return canceled(ports, message)
        except Moved as moved:
            message = moved.current
    status = message.status if message else "gone"
    raise NotCancelable(f"The message is {status}: only one that still waits can be canceled.")


class Canceled(NamedTuple):
    """How many messages were canceled, and how many could not be: one is sent again, or is being sent by now."""

    canceled: int
    left: int


def cancel_all(ports: Ports, caller: str) -> Canceled:
    """Cancel all that a caller has waiting. Raises ``NotAccepted``: what is canceled by then stays so."""
    done = left = 0
    with needed(ports.observer, "messages not canceled", NotAccepted("The journal could not be reached.")):
        for message in ports.journal.waiting(caller):
            try:
                cancel(ports, message.id, caller)
                done += 1
            except (NotCancelable, NotFound):
                left += 1
    return Canceled(done, left)


def canceled(ports: Ports, message: Message) -> Message:
    """A message that waits, canceled. Raises ``Moved``, and the journal's errors."""
    new = transitions.unsent(message, Status.CANCELED, REASONS["canceled"], ports.clock())
    done = write(ports, message, new)
    if message.status is Status.SCHEDULED:
        # If it is not removed it will fire for a canceled message, and do nothing.
        with told(ports.observer, "schedule not removed", message_id=message.id):
            ports.schedule.remove(message.id)
    return done
