"""Promises 1 to 6: whatever happens around a message, and in whatever order, its flow keeps what was promised.

Callers ask and ask again; the provider takes, refuses, falls silent, or answers after the lease; processes die in the
middle of a call; records of the queue come once, twice, late or never, and so do schedules; sweeps run meanwhile. What
became of a text the provider says later, at once, in between, several times, or never.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from herald.errors import NotCancelable, Refused, StillSending, Unavailable, Uncertain
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report, Sent
from herald.message.status import COMES_FROM, Status
from herald.message.times import rfc3339
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.send.sweep import Sweep
from herald.settings.values import Rate
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.memory import MemoryJournal, MemoryQueue
from tests.builders import FIELDS, a_box
from tests.promises.figures import Figures

CALLER, MOST_MINUTES = "shop", 500
RATE = Rate(1, 4.0)


class Killed(BaseException):
    """The process is gone: nothing after this runs in it."""


class Mood(NamedTuple):
    """How the provider meets a call: whether it takes the text, what comes back, and how long that takes."""

    takes: bool = True
    error: Callable[[], BaseException] | None = None
    seconds: float = 0.0


MOODS = {
    "takes it": Mood(),
    "is away": Mood(takes=False, error=Unavailable),
    "is busy": Mood(takes=False, error=lambda: Unavailable("throttled", retry_after=90)),
    "refuses it": Mood(takes=False, error=lambda: Refused("invalid_number")),
    "refuses the account": Mood(takes=False, error=lambda: Refused("not_permitted")),
    "is silent and has it not": Mood(takes=False, error=lambda: Uncertain("answer_lost")),
    "is silent and has it": Mood(error=lambda: Uncertain("answer_lost")),
    "is killed and has it not": Mood(takes=False, error=Killed),
    "is killed and has it": Mood(error=Killed),
    "answers after the lease": Mood(seconds=90),
    "says no after the lease": Mood(takes=False, error=Unavailable, seconds=90),
    "is silent beyond the lease": Mood(error=lambda: Uncertain("answer_lost"), seconds=90),
}


class Taken(NamedTuple):
    """A text that the provider took: when, and how its message stood in the journal."""

    message: Message
    at: datetime
    stood: Message


class Word(NamedTuple):
    """What a receipt says."""

    status: Status
    reason: str | None = None
    last: bool = False


WORDS = {
    "on its way": Word(Status.SENT),
    "at the carrier, and no more is heard": Word(Status.SENT, last=True),
    "delivered": Word(Status.DELIVERED),
    "not delivered": Word(Status.UNDELIVERED, "recipient_unavailable"),
    "not delivered by this channel": Word(Status.UNDELIVERED, "carrier_blocked"),
    "in words that nobody knows": Word(Status.UNKNOWN),
}


class Post(MemoryQueue):
    """A queue with a clock: a record comes out at its time at the earliest."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.records: list[tuple[datetime, str]] = []

    def put(self, message_id: str, delay: float = 0) -> None:
        self.records.append((self.clock() + timedelta(seconds=delay), message_id))

    def come(self) -> list[tuple[datetime, str]]:
        """The records whose time has come."""
        return [record for record in self.records if record[0] <= self.clock()]


