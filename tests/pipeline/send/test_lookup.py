"""Lookup: what is unknown is settled by its provider's list only where exactly one text can be this message's."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import NotFound, Refused, Unavailable, Unsupported
from herald.message import Message
from herald.message.earlier import Earlier
from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from herald.pipeline.receive.refresh import Refreshed
from herald.pipeline.send.lookup import MISSING, MOST, SETTLED, SKEW, SOON, lists, period
from herald.settings.values import Channel, Rate, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, NUMBER, TEXT, steps
from tests.failing import Down, FailingJournal, FailingQueue
from tests.pipeline.send.listing import a_listing_box, a_sid, listing, losing, unknown

RATE = Rate(1, 60)
MOMENT = (SKEW + SETTLED).total_seconds()


def looked_up(box: Outbox, message: Message) -> Message:
    """The message after a look, as the journal has it too."""
    seen = box.herald().look_up(message.id)
    assert seen and box.journal.messages[message.id] == seen
    return seen


def send(box: Outbox, **fields: object) -> Message:
    """A text that is sent and answered."""
    return box.herald().send({**FIELDS, "channel": "us", **fields}, caller="shop", entrypoint="https").message


# ------------------------------------------------------------------------------------------------- exactly one fits


def test_a_text_whose_answer_was_lost_is_found_in_the_list_and_is_sent() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    assert (message.body, message.provider_id) == (None, None)
    found = looked_up(box, message)
    assert (found.status, found.provider_id, found.reason) == (Status.SENT, a_sid(0), None)
    assert found.sent_at and found.response == {"sid": a_sid(0), "status": "sent"}
    assert [step.step for step in found.trace][-3:] == ["lookup", "receipt", "sent"]
    assert ("message sent", message.id) in box.observer.told


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ({"status": "delivered"}, Status.DELIVERED, None),
        ({"status": "undelivered", "error_code": 30003}, Status.UNDELIVERED, "recipient_unavailable"),
        ({"status": "queued"}, Status.SENT, None),
        ({"status": "a word of next year"}, Status.SENT, None),
    ],
)
def test_what_became_of_it_meanwhile_is_known_at_once(said: dict[str, Any], status: Status, reason: str | None) -> None:
    box = a_listing_box()
    message = unknown(box, taken=False)
    listing(box).list(TEXT, message.attempted_at, **said)
    found = looked_up(box, message)
    assert (found.status, found.reason and found.reason.code) == (status, reason)
    assert found.sent_at and found.provider_id == a_sid(0)


def test_what_the_list_repeats_of_number_and_text_is_not_kept() -> None:
    box = a_listing_box()
    found = looked_up(box, unknown(box, taken=True))
    told = json.dumps(found.public(), default=str).replace(f'"to": "{NUMBER}"', "")
    assert NUMBER[1:] not in told and TEXT not in told


def test_a_message_whose_sender_was_stopped_is_looked_up_too() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    trace = [step for step in message.trace if step.step != "unknown"]
    stopped = message.with_(
        status=Status.SENDING,
        due_at=box.clock.now,
        trace=tuple(trace),
        reason=None,
        body=TEXT,
        updated_at=box.clock.now,
    )
    box.journal.messages[message.id] = stopped
    box.herald().sweep(lambda: False)
    interrupted = box.journal.messages[message.id]
    assert (interrupted.status, interrupted.reason) == (Status.UNKNOWN, REASONS["interrupted"])
    assert box.queue.posted[-1] == ({"lookup": {"id": message.id}}, SOON)
    box.clock.pass_(seconds=SOON)
    assert looked_up(box, interrupted).status is Status.SENT


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    "more",
    [
        {}, {"sender": "ACME"}, {"kind": "otp"}, {"valid_for": 300}, {"reference": "order 7", "tags": {"a": "b"}},
        {"smart": True, "body": "It\u2019s ready"}, {"on_unknown": "resend"},
    ],
)  # fmt: skip
def test_a_text_that_is_no_longer_kept_is_known_by_its_fingerprint(mode: str, more: dict[str, Any]) -> None:
    box = a_listing_box()
    with losing(box):
        asked = {**FIELDS, "channel": "us", "mode": mode, **more}
        made = box.herald().send(asked, caller="shop", entrypoint="https").message
        box.herald().resume(made.id)
    box.clock.pass_(seconds=30)
    message = box.herald().find(made.id)
    listing(box).list(TEXT + " Or not.", message.attempted_at, a_sid(77))
    assert looked_up(box, message).provider_id == a_sid(0)


def test_the_sender_that_a_route_chose_is_no_part_of_what_was_asked() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    box.journal.messages[message.id] = message.with_(sender="+15005550006")
    assert looked_up(box, message).status is Status.SENT


# ------------------------------------------------------------------------------------- none, or more than one, or not


def stays(box: Outbox, message: Message) -> bool:
    """Whether a look leaves a message unknown, and says once that it looked."""
    first, again = looked_up(box, message), looked_up(box, message)
    assert first == again and steps(first).count("lookup") == 1
    assert first.trace[-1] == Step(first.updated_at, "lookup", MISSING)
    return (first.status, first.reason, first.provider_id) == (Status.UNKNOWN, message.reason, None)


def test_that_the_list_has_it_not_proves_nothing() -> None:
    box = a_listing_box()
    assert stays(box, unknown(box, taken=False))


def test_two_alike_settle_nothing() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    listing(box).list(TEXT, message.attempted_at)
    assert stays(box, message)


def test_a_text_that_the_list_no_longer_tells_may_be_it_so_nothing_is_settled() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    listing(box).list("", message.attempted_at)
    assert stays(box, message)


@pytest.mark.parametrize("body", [TEXT + " ", TEXT.upper(), TEXT[:-1], "Your code is 123456", "x"])
def test_another_text_to_the_same_person_is_another_programs(body: str) -> None:
    box = a_listing_box()
    message = unknown(box, taken=False)
    listing(box).list(body, message.attempted_at)
    assert stays(box, message)


@pytest.mark.parametrize("seconds", [-3600, -6, 6, 40])
def test_the_same_text_at_another_time_is_another_text(seconds: float) -> None:
    box = a_listing_box()
    message = unknown(box, taken=False, wait=60)
    listing(box).list(TEXT, message.attempted_at + timedelta(seconds=seconds))
    assert stays(box, message)


def test_a_text_that_the_journal_knows_is_that_other_messages() -> None:
    box = a_listing_box()
    send(box)
    message = unknown(box, taken=False)
    assert stays(box, message)
    box = a_listing_box()
    send(box)
    message = unknown(box, taken=True)
    send(box)
    assert looked_up(box, message).provider_id == a_sid(1)


def test_two_of_ours_that_are_unknown_and_alike_are_not_told_apart() -> None:
    for taken in itertools.product((True, False), repeat=2):
        box = a_listing_box()
        both = [unknown(box, taken=each, wait=1) for each in taken]
        box.clock.pass_(minutes=1)
        assert all(stays(box, message) for message in both), taken


def test_two_of_ours_that_are_unknown_and_differ_are_both_found() -> None:
    box = a_listing_box()
    both = [unknown(box, taken=True, wait=1, body=body) for body in (TEXT, "Your table is taken.")]
    box.clock.pass_(minutes=1)
    assert [looked_up(box, message).provider_id for message in both] == [a_sid(0), a_sid(1)]


def test_one_of_ours_that_was_sent_twice_may_hold_a_text_that_nobody_knows() -> None:
    box = a_listing_box()
    twice = unknown(box, taken=True, on_unknown="resend", wait=0)
    box.clock.pass_(seconds=120)
    listing(box).fault = Unavailable()
    again = box.herald().resume(twice.id)
    assert again and (again.status, again.attempts) == (Status.SENT, 2)
    listing(box).fault = None
    message = unknown(box, taken=False, wait=60)
    first = listing(box).texts_listed[0]
    listing(box).texts_listed = [first._replace(at=message.attempted_at)]
    box.journal.messages[twice.id] = again.with_(trace=tuple(s._replace(at=message.attempted_at) for s in again.trace))
    assert stays(box, message)


def test_the_first_text_of_one_that_went_by_a_second_channel_is_known_to_be_its_own() -> None:
    box = a_listing_box()
    other = send(box)
    first = Earlier(1, "us", "twilio", other.provider_id)
    again = Step(box.clock.now, "sending", "by india: as it was not delivered in time")
    second = {"attempts": 2, "second_channel": True, "earlier": first, "trace": (*other.trace, again)}
    went = {"channel": "india", "provider": "exotel", "provider_id": "5f1a" * 8}
    box.journal.messages[other.id] = other.with_(**second, **went)
    message = unknown(box, taken=True)
    assert looked_up(box, message).provider_id == a_sid(1)
    box.journal.messages[message.id] = message
    box.journal.messages[other.id] = other.with_(**second, **{**went, "provider_id": None})
    assert stays(box, message)


@pytest.mark.parametrize("behind", [-4, -2, 0, 2, 4])
def test_by_the_providers_clock_anothers_text_may_be_in_this_ones_time(behind: float) -> None:
    box = a_listing_box()
    mine = unknown(box, taken=False, wait=5 - behind)
    other = unknown(box, taken=True, wait=60)
    (text,) = listing(box).texts_listed
    listing(box).texts_listed = [text._replace(at=other.attempted_at + timedelta(seconds=behind))]
    assert abs(listing(box).texts_listed[0].at - mine.attempted_at) <= SKEW
    assert stays(box, mine) and stays(box, other)


def test_what_surely_never_left_is_nobodys_rival() -> None:
    box = a_listing_box()
    listing(box).answers = [Refused("no_balance")]
    assert send(box).status is Status.FAILED
    assert looked_up(box, unknown(box, taken=True)).status is Status.SENT


def test_a_person_who_got_more_texts_than_can_be_compared_is_not_looked_up() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    for number in range(MOST):
        box.journal.claim(message.with_(id=f"msg_{number}", fingerprint="", provider_id=a_sid(900 + number)))
    assert stays(box, message)


@given(
    ours=st.lists(st.sampled_from(["sent", "taken", "not taken"]), max_size=3),
    others=st.lists(st.tuples(st.sampled_from([TEXT, "Else"]), st.integers(-90, 90)), max_size=3),
    taken=st.booleans(),
)
def test_whatever_else_is_in_the_list_it_is_never_settled_by_a_text_of_ours_that_is_anothers(
    ours: list[str], others: list[tuple[str, int]], taken: bool
) -> None:
    box = a_listing_box()
    for each in ours:
        send(box) if each == "sent" else unknown(box, taken=each == "taken", wait=1)
    owner = len(listing(box).texts_listed)
    message = unknown(box, taken=taken, wait=100)
    for body, seconds in others:
        listing(box).list(body, message.attempted_at + timedelta(seconds=seconds))
    found = looked_up(box, message)
    foreign = {a_sid(n) for n in range(owner + taken, len(listing(box).texts_listed))}
    assert found.provider_id in {None, *([a_sid(owner)] if taken else []), *foreign}
    if found.provider_id in foreign:  # Nobody can tell: the very text, to that person, in those seconds.
        text = next(text for text in listing(box).texts_listed if text.sent.provider_id == found.provider_id)
        assert text.body == TEXT and abs(text.at - message.attempted_at) <= SKEW


# ----------------------------------------------------------------------------------------------- when nobody is asked


def asks_nobody(box: Outbox, message: Message) -> bool:
    before = box.journal.messages[message.id]
    return box.herald().look_up(message.id) == before and not listing(box).looks


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.UNKNOWN])
def test_only_what_is_unknown_is_looked_up(status: Status) -> None:
    box = a_listing_box()
    message = unknown(box, taken=True).with_(status=status)
    box.journal.messages[message.id] = message
    assert asks_nobody(box, message)


@pytest.mark.parametrize(
    "changes", [{"test": True}, {"channel": None}, {"channel": "gone"}, {"provider": "exotel"}, {"trace": ()}]
)
def test_what_went_another_way_is_not_looked_up_here(changes: dict[str, Any]) -> None:
    box = a_listing_box()
    message = unknown(box, taken=True).with_(**changes)
    box.journal.messages[message.id] = message
    assert asks_nobody(box, message)


@pytest.mark.parametrize("kind", ["exotel", "amazonsns", "fake"])
def test_a_provider_that_lists_nothing_is_not_asked_and_nothing_is_queued_for_it(kind: str) -> None:
    assert not lists(kind)
    box = a_listing_box()
    box.settings = Settings(channels={"us": Channel("us", kind)})
    message = unknown(box, taken=True)
    assert asks_nobody(box, message)
    assert box.queue.posted == []


def test_a_fake_provider_of_a_type_that_lists_has_no_list_and_says_so_in_no_log() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True, on_unknown="resend", wait=120)
    box.providers["us"] = FakeProvider("twilio")
    assert box.herald().look_up(message.id) == message
    assert not [phrase for phrase, _ in box.observer.told if "not" in phrase]


def test_it_is_not_looked_up_before_the_list_may_have_it() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True, wait=MOMENT - 0.1)
    assert asks_nobody(box, message)
    box.clock.pass_(seconds=0.1)
    assert looked_up(box, message).status is Status.SENT
    assert MOMENT < SOON


def test_a_function_that_has_no_time_left_asks_nobody() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    box.left = lambda: 18.9
    assert asks_nobody(box, message)


def test_what_is_not_there_is_not_looked_up() -> None:
    assert a_listing_box().herald().look_up("msg_0") is None


def test_it_takes_a_turn_of_its_channel_if_one_is_free() -> None:
    box = a_listing_box(RATE)
    message = unknown(box, taken=True)
    assert asks_nobody(box, message)
    box.clock.pass_(minutes=1)
    assert looked_up(box, message).status is Status.SENT
    assert box.turns.next["us"] == box.clock.now + timedelta(minutes=1)


# --------------------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("error", [Unavailable(), Refused("credentials_refused"), Unsupported(), NotFound()])
def test_a_list_that_cannot_be_had_leaves_the_message_as_it_stands(error: Exception) -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    listing(box).fault = error
    assert looked_up(box, message) == message
    assert not [phrase for phrase, _ in box.observer.told if "not" in phrase]


def test_what_nobody_foresaw_is_told_to_the_operator() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    listing(box).fault = Down()
    assert looked_up(box, message) == message
    assert box.observer.told[-1] == ("provider not asked", "Down")


@pytest.mark.parametrize("taken", [True, False])
def test_a_look_that_cannot_be_written_down_changes_nothing(taken: bool) -> None:
    journal = FailingJournal()
    box = a_listing_box(journal=journal)
    message = unknown(box, taken=taken)
    journal.failing["move"] = 1
    assert looked_up(box, message) == message
    assert box.observer.told[-1] == ("look-up not recorded", "Down")
    assert looked_up(box, message).status is (Status.SENT if taken else Status.UNKNOWN)


class Overtaken(MemoryJournal):
    """A journal in which something happens just before the next move."""

    overtake: Any = None

    def move(self, old: Message, new: Message) -> Message:
        if self.overtake:
            self.overtake()
        return super().move(old, new)


def test_a_receipt_that_was_faster_stands() -> None:
    journal = Overtaken()
    box = a_listing_box(journal=journal)
    message = unknown(box, taken=True)
    delivered = message.with_(status=Status.DELIVERED, provider_id=a_sid(0))
    journal.overtake = lambda: journal.messages.update({message.id: delivered})
    assert box.herald().look_up(message.id) == delivered


def test_a_message_that_is_erased_meanwhile_stays_erased() -> None:
    journal = Overtaken()
    box = a_listing_box(journal=journal)
    message = unknown(box, taken=True)
    journal.overtake = lambda: journal.erase(message)
    assert box.herald().look_up(message.id) == message
    assert journal.get(message.id) is None


def test_a_look_that_cannot_be_queued_is_told() -> None:
    box = a_listing_box(queue=FailingQueue())
    unknown(box, taken=True)
    assert ("look-up not queued", "Down") in box.observer.told


# ------------------------------------------------------------------------------------------------- when it is asked


def test_what_becomes_unknown_is_looked_up_some_seconds_later() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True)
    assert box.queue.posted == [({"lookup": {"id": message.id}}, SOON)]


@pytest.mark.parametrize("taken", [True, False])
def test_what_would_be_sent_again_is_looked_up_before(taken: bool) -> None:
    box = a_listing_box()
    message = unknown(box, taken=taken, on_unknown="resend", wait=120)
    resumed = box.herald().resume(message.id)
    assert resumed and resumed.status is Status.SENT
    assert (resumed.possible_duplicate, resumed.attempts) == ((False, 1) if taken else (True, 2))
    assert len(box.texts) == 1


def test_what_expired_before_it_could_be_sent_again_may_have_been_sent() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True, on_unknown="resend", valid_for=130, wait=131)
    resumed = box.herald().resume(message.id)
    assert resumed and resumed.status is Status.SENT


@pytest.mark.parametrize("fault", [Unavailable(), Down()])
def test_where_nobody_can_be_asked_it_is_sent_again_as_its_caller_wished(fault: Exception) -> None:
    box = a_listing_box()
    message = unknown(box, taken=True, on_unknown="resend", wait=120)
    listing(box).fault = fault
    resumed = box.herald().resume(message.id)
    assert resumed and (resumed.status, resumed.possible_duplicate) == (Status.SENT, True)
    assert len(box.texts) == 2


def test_before_it_is_sent_again_a_turn_is_waited_for_a_little() -> None:
    box = a_listing_box(Rate(1, 1))
    message = unknown(box, taken=True, on_unknown="resend", wait=120)
    box.turns.take("us", Rate(1, 1), now=box.clock.now, latest=box.clock.now)
    began = box.clock.now
    resumed = box.herald().resume(message.id)
    assert resumed and (resumed.status, resumed.attempts) == (Status.SENT, 1)
    assert box.clock.now == began + timedelta(seconds=1)


def test_a_refresh_asks_for_the_list_and_says_whether_it_was_asked() -> None:
    box = a_listing_box()
    message = unknown(box, taken=True, wait=1)
    assert box.herald().refreshed(message.id) == Refreshed(message, False)
    box.clock.pass_(seconds=30)
    found = box.herald().refreshed(message.id)
    assert (found.message.status, found.asked) == (Status.SENT, True)


def test_both_attempts_of_one_that_was_sent_again_are_looked_for() -> None:
    box = a_listing_box()
    message = unknown(box, taken=False, on_unknown="resend", wait=120)
    listing(box).answers = [None]
    with losing(box):
        again = box.herald().resume(message.id)
    assert again and (again.status, again.attempts) == (Status.UNKNOWN, 2)
    box.clock.pass_(seconds=30)
    span = period(again)
    assert span and span[1] - span[0] == timedelta(seconds=120) + 2 * SKEW
    assert looked_up(box, again).provider_id == a_sid(0)
