"""Paired: in which order the two of each pair run, and what the ratio of their medians is worth. Pure."""

import random
import statistics
from collections.abc import Sequence
from typing import NamedTuple

DRAWS, SURE = 10_000, 0.95

Pair = tuple[float, float]


class Ratio(NamedTuple):
    """Two medians, their ratio, the median of the pairs' own ratios, and within what the first ratio lies."""

    before: float
    after: float
    ratio: float
    of_pairs: float
    low: float
    high: float

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out that both are the same."""
        return not self.low <= 1 <= self.high


def orders(pairs: int, seed: int) -> list[tuple[int, int]]:
    """Which of the two runs first in each pair: by chance, and each as often as the other, give or take one."""
    drawn = [(0, 1) if number % 2 else (1, 0) for number in range(pairs)]
    random.Random(seed).shuffle(drawn)
    return drawn


def compared(taken: Sequence[Pair], seed: int) -> Ratio:
    """After against before, of pairs ``(before, after)``."""
    before, after = (statistics.median(side) for side in zip(*taken, strict=True))
    of_pairs = statistics.median(second / first for first, second in taken)
    return Ratio(before, after, after / before, of_pairs, *interval(taken, seed))


def interval(taken: Sequence[Pair], seed: int, draws: int = DRAWS) -> tuple[float, float]:
    """Between what the ratio of the medians lies in 95 of 100 draws: as many pairs, each put back when drawn.

    A pair is drawn as a whole: what slowed the machine down then slowed both of it.
    """
    chance = random.Random(seed)
    ratios = sorted(_ratio(chance.choices(taken, k=len(taken))) for _ in range(draws))
    left_out = int(draws * (1 - SURE) / 2)
    return ratios[left_out], ratios[-1 - left_out]


def _ratio(taken: Sequence[Pair]) -> float:
    before, after = zip(*taken, strict=True)
    return float(statistics.median(after) / statistics.median(before))
