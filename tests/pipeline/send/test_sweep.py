"""Sweep: nothing is stuck. What nobody looks after any more is looked after each minute, by one sweep only."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest

from herald.errors import Uncertain
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.send.sweep import HANDS, LONGEST, Sweep, Swept
from herald.pipeline.send.transitions import LEASE, OVERDUE
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_box, a_message, fails, reason, send, steps
from tests.failing import Down, FailingJournal, FailingQueue

MINUTE = timedelta(minutes=1)


def kept(box: Outbox, **changes: Any) -> Message:
    """A message that is in the journal."""
    message = a_message(**{"due_at": NOW, **changes})
    box.journal.claim(message)
    return message


def test_with_nothing_due_nothing_is_done() -> None:
    box = a_box()
    send(box)
    send(box, mode="async")
    assert Sweep(box).run() == Swept()


@pytest.mark.parametrize("on_unknown", ["hold", "resend"])
def test_an_attempt_whose_sender_is_gone_is_unknown_and_never_accepted_again(on_unknown: str) -> None:
    box = a_box()
    message = kept(box, status=Status.SENDING, attempts=1, due_at=NOW + LEASE, on_unknown=on_unknown)
    assert Sweep(box).run() == Swept()
    box.clock.pass_(seconds=LEASE.total_seconds())
    assert Sweep(box).run() == Swept(unknown=1)
    found = box.journal.messages[message.id]
    assert (found.status, reason(found), found.waiting) == (Status.UNKNOWN, "interrupted", on_unknown == "resend")
    assert Sweep(box).run() == Swept()
    assert not box.queue.waiting


def test_a_message_that_never_reached_the_queue_is_queued_and_sent() -> None:
    box = a_box()
    message = send(box, mode="async")
    box.queue.waiting.clear()
    box.clock.pass_(seconds=OVERDUE.total_seconds())
    assert Sweep(box).run() == Swept(queued=1)
    assert box.queue.waiting == [(message.id, 0.0)]
    sent = box.herald().resume(message.id)
    assert sent
    assert steps(sent) == ["accepted", "queued", "queued", "sending", "sent"]
    assert Sweep(box).run() == Swept()


def test_a_scheduled_message_whose_schedule_never_fired_is_found() -> None:
    box = a_box()
    message = send(box, send_at="2026-11-22T13:00:00Z")
    box.clock.pass_(hours=1, seconds=59)
    assert Sweep(box).run() == Swept()
    box.clock.pass_(seconds=1)
    assert Sweep(box).run() == Swept(queued=1)
    assert box.journal.messages[message.id].status is Status.SCHEDULED
    sent = box.herald().resume(message.id)
    assert sent
    assert sent.status is Status.SENT


def test_what_waits_longer_is_looked_at_less_often_so_that_a_long_queue_does_not_grow() -> None:
    box = a_box()
    message = kept(box)
    looks = []
    for _ in range(120):
        if Sweep(box).run().queued:
            looks.append((box.clock.now - NOW) // MINUTE)
        box.clock.pass_(minutes=1)
    assert looks[:6] == [0, 1, 2, 4, 8, 16]
    assert [later - sooner for sooner, later in pairwise(looks[6:])] == [LONGEST // MINUTE] * 5
    assert box.journal.messages[message.id].status is Status.ACCEPTED


def test_a_message_that_is_to_be_resent_is_queued_when_its_time_has_come() -> None:
    box = a_box()
    fails(box, Uncertain("answer_lost"))
    message = send(box, on_unknown="resend")
    box.clock.pass_(seconds=119)
    assert Sweep(box).run() == Swept()
    box.clock.pass_(seconds=1)
    assert Sweep(box).run() == Swept(queued=1)
    assert box.journal.messages[message.id].status is Status.UNKNOWN
    sent = box.herald().resume(message.id)
    assert sent
    assert (sent.status, sent.possible_duplicate) == (Status.SENT, True)


def test_two_sweeps_at_once_look_after_each_message_once() -> None:
    box = a_box()
    for _ in range(20):
        kept(box)
        kept(box, status=Status.SENDING, attempts=1)
    with ThreadPoolExecutor(4) as crowd:
        swept = list(crowd.map(lambda _: Sweep(box).run(), range(4)))
    assert sum(each.queued for each in swept) == 20
    assert sum(each.unknown for each in swept) == 20
    assert len({queued for queued, _ in box.queue.waiting}) == len(box.queue.waiting) == 20
    assert all(len(message.trace) == 2 for message in box.journal.messages.values())


def test_what_moved_on_since_the_index_was_read_is_left_alone() -> None:
    class Behind(FailingJournal):
        def get(self, message_id: str) -> Message | None:
            found = super().get(message_id)
            return found.with_(due_at=None, status=Status.SENT) if found else None

    class Faster(FailingJournal):
        def get(self, message_id: str) -> Message | None:
            found = super().get(message_id)
            if found:
                super().move(found, found.with_(due_at=NOW + MINUTE))
            return found

    for journal in (Behind(), Faster()):
        box = a_box(journal=journal)
        kept(box)
        assert Sweep(box).run() == Swept(settled=1)
        assert not box.queue.waiting


def test_one_message_in_trouble_does_not_keep_the_others() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    for _ in range(3):
        kept(box)
    journal.failing = {"move": 1}
    assert Sweep(box).run() == Swept(queued=2, troubled=1)
    assert ("message not swept", "Down") in box.observer.told
    assert Sweep(box).run() == Swept(queued=1)


def test_a_message_that_cannot_be_queued_is_due_again_later() -> None:
    box = a_box(queue=FailingQueue())
    message = kept(box)
    assert Sweep(box).run() == Swept(queued=1)
    assert ("message not queued", "Down") in box.observer.told
    assert box.journal.messages[message.id].due_at == NOW + OVERDUE


def test_a_sweep_ends_when_it_is_enough_and_the_next_one_goes_on() -> None:
    box = a_box()
    for number in range(5):
        kept(box, due_at=NOW - timedelta(seconds=number))
    looked = iter([False, False, True])
    assert Sweep(box).run(lambda: next(looked)) == Swept(queued=2)
    assert Sweep(box).run() == Swept(queued=3)


def test_ten_messages_are_looked_after_side_by_side() -> None:
    class Together(FailingJournal):
        all_ten = Barrier(HANDS, timeout=30)

        def get(self, message_id: str) -> Message | None:
            self.all_ten.wait()
            return super().get(message_id)

    box = a_box(journal=Together())
    for _ in range(2 * HANDS):
        kept(box)
    assert Sweep(box).run() == Swept(queued=2 * HANDS)


def test_leases_do_not_wait_behind_what_is_overdue() -> None:
    box = a_box()
    for number in range(50):
        kept(box, due_at=NOW - timedelta(hours=1, seconds=number))
    leased = [kept(box, status=Status.SENDING, attempts=1) for _ in range(3)]
    looked = iter([*[False] * 3, True])
    assert Sweep(box).run(lambda: next(looked)) == Swept(unknown=3)
    assert all(box.journal.messages[each.id].status is Status.UNKNOWN for each in leased)


def test_a_journal_that_cannot_be_read_any_more_ends_the_sweep_with_its_own_error() -> None:
    class Broken(FailingJournal):
        def due(self, now: datetime) -> Iterator[str]:
            yield from list(super().due(now))[:1]
            raise Down

    box = a_box(journal=Broken())
    for _ in range(3):
        kept(box)
    with pytest.raises(Down):
        Sweep(box).run()
    assert len(box.queue.waiting) == 1


def test_what_waits_in_the_queue_for_its_turn_or_its_retry_is_not_queued_again() -> None:
    box = a_box()
    kept(box, turn_at=NOW + MINUTE, due_at=NOW + MINUTE + OVERDUE)
    kept(box, retry_at=NOW + MINUTE, due_at=NOW + MINUTE + OVERDUE)
    box.clock.pass_(seconds=119)
    assert Sweep(box).run() == Swept()
    box.clock.pass_(seconds=1)
    assert Sweep(box).run() == Swept(queued=2)
