"""Promises 2, 3 and 5: with a fifth of all calls going wrong, nothing is lost, and nothing is sent twice under hold.

The flow is the real one, with the real Exotel provider over real HTTP; journal and queue are those in memory, which
keep the same rules: what is proved here is what becomes of an outcome.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from herald.errors import Unavailable, Uncertain
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.send.sweep import Sweep
from herald.settings.values import Channel, Settings
from herald.testing.outbox import Outbox
from tests.promises.figures import Figures
from tests.promises.ledger import FAULTS, Audit, Ledger, Line, audit, ledger

SHARE, SEED = 0.2, 20261122
NUMBER = "+919741552552"


@pytest.fixture
def provider() -> Iterator[Ledger]:
    with ledger() as made:
        yield made


@pytest.fixture
def line(provider: Ledger) -> Iterator[Line]:
    made = Line(provider, seed=SEED, share=SHARE)
    yield made
    made.close()


def an_outbox(sender: Any) -> Outbox:
    """Herald in memory with one channel."""
    settings = Settings(channels={"exotel": Channel("exotel", "exotel")})
    return Outbox(providers={"exotel": sender}, settings=settings)


def send(box: Outbox, count: int, **fields: object) -> None:
    """Messages of all kinds: at once or queued, with little time or much; a third of the callers ask twice."""
    dice, herald = random.Random(SEED), box.herald()
    random.seed(SEED)  # what the waits between attempts are drawn from
    for number in range(count):
        name = f"Text {number}"
        mode, valid_for = dice.choice(("sync", "sync", "async")), dice.choice((4, 3600, 86400))
        asked = {"to": NUMBER, "body": name, "reference": name, "mode": mode, "valid_for": valid_for, **fields}
        for _ in range(dice.choice((1, 1, 2))):
            herald.send(asked, caller="shop", entrypoint="https", key=name)


def work(box: Outbox, dice: random.Random) -> None:
    """Be the queue and its worker until nothing waits there: each id after its delay. Some come twice, some never."""
    herald = box.herald()
    while box.queue.waiting:
        waiting, box.queue.waiting, begin = box.queue.waiting, [], box.clock.now
        for message_id, delay in sorted(waiting, key=lambda each: each[1]):
            box.clock.now = begin + timedelta(seconds=delay)
            for _ in range(dice.choice((0, *[1] * 10, 2, 2, 2))):
                herald.resume(message_id)


def finish(box: Outbox) -> None:
    """Be the queue, its worker and the sweep of each minute, until nobody need look after anything."""
    dice, sweep = random.Random(SEED), Sweep(box)
    work(box, dice)
    while any(message.due_at for message in box.journal.messages.values()):
        box.clock.pass_(minutes=1)
        sweep.run()
        work(box, dice)


def uncertain(met: Counter[tuple[str, bool]]) -> int:
    """After how many of these faults nobody knows whether the text was taken."""
    return sum(times for (fault, _), times in met.items() if fault not in ("refused", "429", "503"))


def outcome(box: Outbox, provider: Ledger) -> Audit:
    return audit(box.journal.messages.values(), provider.texts())


def test_under_hold_nothing_is_lost_and_nothing_is_sent_twice(
    provider: Ledger, line: Line, size: Callable[[int, int], int], figures: Figures
) -> None:
    count, box = size(500, 10_000), an_outbox(line)
    send(box, count)
    finish(box)
    found = outcome(box, provider)
    figures("20 % faults, hold", promise="2, 3, 5", messages=count, faults=line.met.total(), **found._asdict())
    assert set(line.met) == set(FAULTS)
    assert found.sent + found.unsent + found.unknown == count
    assert (found.lost, found.untrue, found.doubled) == (0, 0, 0)
    assert found.unknown >= uncertain(line.met) > 0
    assert found.sent > 0.7 * count


def test_under_resend_only_what_was_unknown_comes_twice_and_says_so(
    provider: Ledger, line: Line, size: Callable[[int, int], int], figures: Figures
) -> None:
    count, box = size(500, 10_000), an_outbox(line)
    send(box, count, on_unknown="resend")
    finish(box)
    found, messages = outcome(box, provider), box.journal.messages.values()
    once_unknown = sum("unknown" in [step.step for step in message.trace] for message in messages)
    times = Counter(text.body for text in provider.texts())
    figures(
        "20 % faults, resend",
        promise="2, 3, 5",
        messages=count,
        faults=line.met.total(),
        once_unknown=once_unknown,
        **found._asdict(),
    )
    assert found.sent + found.unsent + found.unknown == count
    assert (found.lost, found.untrue, found.unmarked) == (0, 0, 0)
    assert 0 < found.doubled <= once_unknown
    assert max(times.values()) == 2
    assert found.unknown < once_unknown / 2


def test_what_is_held_is_never_sent_again_whoever_asks_for_it(provider: Ledger, line: Line) -> None:
    box = an_outbox(line)
    send(box, 300)
    finish(box)
    taken, herald = provider.texts(), box.herald()
    for hours in (1, 5, 48):
        box.clock.pass_(hours=hours)
        Sweep(box).run()
        for message_id in box.journal.messages:
            herald.resume(message_id)
        finish(box)
    assert provider.texts() == taken
    found = outcome(box, provider)
    assert found.unknown > 0
    assert found.doubled == 0


def test_what_is_unknown_was_taken_or_not_and_was_attempted_once_with_no_answer(provider: Ledger, line: Line) -> None:
    box = an_outbox(line)
    send(box, 300)
    finish(box)
    taken = {text.body for text in provider.texts()}
    unknown = [message for message in box.journal.messages.values() if message.status is Status.UNKNOWN]
    assert {message.reference in taken for message in unknown} == {True, False}
    for message in unknown:
        *before, last = [step.step for step in message.trace]
        assert (last, before[-1]) == ("unknown", "sending")
        assert message.reason
        assert message.reason.code in ("answer_lost", "answer_unclear")


# ---- The proof can fail


class Careless:
    """A line that takes its failures for what they are not."""

    calls_back = False

    def __init__(self, line: Line) -> None:
        self._line = line

    def status(self, response: Any) -> Any:
        return self._line.status(response)


class Repeating(Careless):
    """It believes that what nobody knows was surely not sent, as a client with retries does."""

    def send(self, message: Message, callback: str | None = None) -> Sent:
        try:
            return self._line.send(message)
        except Uncertain:
            raise Unavailable from None


class Boasting(Careless):
    """It believes that what was surely not sent was sent."""

    def send(self, message: Message, callback: str | None = None) -> Sent:
        try:
            return self._line.send(message)
        except Unavailable:
            return Sent("none", {})


def test_the_ledger_shows_what_a_careless_retry_doubles(provider: Ledger, line: Line) -> None:
    box = an_outbox(Repeating(line))
    send(box, 200)
    finish(box)
    found = outcome(box, provider)
    assert found.doubled > 0
    assert found.unmarked == found.doubled


def test_the_ledger_shows_what_was_never_sent(provider: Ledger, line: Line) -> None:
    box = an_outbox(Boasting(line))
    send(box, 200)
    finish(box)
    assert outcome(box, provider).lost > 0


def test_the_audit_shows_what_the_queue_lost_and_no_sweep_found(provider: Ledger, line: Line) -> None:
    box = an_outbox(line)
    send(box, 200, mode="async")
    work(box, random.Random(SEED))
    assert outcome(box, provider).lost > 0


def test_the_audit_shows_what_was_sent_although_it_is_said_to_have_failed(provider: Ledger, line: Line) -> None:
    box = an_outbox(line)
    send(box, 50, mode="sync")
    for message in list(box.journal.messages.values()):
        box.journal.messages[message.id] = message.with_(status=Status.FAILED)
    assert outcome(box, provider).untrue == len(provider.texts()) > 0
