"""Simulate: a test key's message goes the whole way, ends as its number says, and reaches nobody."""

import pytest

from herald.errors import NotFound
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Report
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.send.simulate import FATES, SILENT
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, a_box, steps
from tests.failing import FailingQueue

TEST = Grant("ci", test=True)


def tried(box: Outbox, *, key: str | None = None, **fields: object) -> Message:
    """A message by a test key."""
    return box.herald().send({**FIELDS, **fields}, caller="ci", entrypoint="https", grant=TEST, key=key).message


def told(box: Outbox) -> None:
    """The receipts that wait come."""
    for posted, _ in box.queue.posted:
        Receipts(box).waited(Report.read(posted["receipt"]))
    box.queue.posted.clear()


def test_it_is_sent_and_then_delivered_and_no_provider_gets_it() -> None:
    box = a_box()
    sent = tried(box)
    assert (sent.status, sent.test, sent.public()["test"]) == (Status.SENT, True, True)
    told(box)
    kept = box.journal.messages[sent.id]
    assert (kept.status, steps(kept)) == (Status.DELIVERED, ["accepted", "sending", "sent", "receipt", "delivered"])
    assert (box.texts, box.providers["amazonsns"].calls) == ([], 0)
    assert "simulated: a test key" in kept.trace[0].detail


def test_it_goes_by_the_channel_that_a_real_one_would_go_by_and_says_why() -> None:
    box = a_box("exotel", "amazonsns")
    sent = tried(box)
    assert (sent.channel, sent.trace[1].detail) == ("exotel", "by exotel: route 1 of the settings")
    named = tried(box, channel="amazonsns")
    assert (named.channel, named.trace[1].detail) == ("amazonsns", "by amazonsns: asked for by the caller")


@pytest.mark.parametrize(("digits", "reason"), sorted(FATES.items()))
def test_a_magic_number_ends_with_its_reason(digits: str, reason: str) -> None:
    box = a_box()
    sent = tried(box, to=f"+9198765000{digits}")
    told(box)
    kept = box.journal.messages[sent.id]
    assert (kept.status, kept.reason) == (Status.UNDELIVERED, REASONS[reason])


def test_of_the_silent_number_nothing_is_ever_received() -> None:
    box = a_box()
    sent = tried(box, to=f"+9198765000{SILENT}")
    assert (sent.status, box.queue.posted) == (Status.SENT, [])


def test_what_is_queued_or_scheduled_is_tried_out_as_well() -> None:
    box = a_box()
    for later in ({"mode": "async"}, {"send_at": "2026-11-22T13:00:00Z"}):
        waits = tried(box, **later)
        box.clock.now = waits.send_at or box.clock.now
        ended = box.herald().resume(waits.id)
        assert ended and (ended.status, ended.test) == (Status.SENT, True)
    assert box.texts == []


def test_a_repetition_is_answered_from_the_journal() -> None:
    box = a_box()
    assert tried(box, key="order-1").id == tried(box, key="order-1").id
    assert len(box.queue.posted) == 1


def test_a_test_key_sees_its_own_messages_alone() -> None:
    box = a_box()
    live = box.herald().send(FIELDS, caller="shop", entrypoint="https").message
    with pytest.raises(NotFound):
        box.herald().find(live.id, caller="ci")


def test_a_receipt_that_cannot_be_queued_leaves_it_sent() -> None:
    box = a_box(queue=FailingQueue())
    assert tried(box).status is Status.SENT
    assert ("receipt not queued", "Down") in box.observer.told
