"""Wiring: the only place that builds real things: AWS clients, HTTP sessions, channels; and the service itself.

Everything is made at its first need and then kept. What a stack is made of is written in ``/herald/{stage}/stack``.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from herald.aws import deadline
from herald.aws.client import ACCESS, client
from herald.aws.cloudwatch import CloudWatch
from herald.errors import HeraldError, Refused
from herald.journal.counters import DynamoCounters
from herald.journal.health import DynamoHealth
from herald.journal.messages import DynamoJournal
from herald.journal.optouts import DynamoOptOuts
from herald.journal.turns import DynamoTurns
from herald.message import Message, phone
from herald.pipeline.flow import Herald
from herald.pipeline.guard.ahead import CountsAhead
from herald.pipeline.health.channels import ChannelHealth
from herald.pipeline.ports import Ports, Sender
from herald.pipeline.route.rules import usual
from herald.pipeline.route.slow import SlowChannels
from herald.providers import load
from herald.providers._base import Provider
from herald.settings import stack
from herald.settings.parameters import HASH_KEY, KEEP_SECONDS, Parameters
from herald.settings.read import Served, read_settings
from herald.settings.values import Channel, Field, Settings

if TYPE_CHECKING:
    from herald.aws.bus import Bus
    from herald.aws.queue import Queue
    from herald.aws.schedule import Schedule
    from herald.keys.grant import Grant
    from herald.pipeline.announce.announcer import Announcer
    from herald.pipeline.announce.webhook import Webhooks
    from herald.settings.records import Records


def stage() -> str:
    """The stage whose stack is used: ``HERALD_STAGE``, else ``dev``."""
    return os.environ.get("HERALD_STAGE", "dev")


class Stack:
    """The real ports of a stage."""

    def __init__(self, name: str) -> None:
        self._name, self.parameters, self.observer = name, parameters(name), CloudWatch(name)
        self.served, self.slow = Served(partial(read, name), self.observer.trouble), SlowChannels()
        self.clock: Callable[[], datetime] = partial(datetime.now, UTC)
        self.sleep, self.left = time.sleep, deadline.left
        self._senders: dict[str, tuple[Channel, Provider]] = {}

    @property
    def settings(self) -> Settings:
        return self.served.by(self.parameters)

    @property
    def secret(self) -> bytes:
        return self.parameters.hash_key().encode()

    @property
    def secret_if_made(self) -> bytes | None:
        return (self.parameters.find(HASH_KEY) or "").encode() or None

    @cached_property
    def journal(self) -> DynamoJournal:
        return DynamoJournal(self._dynamodb, self.part("table"), keep_days=lambda: self.settings.keep_days)

    @cached_property
    def counters(self) -> CountsAhead:
        return CountsAhead(DynamoCounters(self._dynamodb, self.part("table")))

    @cached_property
    def optouts(self) -> DynamoOptOuts:
        return DynamoOptOuts(self._dynamodb, self.part("table"), self.health.item)

    @cached_property
    def health(self) -> ChannelHealth[DynamoHealth]:
        return ChannelHealth(DynamoHealth(self._dynamodb, self.part("table")), self.observer, self.clock)

    @cached_property
    def turns(self) -> DynamoTurns:
        return DynamoTurns(self._dynamodb, self.part("table"))

    @cached_property
    def queue(self) -> "Queue":
        return self._queue("queue")

    @cached_property
    def dead_webhooks(self) -> "Queue":
        return self._queue("dead_hooks")

    @cached_property
    def bus(self) -> "Bus":
        from herald.aws.bus import Bus

        return Bus(client("events"), self.part("bus"))

    @cached_property
    def schedule(self) -> "Schedule":
        from herald.aws.schedule import Schedule

        group, role, target = map(self.part, ("schedule_group", "schedule_role", "invoke_function"))
        failed = self.part("failed_invocations")
        return Schedule(client("scheduler"), group=group, role=role, target=target, failed=failed)

    def sender(self, channel: str) -> Sender:
        """The sender of a channel: kept until the channel's settings change."""
        if (known := self.settings.channels.get(channel)) is None:
            raise Refused("channel_missing")
        if self._senders.get(channel, (None,))[0] != known:
            self._senders[channel] = known, provider(known.type, dict(known.values), self._name)
        return self._senders[channel][1]

    def refresh(self) -> object:
        return self.parameters.refresh()

    def grant(self, name: str, since: datetime) -> "Grant | None":
        return keys(self._name).grant(name, (self.clock() - since).total_seconds())

    def callback(self, message: Message) -> str | None:
        """None where the stage's URL cannot be told: a text without a receipt is better than no text."""
        from herald.pipeline.receive import token

        with suppress(HeraldError):
            return token.receipts(self.url, self.secret, message)
        return None

    @property
    def url(self) -> str:
        return self.settings.url or self.part("url")

    def part(self, name: str) -> str:
        """The name, URL or ARN of a part of the stack. Raises ``NotAccepted``."""
        return stack.part(self.parameters.path, self.parameters.current().get(stack.NAME), name)

    def _queue(self, part: str) -> "Queue":
        from herald.aws.queue import Queue

        return Queue(client("sqs"), self.part(part))

    @cached_property
    def _dynamodb(self) -> Any:
        return client("dynamodb")


