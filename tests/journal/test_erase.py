"""What is erased is gone, with all that says of whom it was; only its id is not used again."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from herald.journal import Moved
from herald.journal.messages import DynamoJournal
from herald.message.status import Status
from herald.pipeline.ports import Journal
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.journal.moves import Once, claimed, moved


def test_what_is_erased_is_gone_and_its_id_is_not_used_again(journal: Journal) -> None:
    message = claimed(journal, status=Status.SENT, attempts=1)
    assert journal.erase(message) is True
    assert journal.get(message.id) is None
    again = a_message(id=message.id)
    before = journal.claim(again)
    assert before
    assert before.fingerprint != again.fingerprint
    assert journal.get(message.id) is None


def test_what_is_erased_records_nothing_any_more(journal: Journal) -> None:
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
        "reference_hash": "f" * 32,
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


def test_when_a_person_was_erased_is_known_for_a_while(journal: Journal) -> None:
    person = uuid.uuid4().hex
    assert journal.erased_at(person) is None
    journal.mark_erased(person, NOW)
    journal.mark_erased(person, NOW + timedelta(minutes=1))
    assert journal.erased_at(person) == NOW + timedelta(minutes=1)
    assert journal.erased_at(uuid.uuid4().hex) is None


def test_whether_a_message_was_erased_is_known(journal: Journal) -> None:
    message, other = claimed(journal), claimed(journal)
    journal.erase(message)
    assert [journal.is_erased(each) for each in (message.id, other.id, "msg_1")] == [True, False, False]


def test_that_a_person_was_erased_is_forgotten_after_the_queues_are(dynamodb: Any, table: str) -> None:
    person = uuid.uuid4().hex
    DynamoJournal(dynamodb, table).mark_erased(person, NOW)
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": f"erased#{person}"}})["Item"]
    assert set(item) == {"pk", "at", "ttl"}
    assert item["ttl"] == {"N": str(int((NOW + timedelta(days=15)).timestamp()))}
