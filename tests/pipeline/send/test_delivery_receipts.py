"""A receipt may be faster than the provider's own answer: then the record gets what both say, and it is told once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from herald.errors import Refused, Uncertain
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from herald.providers._base import Callback
from herald.settings.values import Channel, Settings
from herald.testing.fakes import FakeProvider, Notes
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, steps
from tests.failing import Down

DELIVERED = {"SmsSid": "exotel-1", "Status": "sent", "DetailedStatusCode": "20005"}
UNDELIVERED = {"SmsSid": "exotel-1", "Status": "failed", "DetailedStatusCode": "23005"}
SUBMITTED = {"SmsSid": "exotel-1", "Status": "submitted"}


@dataclass
class Hasty(FakeProvider):
    """A provider that takes the text, and during whose answer something else happens. It tells a price."""

    meanwhile: Callable[[], object] = lambda: None
    ends: Exception | None = None
    price: str | None = "0.21"

    def send(self, message: Message, callback: str | None = None) -> Sent:
        sent = super().send(message, callback)
        self.meanwhile()
        if self.ends:
            raise self.ends
        return Sent(sent.provider_id, {"Sid": sent.provider_id, "Status": "queued"}, self.price)


@dataclass
class Crowded(MemoryJournal):
    """A journal in which something happens right before the moves: ``before``, in turn."""

    before: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def move(self, old: Message, new: Message) -> Message:
        if self.before:
            self.before.pop(0)()
        return super().move(old, new)


class Told(Notes):
    """Notes that keep what each end was told with, and what each trouble."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[tuple[Status, str | None, bool]] = []
        self.steps: list[tuple[str, str | None]] = []
        self.troubles: list[tuple[str, str, Mapping[str, object]]] = []

    def step(self, phrase: str, message: Message, *, spent: str | None = None, **extra: object) -> None:
        self.steps.append((phrase, spent))
        self.told.append((phrase, message.id))

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        self.ends.append((message.status, message.price, latency_ms is not None))

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.troubles.append((phrase, type(error).__name__, extra))


@pytest.fixture
def hasty() -> Hasty:
    return Hasty("exotel")


@pytest.fixture
def box(hasty: Hasty) -> Outbox:
    settings = Settings(channels={"exotel": Channel("exotel", "exotel")})
    return Outbox(providers={"exotel": hasty}, settings=settings, journal=Crowded(), observer=Told())


def receipt(box: Outbox, said: Mapping[str, Any]) -> Callable[[], None]:
    """The provider calls back."""

    def call() -> None:
        url = str(box.providers["exotel"].callbacks[-1])
        *_, channel, token = url.split("/")
        Receipts(box).callback(channel, token, Callback(url, {}, said))

    return call


def put(box: Outbox, **changes: Any) -> Callable[[], None]:
    """Somebody else writes this into the message's record."""

    def write() -> None:
        ((message_id, message),) = box.journal.messages.items()
        box.journal.messages[message_id] = message.with_(**changes)

    return write


def sent(box: Outbox) -> Message:
    return box.herald().send({"to": NUMBER, "body": "Hi"}, caller="key:shop", entrypoint="https").message


def kept(box: Outbox) -> Message:
    (message,) = box.journal.messages.values()
    return message


def told(box: Outbox) -> Told:
    assert isinstance(box.observer, Told)
    return box.observer


def sent_told(box: Outbox) -> list[tuple[Status, str | None, bool]]:
    """What was told of it as sent: with which price, and whether with a latency."""
    return [end for end in told(box).ends if end[0] is Status.SENT]


def crowded(box: Outbox) -> Crowded:
    assert isinstance(box.journal, Crowded)
    return box.journal


@pytest.mark.parametrize(
    ("said", "status"),
    [(DELIVERED, Status.DELIVERED), (UNDELIVERED, Status.UNDELIVERED), (SUBMITTED, Status.SENT)],
)
def test_the_record_has_what_the_receipt_and_the_answer_say(
    box: Outbox, hasty: Hasty, said: Mapping[str, Any], status: Status
) -> None:
    hasty.meanwhile = receipt(box, said)
    answer, record = sent(box), kept(box)
    assert answer.status is record.status is status
    assert (record.provider_id, record.response) == ("exotel-1", {"Sid": "exotel-1", "Status": "queued"})
    assert (record.price, record.sent_at, record.attempts) == ("0.21", box.clock.now, 1)
    assert sorted(steps(record)) == sorted({"accepted", "sending", "receipt", "sent", str(status)})
    assert answer.response == record.response


