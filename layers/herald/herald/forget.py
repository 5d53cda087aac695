"""Forget: the room that erases what the journal knows of a person. What still waits is canceled first."""

from collections.abc import Callable
from typing import NamedTuple

from herald.errors import InvalidRequest, NotAccepted
from herald.journal import COMES_FROM, Moved, Records
from herald.message import Message, Status
from herald.observe import Observer
from herald.phone import parse as parse_number
from herald.phone import recipient
from herald.settings import Settings
from herald.validate.fields import Fields, string

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


class Forget:
    """Erases messages. ``settled`` gives one as it stands, ``canceled`` cancels one that waits, or raises ``Moved``."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        hash_key: Callable[[], bytes],
        journal: Callable[[], Records],
        settled: Callable[[Message], Message],
        canceled: Callable[[Message], Message],
        observer: Observer,
    ) -> None:
        self._settings, self._hash_key, self._journal = settings, hash_key, journal
        self._settled, self._canceled, self._observer = settled, canceled, observer

    def person(self, number: object, field: str) -> Erased:
        """Erase every message to a number, in any form that a person writes; ``field`` is how the door calls it.

        Raises ``InvalidRequest``, or ``NotAccepted``: then some may be erased already, and it can be asked for again.
        """
        fields, numbering = Fields({field: number}), self._settings().numbering
        found = fields.required(field, lambda value: parse_number(string(value), *numbering))
        if found is None:
            raise InvalidRequest(fields.problems)
        try:
            return self._all(recipient(self._hash_key(), found.e164))
        except Exception as error:
            self._observer.trouble("recipient not erased", error)
            hint = "Ask again in a few seconds: what is erased stays so."
            raise NotAccepted("The journal could not be written.", hint=hint) from None

    def _all(self, person: str) -> Erased:
        erased = left = 0
        for message in self._journal().sent_to(person):
            if erased + left == MOST:
                return Erased(erased, left + 1)
            if self._one(message):
                erased += 1
            else:
                left += 1
        return Erased(erased, left)

    def _one(self, message: Message) -> bool:
        """Erase a message; False if it is being sent right now, or never stands still."""
        current: Message | None = self._settled(message)
        for _ in range(TRIES):
            if current is None or current.status is Status.SENDING:
                break
            try:
                if current.status in COMES_FROM[Status.CANCELED]:
                    current = self._canceled(current)
                if self._journal().erase(current):
                    self._observer.step("message erased", current.with_(to=""))
                    return True
                current = self._journal().get(current.id)
            except Moved as moved:
                current = moved.current
        return current is None
