"""Flow: the journey from end to end, in memory: what callers hear, and what reaches a phone."""

import re
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import (
    HeraldError,
    InvalidMessage,
    KeyReused,
    NotAccepted,
    NotAllowed,
    NotCancelable,
    NotFound,
    Refused,
    StillSending,
    Unavailable,
    Uncertain,
)
from herald.ids import message_id
from herald.message import Message, Status, rfc3339
from herald.outcome import LEASE
from herald.settings import DEFAULT_CHANNELS, Rate, Settings
from herald.testing import MemoryJournal, MemoryQueue, Outbox
from tests.rooms.builders import (
    FIELDS,
    NOW,
    NUMBER,
    TEXT,
    FailingJournal,
    FailingQueue,
    FailingSchedule,
    a_box,
    a_message,
    fails,
    moments,
    reason,
    send,
    sends,
    steps,
)

ID = re.compile(r"msg_[0-7][0-9A-HJKMNP-TV-Z]{25}")
TOMORROW = rfc3339(NOW + timedelta(days=1))


def quiet(error: HeraldError) -> bool:
    """True if neither the error nor what would be printed of its causes tells number or text."""
    printed = "".join(traceback.format_exception(error))
    return not [word for word in (NUMBER, TEXT) if word in printed]


# --------------------------------------------------------------------------------------------------------- at once


def test_a_direct_send_answers_with_the_providers_word() -> None:
    box = a_box()
    answer = sends(box)
    assert answer.message.status is Status.SENT
    assert not answer.replayed
    assert [(text.to, text.body) for text in box.texts] == [(NUMBER, TEXT)]


def test_a_message_knows_who_asked_and_by_which_door() -> None:
    message = send(a_box())
    assert (message.caller, message.door) == ("shop", "https")
    assert (message.trace[0].step, message.trace[0].detail) == ("accepted", "by https")
    assert (message.created_at, message.expires_at) == (NOW, NOW + timedelta(days=1))


def test_the_seeds_word_for_the_text_is_understood() -> None:
    box = a_box()
    box.herald().send({"to": NUMBER, "subject": TEXT}, caller="shop", door="https")
    assert box.texts[0].body == TEXT


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("It’s ready", "by https, UCS-2 because of U+2019 RIGHT SINGLE QUOTATION MARK: smart would make it GSM-7"),
        ("It's ready", "by https"),
        ("It’s ready 👋", "by https"),
        ("नमस्ते", "by https"),
    ],
)
def test_the_trace_names_what_makes_a_text_dearer_than_it_need_be(body: str, said: str) -> None:
    assert send(a_box(), body=body).trace[0].detail == said


def test_what_is_no_message_costs_nothing() -> None:
    box = a_box()
    with pytest.raises(InvalidMessage) as refused:
        send(box, to="12", body="", colour="red")
    assert {problem.field for problem in refused.value.problems} == {"to", "body", "colour"}
    assert not box.journal.messages


def test_what_the_settings_forbid_costs_nothing() -> None:
    box = a_box(settings=Settings(channels=DEFAULT_CHANNELS, countries=frozenset({"SG"})))
    with pytest.raises(NotAllowed) as refused:
        send(box)
    assert quiet(refused.value)
    assert not box.journal.messages
    assert not box.texts


def test_a_refused_message_is_an_answer_and_no_error() -> None:
    box = a_box()
    fails(box, Refused("invalid_number"))
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "invalid_number")