class Watched(MemoryJournal):
    """A journal that remembers between which states its messages moved."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[tuple[Status, Status]] = []

    def move(self, old: Message, new: Message) -> Message:
        before, after = self.messages.get(old.id), super().move(old, new)
        assert before
        self.moves.append((before.status, after.status))
        return after


class FlowModel(RuleBasedStateMachine):
    """The real flow, in memory, and a world in which nearly everything goes wrong."""

    ids: Bundle[str] = Bundle("ids")
    provider: "type[Moody] | None" = None
    at_once: Word | None = None

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.journal, self.moods = Clock(), Watched(), list[Mood]()
        self.queue, self.taken = Post(self.clock), list[Taken]()
        self.requests: dict[str, dict[str, Any]] = {}
        self.canceled: set[str] = set()
        self.delivered: set[str] = set()
        providers = {name: (self.provider or Moody)(self) for name in ("exotel", "amazonsns")}
        parts = {"clock": self.clock, "journal": self.journal, "queue": self.queue, "providers": providers}
        self.box = a_box(*providers, rate=RATE, **parts)
        self.herald = self.box.herald()

    # ---- What may happen

    @rule(mood=st.sampled_from(sorted(MOODS)))
    def the_next_call_meets_a_provider_that(self, mood: str) -> None:
        self.moods.append(MOODS[mood])

    @rule(
        target=ids,
        policy=st.sampled_from(["hold", "resend"]),
        mode=st.sampled_from(["sync", "async"]),
        valid_for=st.sampled_from([1, 2, 4, 8, 60, 130, 300, 86400]),
        send_in=st.none() | st.sampled_from([1, 60, 3600]),
        deliver_by=st.sampled_from([0, 0, 5, 30, 1000]),
    )
    def ask(self, policy: str, mode: str, valid_for: int, send_in: int | None, deliver_by: int) -> str:
        at = {"send_at": rfc3339(self.clock() + timedelta(seconds=send_in))} if send_in else {"mode": mode}
        key = f"key {len(self.requests)}"
        asked = {**FIELDS, **at, "valid_for": valid_for, "on_unknown": policy, "deliver_by": deliver_by}
        before = set(self.journal.messages)
        self.send(key, asked)
        (message_id,) = self.journal.messages.keys() - before
        self.requests[message_id] = {"key": key, "request": asked}
        return message_id

    @rule(message_id=ids)
    def ask_again(self, message_id: str) -> None:
        asked, calls = self.requests[message_id], len(self.taken)
        answer = self.send(asked["key"], asked["request"])
        assert answer in (None, message_id)
        assert len(self.taken) == calls

    @rule(message_id=ids)
    def a_schedule_fires_early_late_or_once_more(self, message_id: str) -> None:
        self.resume(message_id)

    @precondition(lambda self: self.queue.come())
    @rule(data=st.data(), times=st.sampled_from([0, 1, 1, 1, 2]))
    def a_record_comes(self, data: st.DataObject, times: int) -> None:
        record = data.draw(st.sampled_from(self.queue.come()))
        self.queue.records.remove(record)
        for _ in range(times):
            self.resume(record[1])

    @rule(message_id=ids)
    def a_record_comes_for_the_last_time_and_cannot_be_handled(self, message_id: str) -> None:
        self.herald.give_up(message_id)

    @rule(message_id=ids)
    def the_caller_no_longer_wants_it(self, message_id: str) -> None:
        self.cancel(message_id)

    @rule(message_id=ids)
    def somebody_looks(self, message_id: str) -> None:
        assert self.herald.find(message_id, caller=CALLER).id == message_id

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), word=st.sampled_from(sorted(WORDS)), times=st.sampled_from([1, 1, 2]))
    def the_provider_says_what_became_of_a_text(self, data: st.DataObject, word: str, times: int) -> None:
        taken = data.draw(st.sampled_from(self.taken))
        for _ in range(times):
            self.receive(taken.message, WORDS[word])

    @rule(word=st.none() | st.sampled_from(sorted(WORDS)))
    def the_next_receipt_is_faster_than_the_answer(self, word: str | None) -> None:
        self.at_once = word and WORDS[word]

    @rule()
    def the_sweep_runs(self) -> None:
        self.sweep()

    @rule(seconds=st.sampled_from([1, 5, 30, 61, 125, 900, 7200]))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_(seconds=seconds)

    def send(self, key: str, request: dict[str, Any]) -> str | None:
        """The id that the caller gets; None if the message is being sent, or who sends it is killed."""
        with suppress(Killed, StillSending):
            return self.herald.send(request, caller=CALLER, entrypoint="https", key=key).message.id
        return None

    def sweep(self) -> None:
        Sweep(self.box).run()

    def cancel(self, message_id: str) -> None:
        with suppress(NotCancelable):
            self.herald.cancel(message_id, caller=CALLER)
            self.canceled.add(message_id)

    def resume(self, message_id: str) -> None:
        with suppress(Killed):
            self.herald.resume(message_id)

    def receive(self, message: Message, word: Word) -> None:
        """A receipt for the attempt that this message stands for."""
        said, why = {"said": f"{word.status} {word.reason}"}, REASONS[word.reason] if word.reason else None
        receipt = Receipt(f"{message.id}-{message.attempts}", word.status, why, raw=said, last=word.last)
        Receipts(self.box).waited(Report(receipt, message.id, message.attempts))
        self.delivered |= {message.id} if word.status is Status.DELIVERED else set()

    def meanwhile(self, mood: Mood, message: Message) -> None:
        """What others do while somebody waits for the provider."""
        message_id, said, self.at_once = message.id, self.at_once, None
        if mood.takes and said:
            self.receive(message, said)
        if mood.seconds:
            self.clock.pass_(seconds=mood.seconds)
            self.sweep()
            self.resume(message_id)

    # ---- What is promised

    @invariant()
    def it_comes_once_or_if_it_may_be_resent_twice_and_says_so(self) -> None:
        for message_id, times in Counter(taken.message.id for taken in self.taken).items():
            message = self.journal.messages[message_id]
            resent = message.on_unknown == "resend" and message.possible_duplicate
            assert times == 1 or (times == 2 and (resent or message.second_channel))

    @invariant()
    def it_is_sent_in_its_time_by_whoever_said_so_before(self) -> None:
        for message, at, stood in self.taken:
            assert (message.send_at or message.created_at) <= at < message.expires_at
            assert (stood.status, stood.attempts) == (Status.SENDING, message.attempts)

    @invariant()
    def what_is_said_not_to_be_sent_was_not_and_what_is_said_to_be_sent_was(self) -> None:
        taken = {text.message.id for text in self.taken}
        assert not {each.id for each in self.journal.messages.values() if each.status.unsent} & taken
        assert {each.id for each in self.journal.messages.values() if each.status is Status.SENT} <= taken

    @invariant()
    def it_is_said_to_be_delivered_if_and_only_if_the_provider_says_so(self) -> None:
        assert {each.id for each in self.journal.messages.values() if each.status is Status.DELIVERED} == self.delivered

    @invariant()
    def what_was_canceled_is_not_sent(self) -> None:
        assert not {text.message.id for text in self.taken} & self.canceled

    @invariant()
    def it_moves_forward(self) -> None:
        moves = [(old, new) for old, new in self.journal.moves if old is not new]
        assert [(old, new) for old, new in moves if old not in COMES_FROM[new]] == []

    @invariant()
    def its_text_is_kept_only_while_it_may_be_sent(self) -> None:
        for message in self.journal.messages.values():
            assert (message.body is not None) == message.text_needed

    @invariant()
    def somebody_will_look_after_what_waits(self) -> None:
        for message in self.journal.messages.values():
            assert message.due_at or not message.text_needed or message.reason is REASONS["dead_lettered"]

    def teardown(self) -> None:
        """In the end nothing waits for ever, and all that was promised is still true."""
        self.moods.clear()
        minutes = 0
        while any(message.due_at for message in self.journal.messages.values()):
            assert minutes < MOST_MINUTES, "something waits for ever"
            minutes += 1
            self.clock.pass_(minutes=1)
            self.sweep()
            for record in self.queue.come():
                self.queue.records.remove(record)
                self.resume(record[1])
        ends = {message.status for message in self.journal.messages.values()}
        assert not {status for status in ends if not status.final} - {Status.SENT, Status.UNKNOWN}
        for promise in self.invariants:
            promise.function(self)


class Moody(FakeProvider):
    """A provider that meets each call as the world says."""

    def __init__(self, world: FlowModel) -> None:
        super().__init__()
        self.world = world

    def send(self, message: Message, callback: str | None = None) -> Sent:
        mood = self.world.moods.pop(0) if self.world.moods else Mood()
        if mood.takes:
            assert message.id not in self.world.delivered, "it is on the phone already"
            self.world.taken.append(Taken(message, self.world.clock(), self.world.journal.messages[message.id]))
        self.world.meanwhile(mood, message)
        if mood.error:
            raise mood.error()
        return Sent(message.id, {})


def worlds(world: type[FlowModel], number: int, **more: Any) -> None:
    """Try so many worlds. Raises ``AssertionError`` at the first that breaks a promise."""
    run_state_machine_as_test(world, settings=settings(max_examples=number, stateful_step_count=30, **more))


def test_the_flow_keeps_its_promises_whatever_happens(size: Callable[[int, int], int], figures: Figures) -> None:
    number = size(200, 2000)
    worlds(FlowModel, number)
    figures("messages in any order of events", promise="1-6", worlds=number, events_at_most=30)


# ---- The proof can fail


class Trusting(Moody):
    """It believes that what it got no answer for was surely not sent."""

    def send(self, message: Message, callback: str | None = None) -> Sent:
        try:
            return super().send(message, callback)
        except Uncertain:
            raise Unavailable from None


class Doubled(FlowModel):
    """A world whose providers are taken for what they are not."""

    provider = Trusting


class Unswept(FlowModel):
    """A world without a sweep."""

    def sweep(self) -> None:
        pass


class Forgetful(FlowModel):
    """A world in which a cancellation is only told, and not written."""

    def cancel(self, message_id: str) -> None:
        message = self.journal.messages[message_id]
        if message.status in (Status.ACCEPTED, Status.SCHEDULED):
            self.canceled.add(message_id)


class Deaf(FlowModel):
    """A world in which nobody listens to what the provider says."""

    def receive(self, message: Message, word: Word) -> None:
        self.delivered |= {message.id} if word.status is Status.DELIVERED else set()


@pytest.mark.parametrize("wrong", [Doubled, Unswept, Forgetful, Deaf])
def test_the_promises_are_seen_to_be_broken_where_they_are(wrong: type[FlowModel]) -> None:
    with pytest.raises(AssertionError):
        worlds(wrong, 1000, phases=[Phase.generate])
