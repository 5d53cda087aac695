"""Refresh: a provider is asked about a message where that can be, in nobody's turn; its word counts as a receipt."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from herald.errors import NotFound, Refused, Unavailable, Unsupported
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.providers import load
from herald.settings.values import Channel, Rate, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from herald.testing.turns import MemoryTurns
from tests.builders import FIELDS, NOW, NUMBER, TEXT, fails, steps
from tests.failing import Down, FailingJournal

RATE = Rate(1, 60)
DELIVERED = {"Sid": "5f1a" * 8, "To": NUMBER, "Body": TEXT, "Status": "sent", "DetailedStatusCode": "20005"}
WAITING = {**DELIVERED, "Status": "submitted", "DetailedStatusCode": "21010", "Price": "0.2"}
UNKNOWN_HERE = NotFound("Exotel does not know this message.")


class Telling(FakeProvider):
    """A provider that says what it is told to say when it is asked, and notes what it was asked about."""

    says: Mapping[str, Any] | Exception = DELIVERED
    asked: list[Mapping[str, Any]]

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked = [*getattr(self, "asked", []), response]
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def a_telling_box(says: Mapping[str, Any] | Exception = DELIVERED, **parts: Any) -> Outbox:
    """An outbox whose one channel is of Exotel's type, and tells this."""
    provider = Telling("exotel")
    provider.says = says
    settings = Settings(channels={"india": Channel("india", "exotel")})
    return Outbox(**{"providers": {"india": provider}, "settings": settings, **parts})


def sent(box: Outbox, **fields: object) -> Message:
    """A text that the provider took, a minute ago, as the journal has it."""
    answer = box.herald().send({**FIELDS, "channel": "india", **fields}, caller="shop", entrypoint="https")
    box.clock.pass_(minutes=1)
    return box.herald().find(answer.message.id)


def asked(box: Outbox) -> list[Mapping[str, Any]]:
    """What the provider was asked about."""
    return getattr(box.providers["india"], "asked", [])


# ------------------------------------------------------------------------------------------------- what it may say


def test_what_the_provider_says_becomes_the_state_of_the_message_and_a_receipt_in_its_trace() -> None:
    box = a_telling_box()
    message, was_asked = box.herald().refreshed(sent(box).id)
    assert (message.status, was_asked, message.delivered_at) == (Status.DELIVERED, True, box.clock.now)
    assert steps(message)[-2:] == ["receipt", "delivered"]
    assert box.herald().find(message.id) == message
    assert ("message delivered", message.id) in box.observer.told


def test_the_provider_is_asked_with_its_own_answer_to_the_send() -> None:
    box = a_telling_box()
    message = sent(box)
    box.herald().refreshed(message.id)
    assert asked(box) == [message.response]


def test_a_text_that_did_not_arrive_says_why() -> None:
    box = a_telling_box({**DELIVERED, "Status": "failed", "DetailedStatusCode": "23005"})
    message = box.herald().refreshed(sent(box).id).message
    assert (message.status, message.reason) == (Status.UNDELIVERED, REASONS["do_not_disturb"])


def test_an_answer_that_changes_nothing_is_kept_once_and_its_price_as_well() -> None:
    box = a_telling_box(WAITING)
    message_id = sent(box).id
    first, again = (box.herald().refreshed(message_id) for _ in range(2))
    assert (first.asked, again.asked) == (True, True)
    assert again.message == first.message
    assert (first.message.status, first.message.price) == (Status.SENT, "0.2")
    assert steps(first.message).count("receipt") == 1


def test_nobody_asks_about_another_callers_message() -> None:
    box = a_telling_box()
    message = sent(box)
    with pytest.raises(NotFound):
        box.herald().refreshed(message.id, caller="another")
    assert not asked(box)
    assert box.herald().refreshed(message.id, caller=message.caller).asked


def test_words_that_nobody_knows_leave_the_state_as_it_is() -> None:
    box = a_telling_box({**DELIVERED, "Status": "enchanted", "DetailedStatusCode": "1"})
    message, was_asked = box.herald().refreshed(sent(box).id)
    assert (message.status, was_asked) == (Status.SENT, True)


