"""Receipts: how the carrier tells what became of a text: when, how often and in which order."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from threading import Lock

from local.carrier.fates import Fate, fate

LONGEST_DELAY = 3600.0
MOST_COPIES = 20
FIELDS = ("delay", "copies", "disorder", "count")


@dataclass(frozen=True, slots=True)
class Manner:
    """How the receipts of the next ``count`` texts come; None leaves it to the fate of each. ``delay`` in seconds."""

    delay: float | None = None
    copies: int | None = None
    disorder: bool | None = None
    count: int = 1

    def public(self) -> dict[str, object]:
        """``{delay, copies, disorder, count}``."""
        return asdict(self)

    def on(self, usual: Fate) -> Fate:
        """The fate, told in this manner."""
        return usual._replace(
            delay=usual.delay if self.delay is None else self.delay,
            copies=self.copies or usual.copies,
            disorder=usual.disorder if self.disorder is None else self.disorder,
        )


class NotAManner(Exception):
    """What was asked for cannot be done; the text is a sentence that says what would be right."""


class Manners:
    """The manners that wait for a text, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[Manner] = []

    def add(self, manner: Manner) -> None:
        with self._lock:
            self._pending.append(manner)

    def fate(self, number: str) -> Fate:
        """What becomes of this very text, and how it is told; one that waits is used up by it."""
        with self._lock:
            if not self._pending:
                return fate(number)
            first = self._pending[0]
            self._pending[:1] = [replace(first, count=first.count - 1)] if first.count > 1 else []
        return first.on(fate(number))

    def pending(self) -> list[Manner]:
        with self._lock:
            return list(self._pending)

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()


def read(asked: object) -> Manner:
    """``{"delay", "copies", "disorder", "count"}``, each optional, as a ``Manner``. Raises ``NotAManner``."""
    if not isinstance(asked, dict):
        raise NotAManner('Send a JSON object: {"delay": 0.2, "copies": 2, "disorder": true, "count": 1}.')
    if unknown := sorted(set(asked) - set(FIELDS)):
        raise NotAManner(f"Unknown field {unknown[0]!r}: a manner has {', '.join(FIELDS)}.")
    for name, (right, rule) in RULES.items():
        if name in asked and not right(asked[name]):
            raise NotAManner(f"{name} must be {rule}.")
    return Manner(**asked)


def _whole(most: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and 1 <= value <= most


RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "delay": (
        lambda value: type(value) in (int, float) and 0 <= value <= LONGEST_DELAY,  # type: ignore[operator]
        f"seconds from 0 to {LONGEST_DELAY:.0f}",
    ),
    "copies": (_whole(MOST_COPIES), f"a whole number from 1 to {MOST_COPIES}"),
    "disorder": (lambda value: isinstance(value, bool), "true or false"),
    "count": (_whole(1000), "a whole number from 1 to 1000"),
}
