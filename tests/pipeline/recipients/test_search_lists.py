"""Search by reference, and of what ended badly: each caller finds its own, and who is trusted says whose."""

from datetime import timedelta
from typing import Any

import pytest

from herald.errors import InvalidRequest, NotAccepted
from herald.message import Message
from herald.message.secret import recipient, referred
from herald.message.status import TROUBLED, Status
from herald.message.times import rfc3339
from herald.pipeline.recipients.search import Page
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import SECRET, Outbox
from tests.builders import NOW, NUMBER, a_box, a_message, send
from tests.failing import Down

OTHER = "+919812345678"


def page(box: Outbox, who: str | None = "shop", **asked: object) -> Page:
    return box.herald().search(asked, caller=who)


def ids(found: Page) -> list[str]:
    return [message.id for message in found.messages]


def mistakes(box: Outbox, who: str | None = "shop", **asked: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        page(box, who, **asked)
    return [(problem.field, problem.code) for problem in refused.value.problems]


def ended(box: Outbox, status: Status, after: int = 0, **changes: Any) -> Message:
    """A message that came into a state so many seconds after the first, and was noted."""
    message = a_message(**{"status": status, "recipient": recipient(SECRET, NUMBER), **changes})
    assert box.journal.claim(message) is None
    box.journal.note_troubled(message.caller, {message.id: NOW + timedelta(seconds=after)})
    return message


# ------------------------------------------------------------------------------------------------------- references


def test_a_message_is_found_by_its_reference_and_by_no_part_of_it() -> None:
    box = a_box()
    sent = send(box, reference="order-118")
    send(box, reference="order-1184")
    send(box)
    assert ids(page(box, reference="order-118")) == [sent.id]
    assert ids(page(box, reference="ORDER-118")) == []


def test_no_caller_finds_anothers_reference() -> None:
    box = a_box()
    mine, theirs = (send(box, caller=name, reference="order-118") for name in ("shop", "warehouse"))
    for caller, found in (("shop", mine), ("warehouse", theirs)):
        assert ids(page(box, caller, reference="order-118")) == [found.id]
        assert ids(page(box, None, reference="order-118", caller=caller)) == [found.id]
    assert mistakes(box, reference="order-118", caller="warehouse") == [("caller", "unknown_field")]
    assert mistakes(box, None, reference="order-118") == [("caller", "required")]


@pytest.mark.parametrize("shift", [("a", "bc"), ("ab", "c"), ("a\nb", "c"), ("", "abc")])
def test_where_a_caller_ends_and_a_reference_begins_is_never_open(shift: tuple[str, str]) -> None:
    """A reference holds no line break, so that the last one is between the two."""
    hashes = {referred(SECRET, *each) for each in (("a", "bc"), ("ab", "c"), ("a\nb", "c"), ("", "abc"))}
    assert len(hashes) == 4 and referred(SECRET, *shift) in hashes


def test_pages_of_a_reference_follow_each_other_and_their_cursor_is_of_no_other_list() -> None:
    box = a_box()
    sent = []
    for _ in range(5):
        sent.append(send(box, reference="order-118").id)
        box.clock.pass_(seconds=1)
    first = page(box, reference="order-118", limit=3)
    second = page(box, reference="order-118", limit=3, after=first.next)
    assert (ids(first) + ids(second), second.next) == (sent[::-1], None)
    for asked in ({"to": NUMBER}, {"reference": "order-119"}, {"to": NUMBER, "reference": "order-118"}):
        assert mistakes(box, **asked, after=first.next) == [("after", "not_a_cursor")]
    assert mistakes(box, "warehouse", reference="order-118", after=first.next) == [("after", "not_a_cursor")]


def test_a_reference_may_be_of_one_person_one_state_and_from_one_time_on() -> None:
    box = a_box()
    first = send(box, reference="daily")
    box.clock.pass_(minutes=1)
    other = send(box, reference="daily", to=OTHER)
    since = rfc3339(box.clock())
    assert ids(page(box, reference="daily")) == [other.id, first.id]
    assert ids(page(box, reference="daily", to=NUMBER)) == [first.id]
    assert ids(page(box, reference="daily", since=since)) == [other.id]
    assert ids(page(box, reference="daily", status="failed")) == []


def test_who_is_trusted_may_say_whose_messages_to_a_number() -> None:
    box = a_box()
    mine, _ = (send(box, caller=name) for name in ("shop", "warehouse"))
    assert len(page(box, None, to=NUMBER).messages) == 2
    assert ids(page(box, None, to=NUMBER, caller="shop")) == [mine.id]


@pytest.mark.parametrize(
    ("reference", "code"), [(5, "wrong_type"), ("a" * 65, "too_long"), ("a\nb", "control_character")]
)
def test_what_is_no_reference_is_said_so(reference: object, code: str) -> None:
    assert mistakes(a_box(), reference=reference) == [("reference", code)]


def test_nothing_of_a_reference_is_in_what_finds_it() -> None:
    box = a_box()
    sent = send(box, reference="order-118")
    assert box.journal.messages[sent.id].reference_hash == referred(SECRET, "shop", "order-118")
    assert "reference_hash" not in sent.public()


# ------------------------------------------------------------------------------------------------- what ended badly


def test_the_latest_that_ended_badly_are_found_without_a_number_by_their_state() -> None:
    box = a_box()
    made = {status: ended(box, status, n) for n, status in enumerate(sorted(TROUBLED))}
    again = ended(box, Status.FAILED, 9)
    for status, message in made.items():
        found = [again.id] if status is Status.FAILED else []
        assert ids(page(box, status=status)) == [*found, message.id]
    assert ids(page(box, status="failed", limit=1)) == [again.id]
    assert page(box, status="failed", limit=1).next is None


def test_what_was_delivered_after_all_is_not_among_them() -> None:
    box = a_box()
    message = ended(box, Status.UNDELIVERED)
    box.journal.move(message, message.with_(status=Status.DELIVERED))
    assert ids(page(box, status="undelivered")) == []


def test_they_are_the_callers_own_made_since_then() -> None:
    box = a_box()
    mine = ended(box, Status.FAILED)
    ended(box, Status.FAILED, caller="warehouse")
    assert ids(page(box, status="failed")) == ids(page(box, None, status="failed", caller="shop")) == [mine.id]
    assert ids(page(box, status="failed", since=rfc3339(NOW + timedelta(seconds=1)))) == []


@pytest.mark.parametrize("status", sorted(set(Status) - TROUBLED))
def test_another_state_needs_a_number_or_a_reference(status: Status) -> None:
    assert mistakes(a_box(), status=status) == [("to", "required")]
    assert mistakes(a_box(), None, status=status) == [("to", "required")]


def test_they_are_one_page() -> None:
    assert mistakes(a_box(), status="failed", after="x" * 56) == [("after", "not_a_cursor")]


class Unread(MemoryJournal):
    """A journal that cannot be read."""

    def troubled(self, caller: str) -> Any:
        raise Down

    def with_reference(self, *_: object, **__: object) -> Any:
        raise Down


@pytest.mark.parametrize("asked", [{"status": "failed"}, {"reference": "order-118"}])
def test_a_journal_that_cannot_be_read_is_said_so(asked: dict[str, object]) -> None:
    box = a_box(journal=Unread())
    with pytest.raises(NotAccepted) as refused:
        page(box, **asked)
    assert refused.value.retryable
    assert box.observer.told == [("messages not read", "Down")]
