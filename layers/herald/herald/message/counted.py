"""Counted: in which counters a message stands, and whether its text has left since. Values only."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple, Self

from herald.message.times import rfc3339

State = Literal["kept", "left", "priced", "back"]
HELD: tuple[State, ...] = ("kept", "left", "priced")


class Counted(NamedTuple):
    """``names`` are the tallies of ``guard.budget`` that a message was counted in, by the day, minute and month of
    ``at``.

    ``moment`` (seconds since 1970) stands among those of the texts to its number: if it is sent by then it need not be
    counted anew. None: it stands not there. ``cost`` is what was reserved, in millionths (None: no price is known).
    ``state``: ``kept`` until the text may have left, then ``left``, and ``priced`` once a receipt for its end told what
    it costs; ``back`` once all was given back, as it never left.
    """

    at: datetime
    names: tuple[str, ...] = ()
    moment: int | None = None
    cost: int | None = None
    state: State = "kept"

    @property
    def alike(self) -> tuple[Self, ...]:
        """How the same may stand in the counters: whether the text left meanwhile changes nothing there."""
        return (self,) if self.state == "back" else tuple(self._replace(state=state) for state in HELD)

    @property
    def gone(self) -> bool:
        """Whether its text may have left."""
        return self.state in ("left", "priced")

    @lru_cache(maxsize=128)  # noqa: B019 - a value, and no instance that lives long
    def written(self) -> str:
        """All of it in one short text."""
        return json.dumps([rfc3339(self.at), *self[1:]], separators=(",", ":"))

    @classmethod
    def read(cls, written: str) -> Self:
        """What ``written`` gave."""
        at, names, *others = json.loads(written)
        return cls(datetime.fromisoformat(at), tuple(names), *others)
