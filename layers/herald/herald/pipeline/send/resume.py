"""Resume: send a message which waited, once its time has come and the guards still let it through."""

from herald.errors import NotAllowed
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS, Reason
from herald.message.status import Status
from herald.pipeline.guard.gate import Gate
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import route
from herald.pipeline.send import transitions
from herald.pipeline.send.delivery import Delivery, put
from herald.pipeline.send.settle import write


class Resume:
    """Takes messages up again."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def message(self, message_id: str) -> Message | None:
        """Send a message whose time has come. Safe to call any number of times; None if there is no such message."""
        message, now = self._ports.journal.get(message_id), self._ports.clock()
        if message is None or not message.waiting:
            return message
        if transitions.comes_at(message, now) > now:
            put(self._ports, message)
            return message
        try:
            return self._sent(message)
        except Moved as moved:
            return moved.current

    def give_up(self, message_id: str) -> Message | None:
        """Write that a message which waits could not be handled: it failed, but its text is kept for a redrive."""
        message = self._ports.journal.get(message_id)
        if message is None or not message.waiting or message.status is Status.FAILED:
            return message
        try:
            return self._unsent(message, Status.FAILED, REASONS["dead_lettered"])
        except Moved as moved:
            return moved.current

    def _sent(self, message: Message) -> Message:
        if message.expired(self._ports.clock()):
            return self._unsent(message, Status.EXPIRED, REASONS["expired"])
        settings = self._ports.settings
        way, delivery = route(message, settings), Delivery(self._ports, settings)
        try:
            Gate(self._ports, settings).let_on(message)
        except NotAllowed as refused:
            reason = REASONS.get(refused.code, REASONS["not_allowed"])
            return self._unsent(message, Status.FAILED, reason, f"refused by the guard {refused.code}")
        if not way.channels:
            return self._unsent(message, Status.FAILED, REASONS["channel_missing"])
        return delivery.begin(message, way, delivery.moves(message))

    def _unsent(self, message: Message, status: Status, reason: Reason, detail: str = "") -> Message:
        return write(self._ports, message, transitions.unsent(message, status, reason, self._ports.clock(), detail))
