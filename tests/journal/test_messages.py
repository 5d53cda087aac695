"""The journal: one claims, every later write only moves forward. One contract for DynamoDB and for memory."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings

from herald.journal import Moved
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import COMES_FROM, Status, Step
from herald.pipeline.ports import Journal
from herald.testing.memory import MemoryJournal
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.failing import AnswersLost, Down
from tests.strategies import messages
from tests.tables import a_table

PAIRS = list(itertools.product(Status, Status))
# Within a state more may be learnt: its price, the provider's id, another receipt.
ALLOWED = [(old, new) for old, new in PAIRS if old in COMES_FROM[new] or old is new]
REFUSED = [pair for pair in PAIRS if pair not in ALLOWED]
DEAD = REASONS["dead_lettered"]


@pytest.fixture(params=["dynamodb", "memory"])
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    """The real one and the fake: every test that uses this fixture is part of their contract."""
    if request.param == "memory":
        yield MemoryJournal()
    else:
        yield DynamoJournal(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


def claimed(journal: Journal, **changes: Any) -> Message:
    """A message that is in the journal."""
    message = a_message(**changes)
    assert journal.claim(message) is None
    return message


# What keeps the text of a message that may be sent again.
KEPT: dict[Status, dict[str, Any]] = {Status.UNKNOWN: {"retry_at": NOW}, Status.FAILED: {"reason": DEAD}}


def moved(journal: Journal, old: Message, status: Status, **changes: Any) -> Message:
    """The message after a move, with a step."""
    trace = (*old.trace, Step(NOW, str(status)))
    return journal.move(old, old.with_(**{"status": status, "trace": trace, **changes}))


# ------------------------------------------------------------------------------------------------------------ claim


def test_the_first_claim_is_ours_and_the_second_finds_the_first(journal: Journal) -> None:
    first = claimed(journal, reference="first")
    second = first.with_(reference="second")
    assert journal.claim(second) == first
    assert journal.claim(first) == first
    assert journal.get(first.id) == first


def test_of_fifty_claims_at_once_exactly_one_wins(journal: Journal) -> None:
    message, together = a_message(), Barrier(50)

    def claim(number: int) -> Message | None:
        together.wait()
        return journal.claim(message.with_(reference=str(number)))

    with ThreadPoolExecutor(50) as crowd:
        before = list(crowd.map(claim, range(50)))
    winners = [number for number, found in enumerate(before) if found is None]
    assert len(winners) == 1
    assert {found.reference for found in before if found} == {str(winners[0])}


def test_what_was_never_claimed_is_not_there(journal: Journal) -> None:
    assert journal.get(a_message().id) is None


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=messages)
def test_every_field_comes_back_as_it_was(journal: Journal, message: Message) -> None:
    message = message.with_(id=a_message().id)
    assert journal.claim(message) is None
    kept = message if message.text_needed else message.with_(body=None)
    assert journal.get(message.id) == kept
    assert journal.claim(message) == kept


# ------------------------------------------------------------------------------------------------------------- move


@pytest.mark.parametrize(("old", "new"), ALLOWED)
def test_a_message_moves_forward(journal: Journal, old: Status, new: Status) -> None:
    message = claimed(journal, status=old, **KEPT.get(old, {}))
    after = moved(journal, message, new)
    assert after.status is new
    assert after == journal.get(message.id)


@pytest.mark.parametrize(("old", "new"), REFUSED)
def test_a_message_never_moves_back_or_aside(journal: Journal, old: Status, new: Status) -> None:
    message = claimed(journal, status=old)
    with pytest.raises(Moved) as refused:
        moved(journal, message, new)
    assert refused.value.current == journal.get(message.id)
    assert refused.value.current == (message if message.text_needed else message.with_(body=None))


def test_only_the_owner_of_an_attempt_records_its_end(journal: Journal) -> None:
    first = claimed(journal, status=Status.SENDING, attempts=1)
    second = moved(journal, first, Status.SENDING, attempts=2)
    with pytest.raises(Moved) as refused:
        moved(journal, first, Status.SENT, attempts=1)
    assert refused.value.current == second
    assert moved(journal, second, Status.SENT).status is Status.SENT


def test_of_twenty_who_start_the_next_attempt_exactly_one_does(journal: Journal) -> None:
    waiting, together = claimed(journal), Barrier(20)

    def start(_: int) -> bool:
        together.wait()
        try:
            moved(journal, waiting, Status.SENDING, attempts=1)
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(start, range(20))) == 1


def test_a_message_that_never_was_is_not_made_by_a_move(journal: Journal) -> None:
    message = a_message()
    with pytest.raises(Moved):
        moved(journal, message, Status.SENT)
    assert journal.get(message.id) is None


@pytest.mark.parametrize("status", [s for s in Status if s.rank >= 2])
def test_the_text_is_gone_once_it_is_not_needed(journal: Journal, status: Status) -> None:
    message = claimed(journal, status=min(COMES_FROM[status]))
    assert moved(journal, message, status).body is None
    found = journal.get(message.id)
    assert found
    assert found.body is None
    assert (found.length, found.segments) == (message.length, message.segments)


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SENDING, Status.UNKNOWN, Status.FAILED])
def test_the_text_stays_while_it_may_still_be_sent(journal: Journal, status: Status) -> None:
    message = claimed(journal, status=Status.SENDING, due_at=NOW)
    assert moved(journal, message, status, due_at=None, **KEPT.get(status, {})).body == TEXT


def test_what_a_move_does_not_change_stays_and_what_it_takes_away_goes(journal: Journal) -> None:
    message = claimed(journal, status=Status.SENDING, due_at=NOW, tags={"order": "7"}, reference="r")
    after = moved(journal, message, Status.SENT, due_at=None, provider_id="SM1", response={"Sid": "SM1"})
    assert (after.due_at, after.provider_id, after.response) == (None, "SM1", {"Sid": "SM1"})
    assert (after.tags, after.reference) == ({"order": "7"}, "r")


def test_steps_are_added_and_never_lost_even_by_one_who_did_not_see_them(journal: Journal) -> None:
    seen = claimed(journal, status=Status.SENDING, attempts=1)
    moved(journal, seen, Status.UNKNOWN)
    late = moved(journal, seen, Status.SENT)
    assert [step.step for step in late.trace] == ["accepted", "unknown", "sent"]
    assert journal.get(seen.id) == late


def test_a_move_without_a_new_step_keeps_the_old_ones(journal: Journal) -> None:
    message = claimed(journal, status=Status.SENDING)
    after = journal.move(message, message.with_(status=Status.SENT, trace=()))
    assert after.trace == message.trace


# ----------------------------------------------------------------------------------------------- sent again, or not


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.FAILED])
def test_what_nobody_may_send_again_cannot_be_sent_again(journal: Journal, status: Status) -> None:
    message = claimed(journal, status=status)
    with pytest.raises(Moved) as refused:
        moved(journal, message.with_(body=TEXT), Status.SENDING, attempts=1)
    assert refused.value.current == message.with_(body=None)


def test_what_belongs_to_the_status_is_written_over_what_somebody_else_wrote(journal: Journal) -> None:
    seen = claimed(journal, status=Status.SENDING, attempts=1, due_at=NOW)
    moved(journal, seen, Status.UNKNOWN, reason=REASONS["interrupted"], retry_at=NOW, turn_at=NOW)
    late = moved(journal, seen, Status.SENT, due_at=None)
    assert (late.reason, late.retry_at, late.turn_at, late.due_at, late.body) == (None, None, None, None, None)
    assert late == journal.get(seen.id)


def test_what_somebody_else_changed_meanwhile_stays(journal: Journal) -> None:
    seen = claimed(journal, status=Status.SENDING, attempts=1, reference="first", price="1")
    moved(journal, seen, Status.UNKNOWN, reference="second")
    late = moved(journal, seen, Status.SENT, price="2")
    assert (late.reference, late.price) == ("second", "2")
    assert late == journal.get(seen.id)


# -------------------------------------------------------------------------------------------------------------- due


def due(journal: Journal, *own: Message, now: datetime = NOW) -> list[str]:
    """Which of these messages are due, oldest first: the table has others too."""
    ids = {message.id for message in own}
    return [found for found in journal.due(now) if found in ids]


def test_what_is_due_is_found_oldest_first_and_nothing_else(journal: Journal) -> None:
    late = claimed(journal, due_at=NOW - timedelta(seconds=1))
    later = claimed(journal, due_at=NOW - timedelta(hours=3))
    now = claimed(journal, due_at=NOW, status=Status.SENDING)
    soon = claimed(journal, due_at=NOW + timedelta(milliseconds=1))
    never = claimed(journal, status=Status.SENT)
    assert due(journal, late, later, now, soon, never) == [later.id, late.id, now.id]


def test_what_has_ended_is_not_due_any_more(journal: Journal) -> None:
    message = claimed(journal, due_at=NOW, status=Status.SENDING)
    moved(journal, message, Status.SENT, due_at=None)
    assert due(journal, message) == []


def test_what_is_due_again_is_found_whatever_its_writer_had_seen(journal: Journal) -> None:
    seen = claimed(journal, due_at=NOW, status=Status.SENDING)
    moved(journal, seen, Status.FAILED, due_at=None, reason=DEAD)
    assert due(journal, seen) == []
    late = moved(journal, seen, Status.ACCEPTED, due_at=NOW)
    assert due(journal, late) == [late.id]


def test_of_twenty_who_look_after_a_message_at_once_exactly_one_does(journal: Journal) -> None:
    overdue, together = claimed(journal, due_at=NOW), Barrier(20)

    def look_after(number: int) -> bool:
        together.wait()
        try:
            moved(journal, overdue, Status.ACCEPTED, due_at=NOW + timedelta(seconds=60 + number))
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(look_after, range(20))) == 1


def test_what_somebody_else_looked_after_without_a_time_is_refused_too(journal: Journal) -> None:
    message = claimed(journal)
    moved(journal, message, Status.ACCEPTED, due_at=NOW)
    with pytest.raises(Moved):
        moved(journal, message, Status.ACCEPTED, due_at=NOW)


def test_looking_after_a_message_does_not_hinder_the_one_who_sends_it(journal: Journal) -> None:
    seen = claimed(journal, due_at=NOW)
    moved(journal, seen, Status.ACCEPTED, due_at=NOW + timedelta(minutes=1))
    assert moved(journal, seen, Status.SENDING, attempts=1).status is Status.SENDING


def test_all_that_is_due_is_found_in_pages(dynamodb: Any) -> None:
    table = a_table(dynamodb)
    journal = DynamoJournal(dynamodb, table)
    many = [claimed(journal, due_at=NOW + timedelta(milliseconds=n)) for n in range(250)]
    paged = DynamoJournal(Pages(dynamodb, 100), table)
    assert list(paged.due(NOW + timedelta(seconds=1))) == [message.id for message in many]


def test_finished_messages_cost_a_look_nothing(dynamodb: Any) -> None:
    table = a_table(dynamodb)
    journal, looks = DynamoJournal(dynamodb, table), Pages(dynamodb, 1000)
    (waiting,) = [claimed(journal, due_at=NOW)]
    assert list(DynamoJournal(looks, table).due(NOW)) == [waiting.id]
    for _ in range(300):
        claimed(journal, status=Status.SENT, attempts=1)
    assert list(DynamoJournal(looks, table).due(NOW)) == [waiting.id]
    assert looks.scanned == [1, 1]


# ------------------------------------------------------------------------------------------------- what it has cost


@pytest.mark.parametrize(("before", "after"), [(None, 5), (5, 2), (5, 0), (0, 5)])
def test_what_a_message_costs_is_settled_once(journal: Journal, before: int | None, after: int) -> None:
    sent = claimed(journal, status=Status.SENT, attempts=1, reserved=before)
    now = moved(journal, sent, Status.DELIVERED, reserved=after)
    assert now.reserved == after
    with pytest.raises(Moved) as settled:
        moved(journal, sent, Status.DELIVERED, reserved=after + 1)
    assert settled.value.current == now
    assert moved(journal, now, Status.DELIVERED, reserved=after + 1).reserved == after + 1


def test_two_who_settle_the_same_message_do_not_both(journal: Journal) -> None:
    sent = claimed(journal, status=Status.SENT, attempts=1, reserved=5)
    noted = moved(journal, sent, Status.SENT, reserved=2)
    with pytest.raises(Moved):
        moved(journal, sent, Status.DELIVERED, reserved=3)
    assert moved(journal, sent.with_(reserved=2), Status.DELIVERED, reserved=3).trace[:2] == noted.trace


def test_a_move_that_settles_nothing_asks_for_no_price(journal: Journal) -> None:
    sent = claimed(journal, status=Status.SENT, attempts=1, reserved=5)
    moved(journal, sent, Status.SENT, reserved=2)
    assert moved(journal, sent, Status.DELIVERED).reserved == 2


# ------------------------------------------------------------------------------------------------------------ erase


def test_what_is_erased_is_gone_and_its_id_is_not_used_again(journal: Journal) -> None:
    message = claimed(journal, status=Status.SENT, attempts=1)
    assert journal.erase(message) is True
    assert journal.get(message.id) is None
    again = a_message(id=message.id)
    before = journal.claim(again)
    assert before
    assert before.fingerprint != again.fingerprint
    assert journal.get(message.id) is None


def test_what_is_erased_hears_of_nothing_any_more(journal: Journal) -> None:
    message = claimed(journal, status=Status.SENT, attempts=1)
    assert journal.erase(message)
    with pytest.raises(Moved) as gone:
        moved(journal, message, Status.DELIVERED, provider_id="SM1", response={"To": NUMBER})
    assert gone.value.current is None


def test_what_moved_meanwhile_is_not_erased(journal: Journal) -> None:
    message = claimed(journal, status=Status.SENDING, attempts=1)
    now = moved(journal, message, Status.SENT)
    assert journal.erase(message) is False
    assert journal.get(message.id) == now
    assert journal.erase(now.with_(attempts=2)) is False
    assert journal.erase(now) is True


def test_nothing_of_a_person_is_left_in_the_table(dynamodb: Any, table: str, item: Callable[[str], Any]) -> None:
    journal = DynamoJournal(dynamodb, table)
    personal: dict[str, Any] = {
        "sender": "SHOP", "provider_id": "SM1", "response": {"To": NUMBER}, "reference": "of Asha's order",
        "tags": {"name": "Asha"}, "callback_url": "https://example.com/asha", "recipient": "r" * 32, "due_at": NOW,
    }  # fmt: skip
    message = claimed(journal, **personal)
    assert journal.erase(message)
    left = item(message.id)
    assert left["erased"] == {"BOOL": True}
    assert (left["to"], left["fingerprint"], left["trace"]) == ({"S": ""}, {"S": ""}, {"L": []})
    assert not {*left} & {*personal, "body", "due"}
    assert not [word for word in (NUMBER, TEXT, "Asha", "asha", "SHOP", "SM1") if word in json.dumps(left)]
    with pytest.raises(Moved) as gone:
        moved(journal, message, Status.SENDING, attempts=1)
    assert gone.value.current is None


def test_an_index_that_still_names_what_is_erased_or_gone_finds_nothing(dynamodb: Any, table: str) -> None:
    class Behind(Once):
        def query(self, **request: Any) -> Any:
            return {"Items": [{"pk": {"S": f"message#{name}"}} for name in (erased.id, "msg_gone", kept.id)]}

        def batch_get_item(self, **request: Any) -> Any:
            return self._real.batch_get_item(**request)

    journal = DynamoJournal(dynamodb, table)
    erased, kept = claimed(journal, status=Status.SENT), claimed(journal)
    assert journal.erase(erased)
    assert list(DynamoJournal(Behind(dynamodb), table).sent_to("whoever")) == [kept]


# ------------------------------------------------------------------------------------------- DynamoDB and its client


class Pages:
    """A client whose pages are at most so long; it notes how many items each look cost."""

    def __init__(self, real: Any, size: int) -> None:
        self._real, self._size, self.scanned = real, size, list[int]()

    def get_paginator(self, operation: str) -> Any:
        pages = self._real.get_paginator(operation)

        class Paginator:
            @staticmethod
            def paginate(**query: Any) -> Iterator[Any]:
                for page in pages.paginate(**query, PaginationConfig={"PageSize": self._size}):
                    self.scanned.append(page["ScannedCount"])
                    yield page

        return Paginator


class NoAnswer:
    """A client whose writes may go through, but whose answers never come."""

    def __init__(self, real: Any, *, written: bool = True, table_lost: bool = False) -> None:
        self._real, self._written, self._lost, self.exceptions = real, written, table_lost, real.exceptions

    def put_item(self, **request: Any) -> None:
        if self._written:
            self._real.put_item(**request)
        raise Down

    def delete_item(self, **request: Any) -> Any:
        if self._lost:
            raise Down
        return self._real.delete_item(**request)


class Once:
    """A client that takes no update which AWS would refuse and the local engine does not: with two changes of one
    attribute, or with anything after its last part."""

    def __init__(self, real: Any) -> None:
        self._real, self.exceptions, self.updates = real, real.exceptions, 0

    def update_item(self, **request: Any) -> Any:
        self.updates += 1
        assert re.fullmatch(r"SET .+\)( REMOVE #\w+(, #\w+)*)?", request["UpdateExpression"])
        paths = re.findall(r"(#\w+) =", request["UpdateExpression"])
        paths += re.findall(r"#\w+", request["UpdateExpression"].partition(" REMOVE ")[2])
        assert len(paths) == len(set(paths))
        return self._real.update_item(**request)


@pytest.fixture
def item(dynamodb: Any, table: str) -> Callable[[str], dict[str, Any]]:
    """The attributes that are really stored for a message's id."""
    key = "message#{}".format
    return lambda name: dynamodb.get_item(TableName=table, Key={"pk": {"S": key(name)}})["Item"]


