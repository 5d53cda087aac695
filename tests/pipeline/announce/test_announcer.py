"""Announcer: every change of a state is told, in order, more than once at most, and never with number or text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.aws.bus import Bus
from herald.errors import InvalidSettings, NotAccepted
from herald.journal.item import item_of
from herald.message import Message
from herald.message.earlier import Earlier
from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from herald.message.times import rfc3339
from herald.pipeline.announce.announcer import TOLD, Announcer, detail
from herald.settings.values import DEFAULT_CHANNELS, EVENTS, Settings
from herald.testing.fakes import Clock, Notes
from herald.testing.memory import MemoryQueue
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.failing import Down, Unsettled
from tests.strategies import messages

URL = "https://hooks.example.com/sms?key=s3cr3t"
Image = Mapping[str, Any]


class Bridge:
    """EventBridge: what it took, and how many calls and events fail next."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.down = self.refused = 0

    def put_events(self, **request: Any) -> dict[str, Any]:
        assert 1 <= len(request["Entries"]) <= 10
        if self.down:
            self.down -= 1
            raise Down
        return {"Entries": [self._take(entry) for entry in request["Entries"]]}

    def _take(self, entry: dict[str, Any]) -> dict[str, str]:
        if self.refused:
            self.refused -= 1
            return {"ErrorCode": "InternalFailure"}
        self.entries.append(entry)
        return {"EventId": str(len(self.entries))}

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.entries]

    def told(self) -> list[tuple[str, str]]:
        """Which message came into which state."""
        return [(detail["id"], detail["status"]) for detail in self.details]


class Queue(MemoryQueue):
    """A queue whose next posts fail, as many as ``down``."""

    down = 0

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        if self.down:
            self.down -= 1
            raise Down
        super().post(what, delay)


@dataclass
class World:
    """An announcer and its parts."""

    settings: Settings = field(default_factory=lambda: Settings(channels=DEFAULT_CHANNELS))
    bridge: Bridge = field(default_factory=Bridge)
    queue: Queue = field(default_factory=Queue)
    notes: Notes = field(default_factory=Notes)
    wrong: Exception | None = None

    def announce(self, *records: Mapping[str, Any]) -> list[str]:
        ports = Unsettled(settings=self.settings, queue=self.queue, observer=self.notes, clock=Clock(NOW))
        ports.wrong = self.wrong
        return Announcer(ports, lambda: Bus(self.bridge, "herald-test")).announce(records)

    @property
    def hooks(self) -> list[Mapping[str, Any]]:
        return [what["hook"] for what, _ in self.queue.posted]


def image(message: Message) -> Image:
    """The message as it is in the table."""
    return {**item_of(message), "token": {"S": "t"}, "ttl": {"N": "1"}}


def record(before: Message | None, after: Message | None, sequence: str = "1", **extra: Any) -> dict[str, Any]:
    """A record of the table's stream, as Lambda hands it over."""
    images = {name: image(m) for name, m in (("OldImage", before), ("NewImage", after)) if m}
    if "NewImage" in images:
        images["NewImage"] = {**images["NewImage"], **extra}
    kind = "INSERT" if before is None else "MODIFY" if after else "REMOVE"
    return {"eventName": kind, "dynamodb": {**images, "SequenceNumber": sequence}}


def came(status: Status, sequence: str = "1", **changes: Any) -> dict[str, Any]:
    """A message that came into a state."""
    after = a_message(status=status, **changes)
    return record(after.with_(status=Status.SENDING), after, sequence)


# ------------------------------------------------------------------------------------------------- what is told


@pytest.mark.parametrize("status", EVENTS)
def test_each_end_of_a_message_is_told_by_its_own_type(status: str) -> None:
    world = World()
    assert world.announce(came(Status(status))) == []
    (entry,) = world.bridge.entries
    assert (entry["DetailType"], entry["Source"]) == (f"SMS {status.capitalize()}", "herald")
    assert (entry["EventBusName"], entry["Resources"], entry["Time"]) == ("herald-test", [], NOW)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status(status) for status in EVENTS}))
def test_what_is_on_its_way_is_not_told(status: Status) -> None:
    world = World()
    assert world.announce(came(status)) == []
    assert world.bridge.entries == []


def test_that_it_was_sent_is_told_if_the_settings_say_so() -> None:
    world = World(settings=Settings(channels=DEFAULT_CHANNELS, events=("sent",)))
    world.announce(came(Status.SENT), came(Status.DELIVERED))
    assert [entry["DetailType"] for entry in world.bridge.entries] == ["SMS Sent"]


@pytest.mark.parametrize("taken", [True, False])
def test_a_second_channel_is_told_where_it_took_the_text_and_else_not(taken: bool) -> None:
    world = World(settings=Settings(channels=DEFAULT_CHANNELS, events=("sent",)))
    first = Earlier(1, "exotel", "exotel", "E1")
    before = a_message(status=Status.SENDING, second_channel=True, earlier=first, attempts=2)
    world.announce(record(before, before.with_(status=Status.SENT, second_channel=taken)))
    assert [entry["DetailType"] for entry in world.bridge.entries] == ["SMS Sent"] * taken


