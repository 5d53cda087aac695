"""Vendor: what each simulated vendor fills in. It answers its own paths and hands accepted texts to the handset."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from local.carrier.faults import Faults
from local.carrier.handset import Handset, Text
from local.server import Reply, Request

LATE_FAULTS = ("slow", "drop_reply", "cut_reply")


class Vendor(ABC):
    """One simulated vendor. ``refusals`` says, in the vendor's own words, what a fault that accepts nothing answers."""

    name: ClassVar[str]
    refusals: ClassVar[Mapping[str, Reply]]

    def __init__(self, handset: Handset, faults: Faults) -> None:
        self.handset = handset
        self.faults = faults

    @property
    def offered(self) -> tuple[str, ...]:
        """The faults that this vendor can suffer: it refuses, or it accepts and the answer goes astray."""
        return (*self.refusals, *LATE_FAULTS)

    @abstractmethod
    def answer(self, request: Request) -> Reply | None:
        """What the vendor answers; None if the path is not one of its own."""

    def accept(self, text: Text, reply: Reply) -> Reply:
        """Accept a text that is right in itself, and answer ``reply``, unless a fault was asked for."""
        fault = self.faults.take(self.name)
        if fault in self.refusals:
            return self.refusals[fault]
        self.handset.take(text)
        return reply._replace(fault=fault)
