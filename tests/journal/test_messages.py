"""Messages: one claims, every later write only moves forward. One contract for DynamoDB and for memory."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings

from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import COMES_FROM, Status
from herald.pipeline.ports import Journal
from tests.builders import NOW, TEXT, a_message
from tests.journal.moves import ALLOWED, KEPT, REFUSED, claimed, moved
from tests.strategies import messages

# ---- claim


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


# ---- move


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


# ---- sent again, or not


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


# ---- what it has cost


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
