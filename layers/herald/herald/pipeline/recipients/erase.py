"""Erase: what the journal knows of a person is removed. What still waits is canceled first."""

from datetime import datetime
from typing import NamedTuple

from herald.errors import NotAccepted
from herald.journal import Moved
from herald.message import Message
from herald.message.secret import erased
from herald.message.status import COMES_FROM, Status
from herald.pipeline.ports import LITTLE, Ports
from herald.pipeline.recipients.person import person
from herald.pipeline.send.cancel import canceled
from herald.pipeline.send.find import as_it_stands
from herald.pipeline.trouble import needed

# So many at once: a request has half a minute, and an erasure is one write or two.
MOST = 500
TRIES = 4


class Erased(NamedTuple):
    """How many messages were erased, and how many are left, so that it has to be asked for again.

    What is being sent right now is left, for a minute at most; and one is left if there are more than can be erased at
    once.
    """

    erased: int
    left: int


class Erase:
    """Erases messages."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def person(self, number: object, field: str) -> Erased:
        """Erase every message to a number, in any form that a person writes; ``field`` is what the caller calls it.

        Raises ``InvalidRequest``, or ``NotAccepted``: then some may be erased already, and it can be asked for again.
        """
        whose = person(self._ports, number, field)
        hint = "Ask again in a few seconds: what is erased stays so."
        cannot = NotAccepted("The journal could not be written.", hint=hint)
        with needed(self._ports.observer, "recipient not erased", cannot):
            # First: what fails meanwhile somewhere else, and waits there, was asked for before.
            self._ports.journal.mark_erased(erased(self._ports.secret, whose), self._ports.clock())
            return self._all(whose)

    def at(self, number: object) -> datetime | None:
        """When the person with this number was erased last, if that was in the last two weeks; else None.

        Raises ``InvalidRequest``, ``NotAccepted``.
        """
        whose = person(self._ports, number, "to")
        with needed(self._ports.observer, "erasure not read", NotAccepted("The journal could not be read.")):
            return self._ports.journal.erased_at(erased(self._ports.secret, whose))

    def _all(self, whose: str) -> Erased:
        done = left = 0
        for message in self._ports.journal.sent_to(whose):
            if done + left == MOST or self._ports.left() < LITTLE:
                return Erased(done, left + 1)
            if self._one(message):
                done += 1
            else:
                left += 1
        return Erased(done, left)

    def _one(self, message: Message) -> bool:
        """Erase a message; False if it is being sent right now, or never stands still."""
        current: Message | None = as_it_stands(self._ports, message)
        for _ in range(TRIES):
            if current is None or current.status is Status.SENDING:
                break
            try:
                if current.status in COMES_FROM[Status.CANCELED]:
                    current = canceled(self._ports, current)
                if self._ports.journal.erase(current):
                    self._ports.observer.step("message erased", current.with_(to=""))
                    return True
                current = self._ports.journal.get(current.id)
            except Moved as moved:
                current = moved.current
        return current is None
