"""Wrong: what a process does while SSM holds wrong settings: look again within seconds, and tell the operator."""

import random
from collections.abc import Callable, Sequence

from herald.errors import InvalidSettings, Problem
from herald.settings.parameters import Parameters

# SSM answers 40 such calls a second, for the whole account: at half of this on average, to 150 processes at once. To
# more it fails, and ``Parameters`` then asks less often.
LOOK_AGAIN = 5.0
TELL_AGAIN = 60.0


class Wrong:
    """Knows the ``problems`` that were met last. ``trouble`` tells the operator, as the observer's does."""

    def __init__(self, trouble: Callable[..., object]) -> None:
        self._trouble, self._told_at = trouble, float("-inf")
        self.problems: Sequence[Problem] = ()

    def met(self, error: InvalidSettings, parameters: Parameters) -> "Wrong":
        """What ``parameters`` hold is wrong. It is told when it is new, and once a minute: mistakes hold no value."""
        parameters.hasten(random.uniform(LOOK_AGAIN / 2, LOOK_AGAIN))  # noqa: S311 - it only spreads the load
        now, new = parameters.clock(), error.problems != self.problems
        self.problems = error.problems
        if new or now - self._told_at >= TELL_AGAIN:
            self._told_at = now
            self._trouble("settings are wrong", error, mistakes=[_line(problem) for problem in self.problems])
        return self


def _line(problem: Problem) -> str:
    return f"{problem.field}: {problem.detail}"
