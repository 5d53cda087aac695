"""Flow, later: what waits is sent in its time, found, canceled or buried, in memory."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from herald.errors import (
    InvalidMessage,
    KeyReused,
    NotCancelable,
    NotFound,
)
from herald.message import Message
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.settings.values import Rate
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NOW, TEXT, a_box, a_message, reason, send, sends, steps
from tests.failing import FailingJournal

TOMORROW = rfc3339(NOW + timedelta(days=1))


# -------------------------------------------------------------------------------------------------- async, scheduled


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


def test_a_repetition_that_comes_after_the_time_gets_the_stored_answer() -> None:
    """Who repeats because the first answer was lost must not hear "in the past": that would invite a second text."""
    box = a_box()
    message = send(box, send_at=TOMORROW, key="order-7")
    box.clock.pass_(days=2)
    again = sends(box, send_at=TOMORROW, key="order-7")
    assert (again.message.id, again.replayed) == (message.id, True)


@pytest.mark.parametrize("key", [None, "never used"])
def test_a_time_that_has_passed_is_refused_if_nobody_asked_for_it_before(key: str | None) -> None:
    box = a_box()
    box.clock.pass_(days=2)
    with pytest.raises(InvalidMessage, match="send_at"):
        send(box, send_at=TOMORROW, key=key)
    assert not box.journal.messages


def test_another_content_for_a_time_that_has_passed_is_refused() -> None:
    box = a_box()
    send(box, send_at=TOMORROW, key="order-7")
    box.clock.pass_(days=2)
    with pytest.raises(KeyReused):
        send(box, send_at=TOMORROW, key="order-7", body="Another text")


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


# ---------------------------------------------------------------------------------------------------- find, cancel


def test_a_message_is_found_by_its_own_caller_only() -> None:
    box = a_box()
    message = send(box)
    kept = box.journal.messages[message.id]
    assert box.herald().find(message.id) == box.herald().find(message.id, caller="shop") == kept
    for caller in ("clinic", ""):
        with pytest.raises(NotFound):
            box.herald().find(message.id, caller=caller)


def test_what_was_never_sent_is_not_found() -> None:
    with pytest.raises(NotFound):
        a_box().herald().find("msg_" + "0" * 26)


def test_a_scheduled_message_can_be_canceled_and_is_never_sent() -> None:
    box = a_box()
    message = send(box, send_at=TOMORROW)
    canceled = box.herald().cancel(message.id, caller="shop")
    assert (canceled.status, reason(canceled), canceled.body) == (Status.CANCELED, "canceled", None)
    assert not box.schedule.at
    box.clock.pass_(days=1)
    assert box.herald().resume(message.id) == canceled
    assert not box.texts


def test_a_queued_message_can_be_canceled() -> None:
    box = a_box()
    message = send(box, mode="async")
    assert box.herald().cancel(message.id).status is Status.CANCELED
    box.herald().resume(message.id)
    assert not box.texts


def test_canceling_twice_is_well() -> None:
    box = a_box()
    message = send(box, send_at=TOMORROW)
    assert box.herald().cancel(message.id) == box.herald().cancel(message.id)


@pytest.mark.parametrize("status", [s for s in Status if s.rank > 0 and s is not Status.CANCELED])
def test_what_waits_no_more_cannot_be_canceled(status: Status) -> None:
    box = a_box()
    message = a_message(status=status)
    box.journal.claim(message)
    with pytest.raises(NotCancelable, match=str(status)):
        box.herald().cancel(message.id)
    assert box.journal.messages[message.id].status is status


def test_another_caller_cannot_cancel() -> None:
    box = a_box()
    message = send(box, send_at=TOMORROW)
    with pytest.raises(NotFound):
        box.herald().cancel(message.id, caller="clinic")
    assert box.schedule.at


def test_what_was_sent_while_it_was_being_canceled_is_not_canceled() -> None:
    class Faster(FailingJournal):
        def move(self, old: Message, new: Message) -> Message:
            if new.status is Status.CANCELED:
                box.herald().resume(old.id)
            return super().move(old, new)

    box = a_box(journal=Faster())
    message = send(box, mode="async")
    with pytest.raises(NotCancelable, match="sent"):
        box.herald().cancel(message.id)
    assert len(box.texts) == 1


def test_what_is_gone_while_it_is_being_canceled_is_said_to_be_gone() -> None:
    class Gone(FailingJournal):
        def move(self, old: Message, new: Message) -> Message:
            self.messages.clear()
            return super().move(old, new)

    box = a_box(journal=Gone())
    message = send(box, mode="async")
    with pytest.raises(NotCancelable, match="gone"):
        box.herald().cancel(message.id)


# ---------------------------------------------------------------------------------------------------- dead letters


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


def test_a_dead_letter_cannot_be_canceled() -> None:
    box = a_box()
    with pytest.raises(NotCancelable):
        box.herald().cancel(dead(box).id)


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
