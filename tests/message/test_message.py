"""Message: values that know what may still happen to them, and how they are shown."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message import PUBLIC, Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Sent
from herald.message.status import COMES_FROM, Status, Step
from herald.message.times import rfc3339
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.strategies import messages, times

FINAL = {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.EXPIRED, Status.CANCELED}


@pytest.mark.parametrize("status", Status)
def test_a_status_is_final_if_it_leads_nowhere(status: Status) -> None:
    assert status.final == (status in FINAL)
    # That it reached the phone is the truth, whatever we believed before.
    beyond = {new for new, origins in COMES_FROM.items() if status in origins} - {Status.DELIVERED}
    # A dead letter has failed, until a person takes it up again.
    assert status.final == (not beyond - {Status.ACCEPTED, Status.SENDING, Status.EXPIRED} and status.rank >= 4)
    assert status is Status.FAILED or status.final == (not beyond)


@pytest.mark.parametrize("status", Status)
def test_a_status_comes_only_from_lower_ranks_while_nothing_is_to_be_sent_again(status: Status) -> None:
    for origin in COMES_FROM[status]:
        again = status in (Status.ACCEPTED, Status.SENDING) or (origin, status) == (Status.FAILED, Status.EXPIRED)
        assert again or origin is status or origin.rank < status.rank


@pytest.mark.parametrize("status", Status)
def test_the_text_is_needed_while_the_message_may_be_sent(status: Status) -> None:
    plain = status in (Status.ACCEPTED, Status.SCHEDULED, Status.SENDING)
    assert a_message(status=status).text_needed == plain
    again = status in (Status.UNKNOWN, Status.SENT)
    assert a_message(status=status, retry_at=NOW).text_needed == (plain or again)
    dead = a_message(status=status, reason=REASONS["dead_lettered"])
    assert dead.text_needed == (plain or status is Status.FAILED)


@given(messages)
def test_what_waits_may_be_sent_and_nothing_else_but_what_is_being_sent(message: Message) -> None:
    assert message.text_needed == (message.waiting or message.status is Status.SENDING)


@pytest.mark.parametrize("status", Status)
def test_a_message_is_surely_unsent_if_it_ended_before_anybody_took_it(status: Status) -> None:
    assert status.unsent == (status.final and Status.SENT not in COMES_FROM[status])


def test_a_status_is_its_own_word() -> None:
    assert [str(status) for status in Status] == [
        "accepted", "scheduled", "sending", "unknown", "sent", "delivered", "undelivered", "failed", "expired",
        "canceled",
    ]  # fmt: skip


def test_a_message_expires_at_the_very_moment() -> None:
    message = a_message(expires_at=NOW)
    assert not message.expired(NOW - timedelta(microseconds=1))
    assert message.expired(NOW)


def test_with_gives_a_copy_and_leaves_the_message_alone() -> None:
    message = a_message()
    sent = message.with_(status=Status.SENT)
    assert sent.status is Status.SENT
    assert sent.with_(status=Status.ACCEPTED) == message
    assert message.status is Status.ACCEPTED
    with pytest.raises(AttributeError):
        message.status = Status.SENT  # type: ignore[misc]


def test_a_repr_tells_neither_number_nor_text() -> None:
    answered = Sent("SM1", {"to": "+919741552552"})
    receipt = Receipt("SM1", Status.DELIVERED, raw={"to": "+919741552552"}, to="+919741552552")
    for value in (a_message(body="a secret", response=answered.response), answered, receipt):
        assert "SM1" in repr(value) or "msg_" in repr(value)
        assert "919741552552" not in repr(value)
        assert "a secret" not in repr(value)


def test_callers_see_these_fields_in_this_order() -> None:
    assert list(a_message().public()) == [
        "id", "status", "to", "country", "channel", "provider", "provider_id", "sender", "kind", "encoding",
        "segments", "created_at", "updated_at", "sent_at", "delivered_at", "send_at", "expires_at", "attempts",
        "reason", "reference", "tags", "price", "possible_duplicate", "deliver_by",
        "second_channel", "test", "trace", "response",
    ]  # fmt: skip


def test_callers_see_words_times_and_reasons_as_json() -> None:
    shown = a_message(status=Status.FAILED, reason=REASONS["spam"], send_at=NOW, tags={"order": "7"}).public()
    assert shown["status"] == "failed"
    assert type(shown["status"]) is str
    assert shown["send_at"] == "2026-11-22T12:00:00.000Z"
    assert shown["reason"] == {
        "code": "spam",
        "text": "The carrier blocked the message as spam.",
        "who": "carrier",
        "retryable": False,
    }
    assert shown["tags"] == {"order": "7"}
    assert shown["trace"] == [{"at": "2026-11-22T12:00:00.000Z", "step": "accepted", "detail": "by https"}]
    assert shown["sent_at"] is None


@given(messages)
def test_whatever_a_message_holds_callers_get_json(message: Message) -> None:
    shown = message.public()
    assert json.loads(json.dumps(shown)) == shown
    assert tuple(shown) == PUBLIC


def test_callers_see_neither_text_nor_caller_nor_fingerprint() -> None:
    shown = json.dumps(a_message(caller="a-caller", asked_channel="asked").public())
    assert not [word for word in (TEXT, "a-caller", "ffff", "asked") if word in shown]


def test_what_a_provider_repeats_of_the_message_is_not_kept() -> None:
    sent = Sent("SM1", {"Sid": "SM1", "Body": TEXT, "To": NUMBER, "Price": "0.1"}, "0.1", frozenset({"Body", "To"}))
    assert sent.kept == {"Sid": "SM1", "Price": "0.1"}
    assert sent.response["Body"] == TEXT


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 25, 3, 30, tzinfo=UTC), "2026-11-25T03:30:00.000Z"),
        (datetime(2026, 11, 25, 9, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-11-25T03:30:00.000Z"),
        (datetime(2026, 11, 25, 3, 30, 0, 999_999, tzinfo=UTC), "2026-11-25T03:30:00.999Z"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(moment: datetime, written: str) -> None:
    assert rfc3339(moment) == written


@given(times(1900, 2200, st.timezones()))
def test_a_written_time_is_read_again_to_the_millisecond(moment: datetime) -> None:
    written = rfc3339(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    assert timedelta() <= moment.astimezone(UTC) - datetime.fromisoformat(written) < timedelta(milliseconds=1)


@given(st.lists(times(1900, 2200), max_size=5))
def test_written_times_sort_like_the_times(some: list[datetime]) -> None:
    assert [rfc3339(at) for at in sorted(some)] == sorted(rfc3339(at) for at in some)


def test_a_step_needs_no_detail() -> None:
    assert Step(NOW, "sent") == Step(NOW, "sent", "")