# ------------------------------------------------------------------------------------------------------ idempotency


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, Status.SENT),
        (Refused("spam"), Status.FAILED),
        (Uncertain("answer_lost"), Status.UNKNOWN),
        (Unavailable(), Status.ACCEPTED),
    ],
)
def test_a_replay_gives_the_stored_answer_and_calls_nobody(answer: Exception | None, status: Status) -> None:
    box = a_box()
    provider = fails(box, answer)
    first, again = sends(box, key="k"), sends(box, key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.message == box.journal.messages[first.message.id]
    assert again.message.status is status
    assert provider.calls == 1
    assert len(box.queue.waiting) == (status is Status.ACCEPTED)


@pytest.mark.parametrize("fields", [{"mode": "async"}, {"send_at": TOMORROW}])
def test_a_replay_of_what_waits_hands_nothing_over_again(fields: dict[str, Any]) -> None:
    box = a_box()
    first, again = sends(box, key="k", **fields), sends(box, key="k", **fields)
    assert again.replayed
    assert again.message == first.message
    assert len(box.queue.waiting) + len(box.schedule.at) == 1


@pytest.mark.parametrize(
    "other",
    [{"to": "+919741552553"}, {"body": "Another text."}, {"sender": "GRAMEX"}, {"channel": "amazonsns"},
     {"kind": "otp"}, {"valid_for": 60}, {"reference": "7"}, {"tags": {"a": "b"}}, {"on_unknown": "resend"},
     {"mode": "async"}, {"send_at": TOMORROW}],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_the_same_key_for_another_content_is_refused(other: dict[str, Any]) -> None:
    box = a_box()
    send(box, key="k")
    with pytest.raises(KeyReused) as refused:
        send(box, key="k", **other)
    assert quiet(refused.value)
    assert len(box.journal.messages) == len(box.texts) == 1
    assert not box.queue.waiting


@pytest.mark.parametrize(
    "same",
    [{"to": "+91 9741 552 552"}, {"to": "09741552552"}, {"kind": "transactional"}, {"tags": None}, {"mode": "sync"}],
)
def test_the_same_content_written_otherwise_is_the_same(same: dict[str, Any]) -> None:
    box = a_box()
    send(box, key="k")
    box.clock.pass_(hours=1)
    assert sends(box, key="k", **same).replayed


def test_two_callers_with_the_same_key_send_two_messages() -> None:
    box = a_box()
    ids = {send(box, key="k", caller=caller).id for caller in ("shop", "clinic")}
    assert len(ids) == len(box.texts) == 2


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_each_call_is_a_message_of_its_own(key: str | None) -> None:
    box = a_box()
    assert len({send(box, key=key).id for _ in range(3)}) == len(box.texts) == 3


def test_the_same_key_while_it_is_still_sending_is_told_to_wait() -> None:
    box = a_box()
    heard: list[object] = []

    class Meanwhile(type(box.providers["amazonsns"])):  # type: ignore[misc]
        def send(self, message: Message, callback: str | None = None) -> object:
            if not heard:
                with pytest.raises(StillSending) as refused:
                    send(box, key="k")
                heard.append(refused.value.retry_after)
            return super().send(message)

    box.providers["amazonsns"] = Meanwhile("amazonsns")
    assert send(box, key="k").status is Status.SENT
    assert heard == [1]
    assert len(box.texts) == 1


def test_when_the_lease_is_over_the_message_is_unknown_and_never_sent_again() -> None:
    box = a_box()
    provider = fails(box, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        send(box, key="k")
    box.clock.pass_(seconds=LEASE.total_seconds() - 1)
    with pytest.raises(StillSending):
        send(box, key="k")
    box.clock.pass_(seconds=1)
    again = sends(box, key="k")
    assert again.replayed
    assert (again.message.status, reason(again.message)) == (Status.UNKNOWN, "interrupted")
    assert steps(again.message) == ["accepted", "sending", "unknown"]
    assert box.herald().resume(again.message.id) == again.message
    assert provider.calls == 1


def test_fifty_at_once_with_one_key_send_one_text() -> None:
    box, together = a_box(), Barrier(50)

    def one(_: int) -> str:
        together.wait()
        try:
            return send(box, key="k").id
        except StillSending:
            return "still sending"

    with ThreadPoolExecutor(50) as crowd:
        heard = set(crowd.map(one, range(50)))
    assert len(box.texts) == len(box.journal.messages) == 1
    assert heard <= {*box.journal.messages, "still sending"}


# ------------------------------------------------------------------------------------------------------------ ids


@given(moments, st.text(), st.none() | st.text())
def test_an_id_is_msg_and_26_characters(now: datetime, caller: str, key: str | None) -> None:
    assert ID.fullmatch(message_id(caller, key, now))


@given(st.text(), st.text(min_size=1), moments, moments)
def test_with_a_key_the_id_is_always_the_same(caller: str, key: str, first: datetime, second: datetime) -> None:
    assert message_id(caller, key, first) == message_id(caller, key, second)


@given(st.tuples(st.text(), st.text(min_size=1)), st.tuples(st.text(), st.text(min_size=1)))
def test_another_caller_or_another_key_is_another_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (message_id(*one, NOW) == message_id(*other, NOW)) == (one == other)


def test_callers_cannot_reach_each_others_ids_by_their_names() -> None:
    assert message_id("a", "bc", NOW) != message_id("ab", "c", NOW)
    assert message_id("1:a", "b", NOW) != message_id("1", ":ab", NOW)


def test_half_a_character_in_a_key_is_a_key_like_any_other() -> None:
    assert message_id("shop", "\ud800", NOW) != message_id("shop", "\ud801", NOW)


@given(moments, moments)
def test_without_a_key_ids_sort_by_time(one: datetime, other: datetime) -> None:
    first, second = sorted([one, other])
    if first != second:
        assert message_id("shop", None, first) < message_id("shop", None, second)


def test_without_a_key_no_two_ids_are_the_same() -> None:
    assert len({message_id("shop", None, NOW) for _ in range(1000)}) == 1000


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


# ------------------------------------------------------------------------------------------ when a part is down


@pytest.mark.parametrize("fields", [{}, {"mode": "async"}, {"send_at": TOMORROW}], ids=["sync", "async", "scheduled"])
@pytest.mark.parametrize("late", [False, True], ids=["not written", "answer lost"])
def test_without_the_journal_nothing_is_accepted_and_nothing_is_sent(fields: dict[str, Any], late: bool) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    journal.failing, journal.late = {"claim": 1}, late
    with pytest.raises(NotAccepted) as refused:
        send(box, key="k", **fields)
    assert quiet(refused.value)
    assert not box.texts
    assert not box.queue.waiting
    assert not box.schedule.at
    assert ("message not claimed", "Down") in box.notes.told


@pytest.mark.parametrize("fields", [{}, {"mode": "async"}, {"send_at": TOMORROW}], ids=["sync", "async", "scheduled"])
def test_when_the_journal_is_back_the_same_key_works(fields: dict[str, Any]) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    journal.failing = {"claim": 1}
    with pytest.raises(NotAccepted):
        send(box, key="k", **fields)
    assert not sends(box, key="k", **fields).replayed


@pytest.mark.parametrize(
    ("fields", "part", "told", "late"),
    [
        ({"mode": "async"}, FailingQueue, "message not queued", timedelta(seconds=60)),
        ({"send_at": TOMORROW}, FailingSchedule, "message not scheduled", timedelta(days=1, seconds=60)),
    ],
)
def test_what_cannot_be_handed_over_is_accepted_even_so_and_found_by_the_sweep(
    fields: dict[str, Any], part: Callable[[], FailingQueue | FailingSchedule], told: str, late: timedelta
) -> None:
    box = a_box(**{"queue" if part is FailingQueue else "schedule": part()})
    message = send(box, **fields)
    assert message.status in (Status.ACCEPTED, Status.SCHEDULED)
    assert (told, "Down") in box.notes.told
    box.queue = MemoryQueue()
    assert list(box.journal.due(box.clock.now + late)) == [message.id]
    box.clock.pass_(seconds=late.total_seconds())
    box.sweep().run()
    ((queued, _),) = box.queue.waiting
    resumed = box.herald().resume(queued)
    assert resumed
    assert (resumed.status, len(box.texts)) == (Status.SENT, 1)


def test_what_reached_the_worker_after_all_is_accepted_and_sent_once() -> None:
    queue = FailingQueue()
    box = a_box(queue=queue)
    queue.on_put = lambda arrived: box.herald().resume(arrived)
    message = send(box, mode="async")
    assert message.status is Status.ACCEPTED
    assert box.herald().find(message.id).status is Status.SENT
    assert len(box.texts) == 1


def test_a_journal_that_cannot_be_read_says_so() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = send(box, send_at=TOMORROW)
    journal.failing = {"get": 99}
    for act in (box.herald().find, box.herald().cancel):
        with pytest.raises(NotAccepted) as refused:
            act(message.id)
        assert quiet(refused.value)


def test_a_cancellation_that_cannot_be_written_says_so_and_cancels_nothing() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = send(box, send_at=TOMORROW)
    journal.failing = {"move": 1}
    with pytest.raises(NotAccepted) as refused:
        box.herald().cancel(message.id)
    assert quiet(refused.value)
    assert box.schedule.at
    assert ("message not canceled", "Down") in box.notes.told


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
    assert ("schedule not removed", "Down") in box.notes.told


def test_who_looks_hears_unknown_even_if_that_cannot_be_written() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = a_message(status=Status.SENDING, attempts=1, due_at=NOW)
    journal.claim(message)
    journal.failing = {"move": 1}
    found = box.herald().find(message.id)
    assert (found.status, reason(found)) == (Status.UNKNOWN, "interrupted")
    assert journal.messages[message.id].status is Status.SENDING


def test_of_two_who_look_at_once_both_hear_unknown() -> None:
    class Twice(FailingJournal):
        def move(self, old: Message, new: Message) -> Message:
            super().move(old, new)
            return super().move(old, new)

    box = a_box(journal=Twice())
    box.journal.claim(a_message(id="msg_" + "0" * 26, status=Status.SENDING, due_at=NOW))
    found = box.herald().find("msg_" + "0" * 26)
    assert (found.status, steps(found)) == (Status.UNKNOWN, ["accepted", "unknown"])


# ---------------------------------------------------------------------------------------------------- dead letters


def dead(box: Outbox, **fields: object) -> Message:
    """A message that could not be handled."""
    buried = box.herald().bury(send(box, mode="async", **fields).id)
    assert buried
    return buried


def test_what_cannot_be_handled_has_failed_and_keeps_its_text() -> None:
    box = a_box()
    message = dead(box)
    assert (message.status, reason(message), message.body) == (Status.FAILED, "dead_lettered", TEXT)
    assert message.due_at is None


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
    assert box.herald().bury(message.id) == box.journal.messages[message.id]
    assert box.herald().bury("msg_" + "0" * 26) is None


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
    buried = box.herald().bury(message.id)
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


# ---------------------------------------------------------------------------------------------------- what is told


def stories() -> list[Outbox]:
    """What can happen to a message, each in a box of its own."""
    boxes = []
    for answer in (
        None,
        Refused("spam"),
        Uncertain("answer_lost"),
        Unavailable("throttled"),
        ValueError(TEXT + NUMBER),
    ):
        for fields in ({}, {"mode": "async"}, {"send_at": TOMORROW}):
            box = a_box("alpha", "beta")
            fails(box, Unavailable(), channel="alpha")
            fails(box, answer, channel="beta")
            message = send(box, **fields)
            box.clock.pass_(days=1)
            box.herald().resume(message.id)
            boxes.append(box)
    return boxes


@pytest.mark.parametrize("box", stories())
def test_neither_trace_nor_notes_tell_number_or_text(box: Outbox) -> None:
    (message,) = box.journal.messages.values()
    told = " ".join([*(f"{step.step} {step.detail}" for step in message.trace), *map(str, box.notes.told)])
    assert not [word for word in (NUMBER, TEXT, NUMBER[1:]) if word in told]
    assert message.fingerprint not in told
    assert TEXT not in message.fingerprint


def test_the_fingerprint_is_keyed_so_that_nobody_can_guess_the_content_from_it() -> None:
    first = send(a_box()).fingerprint
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first == send(a_box()).fingerprint
    assert first != send(a_box(), body="Another text.").fingerprint


def test_what_a_caller_hands_over_is_not_changed() -> None:
    given_fields = {**FIELDS, "tags": {"order": "7"}}
    copy = {**given_fields}
    a_box().herald().send(given_fields, caller="shop", door="https")
    assert given_fields == copy


@pytest.mark.parametrize("message_id", ["", "x", "msg_", "msg_" + "I" * 26, "A" * 5000, "msg_" + "0" * 26 + "\n"])
def test_an_id_that_cannot_be_is_not_found_without_asking_the_journal(message_id: str) -> None:
    box = a_box(journal=FailingJournal())
    box.journal.failing["get"] = 1
    with pytest.raises(NotFound):
        box.herald().find(message_id)
