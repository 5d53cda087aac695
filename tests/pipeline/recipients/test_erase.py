"""Erase: of a person who is erased nothing is left, and nothing that waits for that person is ever sent."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidRequest, KeyReused, NotAccepted, NotFound, Refused, Unavailable, Uncertain
from herald.journal.item import Mark
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.secret import recipient
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.recipients.erase import MOST, TRIES, Erased
from herald.pipeline.send.sweep import Sweep
from herald.settings.values import Channel, Rule, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import SECRET, Outbox
from tests.builders import NOW, NUMBER, a_box, a_message, fails, send, steps
from tests.failing import Down, FailingSchedule
from tests.tables import a_table

OTHER = "+919812345678"
PERSON = recipient(SECRET, NUMBER)
TOMORROW = rfc3339(NOW + timedelta(days=1))


class Between(MemoryJournal):
    """A journal in which something happens just before each of the next erasures, or moves."""

    def __init__(self) -> None:
        super().__init__()
        self.before_erase: list[Callable[[], object]] = []
        self.before_move: list[Callable[[], object]] = []

    def erase(self, message: Message) -> bool:
        if self.before_erase:
            self.before_erase.pop()()
        return super().erase(message)

    def move(self, old: Message, new: Message) -> Message:
        if self.before_move:
            self.before_move.pop()()
        return super().move(old, new)


def kept(box: Outbox, **changes: Any) -> Message:
    """A message to the number that is in the journal."""
    message = a_message(**{"recipient": PERSON, "status": Status.SENT, **changes})
    assert box.journal.claim(message) is None
    return box.journal.messages[message.id]


def erase(box: Outbox, number: object = NUMBER) -> Erased:
    return box.herald().erase(number)


def is_gone(box: Outbox, message_id: str) -> bool:
    """True if nobody finds the message, and no worker, sweep or schedule sends it."""
    before = len(box.texts)
    with pytest.raises(NotFound):
        box.herald().find(message_id)
    assert box.herald().resume(message_id) is None
    Sweep(box).run()
    return len(box.texts) == before and box.journal.get(message_id) is None


# ------------------------------------------------------------------------------------------------------ every state


LEASE = {"due_at": NOW + timedelta(minutes=1)}
RESENT = {"retry_at": NOW + timedelta(minutes=2), "due_at": NOW + timedelta(minutes=2)}


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SENDING])
def test_a_message_in_any_state_is_erased(status: Status) -> None:
    box = a_box()
    message = kept(box, status=status)
    assert erase(box) == Erased(1, 0)
    assert is_gone(box, message.id)
    assert box.observer.told[-1] == ("message erased", message.id)


@pytest.mark.parametrize(
    "waits",
    [
        {"status": Status.UNKNOWN, "on_unknown": "resend", **RESENT},
        {"status": Status.FAILED, "reason": REASONS["dead_lettered"]},
        {"status": Status.ACCEPTED, "retry_at": NOW + timedelta(minutes=1)},
    ],
    ids=["to be resent", "dead-lettered", "to be tried again"],
)
def test_a_message_that_might_be_sent_again_is_not_once_it_is_erased(waits: dict[str, Any]) -> None:
    box = a_box()
    message = kept(box, **waits)
    assert message.waiting
    assert erase(box) == Erased(1, 0)
    box.clock.pass_(hours=1)
    assert is_gone(box, message.id)


def test_a_scheduled_message_is_canceled_and_its_schedule_forgotten() -> None:
    box = a_box()
    message = send(box, send_at=TOMORROW)
    assert erase(box) == Erased(1, 0)
    assert box.schedule.at == {}
    assert ("message canceled", message.id) in box.observer.told
    box.clock.pass_(days=1)
    assert is_gone(box, message.id)


def test_a_schedule_that_cannot_be_forgotten_sends_nothing_even_so() -> None:
    box = a_box(schedule=FailingSchedule())
    box.schedule.down = False
    message = send(box, send_at=TOMORROW)
    box.schedule.down = True
    assert erase(box) == Erased(1, 0)
    box.clock.pass_(days=1)
    assert is_gone(box, message.id)


def test_a_queued_message_is_canceled_and_what_the_queue_holds_of_it_sends_nothing() -> None:
    box = a_box()
    message = send(box, mode="async")
    assert erase(box) == Erased(1, 0)
    assert ("message canceled", message.id) in box.observer.told
    assert [message_id for message_id, _ in box.queue.waiting] == [message.id]
    assert is_gone(box, message.id)


def test_a_message_that_is_being_sent_is_left_until_that_has_ended() -> None:
    box = a_box()
    message = kept(box, status=Status.SENDING, attempts=1, **LEASE)
    assert erase(box) == Erased(0, 1)
    assert box.journal.get(message.id) == message
    box.clock.pass_(minutes=1)
    assert erase(box) == Erased(1, 0)
    assert is_gone(box, message.id)


def test_an_answer_that_comes_after_the_erasure_is_not_written_down() -> None:
    class Slow(FakeProvider):
        def send(self, message: Message, callback: str | None = None) -> Any:
            box.clock.pass_(minutes=2)
            assert erase(box) == Erased(1, 0)
            return super().send(message, callback)

    box = a_box(providers={"amazonsns": Slow()})
    answer = send(box, reference="planted")
    assert (answer.status, answer.to) == (Status.SENT, NUMBER)
    left = box.journal.messages[answer.id]
    assert (left.to, left.provider_id, left.response, left.reference, left.trace) == ("", None, None, None, ())
    assert is_gone(box, answer.id)


# --------------------------------------------------------------------------------------------------- whose, how many


def test_every_callers_messages_are_erased_and_nobody_elses() -> None:
    box = a_box()
    erased = [send(box, caller=caller).id for caller in ("shop", "warehouse")]
    other = send(box, to=OTHER)
    assert erase(box) == Erased(2, 0)
    assert all(is_gone(box, message_id) for message_id in erased)
    assert box.herald().find(other.id).to == OTHER
    assert box.herald().search({"to": NUMBER}).messages == []


@pytest.mark.parametrize("written", ["+91 9741 552 552", "09741552552", "9741-552-552", "919741552552"])
def test_a_person_is_erased_in_whatever_form_the_number_is_written(written: str) -> None:
    box = a_box()
    send(box)
    assert erase(box, written) == Erased(1, 0)


def test_erasing_once_more_changes_nothing() -> None:
    box = a_box()
    kept(box)
    assert [erase(box), erase(box), erase(box, OTHER)] == [Erased(1, 0), Erased(0, 0), Erased(0, 0)]


def test_a_replay_of_an_erased_message_sends_nothing() -> None:
    box = a_box()
    send(box, key="order-118")
    erase(box)
    with pytest.raises(KeyReused):
        send(box, key="order-118")
    assert len(box.texts) == 1


def test_of_very_many_messages_one_stands_for_those_that_are_left() -> None:
    box = a_box()
    for number in range(MOST + 3):
        kept(box, created_at=NOW + timedelta(seconds=number))
    assert [erase(box), erase(box)] == [Erased(MOST, 1), Erased(3, 0)]


states = st.sampled_from(Status)


@given(st.lists(st.tuples(states, st.booleans(), st.booleans()), max_size=12))
def test_whatever_there_is_of_a_person_is_erased_or_counted(made: list[tuple[Status, bool, bool]]) -> None:
    box = a_box()
    for status, theirs, over in made:
        due_at = NOW - timedelta(seconds=1) if over else NOW + timedelta(minutes=1)
        kept(box, status=status, due_at=due_at, recipient=PERSON if theirs else "0" * 32)
    there = [(status, over) for status, theirs, over in made if theirs]
    left = [status for status, over in there if status is Status.SENDING and not over]
    assert erase(box) == Erased(len(there) - len(left), len(left))
    found = [message for message in box.journal.messages.values() if message.recipient == PERSON]
    assert [message.status for message in found] == [Status.SENDING] * len(left)
    others = len(made) - len(there)
    assert sum(message.recipient == "0" * 32 for message in box.journal.messages.values()) == others


# ------------------------------------------------------------------------------------------- at the very same moment


def test_a_message_that_is_sent_at_the_same_moment_is_erased_as_a_sent_one() -> None:
    journal = Between()
    box = a_box(journal=journal)
    message = kept(box, status=Status.UNKNOWN, attempts=1, body="Hi", **RESENT)
    box.clock.pass_(minutes=2)
    journal.before_erase = [lambda: box.herald().resume(message.id)]
    assert erase(box) == Erased(1, 0)
    assert len(box.texts) == 1
    assert is_gone(box, message.id)


def test_a_message_that_somebody_takes_up_at_the_same_moment_is_left() -> None:
    journal = Between()
    box = a_box(journal=journal)
    message = kept(box, status=Status.ACCEPTED)
    taken = message.with_(status=Status.SENDING, attempts=1, **LEASE)
    journal.before_move = [lambda: journal.messages.update({message.id: taken})]
    assert erase(box) == Erased(0, 1)
    assert journal.messages[message.id] == taken


def test_a_message_that_somebody_else_erases_at_the_same_moment_is_gone() -> None:
    journal = Between()
    box = a_box(journal=journal)
    message = kept(box)
    journal.before_erase = [lambda: journal.erase(message)]
    assert erase(box) == Erased(1, 0)
    assert is_gone(box, message.id)


def test_a_message_that_never_stands_still_is_left() -> None:
    journal = Between()
    box = a_box(journal=journal)
    message = kept(box)

    def attempted() -> None:
        current = journal.messages[message.id]
        journal.messages[message.id] = current.with_(attempts=current.attempts + 1)

    journal.before_erase = [attempted] * TRIES
    assert erase(box) == Erased(0, 1)
    assert erase(box) == Erased(1, 0)


# ----------------------------------------------------------------------------------------------- mistakes and trouble


@pytest.mark.parametrize(
    ("number", "code"),
    [(None, "required"), ("", "required"), (5, "wrong_type"), ("x", "letters"), ("56767", "short_code")],
)
def test_what_is_no_number_erases_nothing(number: object, code: str) -> None:
    box = a_box()
    message = kept(box)
    with pytest.raises(InvalidRequest) as refused:
        box.herald().erase(number, field="number")
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("number", code)]
    with pytest.raises(InvalidRequest) as refused:
        erase(box, number)
    assert refused.value.problems[0].field == "to"
    assert box.journal.get(message.id) == message


class Broken(MemoryJournal):
    """A journal of which a named part cannot be reached."""

    down = ""

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        if self.down == "sent_to":
            raise Down
        return super().sent_to(recipient, since=since, before=before)

    def move(self, old: Message, new: Message) -> Message:
        if self.down == "move":
            raise Down
        return super().move(old, new)

    def erase(self, message: Message) -> bool:
        if self.down == "erase":
            raise Down
        return super().erase(message)


@pytest.mark.parametrize("part", ["sent_to", "move", "erase"])
def test_an_erasure_that_breaks_off_says_so_and_can_be_asked_for_again(part: str) -> None:
    journal = Broken()
    box = a_box(journal=journal)
    message = send(box, mode="async")
    journal.down = part
    with pytest.raises(NotAccepted) as refused:
        erase(box)
    assert NUMBER not in str(refused.value) and refused.value.__suppress_context__
    assert "again" in str(refused.value.hint)
    assert box.observer.told[-1] == ("recipient not erased", "Down")
    journal.down = ""
    assert erase(box) == Erased(1, 0)
    assert is_gone(box, message.id)


def test_it_is_known_for_what_waits_elsewhere_that_a_person_was_erased() -> None:
    box = a_box()
    assert box.herald().erased_at(NUMBER) is None
    erase(box)
    assert box.herald().erased_at("09741552552") == box.clock.now
    assert PERSON not in str(box.journal.marks) and NUMBER[1:] not in str(box.journal.marks)
    with pytest.raises(InvalidRequest):
        box.herald().erased_at("nobody")


# ------------------------------------------------------------------------------------------------ what the table holds

PLANTED = {"body": "A planted text", "reference": "planted-9741", "tags": {"planted": "tag"}, "sender": "PLANTED"}


@pytest.mark.parametrize("how", ["sent", "refused", "unknown", "tried again", "queued", "scheduled"])
def test_the_table_and_its_index_hold_nothing_of_an_erased_person(dynamodb: Any, how: str) -> None:
    table = a_table(dynamodb)
    settings = Settings(
        channels={"amazonsns": Channel("amazonsns", "fake")},
        routes=(Rule(("amazonsns",)),),
        callback_hosts=("hooks.example.com",),
        webhook_secrets=("s",),
    )
    box = a_box(journal=DynamoJournal(dynamodb, table), settings=settings)
    error = {"refused": Refused("spam"), "unknown": Uncertain("answer_lost"), "tried again": Unavailable("throttled")}
    fails(box, error.get(how))
    fields = {"queued": {"mode": "async"}, "scheduled": {"send_at": TOMORROW}}.get(how, {})
    url = "https://hooks.example.com/planted"
    message = send(box, key="order-118", callback_url=url, on_unknown="resend", **PLANTED, **fields)
    secrets = [NUMBER[1:], "9741", "planted", "PLANTED", PERSON, "amazonsns-1", message.fingerprint]
    before = json.dumps(raw(dynamodb, table, message))
    assert sum(secret in before for secret in secrets) >= 6
    assert erase(box) == Erased(1, 0)
    item = raw(dynamodb, table, message)
    assert not [secret for secret in secrets if secret in json.dumps(item)]
    assert {"erased", "status", "created_at", "ttl"} <= item.keys()
    for index, key in (("recipient", PERSON), ("due", "1")):
        assert in_index(dynamodb, table, index, key) == []
    with pytest.raises(KeyReused):
        send(box, key="order-118", **PLANTED)
    assert steps(message)[0] == "accepted"


def raw(dynamodb: Any, table: str, message: Message) -> Any:
    """The item as it is in the table."""
    return dynamodb.get_item(TableName=table, Key={"pk": {"S": f"message#{message.id}"}}, ConsistentRead=True)["Item"]


def in_index(dynamodb: Any, table: str, index: str, key: str) -> list[Any]:
    """The items that an index has under a key."""
    names = {"#key": index}
    values = {":key": {"S": key}}
    found: list[Any] = dynamodb.query(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
    )["Items"]
    return found
