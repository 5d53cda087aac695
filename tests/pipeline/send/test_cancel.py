"""Cancel: what still waits is never sent once it is canceled, and nothing else can be canceled."""

from datetime import timedelta
from typing import Any

import pytest

from herald.errors import (
    NotAccepted,
    NotCancelable,
    NotFound,
    Uncertain,
)
from herald.message import Message
from herald.message.status import Status
from herald.message.times import rfc3339
from tests.builders import NOW, a_box, a_message, fails, reason, send
from tests.failing import FailingJournal, FailingSchedule
from tests.pipeline.send.quiet import quiet

TOMORROW = rfc3339(NOW + timedelta(days=1))


def test_a_cancellation_that_cannot_be_written_says_so_and_cancels_nothing() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = send(box, send_at=TOMORROW)
    journal.failing = {"move": 1}
    with pytest.raises(NotAccepted) as refused:
        box.herald().cancel(message.id)
    assert quiet(refused.value)
    assert box.schedule.at
    assert ("message not canceled", "Down") in box.observer.told


def test_a_schedule_that_cannot_be_removed_does_no_harm() -> None:
    schedule = FailingSchedule()
    schedule.down = False
    box = a_box(schedule=schedule)
    message = send(box, send_at=TOMORROW)
    schedule.down = True
    assert box.herald().cancel(message.id).status is Status.CANCELED
    box.clock.pass_(days=1)
    box.herald().resume(message.id)
    assert not box.texts
    assert ("schedule not removed", "Down") in box.observer.told


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


def test_a_dead_letter_cannot_be_canceled() -> None:
    box = a_box()
    dead = box.herald().give_up(send(box, mode="async").id)
    assert dead
    with pytest.raises(NotCancelable):
        box.herald().cancel(dead.id)


# ---- All that a caller has waiting


def test_all_that_a_caller_has_waiting_is_canceled_and_nothing_of_another() -> None:
    box = a_box()
    own = [send(box, caller="key:shop", body=str(n), **way) for n, way in enumerate(WAYS)]
    sent, other = send(box, caller="key:shop", body="now"), send(box, caller="key:bank", mode="async")
    assert {message.id for message in box.herald().waiting("key:shop")} == {message.id for message in own}
    assert box.herald().cancel_all("key:shop") == (len(own), 0)
    assert [box.herald().find(message.id).status for message in own] == [Status.CANCELED] * len(own)
    assert box.herald().find(sent.id).status is Status.SENT
    assert [message.id for message in box.herald().waiting("key:bank")] == [other.id]
    assert box.herald().cancel_all("key:shop") == (0, 0)


WAYS: list[dict[str, Any]] = [{"mode": "async"}, {"send_at": TOMORROW}, {"send_at": TOMORROW, "kind": "otp"}]


def test_what_may_have_been_sent_is_left_by_a_cancellation_of_all() -> None:
    box = a_box()
    fails(box, Uncertain("answer_lost"))
    send(box, caller="key:shop", on_unknown="resend")
    assert box.herald().cancel_all("key:shop") == (0, 1)


def test_a_cancellation_of_all_that_breaks_off_says_so() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    send(box, caller="key:shop", mode="async")
    journal.failing = {"move": 1}
    with pytest.raises(NotAccepted):
        box.herald().cancel_all("key:shop")
    assert box.herald().cancel_all("key:shop") == (1, 0)
