"""Consent: who wants no texts, as we are told of it."""

from typing import NamedTuple

from herald.errors import HeraldError, NotAccepted
from herald.pipeline.ports import Ports
from herald.pipeline.recipients.person import person
from herald.pipeline.trouble import needed


class OptedOut(NamedTuple):
    """Whether a person wants no texts."""

    opted_out: bool


class Consent:
    """Knows who wants no texts, by the keyed hash of their numbers."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def of(self, number: object, field: str) -> OptedOut:
        """Whether the person with this number, in any form, opted out. Raises ``InvalidRequest``, ``NotAccepted``."""
        asked_about = person(self._ports, number, field)
        with self._reached():
            return OptedOut(self._ports.optouts.has(asked_about))

    def change(
        self, number: object, field: str, *, opted_out: bool, source: str, region: str | None = None
    ) -> OptedOut:
        """Note that the person wants no texts from now on, or wants them again.

        A number without a country code is of ``region``, by default the stage's own. Raises ``InvalidRequest``,
        ``NotAccepted``.
        """
        asks = person(self._ports, number, field, region)
        with self._reached():
            if opted_out:
                self._ports.optouts.put(asks, source, self._ports.clock())
            else:
                self._ports.optouts.remove(asks, self._ports.clock())
        return OptedOut(opted_out)

    def _reached(self) -> needed:
        cannot = NotAccepted("The list of opt-outs cannot be reached.", hint="Ask again in a few seconds.")
        return needed(self._ports.observer, "opt-outs not reached", cannot, passes=HeraldError)
