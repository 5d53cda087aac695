"""Worker: what the queue hands over is sent; what cannot be handled comes back, and in the end is buried, not lost."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from herald.entrypoints.worker import Worker
from herald.errors import InvalidSettings, NotAccepted
from herald.message.status import Status
from herald.pipeline.route.turn import ATTEMPT
from herald.pipeline.send.sweep import Sweep
from herald.settings.values import Settings
from herald.testing.outbox import Outbox
from tests.builders import TEXT, a_box, reason, send
from tests.failing import Down, FailingJournal, FailingQueue


def a_record(body: object, receives: int = 1) -> dict[str, Any]:
    """A record as SQS hands it to a function."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {"body": text, "receiptHandle": "handle", "attributes": {"ApproximateReceiveCount": str(receives)}}


def records(box: Outbox) -> Worker:
    return Worker(box.herald, max_receives=5, wait=30)


def broken() -> tuple[Outbox, str]:
    """A message that waits, and an outbox whose journal takes no moves."""
    box = a_box(journal=FailingJournal())
    return box, send(box, mode="async").id


def failing(box: Outbox, **operations: int) -> None:
    assert isinstance(box.journal, FailingJournal)
    box.journal.failing = operations


def test_the_message_that_a_record_names_is_sent() -> None:
    box = a_box()
    message = send(box, mode="async")
    records(box).send(a_record({"id": message.id}))
    assert box.journal.messages[message.id].status is Status.SENT


def test_of_a_batch_it_is_told_which_records_must_not_go() -> None:
    box, message_id = broken()
    worker = records(box)
    failing(box, move=1)
    assert worker.done(a_record({"id": message_id})) is False
    assert worker.done(a_record({"id": message_id})) is True
    assert box.journal.messages[message_id].status is Status.SENT


@pytest.mark.parametrize(("receives", "wait"), [(1, 30), (2, 60), (3, 120), (4, 240)])
def test_what_cannot_be_handled_comes_back_later_and_later(receives: int, wait: float) -> None:
    box, message_id = broken()
    failing(box, move=99)
    with pytest.raises(Down):
        records(box).send(a_record({"id": message_id}, receives))
    assert box.queue.put_off == [("handle", wait)]
    assert ("record not handled", "Down") in box.observer.told
    assert box.journal.messages[message_id].status is Status.ACCEPTED


@pytest.mark.parametrize("receives", [5, 6])
def test_the_last_time_it_is_written_down_that_the_message_failed(receives: int) -> None:
    box, message_id = broken()
    failing(box, move=1)
    with pytest.raises(Down):
        records(box).send(a_record({"id": message_id}, receives))
    message = box.journal.messages[message_id]
    assert (message.status, reason(message), message.body) == (Status.FAILED, "dead_lettered", TEXT)
    assert box.queue.put_off == [("handle", 0)]


@pytest.mark.parametrize("error", [InvalidSettings([]), NotAccepted()], ids=lambda error: type(error).__name__)
def test_a_message_does_not_fail_because_of_the_settings(error: Exception) -> None:
    class Unreadable(Outbox):
        @property
        def settings(self) -> Settings:
            raise error

        @settings.setter
        def settings(self, settings: Settings) -> None:
            """Nothing is kept."""

    box, message_id = broken()
    unreadable = Unreadable(journal=box.journal)
    with pytest.raises(type(error)):
        records(unreadable).send(a_record({"id": message_id}, 5))
    assert box.journal.messages[message_id].status is Status.ACCEPTED
    assert unreadable.queue.put_off == [("handle", 0)]
    box.clock.pass_(minutes=1)
    assert Sweep(box).run().queued == 1


def test_what_cannot_even_be_written_down_is_not_lost() -> None:
    box, message_id = broken()
    failing(box, move=99)
    with pytest.raises(Down):
        records(box).send(a_record({"id": message_id}, 5))
    assert ("record not put off", "Down") in box.observer.told
    failing(box)
    box.clock.pass_(minutes=1)
    assert Sweep(box).run().queued == 1


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", "null", '{"id": null}', '{"id": 7}', '{"id": "msg_?"}'])
@pytest.mark.parametrize("receives", [1, 5])
def test_a_record_that_names_no_message_does_no_harm(body: str, receives: int) -> None:
    box = a_box()
    named = body in ('{"id": null}', '{"id": 7}', '{"id": "msg_?"}')
    if named:
        records(box).send(a_record(body, receives))
    else:
        with pytest.raises((ValueError, TypeError, KeyError)):
            records(box).send(a_record(body, receives))
    assert box.queue.put_off == ([] if named else [("handle", 30 if receives == 1 else 0)])


def test_what_is_no_message_goes_to_the_one_who_is_called_so() -> None:
    box, handled = a_box(), []
    others = {"hook": handled.append, "receipt": lambda body: handled.append(("receipt", body))}
    worker = Worker(box.herald, max_receives=5, wait=30, others=others)
    worker.send(a_record({"hook": {"url": "x"}}))
    worker.send(a_record({"receipt": {"id": "y"}}))
    assert handled == [{"url": "x"}, ("receipt", {"id": "y"})]
    message = send(box, mode="async")
    worker.send(a_record({"id": message.id}))
    assert box.journal.messages[message.id].status is Status.SENT
    assert len(handled) == 2


@pytest.mark.parametrize(("receives", "wait"), [(1, 30), (4, 240), (5, 0)])
def test_what_is_no_message_and_cannot_be_handled_comes_back_too_and_in_the_end_is_a_dead_letter(
    receives: int, wait: float
) -> None:
    def down(body: Mapping[str, Any]) -> None:
        raise Down

    box = a_box()
    message = send(box, mode="async")
    worker = Worker(box.herald, max_receives=5, wait=30, others={"hook": down})
    with pytest.raises(Down):
        worker.send(a_record({"hook": {"event": {"id": message.id}}}, receives))
    assert box.queue.put_off == [("handle", wait)]
    assert box.journal.messages[message.id].status is Status.ACCEPTED


def test_a_queue_that_cannot_be_reached_leaves_the_record_to_its_visibility_timeout() -> None:
    box = a_box(queue=FailingQueue())
    with pytest.raises(KeyError):
        records(box).send(a_record({}))
    assert ("record not put off", "Down") in box.observer.told


@pytest.mark.parametrize("body", [{"hook": {"url": "x", "tries": 3}}, {"receipt": {"id": "y"}}, {"id": "msg_1"}])
@pytest.mark.parametrize("receives", [1, 5])
def test_what_there_is_no_time_for_is_put_back_as_a_new_record_whatever_it_is(
    body: Mapping[str, Any], receives: int
) -> None:
    box, handled = a_box(), []
    box.left = lambda: ATTEMPT - 0.001
    worker = Worker(box.herald, max_receives=5, wait=30, others={"hook": handled.append, "receipt": handled.append})
    assert worker.done(a_record(body, receives))
    assert (box.queue.posted, box.queue.put_off, handled) == ([(body, 0)], [], [])


def test_what_cannot_be_put_back_for_want_of_time_is_not_given_up() -> None:
    box = a_box(queue=FailingQueue())
    message = send(box, mode="async")
    box.left = lambda: 1.0
    assert not Worker(box.herald, max_receives=5, wait=30).done(a_record({"id": message.id}, 5))
    assert box.journal.messages[message.id].status is Status.ACCEPTED
