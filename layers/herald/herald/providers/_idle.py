"""Idle connections: closed before they are used again, because they may be dead without our knowing."""

import time
from collections.abc import Callable
from threading import Lock

# A frozen Lambda does not hear its peer hang up. When it thaws, the request goes into a dead connection, and nobody
# knows whether it arrived: the message would end as unknown. Shorter than the usual keep-alive of servers (5 to 75 s).
LONGEST = 4.0


class Idle:
    """Calls ``close`` after ``LONGEST`` seconds without use; ``clock`` is wall time, which goes on in a freeze."""

    def __init__(self, close: Callable[[], object], clock: Callable[[], float] = time.time) -> None:
        self._close, self._clock = close, clock
        self._used = clock()
        self._lock = Lock()

    def over(self) -> None:
        """Say that a connection will be used now."""
        with self._lock:
            now = self._clock()
            idle, self._used = abs(now - self._used) > LONGEST, now
            if idle:
                self._close()
