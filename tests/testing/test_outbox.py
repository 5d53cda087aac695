"""Testing: what Herald gives to the tests of its users works as Herald does."""

from datetime import UTC, datetime, timedelta

import pytest

import herald
from herald import wiring
from herald.errors import NotFound, Refused, Unsupported
from herald.message.status import Status
from herald.testing import outbox
from herald.testing.fakes import Clock, FakeProvider, Notes
from herald.testing.memory import MemoryQueue, MemorySchedule
from herald.testing.outbox import Outbox
from tests.builders import NOW, NUMBER, TEXT, a_message, fails, send


def test_what_is_sent_while_it_is_open_lands_in_the_outbox() -> None:
    with outbox() as sent:
        message = herald.send(to="+91 9741 552 552", body=TEXT)
        assert herald.status(message.id).status is Status.SENT
    (text,) = sent.texts
    assert (text.to, text.body) == (NUMBER, TEXT)


def test_the_interface_of_gramex_leads_there_too() -> None:
    with outbox() as sent:
        result = herald.sms["amazonsns"].send(to=NUMBER, subject=TEXT)
    assert result["herald_status"] == "sent"
    assert len(sent.texts) == 1


def test_each_outbox_is_empty_and_the_inner_one_counts() -> None:
    with outbox() as outer:
        herald.send(NUMBER, TEXT)
        with outbox() as inner:
            herald.send(NUMBER, TEXT)
            herald.send(NUMBER, TEXT)
        herald.send(NUMBER, TEXT)
    assert (len(outer.texts), len(inner.texts)) == (2, 2)


def test_the_outbox_is_put_away_even_if_the_test_fails() -> None:
    with pytest.raises(ZeroDivisionError), outbox():
        raise ZeroDivisionError
    assert not wiring._replacements


def test_a_test_can_say_how_the_provider_answers() -> None:
    with outbox() as sent:
        fails(sent, Refused("number_blocked"))
        with pytest.raises(Refused, match="number_blocked"):
            herald.send(NUMBER, TEXT)
        assert herald.send(NUMBER, TEXT).status is Status.SENT
    assert len(sent.texts) == 1


def test_the_clock_of_an_open_outbox_starts_now_so_that_times_to_come_are_to_come() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with outbox() as sent:
        message = herald.send(NUMBER, TEXT, send_at=tomorrow.isoformat())
        assert sent.schedule.at == {message.id: tomorrow}
        sent.clock.pass_(days=1)
        resumed = sent.herald().resume(message.id)
    assert resumed
    assert resumed.status is Status.SENT


def test_a_clock_stands_still_until_it_is_moved() -> None:
    clock = Clock(NOW)
    assert clock() == clock() == NOW
    clock.pass_(minutes=5)
    assert clock() == NOW + timedelta(minutes=5)


def test_a_queue_and_a_schedule_remember_what_they_got() -> None:
    queue, schedule = MemoryQueue(), MemorySchedule()
    queue.put("msg_1")
    queue.put("msg_2", 5)
    schedule.put("msg_1", NOW)
    schedule.put("msg_2", NOW)
    schedule.remove("msg_1")
    schedule.remove("msg_1")
    assert queue.waiting == [("msg_1", 0), ("msg_2", 5)]
    assert schedule.at == {"msg_2": NOW}


def test_a_provider_keeps_a_ledger_of_what_it_took_and_counts_every_call() -> None:
    provider = FakeProvider("fake", [Refused("spam"), None])
    with pytest.raises(Refused):
        provider.send(a_message())
    sent = [provider.send(a_message()) for _ in range(2)]
    assert [each.provider_id for each in sent] == ["fake-1", "fake-2"]
    assert all("Body" not in each.kept for each in sent)
    assert (provider.calls, len(provider.texts)) == (3, 2)


def test_a_provider_cannot_be_asked_for_a_status() -> None:
    with pytest.raises(Unsupported, match="fake has no delivery status"):
        FakeProvider().status({})


def test_a_channel_that_is_not_there_is_missing_as_in_a_real_stack() -> None:
    with pytest.raises(Refused) as refused:
        Outbox().sender("nowhere")
    assert refused.value.code == "channel_missing"


def test_every_herald_of_one_outbox_has_the_same_parts() -> None:
    box = Outbox()
    message = send(box)
    assert box.herald().find(message.id).status is Status.SENT
    with pytest.raises(NotFound):
        Outbox().herald().find(message.id)


def test_notes_tell_what_happened_in_order() -> None:
    box = Outbox()
    message = send(box, mode="async")
    box.herald().resume(message.id)
    assert box.observer.told == [("message accepted", message.id), ("message sent", message.id)]
    notes = Notes()
    notes.trouble("claim not released", KeyError(NUMBER))
    assert notes.told == [("claim not released", "KeyError")]
