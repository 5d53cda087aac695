"""Deliver: how an attempt ended decides what may be done next, and the caller hears the truth in any case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import (
    AttemptError,
    InvalidSettings,
    NotAccepted,
    NotFound,
    Problem,
    Refused,
    Unavailable,
    Uncertain,
)
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.ports import Sender
from herald.pipeline.send.sweep import Sweep
from herald.pipeline.send.transitions import FIRST_WAIT, LEASE, OVERDUE, waiting_time
from herald.settings.values import Rate, Settings
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, TEXT, a_box, a_message, fails, reason, send, steps
from tests.failing import Down, FailingJournal, FailingQueue

OWN = [code for code, found in REASONS.items() if found.who in ("account", "sender")]
OTHERS = [code for code in REASONS if code not in OWN]
BROKEN = [Down(), ValueError(TEXT), KeyError(NUMBER), NotFound(), NotAccepted(), RecursionError()]


@dataclass
class Slow(FakeProvider):
    """A provider during whose call something else happens."""

    meanwhile: Callable[[], object] = lambda: None

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.meanwhile()
        return super().send(message)


class ChannelsThatCannotBeBuilt(Outbox):
    """An outbox whose channels fail before a provider is there to be called."""

    error: Exception = Down()

    def sender(self, channel: str) -> Sender:
        if channel == "broken":
            raise self.error
        return super().sender(channel)


def calls(box: Outbox) -> dict[str, int]:
    """How often each channel's provider was called."""
    return {name: provider.calls for name, provider in box.providers.items()}


# -------------------------------------------------------------------------------------------- how an attempt ended


def test_an_accepted_message_is_sent_by_the_first_channel_alone() -> None:
    box = a_box("alpha", "beta")
    message = send(box)
    assert (message.status, message.channel, message.provider) == (Status.SENT, "alpha", "fake")
    assert (message.provider_id, message.sent_at, message.attempts) == ("alpha-1", box.clock.now, 1)
    assert steps(message) == ["accepted", "sending", "sent"]
    assert calls(box) == {"alpha": 1, "beta": 0}


def test_the_caller_hears_the_providers_answer_whole_and_the_journal_keeps_it_without_the_text() -> None:
    box = a_box()
    message = send(box)
    assert message.response == {"Sid": "amazonsns-1", "Body": TEXT}
    kept = box.journal.messages[message.id]
    assert kept.response == {"Sid": "amazonsns-1"}
    assert kept.body is None


@pytest.mark.parametrize("code", ["answer_lost", "answer_unclear"])
def test_what_nobody_knows_is_unknown_and_never_fails_over(code: str) -> None:
    box = a_box("alpha", "beta")
    fails(box, Uncertain(code, response={"request_id": "7"}), channel="alpha")
    message = send(box)
    assert (message.status, reason(message)) == (Status.UNKNOWN, code)
    assert message.response == {"request_id": "7"}
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert not box.queue.waiting


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_what_nobody_foresaw_is_unknown_and_never_fails_over(error: Exception) -> None:
    box = a_box("alpha", "beta")
    fails(box, error, channel="alpha")
    message = send(box)
    assert (message.status, reason(message)) == (Status.UNKNOWN, "interrupted")
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert ("attempt broke off", type(error).__name__) in box.observer.told


@pytest.mark.parametrize("code", OWN)
def test_a_refusal_that_is_the_channels_own_goes_to_the_next_channel(code: str) -> None:
    box = a_box("alpha", "beta")
    fails(box, Refused(code), channel="alpha")
    message = send(box)
    assert (message.status, message.channel, message.attempts) == (Status.SENT, "beta", 2)
    assert message.reason is None
    assert steps(message) == ["accepted", "sending", "sending", "sent"]
    assert message.trace[2].detail == f"by beta: alpha said {code}"


@pytest.mark.parametrize("code", OTHERS)
def test_any_other_refusal_is_for_good(code: str) -> None:
    box = a_box("alpha", "beta")
    fails(box, Refused(code, response={"code": "7"}), channel="alpha")
    message = send(box)
    assert (message.status, reason(message), message.response) == (Status.FAILED, code, {"code": "7"})
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert not box.queue.waiting


