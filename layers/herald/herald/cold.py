"""Cold: what a process of ours does once, before its first event. A function imports it before all else.

No garbage is looked for until everything is imported and read: there is hardly any, and each look goes through all that
was made so far. What is there then stays, so nobody need ever look at it again.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# Lambda ends a start after 10 s and begins it anew: what hangs must not be waited for so long.
LONGEST = 3.0

gc.disable()


class _Enough(BaseException):
    """It took too long. No ``Exception``: clients take those for their own, and try again."""


def ready(prepare: Callable[[], object], longest: float = LONGEST) -> None:
    """Call it last. In Lambda it does what ``prepare`` does: a start has a whole processor, the first event has not.

    After ``longest`` seconds it breaks off. What fails now is tried again by the first event, which says so.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        # An alarm, not a thread: modules load more slowly in a second one.
        with suppress(Exception, _Enough), _within(longest):
            prepare()
    gc.freeze()
    gc.enable()


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, _end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _end(*_: object) -> None:
    raise _Enough
