"""Trouble: each is told to the operator once, with what it is about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from herald.entrypoints.worker import Worker
from herald.errors import HeraldError, InvalidMessage, NotAccepted, NotCancelable, Refused, Unavailable
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.send.sweep import Sweep, Swept
from herald.settings.values import Rate
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_box, a_message, fails, send
from tests.failing import Down, FailingJournal, FailingQueue, FailingSchedule
from tests.pipeline.observers import Recorder, a_failing, a_recorded_box, recorded

TOMORROW = "2026-11-23T12:00:00Z"


def a_journal_failing(box: Outbox, operation: str) -> None:
    assert isinstance(box.journal, FailingJournal)
    box.journal.failing = {operation: 1}


#
# Each story gives the box and what the trouble is about.
def channel_not_ready() -> tuple[Outbox, dict[str, object]]:
    @dataclass
    class Unbuilt(Outbox):
        def sender(self, channel: str) -> Any:
            raise Down

    parts = a_box("alpha")
    box = Unbuilt(parts.providers, parts.settings, observer=Recorder())
    return box, {"channel": "alpha", "message_id": send(box).id}


def channel_not_renewed() -> tuple[Outbox, dict[str, object]]:
    def failing() -> None:
        raise Down

    box = a_recorded_box(on_refresh=failing)
    fails(box, Refused("credentials_refused"))
    return box, {"channel": "amazonsns", "message_id": send(box).id}


def message_not_queued() -> tuple[Outbox, dict[str, object]]:
    box = a_recorded_box(queue=FailingQueue())
    return box, {"message_id": send(box, mode="async").id}


def next_channel_not_taken() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move", channels=("alpha", "beta"))
    fails(box, Unavailable(), channel="alpha")
    return box, {"message_id": send(box).id}


def retry_not_recorded() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    fails(box, Unavailable())
    return box, {"message_id": send(box).id}


def attempt_broke_off() -> tuple[Outbox, dict[str, object]]:
    box = a_recorded_box()
    fails(box, Down())
    return box, {"message_id": send(box).id}


def result_not_recorded() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    return box, {"message_id": send(box).id, "status": "sent"}


def result_not_recorded_by_who_looks() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    message = a_message(status=Status.SENDING, due_at=NOW)
    box.journal.claim(message)
    box.herald().find(message.id)
    return box, {"message_id": message.id}


def message_not_claimed() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("claim")
    with pytest.raises(HeraldError) as refused:
        send(box, key="k")
    assert refused.value.detail == "The journal could not be written."
    return box, {"message_id": send(box, key="k").id}


def message_not_read() -> tuple[Outbox, dict[str, object]]:
    box = a_recorded_box(journal=FailingJournal())
    message = send(box)
    a_journal_failing(box, "get")
    with pytest.raises(HeraldError) as refused:
        box.herald().find(message.id)
    assert refused.value.detail == "The journal could not be read."
    return box, {"message_id": message.id}


def message_not_canceled() -> tuple[Outbox, dict[str, object]]:
    box = a_recorded_box(journal=FailingJournal())
    message = send(box, mode="async")
    a_journal_failing(box, "move")
    with pytest.raises(HeraldError) as refused:
        box.herald().cancel(message.id)
    assert refused.value.detail == "The journal could not be written."
    return box, {"message_id": message.id}


def message_not_scheduled() -> tuple[Outbox, dict[str, object]]:
    box = a_recorded_box(schedule=FailingSchedule())
    return box, {"message_id": send(box, send_at=TOMORROW).id}


def schedule_not_removed() -> tuple[Outbox, dict[str, object]]:
    schedule = FailingSchedule()
    schedule.down = False
    box = a_recorded_box(schedule=schedule)
    message = send(box, send_at=TOMORROW)
    schedule.down = True
    box.herald().cancel(message.id)
    return box, {"message_id": message.id}


def turn_not_taken() -> tuple[Outbox, dict[str, object]]:
    class Broken:
        def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
            raise Down

    box = a_recorded_box(rate=Rate(1, 60), turns=Broken())
    send(box)
    return box, {"channel": "amazonsns"}


def message_not_swept() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    message = a_message(due_at=NOW)
    box.journal.claim(message)
    assert Sweep(box).run() == Swept(troubled=1)
    return box, {"message_id": message.id}


STORIES = [
    channel_not_ready, channel_not_renewed, message_not_queued, next_channel_not_taken, retry_not_recorded,
    attempt_broke_off, result_not_recorded, message_not_claimed, message_not_read, message_not_canceled,
    message_not_scheduled, schedule_not_removed, turn_not_taken, message_not_swept,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_trouble_is_told_once_with_what_it_is_about(
    story: Callable[[], tuple[Outbox, dict[str, object]]],
) -> None:
    box, about = story()
    assert recorded(box).troubles == [(story.__name__.replace("_", " "), Down, about)]


def test_who_looks_at_a_message_whose_sender_is_gone_tells_the_same_trouble() -> None:
    box, about = result_not_recorded_by_who_looks()
    assert recorded(box).troubles == [("result not recorded", Down, about)]


@pytest.mark.parametrize("receives", [1, 3])
def test_a_record_that_cannot_be_handled_or_put_off_is_told_with_how_often_it_came(receives: int) -> None:
    box = a_recorded_box(queue=FailingQueue(), journal=FailingJournal())
    message = send(box, mode="async")
    recorded(box).troubles.clear()
    a_journal_failing(box, "move")
    record = {
        "body": f'{{"id": "{message.id}"}}',
        "receiptHandle": "handle",
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }
    with pytest.raises(Down):
        Worker(box.herald, max_receives=5, wait=30).send(record)
    about = {"receives": receives}
    assert recorded(box).troubles == [("record not handled", Down, about), ("record not put off", Down, about)]


def test_what_could_not_be_recorded_is_told_to_the_caller_with_all_that_is_known() -> None:
    box = a_failing("move", channels=("alpha", "beta"))
    fails(box, Unavailable("throttled", response={"code": "7"}), channel="alpha")
    message = send(box)
    last = message.trace[-1]
    assert (message.status, last.at, last.step, last.detail) == (Status.FAILED, NOW, "failed", "throttled")
    assert (message.updated_at, message.response) == (NOW, {"code": "7"})
    assert message == box.journal.messages[message.id].with_(body=message.body)


WRONG: list[dict[str, Any]] = [{"body": ""}, {"send_at": "2026-11-21T12:00:00Z"}]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_message_is_told_without_asking_the_journal(wrong: dict[str, Any]) -> None:
    box = a_failing("get")
    with pytest.raises(InvalidMessage):
        send(box, **wrong)
    assert recorded(box).troubles == []


@pytest.mark.parametrize("wrong", WRONG)
def test_what_may_repeat_a_message_is_not_called_wrong_before_the_journal_was_asked(wrong: dict[str, Any]) -> None:
    box = a_failing("get")
    with pytest.raises(NotAccepted):
        send(box, key="k", **wrong)
    box = a_box()
    with pytest.raises(InvalidMessage):
        send(box, key="k", **wrong)


def test_who_cannot_cancel_a_message_any_more_is_told_where_it_is() -> None:
    class Gone(FailingJournal):
        def move(self, old: Message, new: Message) -> Message:
            self.messages.clear()
            return super().move(old, new)

    for box, fields, where in ((a_box(), {}, "sent"), (a_box(journal=Gone()), {"mode": "async"}, "gone")):
        with pytest.raises(NotCancelable) as refused:
            box.herald().cancel(send(box, **fields).id)
        assert refused.value.detail == f"The message is {where}: only one that still waits can be canceled."