def test_what_the_provider_repeats_of_number_and_text_is_not_kept() -> None:
    box = a_telling_box()
    message = box.herald().refreshed(sent(box).id).message
    told = json.dumps([message.public()["trace"], message.public()["response"]])
    assert NUMBER[1:] not in told and TEXT not in told


def test_an_unknown_message_with_an_answer_is_settled() -> None:
    box = a_telling_box()
    message = sent(box)
    box.journal.messages[message.id] = message.with_(status=Status.UNKNOWN, reason=REASONS["answer_lost"])
    assert box.herald().refreshed(message.id).message.status is Status.DELIVERED


# --------------------------------------------------------------------------------------------- who cannot be asked


def is_as_it_was(box: Outbox, message: Message) -> bool:
    """True if a refresh asks nobody and changes nothing."""
    answer, before = box.herald().refreshed(message.id), box.journal.messages[message.id]
    return (answer.message, answer.asked, before, asked(box)) == (message, False, message, [])


@pytest.mark.parametrize("status", [s for s in Status if s not in (Status.SENT, Status.UNKNOWN, Status.SENDING)])
def test_only_a_message_that_is_sent_or_unknown_is_asked_about(status: Status) -> None:
    box = a_telling_box()
    message = sent(box).with_(status=status, due_at=NOW + timedelta(days=1))
    box.journal.messages[message.id] = message
    assert is_as_it_was(box, message)


@pytest.mark.parametrize("missing", ["response", "channel", "provider"])
def test_without_a_providers_answer_there_is_nothing_to_ask_with(missing: str) -> None:
    box = a_telling_box()
    message = sent(box).with_(**{missing: None})
    box.journal.messages[message.id] = message
    assert is_as_it_was(box, message)


@pytest.mark.parametrize(
    "channels",
    [
        {},
        {"india": Channel("india", "amazonsns")},
        {"india": Channel("india", "nobody")},
    ],
)
def test_a_channel_that_is_gone_or_is_another_providers_now_is_not_asked(channels: dict[str, Channel]) -> None:
    box = a_telling_box()
    message = sent(box)
    box.settings = Settings(channels=channels)
    assert is_as_it_was(box, message)


@pytest.mark.parametrize("kind", ["amazonsns", "fake"])
def test_a_provider_that_keeps_no_status_loses_no_turn_to_a_question(kind: str) -> None:
    box = a_telling_box()
    box.settings = Settings(channels={"india": Channel("india", kind, rate=RATE)})
    message = sent(box)
    box.turns = MemoryTurns()
    assert is_as_it_was(box, message)
    assert box.turns.next == {}


def test_a_provider_that_says_it_keeps_no_status_has_none() -> None:
    vendor = load("amazonsns")
    assert not vendor.keeps_status
    with pytest.raises(Unsupported):
        vendor(SimpleNamespace(close=lambda: None)).status({"MessageId": "1"})


@pytest.mark.parametrize(
    "error", [Unavailable("throttled"), Refused("credentials_refused"), Unsupported(), Refused("channel_missing")]
)
def test_a_provider_that_does_not_tell_now_leaves_the_message_as_it_stands(error: Exception) -> None:
    box = a_telling_box(error)
    message = sent(box)
    assert box.herald().refreshed(message.id) == (message, False)
    assert not [phrase for phrase, _ in box.observer.told if "not" in phrase]


def test_a_provider_that_does_not_know_the_message_is_noted_once() -> None:
    box = a_telling_box(UNKNOWN_HERE)
    message_id = sent(box).id
    first, again = (box.herald().refreshed(message_id) for _ in range(2))
    assert (first.asked, first.message.status, again) == (False, Status.SENT, first)
    assert [(step.step, step.detail) for step in first.message.trace][-1] == ("refresh", UNKNOWN_HERE.detail)
    assert steps(box.journal.messages[message_id]).count("refresh") == 1
    assert first.message.updated_at == first.message.trace[-1].at == box.clock.now


