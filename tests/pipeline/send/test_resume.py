"""Resume: what waits is sent in its time, once, or ends; what cannot be handled is kept to be sent later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from herald.message import Message
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.settings.values import Rate
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NOW, TEXT, a_box, a_message, reason, send, steps
from tests.failing import FailingJournal

TOMORROW = rfc3339(NOW + timedelta(days=1))


# ---- async, scheduled


def test_an_async_message_is_queued_and_sent_by_the_worker() -> None:
    box = a_box()
    message = send(box, mode="async")
    assert (message.status, steps(message)) == (Status.ACCEPTED, ["accepted", "queued"])
    assert box.queue.waiting == [(message.id, 0)]
    assert not box.texts
    sent = box.herald().resume(message.id)
    assert sent
    assert (sent.status, sent.attempts, len(box.texts)) == (Status.SENT, 1, 1)
    assert steps(sent) == ["accepted", "queued", "sending", "sent"]


def test_a_scheduled_message_waits_for_its_time() -> None:
    box = a_box()
    message = send(box, send_at=TOMORROW)
    due = NOW + timedelta(days=1)
    assert (message.status, message.send_at, box.schedule.at) == (Status.SCHEDULED, due, {message.id: due})
    assert message.expires_at == due + timedelta(days=1)
    assert not box.texts
    box.clock.now = due
    sent = box.herald().resume(message.id)
    assert sent
    assert (sent.status, len(box.texts)) == (Status.SENT, 1)


def test_resuming_before_the_time_only_puts_it_back() -> None:
    box = a_box()
    message = send(box, send_at=TOMORROW)
    box.clock.pass_(days=1, seconds=-7.5)
    assert box.herald().resume(message.id) == message
    assert box.queue.waiting == [(message.id, 7.5)]
    assert not box.texts


@pytest.mark.parametrize("fields", [{"mode": "async", "valid_for": 60}, {"send_at": TOMORROW, "valid_for": 60}])
def test_what_comes_back_too_late_has_expired(fields: dict[str, Any]) -> None:
    box = a_box()
    message = send(box, **fields)
    box.clock.now = message.expires_at
    expired = box.herald().resume(message.id)
    assert expired
    assert (expired.status, reason(expired), expired.body) == (Status.EXPIRED, "expired", None)
    assert not box.texts


def test_resuming_any_number_of_times_sends_once() -> None:
    box, together = a_box(), Barrier(20)
    message = send(box, mode="async")

    def one(_: int) -> Message | None:
        together.wait()
        return box.herald().resume(message.id)

    with ThreadPoolExecutor(20) as crowd:
        assert all(crowd.map(one, range(20)))
    assert len(box.texts) == 1


@pytest.mark.parametrize("status", [s for s in Status if s not in (Status.ACCEPTED, Status.SCHEDULED)])
def test_what_waits_no_more_is_not_resumed(status: Status) -> None:
    box = a_box()
    message = a_message(status=status)
    box.journal.claim(message)
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert not box.texts


def test_resuming_what_is_not_there_does_nothing() -> None:
    assert a_box().herald().resume("msg_0") is None


def test_a_message_that_is_resumed_goes_by_the_route_of_today() -> None:
    box = a_box("alpha")
    message = send(box, mode="async")
    today = a_box("beta")
    box.settings, box.providers = today.settings, today.providers
    sent = box.herald().resume(message.id)
    assert sent
    assert sent.channel == "beta"


# ---- dead letters


def dead(box: Outbox, **fields: object) -> Message:
    """A message that could not be handled."""
    buried = box.herald().give_up(send(box, mode="async", **fields).id)
    assert buried
    return buried


def test_what_cannot_be_handled_has_failed_and_keeps_its_text() -> None:
    box = a_box()
    message = dead(box)
    assert (message.status, reason(message), message.body) == (Status.FAILED, "dead_lettered", TEXT)
    assert message.due_at is None


def test_burying_it_again_says_nothing_new() -> None:
    box = a_box()
    message = dead(box)
    assert box.herald().give_up(message.id) == message


def test_what_is_redriven_is_sent() -> None:
    box = a_box()
    message = box.herald().resume(dead(box).id)
    assert message
    assert (message.status, message.possible_duplicate, len(box.texts)) == (Status.SENT, False, 1)


def test_what_is_redriven_too_late_has_expired() -> None:
    box = a_box()
    message = dead(box, valid_for=60)
    box.clock.pass_(seconds=60)
    late = box.herald().resume(message.id)
    assert late
    assert (late.status, late.body, box.texts) == (Status.EXPIRED, None, [])


def test_what_is_redriven_while_its_channel_is_busy_waits_for_its_turn() -> None:
    box = a_box(rate=Rate(1, 60))
    message = dead(box)
    assert send(box).status is Status.SENT
    waiting = box.herald().resume(message.id)
    assert waiting
    assert (waiting.status, len(box.texts)) == (Status.ACCEPTED, 1)
    assert waiting.turn_at


def test_what_was_sent_meanwhile_is_not_buried() -> None:
    box = a_box()
    message = send(box, key="k")
    assert box.herald().give_up(message.id) == box.journal.messages[message.id]
    assert box.herald().give_up("msg_" + "0" * 26) is None


def test_what_moved_at_the_last_moment_is_not_buried() -> None:
    class Race(FailingJournal):
        def get(self, message_id: str) -> Message | None:
            seen = super().get(message_id)
            box.journal = MemoryJournal()
            box.journal.claim(seen.with_(status=Status.SENT)) if seen else None
            return seen

    box = a_box()
    message = send(box, mode="async")
    race = Race()
    race.messages, box.journal = box.journal.messages, race
    buried = box.herald().give_up(message.id)
    assert buried
    assert buried.status is Status.SENT


@pytest.mark.parametrize("operation", ["get", "move"])
def test_a_worker_without_the_journal_fails_loudly_so_that_the_queue_gives_the_id_again(operation: str) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = send(box, mode="async")
    journal.failing = {operation: 1}
    with pytest.raises(Exception, match="could not"):
        box.herald().resume(message.id)
    journal.failing = {}
    assert not box.texts
    sent = box.herald().resume(message.id)
    assert sent
    assert sent.status is Status.SENT


# ---- What is told of a message that is taken up


def test_an_attempt_is_told_once_it_has_ended() -> None:
    box = a_box()
    message = send(box, mode="async")
    box.observer.told.clear()
    box.herald().resume(message.id)
    assert box.observer.told == [("message sent", message.id)]


def test_a_message_that_goes_on_waiting_for_its_turn_is_told() -> None:
    box = a_box("alpha", rate=Rate(1, 60.0))
    send(box)
    message = send(box, mode="async")
    box.observer.told.clear()
    box.herald().resume(message.id)
    assert box.observer.told == [("message accepted", message.id)]


def test_a_message_that_is_given_up_says_when() -> None:
    box = a_box()
    message = send(box, mode="async")
    box.clock.pass_(seconds=7)
    given_up = box.herald().give_up(message.id)
    assert given_up and given_up.updated_at == NOW + timedelta(seconds=7)
