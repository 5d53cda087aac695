"""Promises 1 to 3: whatever writers who saw old states try, the journal keeps to rules that fit on one page.

The rules are written down here a second time, plainly, and compared step by step with the journal in DynamoDB and the
one in memory.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from herald.journal import Moved
from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from herald.pipeline.ports import Journal
from herald.testing.memory import MemoryJournal
from tests.builders import NOW, a_message
from tests.failing import AnswersLost
from tests.promises.figures import Figures
from tests.tables import a_table, client

# ---- The rules

FOLLOWS = {
    "accepted": {"accepted", "sending", "delivered", "failed", "expired", "canceled"},
    "scheduled": {"accepted", "scheduled", "sending", "failed", "expired", "canceled"},
    "sending": {"accepted", "sending", "unknown", "sent", "delivered", "undelivered", "failed", "expired"},
    "unknown": {"unknown", "sending", "sent", "delivered", "undelivered", "failed"},
    "sent": {"sent", "sending", "delivered", "undelivered"},
    "failed": {"failed", "accepted", "sending", "expired", "delivered"},
    "delivered": {"delivered"},
    "undelivered": {"undelivered", "delivered"},
    "expired": {"expired", "delivered"},
    "canceled": {"canceled", "delivered"},
}
# What a writer says of the status; what somebody else wrote of anything else stays, if the writer did not change it.
OF_THE_STATUS = ("status", "reason", "retry_at", "turn_at", "due_at")
OTHERS = ("attempts", "provider_id", "possible_duplicate", "second_channel")

Row = dict[str, Any]


def may_be_sent(row: Row) -> bool:
    """True if the text is needed: it waits, or it is on its way."""
    if row["status"] in ("unknown", "sent"):
        return row["retry_at"] is not None
    return row["status"] in ("accepted", "scheduled", "sending") or (
        row["status"] == "failed" and row["reason"] == "dead_lettered"
    )


def allowed(row: Row | None, seen: Row, new: Row) -> bool:
    """True if a writer who saw one row may write another in place of the row that is there."""
    return (
        row is not None
        and row["attempts"] == seen["attempts"]  # Nobody else attempted it meanwhile.
        and new["status"] in FOLLOWS[row["status"]]
        # Nobody comes a second time into a state that somebody else brought about.
        and not (new["status"] == row["status"] != seen["status"])
        # Who changes nothing but the moments, or adds a step, has seen the last ones.
        and not (new["status"] == seen["status"] and (row["due_at"], row["steps"]) != (seen["due_at"], seen["steps"]))
        and (row["text"] or not may_be_sent(new))
    )


def merged(row: Row, seen: Row, new: Row) -> Row:
    """The row after an allowed write."""
    after = {**row, **{name: new[name] for name in OF_THE_STATUS}}
    after |= {name: new[name] for name in OTHERS if new[name] != seen[name]}
    after["steps"] = row["steps"] + new["steps"][len(seen["steps"]) :]
    return {**after, "text": may_be_sent(after)}


def row_of(message: Message) -> Row:
    """What the rules speak about."""
    shown = {name: getattr(message, name) for name in (*OF_THE_STATUS, *OTHERS)}
    reason, steps = message.reason, [step.step for step in message.trace]
    return {
        **shown,
        "status": str(message.status),
        "reason": reason and reason.code,
        "text": message.body is not None,
        "steps": steps,
    }


class Lossy(AnswersLost):
    """Loses answers of writes only: who reads page by page just asks for the page again."""

    def get_paginator(self, operation: str) -> Any:
        return self._real.get_paginator(operation)


# ---- The journal against the rules

moments = st.none() | st.integers(0, 5).map(lambda minutes: NOW + timedelta(minutes=minutes))
changes = st.fixed_dictionaries(
    {"status": st.sampled_from(Status), "due_at": moments},
    optional={
        "attempts": st.integers(1, 3),
        "retry_at": moments,
        "turn_at": moments,
        "reason": st.sampled_from([None, REASONS["dead_lettered"], REASONS["expired"]]),
        "provider_id": st.sampled_from(["SM1", "SM2"]),
        "possible_duplicate": st.booleans(),
        "second_channel": st.booleans(),
    },
)


class History(RuleBasedStateMachine):
    """Any number of writers, each with what it once saw of a message, at a journal; beside it the rules."""

    seen: Bundle[Message] = Bundle("seen")

    def __init__(self, journal: Journal, lose_answer: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.journal, self.lose_answer = journal, lose_answer
        self.rows: dict[str, Row] = {}

    @initialize(target=seen)
    def somebody_asks(self) -> Message:
        return self.asked(a_message())

    @rule(target=seen, change=changes)
    def somebody_else_asks(self, change: dict[str, Any]) -> Message:
        return self.asked(a_message(**change))

    def asked(self, message: Message) -> Message:
        assert self.journal.claim(message) is None
        row = row_of(message)
        self.rows[message.id] = {**row, "text": may_be_sent(row)}
        return message

    @rule(message=seen, change=changes)
    def asks_again(self, message: Message, change: dict[str, Any]) -> None:
        found = self.journal.claim(message.with_(**change))
        assert found
        assert row_of(found) == self.rows[message.id]

    @rule(target=seen, message=seen)
    def look(self, message: Message) -> Message:
        found = self.journal.get(message.id)
        assert found
        return found

    @rule(target=seen, message=seen, due_at=moments)
    def put_off(self, message: Message, due_at: datetime | None) -> Any:
        return self.written(message, {"due_at": due_at}, 1)

    @rule(target=seen, message=seen, change=changes, steps=st.integers(0, 2))
    def move(self, message: Message, change: dict[str, Any], steps: int) -> Any:
        return self.written(message, change, steps)

    def written(self, message: Message, change: dict[str, Any], steps: int) -> Any:
        told = [Step(NOW, f"{len(self.rows)}.{n}") for n in range(steps)]
        new = message.with_(**change, trace=(*message.trace, *told))
        row, seen = self.rows[message.id], row_of(message)
        may = allowed(row, seen, row_of(new))
        try:
            after = self.journal.move(message, new)
        except Moved as moved:
            assert not may
            assert moved.current
            assert row_of(moved.current) == row
            return multiple()
        assert may
        self.rows[message.id] = merged(row, seen, row_of(new))
        assert row_of(after) == self.rows[message.id]
        return after

    @precondition(lambda self: self.lose_answer)
    @rule()
    def the_next_answer_gets_lost_and_the_sdk_repeats(self) -> None:
        assert self.lose_answer
        self.lose_answer()

    @rule(change=changes)
    def nobody_moves_what_was_never_asked_for(self, change: dict[str, Any]) -> None:
        message = a_message()
        with pytest.raises(Moved) as refused:
            self.journal.move(message, message.with_(**change))
        assert refused.value.current is None
        assert self.journal.get(message.id) is None

    @rule(minutes=st.integers(-1, 6))
    def the_sweep_finds_what_is_due_leases_first_then_the_oldest(self, minutes: int) -> None:
        now = NOW + timedelta(minutes=minutes)
        due = {
            name: (row["status"] != "sending", row["due_at"])
            for name, row in self.rows.items()
            if row["due_at"] and row["due_at"] <= now
        }
        found = list(self.journal.due(now))
        assert sorted(found) == sorted(due)
        assert [due[name] for name in found] == sorted(due.values())

    @invariant()
    def everything_is_as_the_rules_say(self) -> None:
        for name, row in self.rows.items():
            found = self.journal.get(name)
            assert found
            assert row_of(found) == row


def histories(machine: Callable[[], History], number: int, steps: int, **more: Any) -> None:
    """Try so many histories. Raises an error at the first that breaks a rule."""
    limits = settings(max_examples=number, stateful_step_count=steps, **more)
    run_state_machine_as_test(cast("type[History]", machine), settings=limits)


def test_the_journal_in_memory_keeps_the_rules(size: Callable[[int, int], int], figures: Figures) -> None:
    number = size(100, 2000)
    histories(lambda: History(MemoryJournal()), number, 30)
    figures("journal in memory against its rules", promise="1, 2, 3", histories=number, steps_at_most=30)


def test_the_journal_in_dynamodb_keeps_the_rules(
    engine: str, size: Callable[[int, int], int], figures: Figures
) -> None:
    dynamodb, number = client("dynamodb", engine), size(15, 200)

    def in_dynamodb() -> History:
        lossy = Lossy(dynamodb, lost=0)
        return History(DynamoJournal(lossy, a_table(dynamodb)), lambda: setattr(lossy, "lost", 1))

    histories(in_dynamodb, number, 20)
    figures("journal in DynamoDB against its rules", promise="1, 2, 3", histories=number, steps_at_most=20)


# ---- The proof can fail


class Overwriting(MemoryJournal):
    """It takes every write, as a plain put does."""

    def move(self, old: Message, new: Message) -> Message:
        self.messages[new.id] = new
        return new


class Hoarding(MemoryJournal):
    """It keeps texts that nobody needs any more."""

    def move(self, old: Message, new: Message) -> Message:
        after = super().move(old, new)
        self.messages[new.id] = after.with_(body=new.body)
        return self.messages[new.id]


class Doubling(MemoryJournal):
    """It lets two sweeps look after the same message."""

    def move(self, old: Message, new: Message) -> Message:
        current = self.messages.get(old.id)
        seen = old.with_(due_at=current.due_at, trace=current.trace) if current else old
        return super().move(seen, new)


@pytest.mark.parametrize("wrong", [Overwriting, Hoarding, Doubling])
def test_the_rules_show_a_journal_that_breaks_them(wrong: type[MemoryJournal]) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        histories(lambda: History(wrong()), 200, 30, phases=[Phase.generate])