def test_what_nobody_foresaw_is_told_to_the_operator_and_the_caller_gets_the_message() -> None:
    box = a_telling_box(Down())
    message = sent(box)
    assert box.herald().refreshed(message.id) == (message, False)
    assert box.observer.told[-1] == ("provider not asked", "Down")


# ----------------------------------------------------------------------------------------------------------- turns


class Full(MemoryTurns):
    """A line in which somebody always waits; ``down`` ones cannot be asked for a turn."""

    down = False

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        if self.down:
            raise Down
        return super().take(line, rate, now=now + timedelta(milliseconds=1), latest=latest)


def with_a_rate(box: Outbox) -> Outbox:
    box.settings = box.settings._replace(channels={"india": Channel("india", "exotel", rate=RATE)})
    return box


def test_a_question_takes_a_turn_of_its_channel() -> None:
    box = with_a_rate(a_telling_box(WAITING))
    message = sent(box)
    assert box.herald().refreshed(message.id).asked
    assert box.turns.next["india"] == box.clock.now + timedelta(minutes=1)
    assert not box.herald().refreshed(message.id).asked
    box.clock.pass_(minutes=1)
    assert box.herald().refreshed(message.id).asked


def test_a_question_never_waits_in_the_line_of_the_texts() -> None:
    box = with_a_rate(a_telling_box())
    message = sent(box)
    box.turns = Full()
    assert is_as_it_was(box, message)
    assert box.turns.next == {}


def test_a_turn_that_cannot_be_asked_for_is_none() -> None:
    box = with_a_rate(a_telling_box())
    message = sent(box)
    box.turns = Full()
    box.turns.down = True
    assert is_as_it_was(box, message)
    assert box.observer.told[-1] == ("provider not asked", "Down")


# ---------------------------------------------------------------------------------------------- what goes wrong then


@pytest.mark.parametrize(
    ("says", "phrase"), [(DELIVERED, "receipt not recorded"), (UNKNOWN_HERE, "refresh not recorded")]
)
def test_news_that_cannot_be_written_down_are_not_told_as_if_they_were(says: Any, phrase: str) -> None:
    journal = FailingJournal()
    box = a_telling_box(says, journal=journal)
    message = sent(box)
    journal.failing["move"] = 1
    assert box.herald().refreshed(message.id) == (message, False)
    assert box.observer.told[-1] == (phrase, "Down")


class Overtaken(MemoryJournal):
    """A journal in which something happens just before the next move."""

    def __init__(self) -> None:
        super().__init__()
        self.before_move: list[Any] = []

    def move(self, old: Message, new: Message) -> Message:
        if self.before_move:
            self.before_move.pop()()
        return super().move(old, new)


def test_a_receipt_that_was_faster_is_not_taken_back() -> None:
    journal = Overtaken()
    box = a_telling_box({**WAITING}, journal=journal)
    message = sent(box)
    delivered = message.with_(status=Status.DELIVERED, delivered_at=box.clock.now)
    journal.before_move = [lambda: journal.messages.update({message.id: delivered})]
    answer = box.herald().refreshed(message.id)
    assert (answer.message.status, answer.asked) == (Status.DELIVERED, True)
    assert steps(answer.message)[-1] == "receipt"


@pytest.mark.parametrize("says", [DELIVERED, UNKNOWN_HERE])
def test_a_message_that_is_erased_meanwhile_stays_erased(says: Any) -> None:
    journal = Overtaken()
    box = a_telling_box(says, journal=journal)
    message = sent(box)
    journal.before_move = [lambda: journal.erase(message)]
    assert box.herald().refreshed(message.id).message == message
    assert journal.get(message.id) is None and journal.messages[message.id].trace == ()


def test_a_message_that_waits_to_be_resent_is_not_resent_once_it_is_known_to_be_sent() -> None:
    box = a_telling_box(WAITING)
    message = sent(box)
    waits = message.with_(status=Status.UNKNOWN, retry_at=box.clock.now, due_at=box.clock.now, body=TEXT)
    box.journal.messages[message.id] = waits
    assert box.herald().refreshed(message.id).message.status is Status.SENT
    fails(box, channel="india")
    assert box.herald().resume(message.id) == box.journal.messages[message.id]
    assert len(box.texts) == 1
