"""An event of AWS that gives back what its text was sent with is believed as far as that proves, and no further."""

from typing import Any

import pytest

from herald.errors import NotAccepted, Uncertain
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from herald.settings.values import Channel, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, steps
from tests.failing import Unreachable

NAME, OTHER = "endusermessaging", "+6591234567"


def a_box(secret: bytes = b"k" * 32) -> Outbox:
    providers = {name: FakeProvider(name) for name in (NAME, "exotel")}
    settings = Settings(channels={name: Channel(name, name) for name in providers}, countries=None)
    return Outbox(providers=providers, settings=settings, secret=secret)


@pytest.fixture
def box() -> Outbox:
    return a_box()


def send(box: Outbox, **fields: Any) -> Message:
    """A text that was sent, or may have been."""
    asked = {"to": NUMBER, "body": "Hi", "channel": NAME, **fields}
    return box.herald().send(asked, caller="key:shop", entrypoint="https").message


def proof(box: Outbox, message: Message, attempt: int = 1) -> str:
    """What went with an attempt at a text."""
    return "/".join(str(box.callback(message.with_(attempts=attempt))).split("/")[-2:])


def told(box: Outbox, proved: str, kind: str = "TEXT_DELIVERED", **changes: Any) -> None:
    """AWS has put an event on the bus."""
    detail = {
        "eventType": kind, "messageId": f"{NAME}-1", "messageStatusDescription": "", "isFinal": True,
        "context": {"herald_stage": "dev", "herald_receipts": proved}, **changes,
    }  # fmt: skip
    event = {"source": "aws.sms-voice", "detail-type": "Text Message Delivery Status Updated", "detail": detail}
    Receipts(box).event(event)


def now(box: Outbox, message: Message) -> Message:
    """The message as it stands."""
    return box.herald().find(message.id)


@pytest.mark.parametrize("to", [{}, {"destinationPhoneNumber": NUMBER}])
def test_an_event_says_what_became_of_its_message_with_a_number_or_without(box: Outbox, to: dict[str, str]) -> None:
    message = send(box)
    told(box, proof(box, message), totalMessagePrice=0.00278, **to)
    delivered = now(box, message)
    assert (delivered.status, delivered.price) == (Status.DELIVERED, "0.00278")
    assert steps(delivered)[-2:] == ["receipt", "delivered"]


def test_the_carriers_word_leaves_it_sent_and_a_failure_has_its_reason(box: Outbox) -> None:
    message = send(box)
    told(
        box,
        proof(box, message),
        "TEXT_SUCCESSFUL",
        messageStatusDescription="Message has been accepted by phone carrier",
    )
    assert now(box, message).status is Status.SENT
    told(box, proof(box, message), "TEXT_CARRIER_BLOCKED")
    ended = now(box, message)
    assert (ended.status, ended.reason and ended.reason.code) == (Status.UNDELIVERED, "carrier_blocked")


def test_an_event_settles_a_text_whose_answer_was_lost(box: Outbox) -> None:
    box.providers[NAME].answers = [Uncertain("answer_lost")]
    message = send(box)
    assert (message.status, message.provider_id) == (Status.UNKNOWN, None)
    told(box, proof(box, message), messageId="9539975a-e71f-45f3-b496-8d98dc098a77")
    settled = now(box, message)
    assert (settled.status, settled.provider_id) == (Status.DELIVERED, "9539975a-e71f-45f3-b496-8d98dc098a77")


@pytest.mark.parametrize(
    "changes", [{"messageId": "another-1"}, {"destinationPhoneNumber": OTHER}], ids=["another id", "another number"]
)
def test_a_proof_that_comes_with_another_text_is_refused_and_counted(box: Outbox, changes: dict[str, str]) -> None:
    message = send(box)
    told(box, proof(box, message), **changes)
    assert now(box, message).status is Status.SENT
    assert box.observer.told[-1] == ("ReceiptsForbidden", "")
    assert box.queue.posted == []


def test_each_text_has_a_proof_of_its_own(box: Outbox) -> None:
    first, second = send(box), send(box)
    told(box, proof(box, first))
    assert (now(box, first).status, now(box, second).status) == (Status.DELIVERED, Status.SENT)


def test_an_older_attempts_id_is_its_own(box: Outbox) -> None:
    box.providers[NAME].answers = [Uncertain("answer_lost"), None]
    message = send(box, on_unknown="resend")
    box.clock.pass_(seconds=200)
    box.herald().resume(message.id)
    assert now(box, message).attempts == 2
    told(box, proof(box, message, 1), messageId="of-the-first-attempt")
    assert now(box, message).status is Status.DELIVERED


@pytest.mark.parametrize("forged", ["", "/", "exotel/", "a", "x" * 300, "herald/" + "A" * 52, None, 7])
def test_a_proof_that_nobody_made_changes_nothing(box: Outbox, forged: Any) -> None:
    message = send(box)
    told(box, forged)
    assert now(box, message).status is Status.SENT


def test_another_stage_does_not_take_a_receipt_though_it_has_a_message_of_the_same_id(box: Outbox) -> None:
    """An id is made of caller and key: in two stages of an account they may be the same."""
    elsewhere = a_box(secret=b"another stage's secret")
    for each in (box, elsewhere):
        asked = {"to": NUMBER, "body": "Hi", "channel": NAME}
        each.herald().send(asked, caller="key:shop", entrypoint="https", key="order-7")
    (ours,), (theirs,) = box.journal.messages.values(), elsewhere.journal.messages.values()
    assert ours.id == theirs.id
    told(elsewhere, proof(box, ours))
    assert now(elsewhere, theirs).status is Status.SENT
    assert elsewhere.observer.told[-1] == ("ReceiptsForbidden", "")
    told(box, proof(box, ours))
    assert now(box, ours).status is Status.DELIVERED


def test_a_proof_is_good_for_its_own_channel_alone(box: Outbox) -> None:
    message = send(box)
    told(box, "exotel/" + proof(box, message).partition("/")[2])
    assert now(box, message).status is Status.SENT
    assert box.observer.told[-1] == ("ReceiptsForbidden", "")


def test_an_event_that_names_no_text_is_counted_as_unread(box: Outbox) -> None:
    told(box, proof(box, send(box)), messageId="")
    assert ("CallbacksUnread", "") in box.observer.told


def test_a_stage_that_never_sent_believes_nothing(box: Outbox) -> None:
    class Unsent(Outbox):
        secret_if_made = None  # type: ignore[assignment]

    unsent = Unsent(providers={}, settings=box.settings)
    told(unsent, proof(box, send(box)))
    assert unsent.observer.told == [("ReceiptsForbidden", "")]


def test_while_the_journal_cannot_be_reached_it_waits_in_the_queue(box: Outbox) -> None:
    message = send(box)
    journal, box.journal = box.journal, Unreachable()  # type: ignore[assignment]
    told(box, proof(box, message))
    box.journal = journal
    ((what, _),) = box.queue.posted
    assert what["receipt"]["message_id"] == message.id
    assert NUMBER[1:] not in str(what)


def test_a_receipt_that_can_be_kept_nowhere_is_handed_over_again(box: Outbox) -> None:
    proved = proof(box, send(box))
    box.journal, box.queue = Unreachable(), Unreachable()  # type: ignore[assignment]
    with pytest.raises(NotAccepted):
        told(box, proved)


def test_without_a_proof_it_is_found_by_number_and_id_as_in_a_log(box: Outbox) -> None:
    message = send(box)
    told(box, "", destinationPhoneNumber=NUMBER)
    assert now(box, message).status is Status.DELIVERED
