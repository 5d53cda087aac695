"""Cold: what a process of ours does once, before its first event. A function imports it before all else.

No garbage is looked for until everything is imported and read: there is hardly any, and each look goes through all that
was made so far. What is there then stays, so nobody need ever look at it again. (3 % of a cold start: ``make bench``.)
"""

import gc
import os
from collections.abc import Callable
from contextlib import suppress

gc.disable()


def ready(prepare: Callable[[], object] = lambda: None) -> None:
    """Call it last. In Lambda it does what ``prepare`` does: a start has a whole processor, the first event has not.

    What fails now is tried again by the first event, which says so.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        with suppress(Exception):
            prepare()
    gc.freeze()
    gc.enable()