@pytest.fixture
def lossy(dynamodb: Any, table: str) -> DynamoJournal:
    """A journal whose next answer gets lost, so that the SDK repeats the call."""
    return DynamoJournal(AnswersLost(dynamodb), table)


def test_a_move_that_takes_nothing_away_says_nothing_of_it(dynamodb: Any, table: str) -> None:
    all_times = {"due_at": NOW, "retry_at": NOW, "turn_at": NOW, "reason": REASONS["throttled"]}
    message, once = claimed(DynamoJournal(dynamodb, table), **all_times), Once(dynamodb)
    assert moved(DynamoJournal(once, table), message, Status.ACCEPTED).turn_at == NOW
    assert once.updates == 1


def test_a_message_is_read_as_it_stands_and_not_as_it_stood(dynamodb: Any, table: str) -> None:
    class Strict(Once):
        def get_item(self, **request: Any) -> Any:
            assert request["ConsistentRead"] is True
            return self._real.get_item(**request)

    message = claimed(DynamoJournal(dynamodb, table))
    assert DynamoJournal(Strict(dynamodb), table).get(message.id) == message


@pytest.mark.parametrize(("old", "new"), ALLOWED)
def test_no_attribute_is_changed_twice_by_one_move(dynamodb: Any, table: str, old: Status, new: Status) -> None:
    once = Once(dynamodb)
    message = claimed(DynamoJournal(dynamodb, table), status=old, due_at=NOW, **KEPT.get(old, {}))
    moved(DynamoJournal(once, table), message, new, due_at=None, reference="new")
    assert once.updates == 1


