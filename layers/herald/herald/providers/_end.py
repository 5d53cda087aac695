"""End: when a call to a vendor is over, and how much it may bring: ``_connections`` holds to it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from herald.providers._reach import left

# What one call may take in all, and what its answer may hold: with its headers as it is sent, and decoded.
SECONDS, MOST_BYTES = 15.0, 256 * 1024


class TooLong(OSError):
    """An answer of more bytes than it may have."""


class End:
    """The end of a call: ``at``, a moment of ``time.monotonic``, or after ``MOST_BYTES`` of answer."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self._bytes = MOST_BYTES

    def limit(self, connection: socket.socket, patience: float | None) -> None:
        """Let what the connection does next end with the call, or sooner. Raises ``TimeoutError`` if it is over."""
        seconds = left(self.at)
        connection.settimeout(min(seconds, patience or seconds))

    def received(self, count: int) -> None:
        """Note that so many bytes came. Raises ``TooLong``."""
        self._bytes -= count
        if self._bytes < 0:
            raise TooLong


CURRENT: ContextVar[End | None] = ContextVar("end", default=None)


@contextmanager
def within(seconds: float = SECONDS) -> Iterator[None]:
    """What is called meanwhile ends in time."""
    token = CURRENT.set(End(seconds))
    try:
        yield
    finally:
        CURRENT.reset(token)
