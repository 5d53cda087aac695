"""Provider: what every vendor's file fills in. One template sends; a vendor supplies two pure translations."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from herald.errors import AttemptError, HeraldError, Refused, Uncertain, Unsupported
from herald.message import Message
from herald.message.bounds import bounded, usable
from herald.message.receipt import Listed, Receipt, Sent
from herald.message.status import Status
from herald.settings.values import Field


class Callback(NamedTuple):
    """A request that claims to come from a vendor. Header names are in lower case; ``fields`` is its form or JSON.

    ``refusal`` says why its body cannot be read: it has no fields then, and may still prove itself. ``body`` is as it
    came: some vendors sign that.
    """

    url: str
    headers: Mapping[str, str]
    fields: Mapping[str, Any]
    refusal: HeraldError | None = None
    body: bytes = b""


class Text(NamedTuple):
    """What a person wrote: the number that wrote it, as the vendor writes it, and the text. None: it is not said."""

    sender: str | None = None
    body: str | None = None


class OptOuts(NamedTuple):
    """The vendor's own list of who wants no texts: the operation of its boto3 client that tells it page by page, with
    what is ``asked``; the ``numbers`` of a page; and the permission that it takes.
    """

    operation: str
    numbers: Callable[[Mapping[str, Any]], list[str]]
    needed: str
    asked: Mapping[str, str] = {}


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

    keeps_status: ClassVar[bool] = False
    """Whether the vendor can be asked what became of a message: whether there is a ``status``."""

    lists: ClassVar[bool] = False
    """Whether the vendor can be asked which texts it took for a number: whether there is a ``listed``."""

    calls_back: ClassVar[bool] = False
    """Whether the vendor tells what became of a text by calling a URL that it is given with the text, or by an event
    of AWS that gives that URL's end back.
    """

    inbound: ClassVar[bool] = False
    """Whether the vendor hands over what people write: whether there is a ``parse_inbound``."""

    texts: ClassVar[frozenset[str]] = frozenset()
    """The fields of the vendor's answers that repeat the number or the text, and are not to be kept."""

    words: ClassVar[Mapping[str, str]] = {}
    """What the vendor says of a text that does not arrive -> the code of the reason. ``docs/reasons.md`` shows it."""

    @abstractmethod
    def __init__(self, transport: Any, **values: str) -> None:
        """``transport`` is an ``Http`` or a boto3 client with one attempt; ``values`` are the channel's fields.

        Raises ``InvalidSettings`` if a value cannot be used.
        """

    def send(self, message: Message, callback: str | None = None) -> Sent:
        """Send once. Never repeats by itself. Raises an ``AttemptError`` whose type says what may be done next.

        ``callback`` is the URL at which this text's receipts are awaited, for vendors that call one. Whatever the
        vendor answers, what comes out of here can be kept; an id that cannot is none.
        """
        try:
            sent = self.read(self.transmit(self.request(message, callback))).bounded()
        except AttemptError as error:
            error.response = bounded(error.response) if isinstance(error.response, Mapping) else None
            raise
        if not usable(sent.provider_id):
            raise Uncertain("answer_unclear", response=sent.kept)
        return sent

    @abstractmethod
    def request(self, message: Message, callback: str | None = None) -> Mapping[str, Any]:
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

    def listed(self, message: Message, since: datetime, until: datetime) -> Sequence[Listed]:
        """All texts that the vendor took between these times for the message's number from its sender, each once.

        Raises ``Unavailable`` if it cannot be asked now, or if what it says may not be all; ``Refused`` if it refuses
        the account, ``Unsupported`` if it keeps no list.
        """
        raise Unsupported(f"{self.name} has no list of texts to ask for")

    @classmethod
    def verify(cls, values: Mapping[str, str], callback: Callback) -> bool:
        """Whether the vendor's own signature on a callback is right; ``values`` are the channel's fields.

        A vendor that signs nothing has none to check: then the token in the URL is all the proof that there is.
        """
        return True

    @classmethod
    def addressed_to(cls, said: Mapping[str, Any], e164: str) -> bool:
        """Whether a callback speaks of this number, however the vendor writes it; also if it names none."""
        return True

    @classmethod
    def home(cls, values: Mapping[str, str]) -> str | None:
        """Where a number is that the vendor writes without a country code (ISO 3166); ``values`` are the channel's
        fields. None: in the stage's default region.
        """
        return None

    @classmethod
    def opt_outs(cls, values: Mapping[str, str]) -> OptOuts | None:
        """The list that a channel's texts obey at the vendor; ``values`` are its fields. None: none can be read."""
        return None

    @classmethod
    def parse_inbound(cls, said: Mapping[str, Any]) -> Text:
        """What somebody wrote, as the vendor hands it over. Pure; never raises; empty if the vendor hands over none."""
        return Text()

    @classmethod
    def entries(cls, event: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """What an event of AWS holds that ``parse_receipt`` can read; nothing if the event is not of this vendor."""
        return ()

    @classmethod
    def proof(cls, said: Mapping[str, Any]) -> str | None:
        """The end of the URL that a text was sent with (``{channel}/{token}``), if an entry gives it back."""
        return None

    @classmethod
    def receipt(cls, said: Mapping[str, Any]) -> Receipt:
        """What ``parse_receipt`` makes of it, as it can be kept."""
        return cls.parse_receipt(said).bounded()

    @classmethod
    def parse_receipt(cls, said: Mapping[str, Any]) -> Receipt:
        """What a callback, an entry in the vendor's log, or the answer of ``status`` says. Pure; never raises.

        Words that are not in the vendor's table read as ``unknown``, or as ``unexplained`` if they surely say failure.
        """
        return Receipt("", Status.UNKNOWN)


def text_of(message: Message) -> str:
    """The text to send. Raises ``Refused`` if there is none, or one that has no UTF-8 form (half a surrogate pair)."""
    if not message.body or re.search("[\ud800-\udfff]", message.body):
        raise Refused("invalid_text")
    return message.body