def test_what_was_claimed_and_could_never_be_sent_is_told_too() -> None:
    world = World()
    world.announce(record(None, a_message(status=Status.EXPIRED, reason=REASONS["throttled"])))
    assert world.bridge.details[0]["reason"]["code"] == "throttled"


def test_a_write_that_changes_no_state_tells_nothing() -> None:
    world, message = World(), a_message(status=Status.DELIVERED, callback_url=URL)
    noted = message.with_(trace=(*message.trace, Step(NOW, "receipt", "{}")))
    world.announce(record(message, noted), record(message, None))
    assert (world.bridge.entries, world.hooks) == ([], [])


def test_of_a_message_that_was_erased_nothing_is_told() -> None:
    world = World()
    world.announce(record(a_message(), a_message(status=Status.FAILED), erased={"BOOL": True}))
    assert world.bridge.entries == []


def test_what_else_is_in_the_table_tells_nothing() -> None:
    world, line = World(), {"pk": {"S": "line#exotel"}, "next": {"N": "1"}}
    assert world.announce({"dynamodb": {"NewImage": line, "OldImage": line, "SequenceNumber": "1"}}) == []
    assert (world.bridge.entries, world.notes.told) == ([], [])


def test_a_record_that_cannot_be_understood_does_not_stop_the_others() -> None:
    world, good = World(), came(Status.SENT, "3")
    bad = {"dynamodb": {"NewImage": {"pk": {"S": "message#x"}, "status": {"S": "failed"}}, "SequenceNumber": "2"}}
    assert world.announce(came(Status.FAILED), bad, good, came(Status.DELIVERED, "4")) == []
    assert [status for _, status in world.bridge.told()] == ["failed", "delivered"]
    assert world.notes.told == [("record not understood", "TypeError")]


@pytest.mark.parametrize("wrong", [InvalidSettings([]), NotAccepted()], ids=lambda error: type(error).__name__)
def test_where_the_settings_cannot_be_read_every_end_is_told(wrong: Exception) -> None:
    world = World(wrong=wrong)
    world.announce(*(came(status) for status in Status))
    assert sorted(status for _, status in world.bridge.told()) == sorted(EVENTS)
    assert world.notes.told == [("settings not read", type(wrong).__name__)]


# -------------------------------------------------------------------------------------------------- with which words


def test_an_event_says_what_became_of_the_message_and_when() -> None:
    later = NOW + timedelta(seconds=4.5)
    message = a_message(
        status=Status.UNDELIVERED, channel="exotel", provider="exotel", provider_id="6a9d", attempts=2,
        updated_at=later, sent_at=NOW, reference="order-118", tags={"env": "prod"}, price="0.0025",
        reason=REASONS["opted_out"], callback_url=URL, recipient="0" * 32, response={"Sid": "6a9d"},
        possible_duplicate=True,
    )  # fmt: skip
    world = World()
    world.announce(record(message.with_(status=Status.SENT), message))
    assert world.bridge.details == [
        {
            "event_id": f"{message.id}.undelivered.2",
            "id": message.id,
            "status": "undelivered",
            "to": "+91*****2552",
            "country": "IN",
            "channel": "exotel",
            "provider": "exotel",
            "provider_id": "6a9d",
            "kind": "transactional",
            "reference": "order-118",
            "tags": {"env": "prod"},
            "segments": 1,
            "price": "0.0025",
            "attempts": 2,
            "possible_duplicate": True,
            "second_channel": False,
            "test": False,
            "reason": REASONS["opted_out"].public(),
            "created_at": rfc3339(NOW),
            "updated_at": rfc3339(later),
            "sent_at": rfc3339(NOW),
            "delivered_at": None,
            "send_at": None,
            "expires_at": rfc3339(message.expires_at),
        }
    ]
    assert world.bridge.entries[0]["Time"] == later


@given(messages, st.sampled_from(EVENTS))
def test_no_number_no_text_and_no_answer_is_in_any_event_or_webhook(message: Message, status: str) -> None:
    secret = "pl4nt3d-in-every-place"
    response = {"To": NUMBER, "Body": secret, "Sid": secret}
    planted = message.with_(
        to=NUMBER, body=f"{TEXT} {secret}", status=Status(status), response=response, recipient=secret,
        fingerprint=secret, caller=secret, sender=secret, callback_url=f"https://hooks.example.com/{secret}",
        trace=(Step(NOW, "receipt", f"{NUMBER} {secret}"),),
    )  # fmt: skip
    assert planted.channel != secret
    world = World()
    assert world.announce(record(planted.with_(status=Status.SENDING), planted)) == []
    (hook,) = world.hooks
    for told in (json.dumps(world.bridge.entries, default=str), json.dumps(hook["event"]), repr(world.notes.told)):
        assert secret not in told and NUMBER not in told and NUMBER[1:] not in told and TEXT not in told


