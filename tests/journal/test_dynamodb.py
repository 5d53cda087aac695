"""Messages in DynamoDB: how they are written and read there, and what happens when its answers get lost."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from herald.journal import MayStand, Moved
from herald.journal.messages import DynamoJournal
from herald.message.reasons import REASONS
from herald.message.status import Status
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.failing import AnswersLost, Down
from tests.journal.moves import ALLOWED, KEPT, Once, claimed, moved


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


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SCHEDULED, Status.SENDING])
def test_a_claim_whose_answer_never_came_is_taken_back(dynamodb: Any, table: str, status: Status) -> None:
    message = a_message(due_at=NOW, status=status)
    with pytest.raises(Down):
        DynamoJournal(NoAnswer(dynamodb), table).claim(message)
    assert DynamoJournal(dynamodb, table).get(message.id) is None


def test_a_claim_whose_answer_never_came_does_not_take_somebody_elses_back(dynamodb: Any, table: str) -> None:
    theirs = claimed(DynamoJournal(dynamodb, table))
    ours = theirs.with_(created_at=NOW + timedelta(seconds=1))
    with pytest.raises(Down):
        DynamoJournal(NoAnswer(dynamodb, written=False), table).claim(ours)
    assert DynamoJournal(dynamodb, table).get(theirs.id) == theirs


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SCHEDULED])
def test_a_claim_is_not_taken_back_once_somebody_was_told_of_it(dynamodb: Any, table: str, status: Status) -> None:
    message = a_message(due_at=NOW, status=status)

    class Told(NoAnswer):
        def delete_item(self, **request: Any) -> Any:
            assert journal.keep(message)
            return super().delete_item(**request)

    journal = DynamoJournal(dynamodb, table)
    with pytest.raises(MayStand) as failed:
        DynamoJournal(Told(dynamodb), table).claim(message)
    assert isinstance(failed.value.__cause__, Down)
    assert journal.get(message.id) == message


def test_what_ended_when_it_was_claimed_is_not_taken_back_as_its_event_is_published(dynamodb: Any, table: str) -> None:
    message = a_message(status=Status.EXPIRED, reason=REASONS["throttled"])
    with pytest.raises(Down):
        DynamoJournal(NoAnswer(dynamodb), table).claim(message)
    assert DynamoJournal(dynamodb, table).get(message.id)


def test_a_claim_is_not_taken_back_once_its_message_was_erased(dynamodb: Any, table: str) -> None:
    message = a_message(due_at=NOW)

    class Erased(NoAnswer):
        def delete_item(self, **request: Any) -> Any:
            assert journal.erase(message)
            return super().delete_item(**request)

    journal = DynamoJournal(dynamodb, table)
    with pytest.raises(MayStand):
        DynamoJournal(Erased(dynamodb), table).claim(message)
    assert journal.claim(message) is not None


def test_whoever_moves_a_message_that_is_kept_meanwhile_knows_their_own_move(dynamodb: Any, table: str) -> None:
    class KeptMeanwhile(AnswersLost):
        def __getattr__(self, operation: str) -> Callable[..., Any]:
            call = getattr(self._real, operation)

            def twice(**request: Any) -> Any:
                call(**request)
                assert DynamoJournal(dynamodb, table).keep(message)
                return call(**request)

            return twice

    message = claimed(DynamoJournal(dynamodb, table))
    after = moved(DynamoJournal(KeptMeanwhile(dynamodb), table), message, Status.SENDING, attempts=1)
    assert after.status is Status.SENDING


def test_a_claim_that_cannot_even_be_taken_back_may_stand_and_tells_the_first_error(dynamodb: Any, table: str) -> None:
    with pytest.raises(MayStand) as failed:
        DynamoJournal(NoAnswer(dynamodb, table_lost=True), table).claim(a_message())
    assert isinstance(failed.value.__cause__, Down)


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
    with pytest.raises((ClientError, MayStand)) as failed:
        getattr(DynamoJournal(dynamodb, "nowhere"), operation)(given)
    error = failed.value.__cause__ if operation == "claim" else failed.value
    assert isinstance(error, ClientError)
    assert not [word for word in (NUMBER, TEXT) if word in str(error)]
