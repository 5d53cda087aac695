"""Gramex: its interface: ``AmazonSNS``, ``Exotel``, ``Twilio`` outside AWS, ``herald.sms["exotel"]`` inside.

Each has ``send(to, subject, sender=None)`` and ``status(result)``; ``result`` is what the provider answered. The plain
classes call the provider and nothing else: no journal, so no promise about repetitions. Those in ``herald.sms`` go the
whole service.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from herald.errors import InvalidSettings, Problem, Uncertain, raise_if_refused
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.ports import Sender
from herald.pipeline.validate.validate import validate
from herald.settings.channel import COMMON_FIELDS, mistake
from herald.wiring import herald, provider, provider_fields

Result = Mapping[str, Any]


class Notifier:
    """One account at one provider, without a stack. ``default_region`` is where numbers without a country are."""

    def __init__(self, provider: Sender, default_region: str) -> None:
        self._provider, self._region = provider, default_region

    def send(self, to: str, subject: str, sender: str | None = None) -> Result:
        """Send one text and return the provider's answer (``result["Sid"]``, ``result["MessageId"]``).

        Raises ``InvalidMessage``, and ``Unavailable``, ``Refused`` or ``Uncertain`` (it may have been sent).
        """
        request = {"to": to, "body": subject, "sender": sender}
        message = validate(request, now=datetime.now(UTC), region=self._region, channels=(), valid_for=86400).message
        return self._provider.send(message).response

    def status(self, result: Result) -> Result:
        """What the provider says now about a message. Raises ``Unsupported`` where it cannot be asked."""
        return self._provider.status(result)


class AmazonSNS(Notifier):
    """Amazon SNS with an access key of its own; ``kwargs`` are the channel's other fields, such as ``endpoint_url``."""

    def __init__(
        self,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        region_name: str | None = None,
        smstype: str = "Transactional",
        *,
        default_region: str = "IN",
        **kwargs: str | None,
    ) -> None:
        # Gramex's guide (v1.30) gives the region as the third argument; the type may stand there as well.
        if region_name and region_name.capitalize() in ("Transactional", "Promotional"):
            smstype, region_name = region_name, None
        keys = {"aws_access_key_id": aws_access_key_id, "aws_secret_access_key": aws_secret_access_key}
        values = {**keys, "region_name": region_name, "smstype": smstype, **kwargs}
        super().__init__(_provider("amazonsns", values), default_region)


class Exotel(Notifier):
    """Exotel with an account's ``sid`` and ``token``; ``key`` is the API key (default: the sid)."""

    def __init__(
        self,
        sid: str,
        token: str,
        key: str | None = None,
        domain: str | None = None,
        priority: str = "high",
        *,
        default_region: str = "IN",
        **kwargs: str | None,
    ) -> None:
        values = {"sid": sid, "token": token, "key": key, "domain": domain, "priority": priority, **kwargs}
        super().__init__(_provider("exotel", values), default_region)


class Twilio(Notifier):
    """Twilio with an account's sid and auth token; ``sender`` is the number or name that shows."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str | None = None,
        *,
        default_region: str = "IN",
        **kwargs: str | None,
    ) -> None:
        values = {"account_sid": account_sid, "auth_token": auth_token, "sender": sender, **kwargs}
        super().__init__(_provider("twilio", values), default_region)


class JournaledChannel:
    """One channel of the stack: each send is journaled, and never repeated by accident."""

    def __init__(self, name: str) -> None:
        self._name = name

    def send(self, to: str, subject: str, sender: str | None = None) -> Result:
        """Send one text and return the provider's answer, with the message's id as ``herald_id``.

        A message that is to be retried has no provider's answer yet: then ``{"herald_id", "herald_status"}`` is all.
        Raises ``InvalidMessage``, ``Refused``, ``NotAccepted``, or ``Uncertain`` (it may have been sent).
        """
        request = {"to": to, "body": subject, "sender": sender, "channel": self._name}
        message = raise_if_refused(herald().send(request, caller="python", entrypoint="python").message)
        if message.status is Status.UNKNOWN and message.reason:
            raise Uncertain(message.reason.code, f"{message.reason.text} Look up {message.id} before you repeat it.")
        return _result(message)

    def status(self, result: Result) -> Result:
        """What the provider says now about a message that ``send`` returned. Raises ``Unsupported`` for Amazon SNS."""
        service = herald()
        message_id = result.get("herald_id")
        if isinstance(message_id, str):
            result = {**(service.find(message_id).response or {}), **result}
        sender = service.ports.sender(self._name)
        return sender.status(result)


class Notifiers(Mapping[str, JournaledChannel]):
    """``herald.sms``: the channels of the stack by name."""

    def __getitem__(self, name: str) -> JournaledChannel:
        names = herald().ports.settings.channels
        if name not in names:
            raise KeyError(f"There is no channel {name!r}; there are: {', '.join(sorted(names))}")
        return JournaledChannel(name)

    def __iter__(self) -> Iterator[str]:
        return iter(herald().ports.settings.channels)

    def __len__(self) -> int:
        return len(herald().ports.settings.channels)


sms = Notifiers()


def _provider(kind: str, values: Mapping[str, str | None]) -> Sender:
    """The provider of these values. Raises ``TypeError`` for an unknown name, ``InvalidSettings`` for a wrong value."""
    fields = {field.name: field for field in (*COMMON_FIELDS, *provider_fields(kind)) if field.name != "type"}
    given = {name: value for name, value in values.items() if value is not None}
    if unknown := sorted(given.keys() - fields.keys()):
        raise TypeError(f"{kind} has no {', '.join(unknown)}; it has: {', '.join(fields)}")
    wrong = {name: mistake(fields[name], value) for name, value in given.items()}
    if problems := [Problem(name, *found) for name, found in wrong.items() if found]:
        raise InvalidSettings(problems)
    return provider(kind, given)


def _result(message: Message) -> Result:
    return {**(message.response or {}), "herald_id": message.id, "herald_status": str(message.status)}
