"""Wiring: the only place that builds real things: AWS clients, HTTP sessions, channels, and the journey itself.

Everything is made at its first need and then kept. ``HERALD_STAGE`` names the stack; what the stack is made of (its
table, queue, schedules) is written in ``/herald/{stage}/stack`` by the template.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from herald import phone, tokens
from herald.ahead import Ahead
from herald.aws import client
from herald.counters import Counters
from herald.deliver import Sender
from herald.errors import HeraldError, InvalidSettings, NotAccepted, Problem, Refused
from herald.flow import Herald
from herald.heed import Heeding
from herald.journal import Journal
from herald.limit import Turns
from herald.message import Message
from herald.observe import CloudWatch
from herald.optouts import OptOutList
from herald.providers import load
from herald.providers._base import Provider
from herald.queue import Queue
from herald.route import usual
from herald.schedule import Schedule
from herald.settings import Channel, Field, Settings
from herald.settings.read import read_settings
from herald.settings.store import HASH_KEY, Store
from herald.sweep import Sweep

if TYPE_CHECKING:
    from herald.announce import Announcer
    from herald.hooks import Hooks
    from herald.inbound import Inbound
    from herald.receive import Receipts

# How long after a message's time is over its receipts are still taken in.
RECEIPTS_COME = timedelta(days=3)


def stage() -> str:
    """The stage whose stack is used: ``HERALD_STAGE``, else ``dev``."""
    return os.environ.get("HERALD_STAGE", "dev")


def provider_fields(kind: str) -> Sequence[Field]:
    """The fields of a channel of this type. Raises ``InvalidSettings`` for an unknown type."""
    return load(kind).fields


def provider_rate(kind: str) -> str:
    """How fast a channel of this type may send if its settings do not say. Raises ``InvalidSettings``."""
    return load(kind).rate


def provider(kind: str, values: dict[str, str]) -> Provider:
    """A provider of this type, with the transport that it needs. ``values`` are its channel's fields."""
    made = load(kind)
    if made.transport == "http":
        return made(http(), **values)
    # One attempt: boto3 repeats a publish whose answer was lost, and each repetition is a text on somebody's phone.
    access = ("aws_access_key_id", "aws_secret_access_key", "region_name", "endpoint_url")
    return made(client(made.transport, attempts=1, **{name: values.get(name) for name in access}), **values)


@cache
def http() -> Any:
    """The one HTTP session of this process."""
    import requests

    from herald.providers._http import Http

    return Http(requests.Session())


@cache
def parameter_store(name: str) -> Store:
    """The parameters of a stage."""
    return Store(client("ssm"), f"/herald/{name}", hash_key=True)


class _Wiring:
    """What the journey of one stage is made of."""

    def __init__(self, name: str) -> None:
        self.store = parameter_store(name)
        self._local = name == "local"
        self._read: tuple[dict[str, str], Settings] | None = None
        self._senders: dict[str, tuple[Channel, Provider]] = {}
        self.dynamodb = cache(lambda: client("dynamodb"))
        self.journal = cache(
            lambda: Heeding(
                Journal(self.dynamodb(), self.stack("table"), keep_days=lambda: self.settings().keep_days),
                settings=self.settings,
                tallies=self.tallies,
                optouts=self.optouts,
                observer=CloudWatch(name),
            )
        )
        self.tallies = cache(lambda: Ahead(Counters(self.dynamodb(), self.stack("table"))))
        self.optouts = cache(lambda: OptOutList(self.dynamodb(), self.stack("table")))
        self.pace = cache(lambda: Turns(self.dynamodb(), self.stack("table")))
        self.sqs = cache(lambda: client("sqs"))
        self.queue = cache(lambda: Queue(self.sqs(), self.stack("queue")))
        self.schedule = cache(
            lambda: Schedule(
                client("scheduler"),
                group=self.stack("schedule_group"),
                role=self.stack("schedule_role"),
                target=self.stack("invoke_function"),
                failed=self.stack("failed_invocations"),
            )
        )

    def settings(self) -> Settings:
        """The settings, read anew only when the parameters were fetched anew."""
        parameters = self.store.parameters()
        if self._read is None or self._read[0] is not parameters:
            self._read = parameters, read_settings(parameters, provider_fields, provider_rate, local=self._local)
        return self._read[1]

    def stack(self, part: str) -> str:
        """The name or ARN of a part of the stack."""
        try:
            return str(json.loads(self.store.parameters()["stack"])[part])
        except (KeyError, ValueError):
            raise NotAccepted(f"{self.store.path}/stack does not name the {part}: deploy the stack again.") from None

    def hash_key(self) -> bytes:
        """The stage's secret for keyed hashes."""
        return self.store.parameters()[HASH_KEY].encode()

    def channel(self, name: str) -> Sender:
        """The sender of a channel: kept until the channel's settings change."""
        channel = self.settings().channels.get(name)
        if channel is None:
            raise Refused("channel_missing")
        if name not in self._senders or self._senders[name][0] != channel:
            self._senders[name] = channel, provider(channel.type, dict(channel.values))
        return self._senders[name][1]

    def callback(self, message: Message) -> str | None:
        """The URL at which the receipts of a message's attempt are awaited; None if it cannot be told now."""
        try:
            channel, expires = message.channel or "", message.expires_at + RECEIPTS_COME
            token = tokens.make(self.hash_key(), channel, message.id, message.attempts, expires)
            return f"{self.url()}/receipts/{channel}/{token}"
        except HeraldError:  # A text without a receipt is better than no text.
            return None

    def url(self) -> str:
        """Where the world reaches the stage."""
        return self.settings().url or self.stack("url")