def test_that_it_was_sent_is_told_with_its_price_and_its_latency(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, DELIVERED)
    sent(box)
    assert sent_told(box) == [(Status.SENT, "0.21", True)]


def test_what_a_receipt_said_to_be_sent_is_not_counted_again_but_its_price_is(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, SUBMITTED)
    sent(box)
    assert sent_told(box) == [(Status.SENT, None, False)]
    assert told(box).steps == [("answer noted", "0.21")]
    assert told(box).told == [("message accepted", kept(box).id), ("answer noted", kept(box).id)]


def test_nor_is_a_price_that_it_told(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, {**SUBMITTED, "Price": "0.30"})
    sent(box)
    assert sent_told(box) == [(Status.SENT, "0.30", False)]
    assert told(box).steps == [("answer noted", None)]


def test_a_price_that_the_receipt_told_is_not_told_again(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, {**DELIVERED, "Price": "0.30"})
    sent(box)
    assert kept(box).price == "0.30"
    assert sent_told(box) == [(Status.SENT, None, True)]


def test_another_receipt_at_the_last_moment_is_joined_too(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, SUBMITTED)
    # The receipt's own move, ours which comes too late, and then that which joins them.
    crowded(box).before = [lambda: None, lambda: None, receipt(box, DELIVERED)]
    answer, record = sent(box), kept(box)
    assert answer.status is record.status is Status.DELIVERED
    assert record.response == {"Sid": "exotel-1", "Status": "queued"}
    assert steps(record).count("receipt") == 2
    assert steps(record)[2:] == ["receipt", "sent", "receipt", "delivered"]
    assert sent_told(box) == [(Status.SENT, None, False)]
    assert told(box).steps == [("answer noted", "0.21")]


def test_a_latency_is_told_however_many_receipts_come_meanwhile(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, DELIVERED)
    crowded(box).before = [lambda: None, lambda: None, receipt(box, {**DELIVERED, "DateSent": "2026-11-22 17:30:02"})]
    assert sent(box).status is Status.DELIVERED
    assert steps(kept(box)).count("receipt") == 2
    assert sent_told(box) == [(Status.SENT, "0.21", True)]


def test_what_cannot_be_joined_is_told_and_the_receipt_stands(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = receipt(box, DELIVERED)

    def down() -> None:
        raise Down

    crowded(box).before = [lambda: None, lambda: None, down]
    answer = sent(box)
    assert answer.status is kept(box).status is Status.DELIVERED
    assert kept(box).response is None
    extra = {"message_id": answer.id, "status": "sent"}
    assert told(box).troubles == [("result not recorded", "Down", extra)]
    assert not sent_told(box)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.DELIVERED, "attempts": 2},
        {"status": Status.DELIVERED, "response": {"Sid": "another"}},
        {"status": Status.FAILED, "reason": REASONS["dead_lettered"]},
        {"status": Status.DELIVERED, "attempts": 2, "response": {"Sid": "another"}},
    ],
    ids=["another attempt", "another answer", "another end", "another attempt's answer"],
)
def test_what_somebody_else_made_of_it_is_left_as_it_is(box: Outbox, hasty: Hasty, changes: dict[str, Any]) -> None:
    hasty.meanwhile = put(box, **changes)
    answer = sent(box)
    assert kept(box).with_(body=None, trace=()) == answer.with_(body=None, trace=(), response=kept(box).response)
    assert steps(kept(box)) == ["accepted", "sending"]
    assert {name: getattr(kept(box), name) for name in changes} == changes
    assert not told(box).ends


@pytest.mark.parametrize(
    "ends", [Refused("request_refused"), Uncertain("answer_unclear")], ids=["refused", "uncertain"]
)
def test_an_attempt_that_did_not_end_well_takes_no_receipt_back(box: Outbox, hasty: Hasty, ends: Exception) -> None:
    hasty.meanwhile, hasty.ends = receipt(box, DELIVERED), ends
    assert sent(box).status is kept(box).status is Status.DELIVERED
    assert "sent" not in steps(kept(box))
    assert not sent_told(box)


def test_of_what_was_erased_meanwhile_nothing_is_written_down(box: Outbox, hasty: Hasty) -> None:
    hasty.meanwhile = lambda: box.journal.erase(kept(box))
    assert sent(box).status is Status.SENT
    assert (kept(box).to, kept(box).response, kept(box).trace) == ("", None, ())
    assert not told(box).ends
