"""Consent: the room that heeds who wants no texts: what a person writes back, and what we are told of it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from herald.errors import HeraldError, InvalidRequest, NotAccepted
from herald.observe import Observer
from herald.optouts import OptOuts
from herald.phone import parse as parse_number
from herald.phone import recipient
from herald.settings import Settings
from herald.validate.fields import Fields, string

# What Amazon SNS heeds, and what carriers ask for; each alone, in any case.
STOP = frozenset(
    {"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "STOPALL", "TD", "UNSUBSCRIBE"}
)
START = frozenset({"START", "UNSTOP", "OPT-IN", "OPTIN", "SUBSCRIBE"})
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


class OptedOut(NamedTuple):
    """Whether a person wants no texts."""

    opted_out: bool


class Consent:
    """Knows who wants no texts. ``optouts`` is the list, by the keyed hash of numbers."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        hash_key: Callable[[], bytes],
        optouts: Callable[[], OptOuts],
        observer: Observer,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._hash_key, self._optouts = settings, hash_key, optouts
        self._observer, self._clock = observer, clock

    def of(self, number: object, field: str) -> OptedOut:
        """Whether the person with this number, in any form, opted out. Raises ``InvalidRequest``, ``NotAccepted``."""
        person = self._person(number, field)
        return self._done(lambda: OptedOut(self._optouts().has(person)))

    def change(self, number: object, field: str, *, opted_out: bool, source: str) -> OptedOut:
        """Note that the person wants no texts from now on, or wants them again.

        Raises ``InvalidRequest``, ``NotAccepted``.
        """
        person = self._person(number, field)

        def write() -> OptedOut:
            if opted_out:
                self._optouts().put(person, source, self._clock())
            else:
                self._optouts().remove(person)
            return OptedOut(opted_out)

        return self._done(write)

    def written(self, number: str, text: str) -> OptedOut | None:
        """Heed what a person wrote: None if it is neither STOP nor START. Raises as ``change`` does."""
        word = _AROUND.sub("", text).upper()
        if word not in STOP | START:
            return None
        return self.change(number, "to", opted_out=word in STOP, source="written")

    def _person(self, number: object, field: str) -> str:
        fields, settings = Fields({field: number}), self._settings()
        found = fields.required(field, lambda value: parse_number(string(value), *settings.numbering))
        if found is None:
            raise InvalidRequest(fields.problems)
        return recipient(self._hash_key(), found.e164)

    def _done(self, act: Callable[[], OptedOut]) -> OptedOut:
        try:
            return act()
        except HeraldError:
            raise
        except Exception as error:
            self._observer.trouble("opt-outs not reached", error)
            raise NotAccepted("The list of opt-outs cannot be reached.", hint="Ask again in a few seconds.") from None
