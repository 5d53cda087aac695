"""Cold: what a process of ours does once, before its first event. A function imports it before all else.

No garbage is looked for until everything is imported and read: there is hardly any, and each look goes through all that
was made so far. What is there then stays, so nobody need ever look at it again.
"""

import gc
import os
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

# Lambda ends a start after 10 s and begins it anew: what hangs must not be waited for so long.
LONGEST = 3.0

gc.disable()


def ready(prepare: Callable[[], object], longest: float = LONGEST) -> None:
    """Call it last. In Lambda it does what ``prepare`` does: a start has a whole processor, the first event has not.

    After ``longest`` seconds it goes on alone. What fails now is tried again by the first event, which says so.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        preparing = Thread(target=_quietly, args=(prepare,), daemon=True)
        preparing.start()
        preparing.join(longest)
    gc.freeze()
    gc.enable()


def _quietly(prepare: Callable[[], object]) -> None:
    with suppress(Exception):
        prepare()
