"""Earlier: the text that a provider took before the message went on by a second channel. Values only."""

import json
from collections.abc import Mapping
from typing import NamedTuple, Self


class Earlier(NamedTuple):
    """Which attempt that was, by which channel, and what its provider answered: receipts for it may still come."""

    attempt: int
    channel: str | None
    provider: str | None
    provider_id: str | None
    response: Mapping[str, object] | None = None

    def __repr__(self) -> str:
        return f"Earlier({self.attempt}, {self.channel!r})"

    def written(self) -> str:
        """All of it in one text."""
        return json.dumps([*self[:-1], self.response and dict(self.response)], separators=(",", ":"))

    @classmethod
    def read(cls, written: str) -> Self:
        """What ``written`` gave."""
        return cls(*json.loads(written))