def test_only_fields_that_others_may_know_are_told() -> None:
    assert set(detail(a_message())) == {"event_id", "id", "status", "to", *TOLD}
    assert not {"body", "response", "trace", "caller", "recipient", "callback_url", "fingerprint"} & set(TOLD)


@given(messages)
def test_what_is_told_twice_has_the_same_id_and_what_differs_another(message: Message) -> None:
    again = detail(message.with_(updated_at=datetime.fromisoformat("2031-01-01T00:00:00+00:00")))
    assert again["event_id"] == detail(message)["event_id"]
    ids = {str(detail(message.with_(status=status))["event_id"]) for status in Status}
    ids |= {str(detail(message.with_(attempts=attempts))["event_id"]) for attempts in range(500, 505)}
    assert len(ids) == len(Status) + 5
    assert all(made.isascii() and made.isprintable() and " " not in made for made in map(str.strip, ids))


# ------------------------------------------------------------------------------------------------------- to webhooks


def test_who_asked_to_be_called_back_gets_a_webhook_and_nobody_else() -> None:
    world = World()
    world.announce(came(Status.FAILED), came(Status.DELIVERED, callback_url=URL))
    (hook,) = world.hooks
    assert hook == {
        "url": URL,
        "event": {"type": "SMS Delivered", **world.bridge.details[1]},
        "tries": 0,
        "since": rfc3339(NOW),
    }
    assert world.queue.posted[0][1] == 0


# ------------------------------------------------------------------------------------------------- nothing is lost


def a_stream(count: int) -> list[dict[str, Any]]:
    return [came(Status.DELIVERED, str(n), reference=str(n), callback_url=URL) for n in range(count)]


def references(world: World) -> list[str]:
    return [detail["reference"] for detail in world.bridge.details]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25, 100])
def test_a_whole_batch_is_told_in_its_order(count: int) -> None:
    world = World()
    assert world.announce(*a_stream(count)) == []
    assert references(world) == [str(n) for n in range(count)]
    assert [hook["event"]["reference"] for hook in world.hooks] == references(world)


def test_every_state_of_one_message_is_told_in_its_order() -> None:
    world, message = World(settings=Settings(channels=DEFAULT_CHANNELS, events=(*EVENTS, "sent"))), a_message()
    path = [Status.ACCEPTED, Status.SENDING, Status.UNKNOWN, Status.SENT, Status.UNDELIVERED, Status.DELIVERED]
    states = [message.with_(status=status) for status in path]
    world.announce(*(record(before, after) for before, after in zip([None, *states], states, strict=False)))
    assert [status for _, status in world.bridge.told()] == ["unknown", "sent", "undelivered", "delivered"]


def test_a_bus_that_cannot_be_reached_brings_the_batch_again_from_there() -> None:
    world, stream = World(), a_stream(25)
    world.bridge.down = 1
    assert world.announce(*stream) == ["0"]
    assert (world.bridge.entries, world.hooks) == ([], [])
    assert world.announce(*stream) == []
    assert references(world) == [str(n) for n in range(25)]
    assert world.notes.told == [("events not put", "Down")]


def test_an_event_that_is_not_taken_at_once_is_put_again_and_nothing_comes_twice() -> None:
    world = World()
    world.bridge.refused = 3
    assert world.announce(*a_stream(5)) == []
    assert sorted(references(world)) == [str(n) for n in range(5)]


def test_a_queue_that_cannot_be_reached_brings_the_webhook_again() -> None:
    world, stream = World(), a_stream(3)
    world.queue.down = 1
    assert world.announce(*stream) == ["0"]
    assert world.hooks == []
    assert world.announce(*stream) == []
    assert [hook["event"]["reference"] for hook in world.hooks] == ["0", "1", "2"]
    ids = [detail["event_id"] for detail in world.bridge.details]
    assert len(ids) == 6 and ids[:3] == ids[3:]
    assert world.notes.told == [("webhook not queued", "Down")]


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30), st.integers(0, 3)), max_size=4))
def test_however_it_fails_everything_is_told_in_the_end(count: int, troubles: list[tuple[int, int, int]]) -> None:
    world, stream = World(), a_stream(count)
    for trouble in [*troubles, (0, 0, 0)]:
        world.bridge.down, world.bridge.refused, world.queue.down = trouble
        failed = world.announce(*stream)
        left = [n for n, one in enumerate(stream) if [one["dynamodb"]["SequenceNumber"]] == failed]
        assert len(failed) <= 1 and len(left) == len(failed)
        stream = stream[left[0] :] if left else []
    everything = {str(n) for n in range(count)}
    assert stream == []
    assert set(references(world)) == everything == {hook["event"]["reference"] for hook in world.hooks}
    assert len({detail["event_id"] for detail in world.bridge.details}) == count