@pytest.mark.parametrize("code", OWN)
def test_without_another_channel_the_channels_own_refusal_is_for_good(code: str) -> None:
    box = a_box()
    fails(box, Refused(code))
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, code)
    assert box.journal.messages[message.id].status is Status.FAILED


def test_what_was_surely_not_sent_goes_to_the_next_channel_until_one_takes_it() -> None:
    box = a_box("alpha", "beta", "gamma")
    fails(box, Unavailable(), channel="alpha")
    fails(box, Unavailable("throttled", retry_after=60), channel="beta")
    message = send(box)
    assert (message.status, message.channel, message.attempts) == (Status.SENT, "gamma", 3)
    assert len(box.texts) == 1


def test_a_later_channel_may_end_as_badly_as_the_first() -> None:
    box = a_box("alpha", "beta", "gamma")
    fails(box, Unavailable(), channel="alpha")
    fails(box, Uncertain("answer_lost"), channel="beta")
    assert send(box).status is Status.UNKNOWN
    assert calls(box) == {"alpha": 1, "beta": 1, "gamma": 0}


def test_a_channel_that_the_caller_asked_for_is_not_replaced_by_another() -> None:
    box = a_box("alpha", "beta")
    fails(box, Unavailable(), channel="beta")
    message = send(box, channel="beta")
    assert (message.status, message.channel) == (Status.ACCEPTED, "beta")
    assert calls(box) == {"alpha": 0, "beta": 1}


def test_each_attempt_is_written_with_its_lease_before_the_provider_is_called() -> None:
    box = a_box("alpha", "beta")
    seen: list[Message] = []
    slow = Slow("beta", meanwhile=lambda: seen.extend(box.journal.messages.values()))
    box.providers["beta"] = slow
    fails(box, Unavailable(), channel="alpha")
    message = send(box)
    (written,) = seen
    assert (written.status, written.channel, written.attempts) == (Status.SENDING, "beta", 2)
    assert written.due_at == box.clock.now + LEASE
    assert message.due_at is None


# -------------------------------------------------------------------------------------------------------- again later


@given(st.integers(1, 1000))
def test_the_wait_doubles_from_five_seconds_to_fifteen_minutes_and_is_spread(attempts: int) -> None:
    longest = min(900, 5 * 2.0 ** min(attempts - 1, 50))
    assert longest / 2 <= waiting_time(attempts) <= longest
    assert len({waiting_time(attempts) for _ in range(20)}) > 1


def test_what_no_channel_could_take_waits_in_the_queue_with_its_text() -> None:
    box = a_box("alpha", "beta")
    fails(box, Unavailable(), channel="alpha")
    fails(box, Unavailable("throttled"), channel="beta")
    message = send(box)
    assert (message.status, reason(message), message.body) == (Status.ACCEPTED, "throttled", TEXT)
    ((queued, wait),) = box.queue.waiting
    assert queued == message.id
    assert message.retry_at == box.clock.now + timedelta(seconds=wait)
    assert steps(message)[-1] == "accepted"


def test_waits_grow_until_the_message_is_sent() -> None:
    box = a_box()
    fails(box, *[Unavailable()] * 6)
    message, waits = send(box), []
    while message.status is Status.ACCEPTED:
        _, wait = box.queue.waiting.pop()
        waits.append(wait)
        box.clock.pass_(seconds=wait)
        message = box.herald().resume(message.id) or message
    assert (message.status, message.attempts) == (Status.SENT, 7)
    assert [FIRST_WAIT * 2**n / 2 <= wait <= FIRST_WAIT * 2**n for n, wait in enumerate(waits)] == [True] * 6
    assert message.retry_at is None


def test_retry_after_is_kept_even_if_it_is_longer_than_the_queue_can_wait() -> None:
    box = a_box()
    fails(box, Unavailable("throttled", retry_after=3600))
    message = send(box)
    assert box.queue.waiting.pop() == (message.id, 3600)
    box.clock.pass_(seconds=900)
    assert box.herald().resume(message.id) == message
    assert box.queue.waiting.pop() == (message.id, 2700)
    assert box.providers["amazonsns"].calls == 1
    box.clock.pass_(seconds=2700)
    resumed = box.herald().resume(message.id)
    assert resumed
    assert resumed.status is Status.SENT


