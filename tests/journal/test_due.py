"""Messages that are due are found, leases first, and looked after by one: in DynamoDB and in memory alike."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from herald.journal import Moved
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.ports import Journal
from tests.builders import NOW
from tests.journal.moves import DEAD, Pages, claimed, moved
from tests.tables import a_table


def due(journal: Journal, *own: Message, now: datetime = NOW) -> list[str]:
    """Which of these messages are due, oldest first: the table has others too."""
    ids = {message.id for message in own}
    return [found for found in journal.due(now) if found in ids]


def test_what_is_due_is_found_leases_then_the_oldest_first_and_nothing_else(journal: Journal) -> None:
    late = claimed(journal, due_at=NOW - timedelta(seconds=1))
    later = claimed(journal, due_at=NOW - timedelta(hours=3))
    now = claimed(journal, due_at=NOW, status=Status.SENDING)
    before = claimed(journal, due_at=NOW - timedelta(seconds=2), status=Status.SENDING)
    soon = claimed(journal, due_at=NOW + timedelta(milliseconds=1))
    never = claimed(journal, status=Status.SENT)
    assert due(journal, late, later, now, before, soon, never) == [before.id, now.id, later.id, late.id]


def test_an_attempt_is_among_the_leases_as_long_as_it_is_one(journal: Journal) -> None:
    waiting, message = claimed(journal, due_at=NOW - timedelta(hours=1)), claimed(journal, due_at=NOW)
    leased = moved(journal, message, Status.SENDING, attempts=1, due_at=NOW)
    assert due(journal, waiting, message) == [message.id, waiting.id]
    moved(journal, leased, Status.ACCEPTED, due_at=NOW)
    assert due(journal, waiting, message) == [waiting.id, message.id]


def test_what_has_ended_is_not_due_any_more(journal: Journal) -> None:
    message = claimed(journal, due_at=NOW, status=Status.SENDING)
    moved(journal, message, Status.SENT, due_at=None)
    assert due(journal, message) == []


def test_what_is_due_again_is_found_whatever_its_writer_had_seen(journal: Journal) -> None:
    seen = claimed(journal, due_at=NOW, status=Status.SENDING)
    moved(journal, seen, Status.FAILED, due_at=None, reason=DEAD)
    assert due(journal, seen) == []
    late = moved(journal, seen, Status.ACCEPTED, due_at=NOW)
    assert due(journal, late) == [late.id]


def test_of_twenty_who_look_after_a_message_at_once_exactly_one_does(journal: Journal) -> None:
    overdue, together = claimed(journal, due_at=NOW), Barrier(20)

    def look_after(number: int) -> bool:
        together.wait()
        try:
            moved(journal, overdue, Status.ACCEPTED, due_at=NOW + timedelta(seconds=60 + number))
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(look_after, range(20))) == 1


def test_what_somebody_else_looked_after_without_a_time_is_refused_too(journal: Journal) -> None:
    message = claimed(journal)
    moved(journal, message, Status.ACCEPTED, due_at=NOW)
    with pytest.raises(Moved):
        moved(journal, message, Status.ACCEPTED, due_at=NOW)


def test_looking_after_a_message_does_not_hinder_the_one_who_sends_it(journal: Journal) -> None:
    seen = claimed(journal, due_at=NOW)
    moved(journal, seen, Status.ACCEPTED, due_at=NOW + timedelta(minutes=1))
    assert moved(journal, seen, Status.SENDING, attempts=1).status is Status.SENDING


def test_all_that_is_due_is_found_in_pages(dynamodb: Any) -> None:
    table = a_table(dynamodb)
    journal = DynamoJournal(dynamodb, table)
    many = [claimed(journal, due_at=NOW + timedelta(milliseconds=n)) for n in range(250)]
    paged = DynamoJournal(Pages(dynamodb, 100), table)
    assert list(paged.due(NOW + timedelta(seconds=1))) == [message.id for message in many]


def test_finished_messages_cost_a_look_nothing(dynamodb: Any) -> None:
    table = a_table(dynamodb)
    journal, looks = DynamoJournal(dynamodb, table), Pages(dynamodb, 1000)
    (waiting,) = [claimed(journal, due_at=NOW)]
    assert list(DynamoJournal(looks, table).due(NOW)) == [waiting.id]
    for _ in range(300):
        claimed(journal, status=Status.SENT, attempts=1)
    assert list(DynamoJournal(looks, table).due(NOW)) == [waiting.id]
    assert sum(looks.scanned) == 2


def test_what_a_caller_has_waiting_is_found_the_first_due_first_and_nothing_else(journal: Journal) -> None:
    caller, other = (f"key:{uuid.uuid4().hex}" for _ in range(2))
    later = claimed(journal, caller=caller, due_at=NOW + timedelta(days=400), status=Status.SCHEDULED)
    soon = claimed(journal, caller=caller, due_at=NOW)
    again = claimed(journal, caller=caller, due_at=NOW + timedelta(1), status=Status.UNKNOWN, retry_at=NOW)
    claimed(journal, caller=other, due_at=NOW)
    claimed(journal, caller=caller, due_at=NOW, status=Status.SENDING)
    claimed(journal, caller=caller, status=Status.SENT)
    erased = claimed(journal, caller=caller, due_at=NOW)
    journal.erase(erased)
    assert [message.id for message in journal.waiting(caller)] == [soon.id, again.id, later.id]


def test_however_many_wait_all_of_a_callers_are_found(dynamodb: Any) -> None:
    journal = DynamoJournal(dynamodb, a_table(dynamodb))
    own = {claimed(journal, caller="key:shop", due_at=NOW + timedelta(seconds=n)).id for n in range(130)}
    for n in range(130):
        claimed(journal, caller="key:bank", due_at=NOW + timedelta(seconds=n))
    assert {message.id for message in journal.waiting("key:shop")} == own
