"""Record: a receipt is written down whoever else writes at the same time, and not for ever."""

from typing import Any

import pytest

from herald.errors import NotAccepted
from herald.journal import Moved
from herald.message import Message
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.pipeline.receive.record import TRIES, record
from herald.testing.fakes import Clock, Notes
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_message, steps
from tests.failing import Down, FailingJournal

DELIVERED = Receipt("5f1a", Status.DELIVERED, at=NOW, raw={"Status": "sent"})
TAKEN = Receipt("5f1a", Status.SENT, price="0.2", raw={"Status": "queued"})


class Restless(MemoryJournal):
    """A journal in which somebody else is faster so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def move(self, old: Message, new: Message) -> Message:
        if self.times:
            self.times -= 1
            raise Moved(self.messages.get(old.id))
        return super().move(old, new)


def ports(journal: MemoryJournal, observer: Notes) -> Outbox:
    """What there is, with this journal and this observer."""
    return Outbox(journal=journal, observer=observer, clock=Clock(NOW))


def a_sent(journal: MemoryJournal, **changes: Any) -> Message:
    message = a_message(status=Status.SENT, sent_at=NOW, attempts=1, **changes)
    assert journal.claim(message) is None
    return journal.messages[message.id]


@pytest.mark.parametrize("times", [0, 1, TRIES - 1])
def test_a_receipt_is_written_down_however_often_somebody_else_is_faster(times: int) -> None:
    journal, notes = Restless(times), Notes()
    message = a_sent(journal)
    recorded = record(ports(journal, notes), message, DELIVERED, 1)
    assert recorded == journal.messages[message.id] and recorded.status is Status.DELIVERED
    assert notes.told == [("message delivered", message.id)]


def test_a_message_that_is_moved_again_and_again_takes_no_receipt_now() -> None:
    journal, notes = Restless(TRIES), Notes()
    message = a_sent(journal)
    with pytest.raises(NotAccepted, match=r"^not_accepted: The message moved on and on\.$"):
        record(ports(journal, notes), message, DELIVERED, 1)
    assert (journal.messages[message.id], notes.told) == (message, [])


def test_a_message_that_is_gone_takes_no_receipt_any_more() -> None:
    journal = MemoryJournal()
    message = a_sent(journal)
    assert journal.erase(message)
    assert record(ports(journal, Notes()), message, DELIVERED, 1) is None


def test_a_receipt_that_says_nothing_new_is_not_written_and_not_told() -> None:
    journal, notes = MemoryJournal(), Notes()
    message = a_sent(journal)
    first = record(ports(journal, notes), message, TAKEN, 1)
    assert first and record(ports(journal, notes), first, TAKEN, 1) == first
    assert steps(first) == ["accepted", "receipt"]
    assert notes.told == [("receipt noted", message.id)]


def test_trouble_of_the_journal_is_the_callers() -> None:
    journal = FailingJournal()
    message = a_sent(journal)
    journal.failing["move"] = 1
    with pytest.raises(Down):
        record(ports(journal, Notes()), message, DELIVERED, 1)


class Prices(Notes):
    """Notes that keep what was spent as well."""

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        self.told.append((phrase, str(spent)))

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        self.told.append((str(message.status), str(spent)))


@pytest.mark.parametrize(
    ("status", "known", "receipt", "told"),
    [
        (Status.SENT, None, TAKEN, ("receipt noted", "0.2")),
        (Status.SENT, "0.1", TAKEN, ("receipt noted", "None")),
        (Status.UNKNOWN, None, TAKEN, ("sent", "None")),  # Who is sent tells the price by itself.
        (Status.SENT, None, Receipt("5f1a", Status.DELIVERED, price="0.2"), ("delivered", "0.2")),
        (Status.SENT, "0.1", Receipt("5f1a", Status.DELIVERED, price="0.2"), ("delivered", "None")),
    ],
)
def test_a_price_is_told_once_where_it_becomes_known(
    status: Status, known: str | None, receipt: Receipt, told: tuple[str, str]
) -> None:
    journal, notes = MemoryJournal(), Prices()
    message = a_sent(journal, price=known).with_(status=status)
    journal.messages[message.id] = message
    record(ports(journal, notes), message, receipt, 1)
    assert notes.told == [told]