def test_a_short_retry_after_does_not_shorten_our_own_wait() -> None:
    box = a_box()
    fails(box, Unavailable("throttled", retry_after=0))
    send(box)
    assert box.queue.waiting[0][1] >= FIRST_WAIT / 2


@pytest.mark.parametrize("retry_after", [86_400.0, 1e9, 1e18, float("inf")])
def test_a_message_whose_time_is_over_before_the_next_attempt_has_expired(retry_after: float) -> None:
    box = a_box()
    fails(box, Unavailable("throttled", retry_after=retry_after))
    message = send(box)
    assert (message.status, reason(message)) == (Status.EXPIRED, "throttled")
    assert message.trace[-1].detail == "throttled: no time left for another attempt"
    assert not box.queue.waiting


def test_an_otp_is_not_tried_again_when_nobody_needs_it_any_more() -> None:
    box = a_box()
    fails(box, *[Unavailable()] * 50)
    message = send(box, kind="otp")
    until = message.expires_at
    while message.status is Status.ACCEPTED:
        box.clock.pass_(seconds=box.queue.waiting.pop()[1])
        message = box.herald().resume(message.id) or message
    assert (message.status, reason(message)) == (Status.EXPIRED, "provider_unavailable")
    assert timedelta() < until - box.clock.now < timedelta(seconds=4)


def test_a_retry_that_cannot_be_queued_is_left_to_the_sweep() -> None:
    box = a_box(queue=FailingQueue())
    fails(box, Unavailable("throttled"))
    message = send(box)
    assert (message.status, reason(message)) == (Status.ACCEPTED, "throttled")
    assert message.retry_at
    assert message.due_at == message.retry_at + OVERDUE
    assert ("message not queued", "Down") in box.observer.told


def test_the_last_waits_shrink_so_that_the_whole_time_is_used() -> None:
    box = a_box()
    fails(box, *[Unavailable()] * 50)
    message = send(box, valid_for=60)
    while message.status is Status.ACCEPTED:
        wait = box.queue.waiting.pop()[1]
        assert wait <= (message.expires_at - box.clock.now).total_seconds() / 2 + 0.001
        box.clock.pass_(seconds=wait)
        message = box.herald().resume(message.id) or message
    assert message.status is Status.EXPIRED
    assert message.expires_at - box.clock.now <= timedelta(seconds=2)


def test_no_channel_is_tried_once_the_time_is_over() -> None:
    box = a_box("alpha", "beta")
    box.providers["alpha"] = Slow("alpha", [Unavailable()], meanwhile=lambda: box.clock.pass_(seconds=10))
    message = send(box, valid_for=10)
    assert (message.status, reason(message)) == (Status.EXPIRED, "expired")
    assert calls(box) == {"alpha": 1, "beta": 0}


def test_who_slept_too_long_before_its_turn_does_not_send() -> None:
    class Oversleeping(Clock):
        def pass_(self, **time: float) -> None:
            super().pass_(**time)
            self.now += timedelta(seconds=1)

    box = a_box(rate=Rate(1, 2), clock=Oversleeping())
    first, second = send(box), send(box, valid_for=2)
    assert (first.status, second.status, reason(second)) == (Status.SENT, Status.EXPIRED, "expired")
    assert second.updated_at == second.trace[-1].at == box.clock.now
    assert box.journal.messages[second.id].status is Status.EXPIRED
    assert len(box.texts) == 1


def test_new_credentials_are_not_tried_once_the_time_is_over() -> None:
    box = a_box()
    box.on_refresh = lambda: box.providers.update(amazonsns=FakeProvider("renewed"))
    refused = [Refused("credentials_refused")]
    box.providers["amazonsns"] = Slow("amazonsns", [*refused], meanwhile=lambda: box.clock.pass_(seconds=10))
    assert send(box, valid_for=10).status is Status.FAILED
    assert box.texts == []


# ------------------------------------------------------------------------------------------------------- once more


def unknown(box: Outbox, **fields: object) -> Message:
    """A message of which nobody knows, and which is to be sent once more."""
    fails(box, Uncertain("answer_lost"))
    return send(box, on_unknown="resend", **fields)


