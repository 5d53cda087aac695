"""Troubled: what ends badly is noted for its caller from the stream, by one write for each, and delays no event."""

from datetime import timedelta
from typing import Any

import pytest

from herald.aws.bus import Bus
from herald.message import Message
from herald.message.status import TROUBLED, Status
from herald.pipeline.announce.announcer import Announcer
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_message
from tests.failing import Down
from tests.pipeline.announce.test_announcer import Bridge, image, record


class Counting(MemoryJournal):
    """A journal that counts the writes of such notes, and can be out of reach."""

    def __init__(self) -> None:
        super().__init__()
        self.notes, self.down = 0, False

    def note_troubled(self, caller: str, ended: Any) -> None:
        self.notes += 1
        if self.down:
            raise Down
        super().note_troubled(caller, ended)


class World:
    """An announcer on fakes."""

    def __init__(self) -> None:
        self.journal, self.bridge = Counting(), Bridge()
        self.box = Outbox(journal=self.journal)

    def announce(self, *records: Any) -> list[str]:
        return Announcer(self.box, lambda: Bus(self.bridge, "herald-test")).announce(records)

    def ended(self, message: Message, status: Status, sequence: str = "1") -> dict[str, Any]:
        """The record of a message that came into a state, in which the journal has it too."""
        after = message.with_(status=status, updated_at=NOW + timedelta(seconds=int(sequence)))
        self.journal.messages[message.id] = after
        return record(message, after, sequence)


@pytest.mark.parametrize("status", sorted(Status))
def test_only_what_went_wrong_is_noted_and_all_else_writes_nothing(status: Status) -> None:
    world, message = World(), a_message(status=Status.SENDING)
    assert world.announce(world.ended(message, status)) == []
    found = [each.id for each in world.journal.troubled("shop")]
    assert (found, world.journal.notes) == (([message.id], 1) if status in TROUBLED else ([], 0))


def test_a_batch_is_one_write_for_each_caller() -> None:
    world = World()
    texts = [a_message(status=Status.SENDING, caller=f"key:{n % 2}") for n in range(10)]
    assert world.announce(*(world.ended(text, Status.FAILED, str(n)) for n, text in enumerate(texts))) == []
    assert world.journal.notes == 2
    assert [each.id for each in world.journal.troubled("key:1")] == [text.id for text in texts[1::2]][::-1]


def test_who_stays_in_its_state_was_erased_or_cannot_be_understood_is_passed_over() -> None:
    world, message = World(), a_message(status=Status.FAILED)
    gone = record(message.with_(status=Status.SENDING), message)
    gone["dynamodb"]["NewImage"] = {**image(message), "erased": {"BOOL": True}}
    odd = {"dynamodb": {"NewImage": {"pk": {"S": "message#x"}, "status": {"S": "failed"}}, "SequenceNumber": "2"}}
    world.announce(world.ended(message, Status.FAILED), gone, odd)
    assert world.journal.notes == 0


def test_what_cannot_be_noted_delays_no_event_and_is_told() -> None:
    world, message = World(), a_message(status=Status.SENDING)
    world.journal.down = True
    assert world.announce(world.ended(message, Status.FAILED)) == []
    assert len(world.bridge.entries) == 1
    assert world.box.observer.told == [("trouble not noted", "Down")]


def test_what_comes_again_because_it_could_not_be_told_is_noted_then() -> None:
    world, message = World(), a_message(status=Status.SENDING)
    world.bridge.down = 1
    failed = world.ended(message, Status.FAILED, "2")
    assert world.announce(failed) == ["2"]
    assert world.journal.notes == 0
    assert world.announce(failed) == []
    assert [each.id for each in world.journal.troubled("shop")] == [message.id]


def test_with_little_time_left_nothing_more_is_begun() -> None:
    world, message = World(), a_message(status=Status.SENDING)
    failed, times = world.ended(message, Status.FAILED), iter([60.0, 60.0, 1.0])
    world.box.left = lambda: next(times)
    assert world.announce(failed) == []
    assert world.journal.notes == 0