def prepare() -> None:
    """Do what the usual send does, as far as it costs nothing: read the parameters and a number of the default region,
    make the clients of its channel and of the journal, open the journal's connection. Raises whatever fails.
    """
    parts = _parts(stage())
    settings = parts.settings()
    phone.prepare(settings.default_region)
    parts.optouts().has("nobody")
    parts.channel(usual(settings))


_replacements: list[Herald] = []


def herald(name: str | None = None) -> Herald:
    """The journey of a stage; of this process's, if none is named."""
    return _replacements[-1] if _replacements else _real(name or stage())


@contextmanager
def replaced(journey: Herald) -> Iterator[None]:
    """While open, ``herald()`` gives this journey: for tests."""
    _replacements.append(journey)
    try:
        yield
    finally:
        _replacements.remove(journey)


def sweep() -> Sweep:
    """The sweep of this process's stage."""
    journey = herald()
    return Sweep(journal=journey.journal, delivery=journey.delivery, observer=journey.observer)


def receipts() -> "Receipts":
    """Who takes in what providers say later of this process's stage's messages."""
    from herald.receive import Receipts

    journey = herald()
    return Receipts(
        channels=lambda: journey.settings().channels,
        hash_key=journey.hash_key,
        journal=journey.journal,
        queue=journey.queue,
        observer=journey.observer,
        clock=journey.clock,
    )


def inbound() -> "Inbound":
    """Who takes in what people write to this process's stage."""
    from herald.inbound import Inbound

    journey = herald()
    return Inbound(
        channels=lambda: journey.settings().channels,
        hash_key=journey.hash_key,
        consent=journey.consent,
        observer=journey.observer,
        clock=journey.clock,
    )


def inbound_url(name: str, channel: str) -> str:
    """The URL at which the provider of a channel is to hand over what people write. Raises ``InvalidSettings``."""
    from herald.inbound import token

    parts = _parts(name)
    able = [each for each, known in parts.settings().channels.items() if load(known.type).inbound]
    if channel not in able:
        detail = f"must be a channel whose provider hands over what people write: {', '.join(able) or 'there is none'}"
        raise InvalidSettings([Problem("channel", "unknown_channel", detail)])
    return f"{parts.url()}/inbound/{channel}/{token(parts.hash_key(), channel)}"


_parts = cache(_Wiring)


def announcer() -> "Announcer":
    """Who tells what became of the messages of this process's stage."""
    return _announcer(stage())


def hooks(agent: str, wait: float) -> "Hooks":
    """Who calls the webhooks of this process's stage: as ``agent``, and after ``wait`` seconds again."""
    return _hooks(stage(), agent, wait)


@cache
def _announcer(name: str) -> "Announcer":
    from herald.announce import Announcer
    from herald.bus import Bus

    parts = _parts(name)
    bus = cache(lambda: Bus(client("events"), parts.stack("bus")))
    return Announcer(settings=parts.settings, bus=bus, queue=parts.queue, observer=CloudWatch(name))


@cache
def _hooks(name: str, agent: str, wait: float) -> "Hooks":
    from herald.hooks import Hooks

    parts = _parts(name)
    dead = cache(lambda: Queue(parts.sqs(), parts.stack("dead_hooks")))
    return Hooks(
        settings=parts.settings, queue=parts.queue, dead=dead, observer=CloudWatch(name), agent=agent, wait=wait
    )


@cache
def _real(name: str) -> Herald:
    parts = _parts(name)
    return Herald(
        settings=parts.settings,
        refresh=parts.store.refresh,
        hash_key=parts.hash_key,
        channel=parts.channel,
        journal=parts.journal,
        queue=parts.queue,
        schedule=parts.schedule,
        pace=parts.pace,
        tallies=parts.tallies,
        optouts=parts.optouts,
        observer=CloudWatch(name),
        callback=parts.callback,
    )


# API Gateway keeps an authorizer's answer for 270 s, and this adds 30: a revoked key is dead after 5 minutes.
KEYS_KEEP_SECONDS = 30.0


@cache
def key_store(name: str) -> Store:
    """The records of a stage's API keys."""
    return Store(client("ssm"), f"/herald/{name}/keys", keep=KEYS_KEEP_SECONDS)


def key_records(name: str | None = None) -> dict[str, str]:
    """The records of a stage's API keys, by name; of this process's stage, if none is named."""
    return key_store(name or stage()).parameters()