def resumed(box: Outbox, message: Message, *answers: Exception | None) -> Message:
    """The message after its wait is over and it was taken up again."""
    assert message.retry_at
    fails(box, *answers)
    box.clock.now = message.retry_at
    return box.herald().resume(message.id) or message


def test_under_hold_an_unknown_message_keeps_no_text_and_waits_for_nothing() -> None:
    box = a_box()
    fails(box, Uncertain("answer_lost"))
    message = send(box)
    assert (message.retry_at, message.due_at, box.journal.messages[message.id].body) == (None, None, None)
    box.clock.pass_(hours=1)
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert box.providers["amazonsns"].calls == 1


def test_under_resend_an_unknown_message_is_sent_once_more_and_marked() -> None:
    box = a_box()
    first = unknown(box)
    assert (first.status, first.possible_duplicate) == (Status.UNKNOWN, False)
    assert first.due_at == first.retry_at == box.clock.now + timedelta(seconds=120)
    second = resumed(box, first)
    assert (second.status, second.possible_duplicate, second.attempts) == (Status.SENT, True, 2)
    assert second.reason is None
    assert steps(second) == ["accepted", "sending", "unknown", "sending", "sent"]


def test_it_is_not_sent_again_before_its_time() -> None:
    box = a_box()
    message = unknown(box)
    box.clock.pass_(seconds=119)
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert box.queue.waiting == [(message.id, 1.0)]
    assert box.providers["amazonsns"].calls == 1


@pytest.mark.parametrize(
    "answer", [Uncertain("answer_unclear"), Down(), Refused("spam"), Refused("no_balance"), Refused("channel_missing")]
)
def test_what_is_not_sent_once_more_stays_unknown_for_good(answer: Exception) -> None:
    box = a_box()
    message = resumed(box, unknown(box), answer)
    assert (message.status, message.possible_duplicate, message.waiting) == (Status.UNKNOWN, True, False)
    assert message.reason
    assert message.reason.code in ("answer_lost", "answer_unclear", "interrupted")
    box.clock.pass_(hours=1)
    assert box.herald().resume(message.id) == message
    assert box.journal.messages[message.id].body is None


def test_what_cannot_be_taken_once_more_is_tried_again_later_and_stays_unknown_meanwhile() -> None:
    box = a_box()
    waiting = resumed(box, unknown(box), Unavailable("throttled"))
    assert (waiting.status, reason(waiting)) == (Status.UNKNOWN, "answer_lost")
    assert waiting.due_at == (waiting.retry_at or box.clock.now) + OVERDUE
    sent = resumed(box, waiting)
    assert (sent.status, sent.possible_duplicate, len(box.texts)) == (Status.SENT, True, 1)


def test_once_more_is_not_after_the_messages_time() -> None:
    box = a_box()
    assert unknown(box, valid_for=120).retry_at is None
    message = unknown(box, valid_for=121)
    box.clock.pass_(seconds=121)
    late = box.herald().resume(message.id)
    assert late
    assert (late.status, late.trace[-1].detail, late.waiting) == (Status.UNKNOWN, "not sent again: expired", False)
    assert box.texts == []


def test_two_who_send_once_more_at_once_send_once() -> None:
    box = a_box()
    message = unknown(box)
    box.clock.pass_(seconds=120)
    box.providers["amazonsns"] = Slow("amazonsns", meanwhile=lambda: box.herald().resume(message.id))
    box.herald().resume(message.id)
    assert len(box.texts) == 1


# -------------------------------------------------------------------------------------------- credentials, channels


def test_refused_credentials_are_read_anew_and_used_once_more() -> None:
    box = a_box()
    old = fails(box, Refused("credentials_refused"))
    box.on_refresh = lambda: box.providers.update(amazonsns=FakeProvider("renewed"))
    message = send(box)
    assert (message.status, message.provider_id, box.refreshed) == (Status.SENT, "renewed-1", 1)
    assert (old.calls, len(box.texts)) == (1, 1)
    # And its receipts are awaited at the message's own URL.
    assert box.providers["amazonsns"].callbacks == [box.callback(message)]


