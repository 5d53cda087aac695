"""Resume: what waits is sent in its time, once, or ends; what cannot be handled is kept to be sent later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from herald.errors import NotAccepted, Uncertain
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.settings.values import Rate
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NOW, NUMBER, TEXT, a_box, a_message, fails, reason, send, steps
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


# ---- a key that was revoked

WAITS: list[dict[str, Any]] = [{"mode": "async"}, {"send_at": TOMORROW}]


def revoked(box: Outbox, message: Message) -> Message:
    """What becomes of a message whose key is revoked before its time comes."""
    box.revoked.add("shop")
    box.clock.pass_(days=1)
    after = box.herald().resume(message.id)
    assert after
    return after


def waits(box: Outbox, **fields: object) -> Message:
    return send(box, caller="key:shop", valid_for=200_000, **fields)


@pytest.mark.parametrize("fields", WAITS)
def test_what_a_revoked_key_has_waiting_is_not_sent(fields: dict[str, Any]) -> None:
    box = a_box()
    after = revoked(box, waits(box, **fields))
    assert (after.status, reason(after), box.texts) == (Status.FAILED, "key_revoked", [])
    assert after.body is None


@pytest.mark.parametrize("fields", WAITS)
def test_it_is_sent_if_the_settings_say_so(fields: dict[str, Any]) -> None:
    box = a_box()
    box.settings = box.settings._replace(send_revoked=True)
    assert revoked(box, waits(box, **fields)).status is Status.SENT


@pytest.mark.parametrize(
    ("entrypoint", "caller"),
    [("invocation", "invoke"), ("event", "event:shop"), ("schedule", "schedule:g/shop"), ("python", "key:shop")],
)
def test_only_what_an_api_key_asked_for_depends_on_one(entrypoint: str, caller: str) -> None:
    box = a_box()
    asked = {"to": NUMBER, "body": TEXT, "mode": "async", "valid_for": 200_000}
    message = box.herald().send(asked, caller=caller, entrypoint=entrypoint).message
    assert revoked(box, message).status is Status.SENT


def test_what_is_not_known_to_be_sent_is_not_sent_again_for_a_revoked_key() -> None:
    box = a_box()
    fails(box, Uncertain("answer_lost"))
    message = waits(box, on_unknown="resend")
    after = revoked(box, message)
    assert (after.status, reason(after)) == (Status.UNKNOWN, "answer_lost")
    assert after.trace[-1].detail == "not sent again: key_revoked"
    assert not after.waiting


def test_a_dead_letter_of_a_revoked_key_is_not_sent_by_a_redrive() -> None:
    box = a_box()
    message = waits(box, mode="async")
    box.herald().give_up(message.id)
    after = revoked(box, message)
    assert (after.status, reason(after), box.texts) == (Status.FAILED, "key_revoked", [])


def test_a_message_waits_while_nobody_can_say_whether_its_key_is_there() -> None:
    class NobodyKnows(Outbox):
        def grant(self, name: str, since: datetime) -> Grant | None:
            raise NotAccepted

    box = NobodyKnows()
    message = waits(box, mode="async")
    with pytest.raises(NotAccepted):
        box.herald().resume(message.id)
    kept = box.journal.get(message.id)
    assert kept and kept.status is Status.ACCEPTED


def test_what_waited_is_counted_for_its_key_at_the_time_of_sending_as_the_key_is_then() -> None:
    box = a_box()
    first, second = waits(box, mode="async"), waits(box, mode="async")
    box.grants["shop"] = Grant("shop", per_day=1)
    box.clock.pass_(days=1)
    after = [box.herald().resume(message.id) for message in (first, second)]
    assert [message and message.status for message in after] == [Status.SENT, Status.ACCEPTED]
    assert after[1] and after[1].trace[-1].detail.startswith("limit_caller_day")


def test_what_waited_goes_only_where_its_key_may_send_when_its_time_comes() -> None:
    box = a_box()
    message = waits(box, send_at=TOMORROW)
    box.grants["shop"] = Grant("shop", countries=frozenset({"SG"}))
    box.clock.pass_(days=1)
    after = box.herald().resume(message.id)
    assert after and (after.status, reason(after), box.texts) == (Status.FAILED, "not_allowed", [])
