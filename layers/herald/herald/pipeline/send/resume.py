"""Resume: send a message which waited, once its time has come and the guards still let it through."""

from datetime import timedelta

from herald.errors import NotAllowed
from herald.journal import Moved
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.reasons import REASONS, Reason
from herald.message.status import Status
from herald.pipeline.guard.gate import Gate
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import route
from herald.pipeline.route.turn import PATIENCE
from herald.pipeline.send import second, transitions
from herald.pipeline.send.delivery import Delivery
from herald.pipeline.send.settle import write
from herald.pipeline.send.waiting import put
from herald.pipeline.trouble import told


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
            found = self._looked_up(message)
            return self._sent(found) if found.status is message.status and found.waiting else found
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

    def _looked_up(self, message: Message) -> Message:
        """What may have been sent before is looked up before it is sent again."""
        if message.status is not Status.UNKNOWN:
            return message
        from herald.pipeline.send.lookup import Lookup

        return Lookup(self._ports).about(message, PATIENCE).message

    def _sent(self, message: Message) -> Message:
        if message.expired(self._ports.clock()):
            return self._unsent(message, Status.EXPIRED, REASONS["expired"])
        settings = self._ports.settings
        gate, way = Gate(self._ports, settings), second.way(message, route(message, settings))
        delivery = Delivery(self._ports, settings, patient=True)
        grant = self._grant(message)
        if message.key_name and grant is None and not settings.send_revoked:
            return self._unsent(message, Status.FAILED, REASONS["key_revoked"])
        try:
            let_on = gate.let_on(message, grant, barred=way.barred)
        except NotAllowed as refused:
            return self._refused(message, refused)
        if not way.channels:
            gate.give_back()
            return self._unsent(message, Status.FAILED, REASONS["channel_missing"])
        try:
            return delivery.begin(let_on, way, delivery.moves(message))
        except Exception as failed:  # Nothing was sent: somebody else was faster, or the journal could not be written.
            if isinstance(failed, Moved) or not self._may_stand(let_on):
                gate.give_back()
            raise

    def _may_stand(self, message: Message) -> bool:
        """Whether a write whose answer was lost may be there: then the message is taken for one that is counted."""
        with told(self._ports.observer, "message not read", message_id=message.id):
            current = self._ports.journal.get(message.id)
            return bool(current and message.counted and current.counted in message.counted.alike)
        return True

    def _refused(self, message: Message, refused: NotAllowed) -> Message:
        """A limit that is reached is waited for, if there is time; but a text that may have left is not sent again."""
        now, wait = self._ports.clock(), refused.retry_after
        may_have_left = message.status in (Status.UNKNOWN, Status.SENT)
        if wait and not may_have_left and now + timedelta(seconds=wait) < message.expires_at:
            later = write(self._ports, message, transitions.put_off(message, refused.code, wait, now))
            put(self._ports, later)
            return later
        reason = REASONS.get(refused.code, REASONS["not_allowed"])
        return self._unsent(message, Status.FAILED, reason, f"refused by the guard {refused.code}")

    def _grant(self, message: Message) -> Grant | None:
        """What the API key that asked for the message may do today; None if no key asked, or it is gone."""
        return self._ports.grant(message.key_name, message.created_at) if message.key_name else None

    def _unsent(self, message: Message, status: Status, reason: Reason, detail: str = "") -> Message:
        return write(self._ports, message, transitions.unsent(message, status, reason, self._ports.clock(), detail))