def test_credentials_that_did_not_change_are_not_tried_again() -> None:
    box = a_box()
    fails(box, Refused("credentials_refused"))
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "credentials_refused")
    assert (box.refreshed, box.providers["amazonsns"].calls) == (1, 1)


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (Refused("credentials_refused"), Status.FAILED),
        (Uncertain("answer_lost"), Status.UNKNOWN),
        (Unavailable(), Status.ACCEPTED),
        (Down(), Status.UNKNOWN),
    ],
)
def test_the_attempt_with_new_credentials_is_the_last(second: Exception, status: Status) -> None:
    box = a_box()
    fails(box, Refused("credentials_refused"))
    renewed = FakeProvider("renewed", [second])
    box.on_refresh = lambda: box.providers.update(amazonsns=renewed)
    assert send(box).status is status
    assert (box.refreshed, renewed.calls) == (1, 1)


def test_other_refusals_do_not_read_the_settings_anew() -> None:
    box = a_box()
    fails(box, Refused("not_permitted"))
    send(box)
    assert box.refreshed == 0


@pytest.mark.parametrize("error", [NotAccepted(), InvalidSettings([]), Down()], ids=lambda error: type(error).__name__)
def test_settings_that_cannot_be_read_anew_leave_the_refusal_as_it_is(error: Exception) -> None:
    def failing() -> None:
        raise error

    box = a_box("alpha", on_refresh=failing)
    fails(box, Refused("credentials_refused"), channel="alpha")
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "credentials_refused")


def test_a_channel_that_was_removed_meanwhile_is_a_failure() -> None:
    box = a_box()
    waiting = send(box, mode="async")
    box.providers.clear()
    message = box.herald().resume(waiting.id)
    assert message
    assert (message.status, reason(message)) == (Status.FAILED, "channel_missing")


def test_a_channel_that_was_removed_meanwhile_gives_way_to_the_next() -> None:
    box = a_box("alpha", "beta")
    del box.providers["alpha"]
    assert (send(box).status, len(box.texts)) == (Status.SENT, 1)


@pytest.mark.parametrize("error", [InvalidSettings([Problem("domain", "x", "y")]), Down(), ImportError(TEXT)])
def test_a_channel_that_cannot_be_built_is_a_failure_and_not_unknown(error: Exception) -> None:
    parts = a_box("broken")
    box = ChannelsThatCannotBeBuilt(parts.providers, parts.settings)
    box.error = error
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "channel_invalid")
    assert ("channel not ready", type(error).__name__) in box.observer.told


def test_a_channel_that_cannot_be_built_gives_way_to_the_next() -> None:
    parts = a_box("broken", "beta")
    message = send(ChannelsThatCannotBeBuilt(parts.providers, parts.settings))
    assert (message.status, message.channel) == (Status.SENT, "beta")


# ---------------------------------------------------------------------------------------- the journal, and others


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (None, Status.SENT, None),
        (Refused("spam"), Status.FAILED, "spam"),
        (Uncertain("answer_lost"), Status.UNKNOWN, "answer_lost"),
        (Down(), Status.UNKNOWN, "interrupted"),
        (Unavailable("throttled"), Status.UNKNOWN, "interrupted"),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["not written", "answer lost"])
def test_the_caller_hears_the_truth_even_if_the_result_cannot_be_recorded(
    answer: Exception | None, status: Status, code: str | None, late: bool
) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    provider = fails(box, answer)
    journal.failing, journal.late = {"move": 99}, late
    message = send(box)
    assert (message.status, reason(message)) == (status, code)
    assert provider.calls == 1
    assert not box.queue.waiting
    assert ("result not recorded", "Down") in box.observer.told


def test_what_could_not_be_recorded_is_unknown_to_everybody_else_and_never_sent_again() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    journal.failing = {"move": 1}
    first = send(box, key="k")
    box.clock.pass_(minutes=5)
    again = send(box, key="k")
    assert (first.status, again.status, reason(again)) == (Status.SENT, Status.UNKNOWN, "interrupted")
    assert len(box.texts) == 1


@pytest.mark.parametrize("late", [False, True], ids=["not written", "answer lost"])
def test_a_retry_that_cannot_be_written_does_not_come(late: bool) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    fails(box, Unavailable("throttled"))
    journal.failing, journal.late = {"move": 1}, late
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "throttled")
    assert journal.messages[message.id].status is Status.FAILED
    assert not box.queue.waiting
    assert not list(journal.due(box.clock.now + timedelta(days=2)))


