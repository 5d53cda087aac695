"""Transitions: what a receipt makes of a message: by value, for every state that the message may be in."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Sent
from herald.message.status import Status, comes_from
from herald.pipeline.send.received import MOST_RECEIPTS, received
from herald.pipeline.send.transitions import joined
from herald.pipeline.send.transitions import sent as sent_state
from tests.builders import NOW, a_message
from tests.strategies import messages, moments

LATER = NOW + timedelta(seconds=9)
OFF = REASONS["recipient_unavailable"]
WORDS = (Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.UNKNOWN)


def a_receipt(status: Status = Status.DELIVERED, **changes: Any) -> Receipt:
    """A receipt of the first attempt, whose words differ from those of every other status."""
    reason = OFF if status is Status.UNDELIVERED else None
    given = {"provider_id": "SM1", "status": status, "reason": reason, "raw": {"Status": str(status)}}
    return Receipt(**{**given, **changes})


def one_sent(**changes: Any) -> Message:
    """A message that its provider took."""
    given = {"status": Status.SENT, "attempts": 1, "provider_id": "SM1", "sent_at": NOW, "body": None}
    return a_message(**{**given, **changes})


def after(message: Message, *receipts: Receipt, attempt: int = 1) -> Message:
    """The message after these receipts of an attempt."""
    for receipt in receipts:
        message = received(message, receipt, attempt, LATER) or message
    return message


receipts = st.builds(
    a_receipt,
    st.sampled_from(WORDS),
    at=st.none() | moments,
    price=st.none() | st.just("0.00278"),
    raw=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)

# What a receipt of the last attempt makes of a message in each state; where it is not listed, the state stays.
BECOMES = {
    **{(status, Status.DELIVERED): Status.DELIVERED for status in Status if status is not Status.SCHEDULED},
    **{(status, new): new for status in (Status.SENDING, Status.UNKNOWN) for new in (Status.SENT, Status.UNDELIVERED)},
    (Status.SENT, Status.UNDELIVERED): Status.UNDELIVERED,
}


@pytest.mark.parametrize(("status", "said"), list(itertools.product(Status, WORDS)))
def test_a_receipt_takes_a_message_forward_or_leaves_it_where_it_is(status: Status, said: Status) -> None:
    new = after(one_sent(status=status), a_receipt(said))
    assert new.status is BECOMES.get((status, said), status)
    assert new.trace[-1].step in ("receipt", str(new.status))
    assert [step.step for step in new.trace].count("receipt") == 1


@given(messages, receipts, st.integers(1, 400))
def test_no_receipt_takes_any_message_back(message: Message, receipt: Receipt, attempt: int) -> None:
    new = received(message, receipt, attempt, LATER)
    if new is not None:
        assert new.status.rank >= message.status.rank
        assert new.trace[: len(message.trace)] == message.trace
        assert message.status in comes_from(message.status, new.status)  # Or the journal would never take it.
        assert (new.id, new.to, new.body, new.attempts) == (message.id, message.to, message.body, message.attempts)


@given(messages, receipts, st.integers(1, 400))
def test_the_same_receipt_again_says_nothing_new(message: Message, receipt: Receipt, attempt: int) -> None:
    new = received(message, receipt, attempt, LATER)
    assert received(new or message, receipt, attempt, LATER) is None


@pytest.mark.parametrize("order", list(itertools.permutations([*WORDS, Status.UNDELIVERED])))
def test_whatever_the_order_one_that_was_delivered_once_is_delivered(order: tuple[Status, ...]) -> None:
    assert after(one_sent(), *map(a_receipt, order)).status is Status.DELIVERED
    settled = [status for status in order if status is not Status.DELIVERED]
    assert after(one_sent(), *map(a_receipt, settled)).status is Status.UNDELIVERED


def test_delivered_says_when_and_nothing_stands_in_the_way_any_more() -> None:
    failed = after(one_sent(), a_receipt(Status.UNDELIVERED))
    assert (failed.reason, failed.delivered_at) == (OFF, None)
    assert (failed.trace[-1].step, failed.trace[-1].detail) == ("undelivered", "recipient_unavailable")
    done = after(failed, a_receipt(at=NOW + timedelta(seconds=4)))
    assert (done.reason, done.delivered_at) == (None, NOW + timedelta(seconds=4))


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_time_that_cannot_be_is_corrected(seconds: int) -> None:
    done = after(one_sent(), a_receipt(at=NOW + timedelta(seconds=seconds)))
    assert done.delivered_at == (NOW if seconds < 0 else LATER)


def test_without_a_time_it_is_the_moment_when_it_came() -> None:
    assert after(one_sent(), a_receipt()).delivered_at == LATER


def test_a_receipt_settles_what_nobody_knew() -> None:
    lost = a_message(status=Status.UNKNOWN, attempts=1, reason=REASONS["answer_lost"], retry_at=LATER, due_at=LATER)
    known = after(lost, a_receipt(Status.SENT, at=NOW))
    assert (known.status, known.provider_id, known.reason, known.sent_at) == (Status.SENT, "SM1", None, NOW)
    assert (known.retry_at, known.due_at, known.text_needed) == (None, None, False)


def test_the_words_of_the_provider_are_kept_once() -> None:
    receipt = a_receipt(raw={"Status": "sent", "DetailedStatusCode": "20005"})
    (step,) = [step for step in after(one_sent(), receipt, receipt).trace if step.step == "receipt"]
    assert json.loads(step.detail) == {"Status": "sent", "DetailedStatusCode": "20005"}
    assert step.at == LATER


def test_words_that_nobody_knows_are_kept_and_change_nothing() -> None:
    message = one_sent()
    new = after(message, a_receipt(Status.UNKNOWN))
    assert new.with_(trace=message.trace, updated_at=message.updated_at) == message


@pytest.mark.parametrize(
    ("told", "price"),
    [
        ([(Status.SENT, "0.1"), (Status.DELIVERED, "0.5")], "0.5"),
        ([(Status.DELIVERED, "0.5"), (Status.SENT, "0.1")], "0.5"),
        ([(Status.SENT, "0.1"), (Status.SENT, "0.2")], "0.2"),
        ([(Status.DELIVERED, "0.5"), (Status.DELIVERED, "0.6")], "0.6"),
        ([(Status.SENT, "0.1"), (Status.DELIVERED, None)], "0.1"),
        ([(Status.SENT, "0.1"), (Status.DELIVERED, "0")], "0.1"),
        ([(Status.DELIVERED, None), (Status.SENT, "0.1")], None),
    ],
)
def test_the_price_is_the_last_that_was_told_with_the_end(
    told: list[tuple[Status, str | None]], price: str | None
) -> None:
    receipts = [a_receipt(status, price=each, raw={"n": n}) for n, (status, each) in enumerate(told)]
    new = after(one_sent(), *receipts)
    assert new.price == price


def test_a_provider_that_goes_on_and_on_does_not_fill_the_record() -> None:
    many = [a_receipt(Status.UNKNOWN, raw={"n": n}) for n in range(MOST_RECEIPTS + 10)]
    full = after(one_sent(), *many)
    assert [step.step for step in full.trace].count("receipt") == MOST_RECEIPTS
    assert after(full, a_receipt()).status is Status.DELIVERED


# ---- Several attempts


@pytest.mark.parametrize("said", [Status.SENT, Status.UNDELIVERED, Status.UNKNOWN])
@pytest.mark.parametrize("status", [Status.SENDING, Status.UNKNOWN, Status.SENT])
def test_what_became_of_an_older_attempt_says_nothing_of_the_one_that_followed(status: Status, said: Status) -> None:
    again = one_sent(status=status, attempts=2, provider_id="SM2", possible_duplicate=True)
    new = after(again, a_receipt(said), attempt=1)
    assert (new.status, new.provider_id, new.reason) == (status, "SM2", None)


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENDING, Status.UNKNOWN, Status.SENT])
def test_that_an_older_attempt_reached_the_phone_is_the_end(status: Status) -> None:
    new = after(a_message(status=status, attempts=2, provider_id="SM2"), a_receipt(), attempt=1)
    assert (new.status, new.provider_id, new.text_needed) == (Status.DELIVERED, "SM2", False)


def test_a_receipt_of_an_attempt_that_was_never_made_is_only_noted() -> None:
    assert after(one_sent(), a_receipt(), attempt=2).status is Status.SENT


# ---- A receipt that is faster than our own note


@pytest.mark.parametrize("said", [Status.SENT, Status.DELIVERED, Status.UNDELIVERED])
def test_our_own_note_joins_a_receipt_that_was_faster(said: Status) -> None:
    sending = a_message(status=Status.SENDING, attempts=1)
    early = after(sending, a_receipt(said))
    ours = sent_state(sending, Sent("SM1", {"Sid": "SM1"}, price="1.5"), LATER)
    both = joined(early, ours)
    assert (both.status, both.reason, both.delivered_at) == (early.status, early.reason, early.delivered_at)
    assert (both.sent_at, both.provider_id, both.response, both.price) == (LATER, "SM1", {"Sid": "SM1"}, "1.5")
    assert {"receipt", "sent"} <= {step.step for step in both.trace}


def test_what_is_received_changes_when_the_message_was_last_touched() -> None:
    assert after(one_sent(), a_receipt()).updated_at == LATER
    assert after(one_sent(), a_receipt(Status.UNKNOWN)).updated_at == LATER


def test_only_a_text_that_is_on_its_way_learns_when_it_left() -> None:
    lost = a_message(status=Status.UNKNOWN, attempts=1)
    assert after(lost, a_receipt(Status.SENT)).sent_at == LATER
    assert after(lost, a_receipt(Status.DELIVERED)).sent_at is None


def test_the_id_of_an_older_attempt_is_not_taken_for_that_of_the_last() -> None:
    again = a_message(status=Status.UNKNOWN, attempts=2)
    assert after(again, a_receipt(), attempt=1).provider_id is None
    assert after(again, a_receipt(), attempt=2).provider_id == "SM1"


def test_a_reason_is_there_only_where_something_failed() -> None:
    odd = after(one_sent(), a_receipt(Status.DELIVERED, reason=OFF))
    assert (odd.reason, odd.trace[-1].detail) == (None, "")


def test_words_in_any_alphabet_are_kept_as_they_came() -> None:
    step = after(one_sent(), a_receipt(raw={"DetailedStatus": "संदेश"})).trace[1]
    assert step.detail == '{"DetailedStatus":"संदेश"}'


def test_our_own_note_says_last_who_took_it_and_when() -> None:
    sending = a_message(status=Status.SENDING, attempts=1)
    early = after(sending, a_receipt(provider_id=""))
    both = joined(early, sent_state(sending, Sent("SM9", {"Sid": "SM9"}), LATER + timedelta(seconds=5)))
    assert (both.provider_id, both.updated_at) == ("SM9", LATER + timedelta(seconds=5))
