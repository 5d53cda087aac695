"""Accepted: a text that a vendor took, and how it fares until its fate, in the vendor's own states."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from local.carrier.fates import Fate

State = TypeVar("State")


class Accepted(NamedTuple):
    """What was asked of which account, when, and what becomes of it."""

    account: str
    fields: Mapping[str, str]
    at: datetime
    fate: Fate

    def state(
        self, age: float, words: Mapping[str, State], on_the_way: Sequence[tuple[float, State]]
    ) -> tuple[State, datetime]:
        """How the text fares after ``age`` seconds, and since when.

        ``words`` are the ends, by ``Fate.word``; ``on_the_way`` says from which share of the time until then it is in
        which state, the last first.
        """
        delay = self.fate.delay
        if self.fate.receipt and age >= delay:
            return words[self.fate.word], self.at + timedelta(seconds=delay)
        share, state = next(step for step in on_the_way if age >= step[0] * delay)
        return state, self.at + timedelta(seconds=share * delay)