def test_an_item_expires_after_the_message_and_the_days_that_it_is_kept(
    dynamodb: Any, table: str, item: Callable[[str], dict[str, Any]]
) -> None:
    message = claimed(DynamoJournal(dynamodb, table, keep_days=lambda: 7))
    until = message.expires_at + timedelta(days=7)
    assert item(message.id)["ttl"] == {"N": str(int(until.timestamp()))}
    moved(DynamoJournal(dynamodb, table), message, Status.SENDING, attempts=1)
    assert item(message.id)["ttl"] == {"N": str(int(until.timestamp()))}


def test_an_item_is_kept_for_thirty_days_if_nothing_else_is_said(
    dynamodb: Any, table: str, item: Callable[[str], dict[str, Any]]
) -> None:
    message = claimed(DynamoJournal(dynamodb, table))
    assert item(message.id)["ttl"] == {"N": str(int((message.expires_at + timedelta(days=30)).timestamp()))}


def test_the_text_is_removed_from_the_table_itself(
    dynamodb: Any, table: str, item: Callable[[str], dict[str, Any]]
) -> None:
    journal = DynamoJournal(dynamodb, table)
    message = claimed(journal, status=Status.SENDING)
    assert TEXT in json.dumps(item(message.id))
    moved(journal, message, Status.SENT)
    assert TEXT not in json.dumps(item(message.id))


