"""Delivery: the caller gets the truth, whatever the journal, the settings and others do meanwhile."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import (
    InvalidSettings,
    Refused,
    Unavailable,
    Uncertain,
)
from herald.message.status import Status
from herald.pipeline.send.sweep import Sweep
from herald.pipeline.send.transitions import LEASE
from herald.settings.values import Settings
from herald.testing.outbox import Outbox
from tests.builders import a_box, a_message, fails, reason, send, steps
from tests.failing import Down, FailingJournal
from tests.pipeline.send.providers import Slow, calls


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
def test_the_caller_gets_the_truth_even_if_the_result_cannot_be_recorded(
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
