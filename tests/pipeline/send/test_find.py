"""Find: a message is found by its own caller, as it stands; what nobody sends any more is found as unknown."""

from datetime import timedelta

import pytest

from herald.errors import (
    NotAccepted,
    NotFound,
)
from herald.message import Message
from herald.message.status import Status
from herald.message.times import rfc3339
from tests.builders import NOW, a_box, a_message, reason, send, steps
from tests.failing import FailingJournal
from tests.pipeline.send.quiet import quiet

TOMORROW = rfc3339(NOW + timedelta(days=1))


def test_a_journal_that_cannot_be_read_says_so() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = send(box, send_at=TOMORROW)
    journal.failing = {"get": 99}
    for act in (box.herald().find, box.herald().cancel):
        with pytest.raises(NotAccepted) as refused:
            act(message.id)
        assert quiet(refused.value)


def test_who_looks_gets_unknown_even_if_that_cannot_be_written() -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    message = a_message(status=Status.SENDING, attempts=1, due_at=NOW)
    journal.claim(message)
    journal.failing = {"move": 1}
    found = box.herald().find(message.id)
    assert (found.status, reason(found)) == (Status.UNKNOWN, "interrupted")
    assert journal.messages[message.id].status is Status.SENDING


def test_of_two_who_look_at_once_both_get_unknown() -> None:
    class Twice(FailingJournal):
        def move(self, old: Message, new: Message) -> Message:
            super().move(old, new)
            return super().move(old, new)

    box = a_box(journal=Twice())
    box.journal.claim(a_message(id="msg_" + "0" * 26, status=Status.SENDING, due_at=NOW))
    found = box.herald().find("msg_" + "0" * 26)
    assert (found.status, steps(found)) == (Status.UNKNOWN, ["accepted", "unknown"])


@pytest.mark.parametrize("message_id", ["", "x", "msg_", "msg_" + "I" * 26, "A" * 5000, "msg_" + "0" * 26 + "\n"])
def test_an_id_that_cannot_be_is_not_found_without_asking_the_journal(message_id: str) -> None:
    box = a_box(journal=FailingJournal())
    box.journal.failing["get"] = 1
    with pytest.raises(NotFound):
        box.herald().find(message_id)


def test_a_message_is_found_by_its_own_caller_only() -> None:
    box = a_box()
    message = send(box)
    kept = box.journal.messages[message.id]
    assert box.herald().find(message.id) == box.herald().find(message.id, caller="shop") == kept
    for caller in ("clinic", ""):
        with pytest.raises(NotFound):
            box.herald().find(message.id, caller=caller)


def test_what_was_never_sent_is_not_found() -> None:
    with pytest.raises(NotFound):
        a_box().herald().find("msg_" + "0" * 26)
