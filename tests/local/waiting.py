"""What tests of running things wait for: something to become true, and threads to end."""

import time
from collections.abc import Callable
from threading import Thread
from threading import enumerate as enumerate_threads


def threads(*names: str) -> set[Thread]:
    """The threads of these names that are alive: other carriers, such as the whole stack's, may have some too."""
    return {thread for thread in enumerate_threads() if thread.name in names}


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
