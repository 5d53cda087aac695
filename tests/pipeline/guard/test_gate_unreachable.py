"""Gate: where counters or opt-outs cannot be reached nothing is sent, and the operator is told."""

from typing import Any

import pytest

from herald.errors import NotAccepted
from herald.journal.tally import Full
from herald.message.ids import message_id
from herald.message.status import Status
from herald.settings.values import Limits
from herald.testing.fakes import Notes
from herald.testing.memory import MemoryCounters, MemoryOptOuts
from tests.builders import a_box
from tests.failing import Down
from tests.pipeline.guard.asking import a_gated_box, ask, limited, refused


class NoCounters(MemoryCounters):
    """Counters that nobody can reach."""

    def take(self, tally: object, now: object) -> Full | None:
        raise Down


def test_what_cannot_be_counted_is_not_sent() -> None:
    box = limited(day=5)
    box.counters = NoCounters()
    with pytest.raises(NotAccepted) as caught:
        ask(box)
    assert (caught.value.code, caught.value.retryable, box.texts) == ("not_counted", True, [])
    assert caught.value.detail == "The limits could not be read."
    assert ("message not counted", "Down") in box.observer.told


def test_kinds_that_the_settings_name_are_sent_uncounted() -> None:
    box = a_gated_box(limits=Limits(day=1), uncounted=frozenset({"otp"}))
    box.counters = NoCounters()
    for _ in range(3):
        assert ask(box, kind="otp").status is Status.SENT
    with pytest.raises(NotAccepted):
        ask(box, kind="promotional")


class NoOptOuts(MemoryOptOuts):
    """A list that nobody can read."""

    def has(self, recipient: str) -> bool:
        raise Down


class KeepsCounting(MemoryCounters):
    """Counters from which nothing can be taken back."""

    def give(self, tally: object) -> None:
        raise Down


def test_what_cannot_be_taken_back_stays_counted_and_is_told() -> None:
    box = limited(day=1, number_day=5)
    box.counters = KeepsCounting()
    ask(box, key="order-1")
    assert ask(box, key="order-1").status is Status.SENT
    assert refused(box).code == "limit_day"
    assert ("count not taken back", "Down") in box.observer.told


def test_where_opt_outs_cannot_be_read_nothing_is_sent() -> None:
    box = a_box()
    box.optouts = NoOptOuts()
    with pytest.raises(NotAccepted) as caught:
        ask(box, kind="otp")
    assert (caught.value.code, box.texts) == ("not_counted", [])
    assert caught.value.detail == "Whether the recipient opted out could not be read."
    assert ("opt-outs not read", "Down") in box.observer.told


class Troubles(Notes):
    """Notes of what went wrong, and with which message."""

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.told.append((phrase, f"{type(error).__name__} {extra['message_id']}"))


@pytest.mark.parametrize(
    ("down", "phrase"),
    [({"counters": NoCounters()}, "message not counted"), ({"optouts": NoOptOuts()}, "opt-outs not read")],
    ids=["counters", "opt-outs"],
)
def test_an_operator_is_told_with_which_message_it_went_wrong(down: dict[str, Any], phrase: str) -> None:
    box = limited(day=1)
    box.observer = Troubles()
    for part, broken in down.items():
        setattr(box, part, broken)
    with pytest.raises(NotAccepted):
        ask(box, key="order-1")
    assert box.observer.told == [(phrase, f"Down {message_id('shop', 'order-1', box.clock.now)}")]
