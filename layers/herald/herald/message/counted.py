"""Counted: in which counters a message stands, and whether its text has left since. Values only."""

import json
from datetime import datetime
from typing import Literal, NamedTuple, Self

from herald.message.times import rfc3339

State = Literal["kept", "left", "back"]


class Counted(NamedTuple):
    """``names`` are the tallies of ``guard.budget`` that a message was counted in, by the day, minute and month of
    ``at``.

    ``moment`` (seconds since 1970) stands among those of the texts to its number: if it is sent by then it need not be
    counted anew. None: it stands not there. ``cost`` is what was reserved, in millionths (None: no price is known).
    ``state``: ``kept`` until the text may have left, then ``left``; ``back`` once all was given back, as it never left.
    """

    at: datetime
    names: tuple[str, ...] = ()
    moment: int | None = None
    cost: int | None = None
    state: State = "kept"

    @property
    def alike(self) -> tuple[Self, ...]:
        """How the same may stand in the counters: whether the text left meanwhile changes nothing there."""
        return (self,) if self.state == "back" else (self._replace(state="kept"), self._replace(state="left"))

    def written(self) -> str:
        """All of it in one short text."""
        return json.dumps([rfc3339(self.at), *self[1:]], separators=(",", ":"))

    @classmethod
    def read(cls, written: str) -> Self:
        """What ``written`` gave."""
        at, names, *others = json.loads(written)
        return cls(datetime.fromisoformat(at), tuple(names), *others)
