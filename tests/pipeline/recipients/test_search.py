"""Search: the messages to a person are found in pages, each of them once, and by nobody but their caller."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.errors import InvalidRequest, NotAccepted
from herald.journal.item import Mark
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.ids import from_number, to_number
from herald.message.secret import recipient
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.message.wrong import Wrong
from herald.pipeline.recipients import cursor as cursor_module
from herald.pipeline.recipients.search import LONGEST_PAGE, MOST_LOOKED_AT, PAGE, Page, every
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import SECRET, Outbox
from tests.builders import NOW, NUMBER, a_box, a_message, send
from tests.failing import Down
from tests.tables import a_table, client

OTHER = "+919812345678"
PERSON = recipient(SECRET, NUMBER)


class Counting(MemoryJournal):
    """A journal that counts the messages that were read of it to find somebody's."""

    read = 0

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        for message in super().sent_to(recipient, since=since, before=before):
            self.read += 1
            yield message


def kept(box: Outbox, **changes: Any) -> Message:
    """A message to the number that is in the journal."""
    message = a_message(**{"recipient": PERSON, "status": Status.SENT, **changes})
    assert box.journal.claim(message) is None
    return message


def pages(box: Outbox, *, caller: str | None = None, **asked: object) -> list[Page]:
    """All pages of a search, one after the other."""
    found = [box.herald().search({"to": NUMBER, **asked}, caller=caller)]
    while found[-1].next:
        found.append(box.herald().search({"to": NUMBER, **asked, "after": found[-1].next}, caller=caller))
    return found


def ids(found: list[Page]) -> list[str]:
    return [message.id for page in found for message in page.messages]


def mistakes(box: Outbox, *, caller: str | None = None, **asked: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        box.herald().search(asked, caller=caller)
    return [(problem.field, problem.code) for problem in refused.value.problems]


# ------------------------------------------------------------------------------------------------------------ pages

made = st.lists(
    st.fixed_dictionaries(
        {
            "caller": st.sampled_from(["shop", "warehouse"]),
            "status": st.sampled_from([Status.SENT, Status.DELIVERED, Status.UNDELIVERED]),
            # Few moments for many messages: so several are of the same one.
            "created_at": st.integers(0, 6).map(lambda seconds: NOW + timedelta(seconds=seconds)),
            "recipient": st.sampled_from([PERSON, PERSON, recipient(SECRET, OTHER)]),
        }
    ),
    max_size=30,
)


@settings(max_examples=300)
@given(
    messages=made,
    limit=st.integers(1, 8),
    caller=st.sampled_from([None, "shop", "nobody"]),
    status=st.sampled_from([None, *Status]),
    since=st.none() | st.integers(0, 7).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)
def test_page_after_page_gives_each_message_that_fits_once_and_in_order(
    messages: list[dict[str, Any]], limit: int, caller: str | None, status: Status | None, since: datetime | None
) -> None:
    box = a_box()
    there = [a_message(**fields) for fields in messages]
    assert not any(box.journal.claim(message) for message in there)
    asked = {"limit": limit, "status": status, "since": since and rfc3339(since)}
    found = pages(box, caller=caller, **asked)
    fitting = [
        message
        for message in sorted(there, key=lambda message: (message.created_at, message.id), reverse=True)
        if message.recipient == PERSON
        and caller in (None, message.caller)
        and status in (None, message.status)
        and (since is None or message.created_at >= since)
    ]
    assert ids(found) == [message.id for message in fitting]
    assert all(len(page.messages) == limit for page in found[:-1])
    assert 0 < len(found[-1].messages) <= limit or not fitting


@pytest.mark.parametrize("there", [1, 2, 3])
def test_a_next_page_is_promised_only_if_there_is_one(there: int) -> None:
    box = a_box()
    for _ in range(there):
        kept(box)
    page = box.herald().search({"to": NUMBER, "limit": 2})
    assert (len(page.messages), page.next is None) == (min(there, 2), there <= 2)


def test_what_comes_after_the_last_one_that_fits_makes_no_page() -> None:
    box = a_box()
    kept(box, created_at=NOW, status=Status.DELIVERED)
    kept(box, created_at=NOW + timedelta(seconds=1))
    page = box.herald().search({"to": NUMBER, "limit": 1, "status": "sent"})
    assert (len(page.messages), page.next) == (1, None)


def test_a_page_has_twenty_unless_it_is_said() -> None:
    box = a_box()
    for _ in range(PAGE + 1):
        kept(box)
    assert [len(page.messages) for page in pages(box)] == [PAGE, 1]
    assert [len(page.messages) for page in pages(box, limit="7")] == [7, 7, 7]


def test_a_search_that_fits_nothing_reads_only_so_many_at_once_and_goes_on() -> None:
    journal = Counting()
    box = a_box(journal=journal)
    first = kept(box, status=Status.FAILED, created_at=NOW - timedelta(days=1))
    for number in range(2 * MOST_LOOKED_AT + 1):
        kept(box, created_at=NOW + timedelta(seconds=number))
    page = box.herald().search({"to": NUMBER, "status": "failed"})
    assert (page.messages, page.next is None) == ([], False)
    assert journal.read == MOST_LOOKED_AT + 1
    found = pages(box, status="failed")
    assert (ids(found), len(found)) == ([first.id], 3)


def test_messages_that_come_between_two_pages_move_nothing() -> None:
    box = a_box()
    there = [kept(box, created_at=NOW + timedelta(seconds=number)).id for number in range(4)]
    page = box.herald().search({"to": NUMBER, "limit": 2})
    kept(box, created_at=NOW + timedelta(seconds=9))
    following = box.herald().search({"to": NUMBER, "limit": 2, "after": page.next})
    assert ids([page, following]) == there[::-1]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 40))
