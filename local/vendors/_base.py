"""Vendor: what each simulated vendor fills in. It answers its own paths and hands accepted texts to the handset."""

import binascii
from abc import ABC, abstractmethod
from base64 import b64decode
from collections.abc import Mapping
from email.message import Message
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl

from local.faults import Faults
from local.handset import Handset, Text

LATE_FAULTS = ("slow", "drop_reply", "cut_reply")


class Request(NamedTuple):
    """An HTTP request, read whole. ``path`` has no query; ``query`` no question mark."""

    method: str
    path: str
    headers: Message
    body: bytes = b""
    query: str = ""

    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body; none if it is something else."""
        if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def basic(self) -> tuple[str, str]:
        """User and password of HTTP Basic; empty if there are none."""
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = b64decode(value if scheme.lower() == "basic" else "").decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return user, password


class Reply(NamedTuple):
    """An HTTP answer. ``content`` is sent as JSON unless it is bytes; ``fault`` is how the handing over goes wrong."""

    status: int
    content: object = b""
    type: str = "application/json"
    headers: Mapping[str, str] = {}
    fault: str = ""


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
