"""What is erased is gone, with all that says of whom it was; only its id is not used again."""

import json
from collections.abc import Callable
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
