"""Vendor: what each simulated vendor's file fills in, and what all vendors of a carrier share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from local.carrier.callbacks import Callbacks
from local.carrier.faults import Faults
from local.carrier.handset import Handset, Text
from local.carrier.manners import Manners
from local.server import Reply, Request

LATE_FAULTS = ("slow", "drop_reply", "cut_reply")


def now() -> datetime:
    """The time, aware of its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the vendors of one carrier have in common.

    ``manners`` says how receipts come; ``callbacks`` posts them to URLs: without it nobody is told in this way.
    ``clock`` gives aware times. ``engine_url`` is empty if there is no local engine.
    """

    handset: Handset = field(default_factory=Handset)
    faults: Faults = field(default_factory=Faults)
    manners: Manners = field(default_factory=Manners)
    callbacks: Callbacks | None = None
    clock: Callable[[], datetime] = now
    engine_url: str = ""


class Vendor(ABC):
    """One simulated vendor. Its file holds its words, and ``VENDOR = TheClass`` at its end."""

    name: ClassVar[str]
    """The name of its file, and the type of its channel."""
    words: ClassVar[Mapping[str, object]]
    """What the vendor says of a text, by ``Fate.word``."""
    needs_engine: ClassVar[bool] = False
    """Whether its texts are taken by the local engine: without one, it is left out."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared

    @property
    def offered(self) -> tuple[str, ...]:
        """The faults that can be asked for."""
        return ()

    @abstractmethod
    def channel(self, url: str) -> Mapping[str, str]:
        """The settings of its channel on the laptop, without the type. ``url`` is the carrier's."""

    @abstractmethod
    def start(self) -> None:
        """Begin what it does unasked."""

    @abstractmethod
    def stop(self) -> None:
        """End what it does unasked."""

    @abstractmethod
    def look(self) -> None:
        """Put texts that were taken elsewhere on their phones. Raises ``OSError`` if they cannot be read."""

    def answer(self, request: Request) -> Reply | None:
        """What the vendor answers; None if the path is not one of its own."""
        return None


class HttpVendor(Vendor):
    """A vendor that answers its own paths, and hands the texts that it accepts to the handset.

    ``refusals`` says, in the vendor's own words, what a fault that accepts nothing answers.
    """

    refusals: ClassVar[Mapping[str, Reply]]

    @property
    def offered(self) -> tuple[str, ...]:
        """The vendor refuses, or it accepts and the answer goes astray."""
        return (*self.refusals, *LATE_FAULTS)

    @abstractmethod
    def answer(self, request: Request) -> Reply | None: ...

    def start(self) -> None:
        """It only answers."""

    def stop(self) -> None:
        """It only answers."""

    def look(self) -> None:
        """Every text comes by a request."""

    def accept(self, text: Text, reply: Reply) -> Reply:
        """Accept a text that is right in itself, and answer ``reply``, unless a fault was asked for."""
        fault = self.shared.faults.take(self.name)
        if fault in self.refusals:
            return self.refusals[fault]
        self.shared.handset.take(text)
        return reply._replace(fault=fault)
