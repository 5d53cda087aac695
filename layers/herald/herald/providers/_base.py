"""Provider: what every vendor's file fills in. One template sends; a vendor supplies two pure translations."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from herald.errors import Unsupported
from herald.message import Message, Sent


class Provider(ABC):
    """One account at one vendor.

    A vendor's file holds a table of the vendor's words at its top, and three methods: ``request`` (message -> what to
    send, pure), ``transmit`` (the only I/O), ``read`` (answer -> ``Sent``, pure; raises ``Unavailable``, ``Refused``
    or ``Uncertain``).
    """

    name: ClassVar[str]

    def send(self, message: Message) -> Sent:
        """Send once. Never repeats by itself. Raises an ``AttemptError`` whose type says what may be done next."""
        return self.read(self.transmit(self.request(message)))

    @abstractmethod
    def request(self, message: Message) -> Mapping[str, Any]:
        """What is sent to the vendor, as the vendor's own fields."""

    @abstractmethod
    def transmit(self, request: Mapping[str, Any]) -> Any:
        """Hand the request over, once, and return the raw answer."""

    @abstractmethod
    def read(self, answer: Any) -> Sent:
        """What the answer means."""

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the vendor says now about a message; ``response`` is what it answered to the send."""
        raise Unsupported(f"{self.name} has no delivery status to ask for")