@pytest.mark.parametrize("error", [Unavailable(), Refused("no_balance")])
def test_without_the_journal_there_is_no_next_channel(error: AttemptError) -> None:
    journal = FailingJournal()
    box = a_box("alpha", "beta", journal=journal)
    fails(box, error, channel="alpha")
    journal.failing = {"move": 1}
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, error.code)
    assert journal.messages[message.id].status is Status.FAILED
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert ("next channel not taken", "Down") in box.observer.told


def slowly(box: Outbox, *answers: Exception | None) -> None:
    """The provider answers so late that somebody has looked and called the message unknown."""

    def somebody_looks() -> None:
        box.clock.pass_(seconds=LEASE.total_seconds() + 1)
        (message_id,) = box.journal.messages
        assert box.herald().find(message_id).status is Status.UNKNOWN

    box.providers["amazonsns"] = Slow("amazonsns", list(answers), meanwhile=somebody_looks)


@pytest.mark.parametrize(("answer", "status"), [(None, Status.SENT), (Refused("spam"), Status.FAILED)])
def test_a_late_answer_still_settles_what_was_called_unknown(answer: Exception | None, status: Status) -> None:
    box = a_box()
    slowly(box, answer)
    message = send(box)
    assert message.status is status
    assert box.journal.messages[message.id].status is status
    assert steps(message) == ["accepted", "sending", "unknown", str(status)]


def test_what_was_called_unknown_is_not_tried_again() -> None:
    box = a_box()
    slowly(box, Unavailable())
    assert send(box).status is Status.UNKNOWN
    assert not box.queue.waiting


def test_what_was_called_unknown_does_not_fail_over() -> None:
    box = a_box("amazonsns", "beta")
    slowly(box, Unavailable())
    assert send(box).status is Status.UNKNOWN
    assert box.providers["beta"].calls == 0


def test_what_is_gone_from_the_journal_is_still_told() -> None:
    box = a_box()
    box.providers["amazonsns"] = Slow("amazonsns", meanwhile=box.journal.messages.clear)
    assert send(box).status is Status.SENT


ANSWERS = st.none() | st.sampled_from([Unavailable(), Refused("spam"), Refused("no_balance"), Uncertain("answer_lost")])


@given(st.lists(st.lists(ANSWERS, max_size=4), min_size=1, max_size=3))
def test_whatever_the_providers_answer_nobody_gets_two_texts_and_no_doubt_is_repeated(
    answers: list[list[Exception | None]],
) -> None:
    box = a_box(*(f"c{number}" for number in range(len(answers))))
    for number, each in enumerate(answers):
        fails(box, *each, channel=f"c{number}")
    message = send(box)
    while message.status is Status.ACCEPTED:
        box.clock.pass_(seconds=box.queue.waiting.pop()[1])
        message = box.herald().resume(message.id) or message
    total = sum(calls(box).values())
    assert message.attempts == total
    assert len(box.texts) == (message.status is Status.SENT)
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert sum(calls(box).values()) == total


class Changing(Outbox):
    """An outbox whose settings are wrong from the moment of the provider's call on."""

    wrong = False

    @property
    def settings(self) -> Settings:
        if self.wrong:
            raise InvalidSettings([])
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings


@pytest.mark.parametrize("answer", [Uncertain("answer_lost"), Down()])
def test_settings_that_become_wrong_during_the_call_do_not_hide_how_it_ended(answer: Exception) -> None:
    parts = a_box()
    box = Changing(parts.providers, parts.settings)
    box.providers["amazonsns"] = Slow("amazonsns", [answer], meanwhile=lambda: setattr(box, "wrong", True))
    message = send(box, on_unknown="resend")
    assert message.status is Status.UNKNOWN
    assert message.retry_at == box.clock.now + timedelta(seconds=120)
    assert box.journal.messages[message.id].status is Status.UNKNOWN


def test_while_the_settings_are_wrong_the_sweep_goes_on() -> None:
    box = Changing()
    box.journal.claim(a_message(status=Status.SENDING, attempts=1, due_at=box.clock.now))
    box.wrong = True
    assert Sweep(box).run().unknown == 1
