"""Promise 1, with a second channel: never more than two texts, two where it says so, none after an uncertain end.

Each message lives through its own world: receipts that never come, come late, early, twice, or just when the second
channel takes over; queue records that are lost or come twice; a second channel that is away, refuses, or falls silent.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import NamedTuple

from herald.errors import Refused, Unavailable, Uncertain
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from tests.builders import a_box, fails, send
from tests.promises.figures import Figures

FIRST, SECOND = "exotel", "twilio"
BORDERS = (-1.0, -0.001, 0.0, 0.001, 1.0)


class Seen(NamedTuple):
    """How one message ended: the channels that took a text, in their order, and the message."""

    texts: tuple[str, ...]
    message: Message


class World:
    """One message with ``deliver_by``, and all that happens to it, drawn by ``dice``."""

    def __init__(self, dice: Random, *, on_unknown: str = "hold", first: Exception | None = None) -> None:
        self.dice, self.deliver_by = dice, dice.choice([5, 30, 120, 1000])
        self.box = a_box(FIRST, SECOND)
        fails(self.box, first, channel=FIRST)
        others = [None, None, Unavailable(), Refused("no_balance"), Uncertain("answer_lost")]
        fails(self.box, *dice.choices(others, k=2), channel=SECOND)
        valid_for = dice.choice([self.deliver_by, self.deliver_by + 20, 3600])
        self.message = send(
            self.box, kind="otp", deliver_by=self.deliver_by, valid_for=valid_for, on_unknown=on_unknown
        )
        self.begun = self.box.clock()

    def run(self) -> Seen:
        """Let all of it happen, in the order of its times, and then enough time for what waits."""
        for seconds, what in sorted([*self._receipts(), *self._records()], key=lambda event: event[0]):
            self.box.clock.now = max(self.box.clock.now, self.begun + timedelta(seconds=seconds))
            what()
        found = self._resumed()
        for _ in range(80):  # What the queue lost the sweep finds: once a minute.
            if found.due_at is None:
                break
            self.box.clock.pass_(seconds=60)
            found = self._resumed()
        assert not found.waiting
        return Seen(tuple(name for name in (FIRST, SECOND) for _ in self.box.providers[name].texts), found)

    def _resumed(self) -> Message:
        found = self.box.herald().resume(self.message.id)
        assert found
        return found

    def _receipts(self) -> Iterator[tuple[float, Callable[[], object]]]:
        """None, one, or the same one twice; late, early, or at the border."""
        for attempt in (1, 2):
            if self.dice.random() < 0.3:
                continue
            about = self.dice.choice([0.0, float(self.deliver_by), self.dice.uniform(0, 3000)])
            at, said = max(0.0, about + self.dice.choice(BORDERS)), self._receipt(attempt)
            for _ in range(self.dice.choice([1, 1, 2])):
                yield at, lambda said=said, attempt=attempt: self._say(said, attempt)  # type: ignore[misc]

    def _records(self) -> Iterator[tuple[float, Callable[[], object]]]:
        """What the queue hands over: lost, once or twice, about when it should."""
        for _ in range(self.dice.choice([0, 1, 1, 2])):
            yield self.deliver_by + self.dice.choice(BORDERS), lambda: self.box.herald().resume(self.message.id)

    def _receipt(self, attempt: int) -> Receipt:
        status = self.dice.choice([Status.DELIVERED, Status.DELIVERED, Status.UNDELIVERED, Status.SENT])
        why = REASONS[self.dice.choice(["spam", "recipient_unavailable"])] if status is Status.UNDELIVERED else None
        last = status is Status.SENT and self.dice.random() < 0.5
        return Receipt(f"id-{attempt}", status, why, raw={"said": f"{status} {attempt}"}, last=last)

    def _say(self, receipt: Receipt, attempt: int) -> None:
        known = self.box.journal.get(self.message.id)
        if known and known.attempts >= attempt:
            Receipts(self.box).waited(Report(receipt, self.message.id, attempt))


def test_never_more_than_two_texts_and_two_only_where_it_says_so(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    number, dice = size(300, 10_000), Random(20261128)
    seen = [World(dice, on_unknown=dice.choice(["hold", "resend"])).run() for _ in range(number)]
    assert {len(each.texts) for each in seen} == {1, 2}
    for texts, message in seen:
        uncertain = any(step.step == "unknown" for step in message.trace)
        assert len(texts) == 1 or message.second_channel
        assert not message.second_channel or len(texts) == 2 or uncertain
        assert texts[0] == FIRST
        assert sum(step.step == "sending" for step in message.trace) == message.attempts
    twice = sum(len(each.texts) == 2 for each in seen)
    figures("codes with deliver_by, receipts at random", promise="1", messages=number, two_texts=twice, three_texts=0)


def test_a_text_that_was_delivered_in_time_is_never_followed_by_another(size: Callable[[int, int], int]) -> None:
    dice = Random(7)
    for _ in range(size(100, 2_000)):
        world = World(dice)
        world.box.clock.pass_(seconds=dice.uniform(0, world.deliver_by - 0.001))
        world._say(Receipt("id-1", Status.DELIVERED, raw={"said": "delivered"}), 1)
        assert world.run().texts == (FIRST,)


def test_after_an_uncertain_end_no_text_is_failed_over(size: Callable[[int, int], int], figures: Figures) -> None:
    number, dice = size(300, 10_000), Random(11)
    ends = [Uncertain("answer_lost"), Uncertain("answer_unclear"), ValueError("not foreseen")]
    seen = [World(dice, first=dice.choice(ends)).run() for _ in range(number)]
    over = sum(SECOND in each.texts for each in seen)
    assert over == 0
    figures("uncertain ends with deliver_by, under hold", promise="1", messages=number, failed_over=over)