def test_a_claim_that_the_sdk_repeats_is_ours(lossy: DynamoJournal) -> None:
    message = a_message()
    assert lossy.claim(message) is None
    assert lossy.claim(message) == message


def test_a_claim_that_the_sdk_repeats_is_not_ours_if_it_was_not(
    lossy: DynamoJournal, dynamodb: Any, table: str
) -> None:
    first = claimed(DynamoJournal(dynamodb, table), reference="first")
    assert lossy.claim(first.with_(reference="second")) == first


@pytest.mark.parametrize("status", [Status.SENT, Status.SENDING, Status.ACCEPTED, Status.UNKNOWN, Status.FAILED])
def test_a_move_that_the_sdk_repeats_is_ours_and_done_once(
    lossy: DynamoJournal, dynamodb: Any, table: str, status: Status
) -> None:
    journal = DynamoJournal(dynamodb, table)
    message = claimed(journal, status=Status.SENDING, attempts=1)
    after = moved(lossy, message, status, attempts=2)
    assert after == journal.get(message.id)
    assert [step.step for step in after.trace] == ["accepted", str(status)]


def test_a_move_that_the_sdk_repeats_is_refused_if_somebody_else_was_faster(
    lossy: DynamoJournal, dynamodb: Any, table: str
) -> None:
    message = claimed(DynamoJournal(dynamodb, table), status=Status.SENDING, attempts=1)
    theirs = moved(DynamoJournal(dynamodb, table), message, Status.UNKNOWN)
    with pytest.raises(Moved) as refused:
        moved(lossy, message, Status.ACCEPTED)
    assert refused.value.current == theirs


