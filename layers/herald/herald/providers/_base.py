"""Provider: what every vendor's file fills in. One template sends; a vendor supplies two pure translations."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from herald.errors import Refused, Unsupported
from herald.message import Message, Sent
from herald.settings import Field


class Provider(ABC):
    """One account at one vendor.

    A vendor's file holds a table of the vendor's words at its top, three methods: ``request`` (message -> what to
    send, pure), ``transmit`` (the only I/O), ``read`` (answer -> ``Sent``, pure; raises ``Unavailable``, ``Refused``
    or ``Uncertain``), and ``PROVIDER = TheClass`` at its end.
    """

    name: ClassVar[str]
    """What a channel's ``type`` says: the name of the vendor's file."""

    fields: ClassVar[tuple[Field, ...]]
    """The fields of a channel's block. Every channel may also have ``type``, ``sender`` and ``endpoint_url``."""

    transport: ClassVar[str]
    """What carries the request: ``http``, or the name of a boto3 service."""

    rate: ClassVar[str] = "unlimited"
    """How fast the vendor takes messages, as a channel's YAML says it, which goes before."""

    texts: ClassVar[frozenset[str]] = frozenset()
    """The fields of the vendor's answers that repeat the number or the text, and are not to be kept."""

    @abstractmethod
    def __init__(self, transport: Any, **values: str) -> None:
        """``transport`` is an ``Http`` or a boto3 client with one attempt; ``values`` are the channel's fields.

        Raises ``InvalidSettings`` if a value cannot be used.
        """

    def send(self, message: Message) -> Sent:
        """Send once. Never repeats by itself. Raises an ``AttemptError`` whose type says what may be done next."""
        return self.read(self.transmit(self.request(message)))

    @abstractmethod
    def request(self, message: Message) -> Mapping[str, Any]:
        """What is sent to the vendor, as the vendor's own fields. Raises ``Refused`` if the vendor surely would."""

    @abstractmethod
    def transmit(self, request: Mapping[str, Any]) -> Any:
        """Hand the request over, once, and return the raw answer."""

    @abstractmethod
    def read(self, answer: Any) -> Sent:
        """What the answer means."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the vendor says now about a message; ``response`` is what it answered to the send.

        Raises ``NotFound`` if the vendor does not know the message, ``Unavailable`` if it cannot be asked now,
        ``Refused`` if it refuses the account, ``Unsupported`` if it keeps no status.
        """
        raise Unsupported(f"{self.name} has no delivery status to ask for")


def text_of(message: Message) -> str:
    """The text to send. Raises ``Refused`` if there is none, or one that has no UTF-8 form (half a surrogate pair)."""
    if not message.body or re.search("[\ud800-\udfff]", message.body):
        raise Refused("invalid_text")
    return message.body
