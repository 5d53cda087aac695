"""Builders: what the tests of the rooms are made of: messages, strategies, parts that fail, and real AWS clients."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import boto3
from botocore.config import Config
from hypothesis import strategies as st

from herald.flow import Answer
from herald.message import Encoding, Kind, Message, OnUnknown, Status, Step
from herald.reasons import REASONS
from herald.settings import Channel, Rate, Rule, Settings
from herald.testing import FakeProvider, MemoryJournal, MemoryQueue, MemorySchedule, Outbox

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER, TEXT = "+919741552552", "Your table is ready."
FIELDS: Mapping[str, object] = {"to": NUMBER, "body": TEXT}


def a_message(**changes: Any) -> Message:
    """A message that has just been accepted, with an id of its own."""
    made = Message(
        id=f"msg_{uuid.uuid4().hex[:26].upper()}", caller="shop", to=NUMBER, country="IN", body=TEXT, encoding="GSM-7",
        segments=1, length=len(TEXT), created_at=NOW, updated_at=NOW, expires_at=NOW + timedelta(days=1),
        fingerprint="f" * 64, trace=(Step(NOW, "accepted", "by https"),),
    )  # fmt: skip
    return made.with_(**changes)


# ------------------------------------------------------------------------------------------------------- strategies

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def times(first: int, last: int, zones: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[datetime]:
    """Aware times between two years; in UTC without other zones."""
    ends = (datetime.fromisoformat(f"{year}-01-01") for year in (first, last))
    return st.datetimes(*ends, timezones=st.just(UTC) if zones is None else zones)


moments = times(2020, 2090).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
messages = st.builds(
    Message,
    id=st.uuids().map(lambda made: f"msg_{made.hex[:26].upper()}"),
    caller=names,
    to=st.from_regex(r"\+[1-9]\d{6,14}", fullmatch=True),
    country=st.from_regex(r"[A-Z]{2}", fullmatch=True),
    body=st.none() | texts,
    encoding=st.sampled_from(get_args(Encoding)),
    segments=st.integers(1, 12),
    length=st.integers(0, 1600),
    created_at=moments,
    updated_at=moments,
    expires_at=moments,
    status=st.sampled_from(Status),
    door=names,
    kind=st.sampled_from(get_args(Kind)),
    sender=st.none() | names,
    asked_channel=st.none() | names,
    channel=st.none() | names,
    provider=st.none() | names,
    provider_id=st.none() | names,
    send_at=st.none() | moments,
    sent_at=st.none() | moments,
    delivered_at=st.none() | moments,
    attempts=st.integers(0, 400),
    due_at=st.none() | moments,
    retry_at=st.none() | moments,
    turn_at=st.none() | moments,
    reason=st.none() | st.sampled_from(list(REASONS.values())),
    reference=st.none() | texts,
    tags=st.dictionaries(names, texts, max_size=3),
    on_unknown=st.sampled_from(get_args(OnUnknown)),
    possible_duplicate=st.booleans(),
    price=st.none() | texts,
    fingerprint=texts,
    recipient=names,
    callback_url=st.none() | names,
    trace=st.lists(st.builds(Step, moments, st.from_regex("[a-z]+", fullmatch=True), texts), max_size=4).map(tuple),
    response=st.none() | st.dictionaries(texts, json_values, max_size=3),
)


# ------------------------------------------------------------------------------------------------ parts, in memory


class Down(Exception):
    """A part of Herald that cannot be reached. Its text repeats what it was given, as errors of real clients may."""

    def __init__(self) -> None:
        super().__init__(f"could not send {TEXT!r} to {NUMBER}")


class FailingJournal(MemoryJournal):
    """A journal whose named operations fail, as often as it is said; ``late`` ones fail after they were done."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: dict[str, int] = {}
        self.late = False

    def _do(self, operation: str, *given: Message) -> Any:
        method: Callable[..., Any] = getattr(MemoryJournal, operation)
        if not self.failing.get(operation):
            return method(self, *given)
        self.failing[operation] -= 1
        if self.late:
            method(self, *given)
        raise Down

    def claim(self, message: Message) -> Message | None:
        before: Message | None = self._do("claim", message)
        return before

    def get(self, message_id: str) -> Message | None:
        if self.failing.get("get"):
            raise Down
        return super().get(message_id)

    def move(self, old: Message, new: Message) -> Message:
        moved: Message = self._do("move", old, new)
        return moved


class FailingQueue(MemoryQueue):
    """A queue that cannot be reached while ``down``; ``on_put`` sees each id that arrives even so."""

    down = True
    on_put: Callable[[str], object] | None = None

    def put(self, message_id: str, delay: float = 0) -> None:
        if self.on_put:
            self.on_put(message_id)
        if self.down:
            raise Down
        super().put(message_id, delay)

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        if self.down:
            raise Down
        super().post(what, delay)

    def again(self, receipt: str, delay: float) -> None:
        if self.down:
            raise Down
        super().again(receipt, delay)


class FailingSchedule(MemorySchedule):
    """Schedules that cannot be reached while ``down``."""

    down = True

    def put(self, message_id: str, at: datetime) -> None:
        if self.down:
            raise Down
        super().put(message_id, at)

    def remove(self, message_id: str) -> None:
        if self.down:
            raise Down
        super().remove(message_id)


def a_box(*channels: str, rate: Rate | None = None, **parts: Any) -> Outbox:
    """An outbox whose messages try these channels in this order, each at this rate."""
    named = channels or ("amazonsns",)
    settings = Settings(channels={name: Channel(name, "fake", rate=rate) for name in named}, routes=(Rule(named),))
    providers = {name: FakeProvider(name) for name in named}
    return Outbox(**{"providers": providers, "settings": settings, **parts})


def fails(box: Outbox, *answers: Exception | None, channel: str = "amazonsns") -> FakeProvider:
    """The channel's provider, which now answers so."""
    provider: FakeProvider = box.providers[channel]
    provider.answers = list(answers)
    return provider


def sends(box: Outbox, *, key: str | None = None, caller: str = "shop", **fields: object) -> Answer:
    """What the caller hears."""
    return box.herald().send({**FIELDS, **fields}, caller=caller, door="https", key=key)


def send(box: Outbox, *, key: str | None = None, caller: str = "shop", **fields: object) -> Message:
    """The message that the caller hears of."""
    return sends(box, key=key, caller=caller, **fields).message


def steps(message: Message) -> list[str]:
    """The names of a message's steps."""
    return [step.step for step in message.trace]


def reason(message: Message) -> str | None:
    """The code of a message's reason."""
    return message.reason.code if message.reason else None


# -------------------------------------------------------------------------------------------------- real AWS clients


def client(service: str, engine: str) -> Any:
    """A real client of the local engine, with as many connections as a crowd of threads needs."""
    config = Config(max_pool_connections=50, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, endpoint_url=engine, config=config)


KEYS = ("pk", "due", "due_at", "recipient", "created_at")


def a_table(dynamodb: Any) -> str:
    """A new table as the template makes it."""
    name = f"herald-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "recipient",
                "KeySchema": [
                    {"AttributeName": "recipient", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    return name


class AnswersLost:
    """A client whose next answers get lost: the call goes through, and the SDK's repetition of it is what answers.

    That is what a retrying client does by itself when the connection breaks after the request has arrived.
    """

    def __init__(self, real: Any, lost: int = 1) -> None:
        self._real, self.lost = real, lost
        self.exceptions = real.exceptions

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._real, operation)

        def repeated(**request: Any) -> Any:
            for _ in range(self.lost):
                call(**request)
            self.lost = 0
            return call(**request)

        return repeated