@cache
def real(name: str) -> Stack:
    """The real ports of a stage."""
    return Stack(name)


_replacements: list[Ports] = []


def ports(name: str | None = None) -> Ports:
    """What the service of a stage stands on; of this process's stage, if none is named."""
    return _replacements[-1] if _replacements else real(name or stage())


def herald(name: str | None = None) -> Herald:
    """The service of a stage; of this process's stage, if none is named."""
    return Herald(ports(name))


@contextmanager
def replaced(others: Ports) -> Iterator[None]:
    """While open, ``herald()`` stands on these ports: for tests."""
    _replacements.append(others)
    try:
        yield
    finally:
        _replacements.remove(others)


def prepare() -> None:
    """Do what the usual send does and costs nothing: read parameters and a number, make clients, open a connection."""
    ready = real(stage())
    phone.prepare(ready.settings.default_region)
    ready.optouts.has("nobody")
    ready.sender(usual(ready.settings))


def check() -> None:
    """Raises ``InvalidSettings`` while what SSM holds now is wrong, also where the last good settings are used."""
    if isinstance(here := ports(), Stack):
        here.served.check(here.parameters)


def announcer() -> "Announcer":
    """Who tells what became of the messages of this process's stage."""
    from herald.pipeline.announce.announcer import Announcer

    return Announcer(here := real(stage()), lambda: here.bus)


def webhooks(agent: str, wait: float) -> "Webhooks":
    """Who calls the webhooks of this process's stage: as ``agent``, and after ``wait`` seconds again."""
    return _webhooks(stage(), agent, wait)


@cache
def _webhooks(name: str, agent: str, wait: float) -> "Webhooks":
    from herald.pipeline.announce.webhook import Webhooks

    return Webhooks(here := real(name), lambda: here.dead_webhooks, agent=agent, wait=wait)


@cache
def parameters(name: str) -> Parameters:
    """The parameters of a stage."""
    return Parameters(client("ssm"), stack.path(name))


@cache
def keys(name: str, keep: float = KEEP_SECONDS) -> "Records":
    """The records of a stage's API keys. Few functions may read them."""
    from herald.settings.records import Records

    return Records(client("ssm"), name, keep=keep)


def read(name: str, found: Mapping[str, str]) -> Settings:
    """What the parameters of a stage say. Raises ``InvalidSettings`` that lists every mistake."""
    return read_settings(found, provider_fields, lambda kind: load(kind).rate, local=name == "local")


def provider_fields(kind: str) -> Sequence[Field]:
    """The fields of a channel of this type. Raises ``InvalidSettings`` for an unknown type."""
    return load(kind).fields


def provider(kind: str, values: dict[str, str], name: str | None = None) -> Provider:
    """A provider of this type, by its channel's fields and for a stage (None: this process's), with its transport."""
    made = load(kind)
    if made.transport == "http":
        return made(http(), **values)
    # One attempt: boto3 repeats a publish whose answer was lost, and each repetition is a text on somebody's phone.
    connection = client(made.transport, attempts=1, **{field: values.get(field) for field in ACCESS})
    return made(connection, stage=name or stage(), **values)


@cache
def http() -> Any:
    """The one HTTP session of this process."""
    import requests

    from herald.providers._http import Http

    return Http(requests.Session())