def test_a_claim_whose_answer_never_came_is_taken_back(dynamodb: Any, table: str) -> None:
    message = a_message(due_at=NOW)
    with pytest.raises(Down):
        DynamoJournal(NoAnswer(dynamodb), table).claim(message)
    assert DynamoJournal(dynamodb, table).get(message.id) is None


def test_a_claim_whose_answer_never_came_does_not_take_somebody_elses_back(dynamodb: Any, table: str) -> None:
    theirs = claimed(DynamoJournal(dynamodb, table))
    with pytest.raises(Down):
        DynamoJournal(NoAnswer(dynamodb, written=False), table).claim(theirs)
    assert DynamoJournal(dynamodb, table).get(theirs.id) == theirs


def test_a_claim_that_cannot_even_be_taken_back_is_still_the_first_error(dynamodb: Any, table: str) -> None:
    with pytest.raises(Down):
        DynamoJournal(NoAnswer(dynamodb, table_lost=True), table).claim(a_message())


def test_a_reason_that_this_version_does_not_know_can_be_read(dynamodb: Any, table: str) -> None:
    journal = DynamoJournal(dynamodb, table)
    message = claimed(journal)
    dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": f"message#{message.id}"}},
        UpdateExpression="SET reason = :r, later = :r",
        ExpressionAttributeValues={":r": {"S": "of_a_later_version"}},
    )
    found = journal.get(message.id)
    assert found
    assert found.reason
    assert found.reason.code == "unexplained"


@pytest.mark.parametrize("operation", ["claim", "get"])
def test_a_table_that_is_not_there_is_the_clients_own_error(dynamodb: Any, operation: str) -> None:
    message = a_message()
    given: Any = message.id if operation == "get" else message
    with pytest.raises(ClientError) as failed:
        getattr(DynamoJournal(dynamodb, "nowhere"), operation)(given)
    assert not [word for word in (NUMBER, TEXT) if word in str(failed.value)]
