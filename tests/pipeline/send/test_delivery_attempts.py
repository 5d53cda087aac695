"""Delivery: how an attempt ended decides what may be done next, and no doubt is ever repeated."""

from typing import TYPE_CHECKING

import pytest

from herald.errors import (
    NotAccepted,
    NotFound,
    Refused,
    Unavailable,
    Uncertain,
)
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.send.transitions import LEASE
from tests.builders import NUMBER, TEXT, a_box, fails, reason, send, steps
from tests.failing import Down
from tests.pipeline.send.providers import OWN, Slow, calls

if TYPE_CHECKING:
    from herald.message import Message

OTHERS = [code for code in REASONS if code not in OWN]
BROKEN = [Down(), ValueError(TEXT), KeyError(NUMBER), NotFound(), NotAccepted(), RecursionError()]


def test_an_accepted_message_is_sent_by_the_first_channel_alone() -> None:
    box = a_box("alpha", "beta")
    message = send(box)
    assert (message.status, message.channel, message.provider) == (Status.SENT, "alpha", "fake")
    assert (message.provider_id, message.sent_at, message.attempts) == ("alpha-1", box.clock.now, 1)
    assert steps(message) == ["accepted", "sending", "sent"]
    assert calls(box) == {"alpha": 1, "beta": 0}


def test_the_caller_gets_the_providers_answer_whole_and_the_journal_keeps_it_without_the_text() -> None:
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


@pytest.mark.parametrize("code", OTHERS)
def test_any_other_refusal_is_for_good(code: str) -> None:
    box = a_box("alpha", "beta")
    fails(box, Refused(code, response={"code": "7"}), channel="alpha")
    message = send(box)
    assert (message.status, reason(message), message.response) == (Status.FAILED, code, {"code": "7"})
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert not box.queue.waiting


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


@pytest.mark.parametrize("calls_back", [True, False])
def test_a_url_for_receipts_is_made_only_for_a_provider_that_calls_it(calls_back: bool) -> None:
    box = a_box()
    provider = box.providers["amazonsns"]
    provider.calls_back = calls_back
    send(box)
    assert [bool(url) for url in provider.callbacks] == [calls_back]
