"""Resume: the room that sends a message which waited, once its time has come and the guards still let it through."""

from collections.abc import Callable
from datetime import datetime

from herald import outcome
from herald.deliver import Delivery
from herald.errors import NotAllowed
from herald.journal import Moved, Records
from herald.message import Message, Status
from herald.reasons import REASONS
from herald.route import route
from herald.settings import Settings


class Resume:
    """Takes messages up again. ``let_on`` raises ``NotAllowed`` for one that may not be sent any more."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        journal: Callable[[], Records],
        delivery: Delivery,
        let_on: Callable[[Message], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._journal, self._delivery = settings, journal, delivery
        self._let_on, self._clock = let_on, clock

    def message(self, message_id: str) -> Message | None:
        """Send a message whose time has come. Safe to call any number of times; None if there is no such message."""
        message, now = self._journal().get(message_id), self._clock()
        if message is None or not message.waiting:
            return message
        if outcome.comes_at(message, now) > now:
            self._delivery.put(message)
            return message
        try:
            return self._sent(message, now)
        except Moved as moved:
            return moved.current

    def never(self, message_id: str) -> Message | None:
        """Write that a message which waits could not be handled: it failed, but its text is kept for a redrive."""
        message = self._journal().get(message_id)
        if message is None or not message.waiting or message.status is Status.FAILED:
            return message
        try:
            return self._delivery.unsent(message, Status.FAILED, REASONS["dead_lettered"])
        except Moved as moved:
            return moved.current

    def _sent(self, message: Message, now: datetime) -> Message:
        if message.expired(now):
            return self._delivery.unsent(message, Status.EXPIRED, REASONS["expired"])
        try:
            self._let_on(message)
        except NotAllowed as refused:
            reason = REASONS.get(refused.code, REASONS["not_allowed"])
            return self._delivery.unsent(message, Status.FAILED, reason, f"refused by the guard {refused.code}")
        channels, why = route(message, self._settings())
        if not channels:
            return self._delivery.unsent(message, Status.FAILED, REASONS["channel_missing"])
        return self._delivery.begin(message, channels, why)