def test_the_real_journal_gives_the_same_pages(real: Outbox, there: list[str], limit: int) -> None:
    assert ids(pages(real, limit=limit)) == there
    half = rfc3339(NOW + timedelta(milliseconds=10))
    assert ids(pages(real, limit=limit, since=half, caller="shop")) == there[: len(there) - 30]


@pytest.fixture(scope="module")
def real(engine: str) -> Outbox:
    """An outbox whose journal is in DynamoDB."""
    dynamodb = client("dynamodb", engine)
    return a_box(journal=DynamoJournal(dynamodb, a_table(dynamodb)))


@pytest.fixture(scope="module")
def there(real: Outbox) -> list[str]:
    """Messages to one person, three at each millisecond: their ids, newest first. The journal has others' as well."""
    made = [kept(real, created_at=NOW + timedelta(milliseconds=number // 3)) for number in range(63)]
    for message in made[::10]:
        kept(real, recipient="0" * 32, created_at=message.created_at)
    return [message.id for message in sorted(made, key=lambda m: (m.created_at, m.id), reverse=True)]


# ------------------------------------------------------------------------------------------------------ who may see


def test_a_number_is_found_in_any_form_that_a_person_writes() -> None:
    box = a_box()
    message = send(box)
    for written in ("+91 9741 552 552", "09741552552", "9741-552-552", "0091 97415 52552"):
        assert ids([box.herald().search({"to": written})]) == [message.id]
    assert ids([box.herald().search({"to": OTHER})]) == []


def test_a_caller_finds_its_own_only_and_who_names_none_finds_all() -> None:
    box = a_box()
    mine, theirs = send(box, caller="shop"), send(box, caller="warehouse")
    assert ids(pages(box, caller="shop")) == [mine.id]
    assert ids(pages(box, caller="nobody")) == []
    assert {*ids(pages(box))} == {mine.id, theirs.id}


# ---------------------------------------------------------------------------------------------------------- cursors


def a_cursor(box: Outbox, caller: str | None = None) -> str:
    """The cursor of a second page."""
    for number in range(3):
        kept(box, caller="shop", created_at=NOW + timedelta(microseconds=number))
    cursor = box.herald().search({"to": NUMBER, "limit": 1}, caller=caller).next
    assert cursor
    return cursor


def holds(cursor: str, message: Message) -> bool:
    """Whether who decodes a cursor finds a message in it: its id or its time, as texts or as bytes."""
    inside = base64.urlsafe_b64decode(cursor)
    micro = int(message.created_at.timestamp()) * 1_000_000 + message.created_at.microsecond
    numbers = [to_number(message.id), to_number(message.id) >> 8, micro, micro // 1000, micro // 1_000_000]
    said = [message.id, message.id[4:20], message.created_at.isoformat()[:16], NUMBER[1:], PERSON]
    told = [number.to_bytes(17).lstrip(b"\0") for number in numbers] + [text.encode() for text in said]
    return any(len(each) > 3 and each in inside for each in told)


@given(st.integers(0, 2**130 - 1), st.integers(0, 10**16), st.text(max_size=40))
def test_a_place_is_read_as_it_was_written_and_by_nobody_else(number: int, micro: int, whose: str) -> None:
    mark = Mark(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro), from_number(number))
    written = cursor_module.write(SECRET, mark, whose)
    assert cursor_module.read(SECRET, written, whose) == mark
    assert not holds(written, a_message(id=mark.id, created_at=mark.created_at))
    for secret, other in ((b"another", whose), (SECRET, whose + " ")):
        with pytest.raises(Wrong):
            cursor_module.read(secret, written, other)


@given(st.lists(st.booleans(), min_size=3, max_size=9), st.integers(1, 3))
def test_where_anothers_messages_lie_between_ones_own_changes_no_cursor(own: list[bool], limit: int) -> None:
    """Nothing of another key's messages is told: neither what they are, nor that there are any."""
    alone, among = a_box(), a_box()
    for number, mine in enumerate(own):
        made = {"id": f"msg_{number:026}", "created_at": NOW + timedelta(seconds=number)}
        for box in (alone, among) if mine else (among,):
            kept(box, caller="key:shop" if mine else "key:bank", **made)
    answers = [
        [(page.next, ids([page])) for page in pages(box, caller="key:shop", limit=limit)] for box in (alone, among)
    ]
    assert answers[0] == answers[1]


def test_a_cursor_after_so_many_of_another_tells_nothing_of_them() -> None:
    box = a_box()
    mine = kept(box, caller="key:shop", created_at=NOW - timedelta(days=1))
    theirs = [
        kept(box, caller="key:bank", created_at=NOW + timedelta(seconds=number)) for number in range(MOST_LOOKED_AT + 9)
    ]
    found = pages(box, caller="key:shop")
    assert [ids([page]) for page in found] == [[], [mine.id]]
    assert found[0].next and not any(holds(found[0].next, each) for each in theirs)


def test_a_cursor_goes_with_one_person_and_one_caller() -> None:
    box = a_box()
    cursor = a_cursor(box, "shop")
    assert len(box.herald().search({"to": NUMBER, "after": cursor}, caller="shop").messages) == 2
    assert mistakes(box, to=OTHER, after=cursor, caller="shop") == [("after", "not_a_cursor")]
    for caller in (None, "warehouse"):
        assert mistakes(box, to=NUMBER, after=cursor, caller=caller) == [("after", "not_a_cursor")]


BOX = a_box()
CURSOR = a_cursor(BOX)
mutations = st.tuples(st.integers(0, len(CURSOR) - 1), st.sampled_from("AZaz09_-=+ é")).map(
    lambda change: CURSOR[: change[0]] + change[1] + CURSOR[change[0] + 1 :]
)


@settings(max_examples=500)
@given(st.text() | mutations | st.sampled_from([CURSOR + "=", CURSOR + "A", CURSOR[:-1], CURSOR * 2, "\x00"]))
def test_a_cursor_that_was_not_made_here_is_refused(cursor: str) -> None:
    if cursor != CURSOR and cursor.strip():
        assert mistakes(BOX, to=NUMBER, after=cursor)[0][0] == "after"


@pytest.mark.parametrize("place", ["", "a", "a b", "a b c", "2026-11-22 msg_1 0", "2026-11-22T12:00:00+00:00 x y"])
def test_a_cursor_of_another_make_is_refused(place: str) -> None:
    forged = base64.urlsafe_b64encode(place.encode()).decode() or "="
    assert mistakes(a_box(), to=NUMBER, after=forged) == [("after", "not_a_cursor")]


def test_a_cursor_of_before_the_time_asked_for_leads_to_nothing() -> None:
    box = a_box()
    page = Page([], a_cursor(box))
    later = rfc3339(NOW + timedelta(seconds=1))
    assert box.herald().search({"to": NUMBER, "after": page.next, "since": later}) == Page([], None)


# --------------------------------------------------------------------------------------------------------- mistakes


def test_every_mistake_is_listed() -> None:
    asked = {"to": "x", "status": "gone", "since": "yesterday", "limit": 101, "form": 1}
    assert mistakes(a_box(), **asked) == [
        ("to", "letters"),
        ("status", "not_a_choice"),
        ("since", "not_a_moment"),
        ("limit", "out_of_range"),
        ("form", "unknown_field"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("to", None, "required"),
        ("to", " ", "required"),
        ("to", 919741552552, "wrong_type"),
        ("to", ["a", "b"], "wrong_type"),
        ("to", "56767", "short_code"),
        ("status", "SENT", "not_a_choice"),
        ("status", ["sent"], "wrong_type"),
        ("since", "2026-11-22T12:00:00", "no_time_zone"),
        ("since", 5, "wrong_type"),
        ("after", 5, "wrong_type"),
        ("limit", 0, "out_of_range"),
        ("limit", "0", "out_of_range"),
        ("limit", "101", "out_of_range"),
        ("limit", "9" * 5000, "out_of_range"),
        ("limit", "ten", "wrong_type"),
        ("limit", "-1", "wrong_type"),
        ("limit", "²", "wrong_type"),
        ("limit", 1.5, "wrong_type"),
        ("limit", True, "wrong_type"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(field: str, value: object, code: str) -> None:
    assert mistakes(a_box(), **{"to": NUMBER, field: value}) == [(field, code)]


def test_fields_that_a_form_sends_empty_are_absent() -> None:
    box = a_box()
    message = send(box)
    assert ids(pages(box, status="", since=" ", limit="", after=None)) == [message.id]


def test_no_mistake_repeats_a_value() -> None:
    with pytest.raises(InvalidRequest) as refused:
        a_box().herald().search({"to": "+91 9741 552 55x", "since": "9741552552", NUMBER: "planted", "after": NUMBER})
    assert "9741" not in str(refused.value) and "planted" not in str(refused.value)


class Unread(MemoryJournal):
    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        raise Down


def test_a_journal_that_cannot_be_read_is_told_without_the_number() -> None:
    box = a_box(journal=Unread())
    with pytest.raises(NotAccepted) as refused:
        box.herald().search({"to": NUMBER})
    assert NUMBER not in str(refused.value) and refused.value.__suppress_context__
    assert box.observer.told == [("messages not read", "Down")]


# ------------------------------------------------------------------------------------------------- all of the pages


def test_all_messages_come_one_after_the_other_page_by_page() -> None:
    box = a_box()
    there = [kept(box, created_at=NOW + timedelta(seconds=number)).id for number in range(2 * LONGEST_PAGE + 1)]
    assert [message.id for message in every(box.herald().search, {"to": NUMBER})] == there[::-1]


def test_pages_are_read_as_they_are_needed() -> None:
    journal = Counting()
    box = a_box(journal=journal)
    for _ in range(3 * LONGEST_PAGE):
        kept(box)
    found = every(box.herald().search, {"to": NUMBER})
    next(found)
    assert journal.read == LONGEST_PAGE + 1


def test_a_mistake_is_told_before_the_first_message_is_asked_for() -> None:
    with pytest.raises(InvalidRequest):
        every(a_box().herald().search, {"to": "nobody"})


def test_a_page_is_json() -> None:
    box = a_box()
    message = kept(box)
    public = json.loads(json.dumps(box.herald().search({"to": NUMBER}).public()))
    assert public == {"messages": [message.public()], "next": None}
