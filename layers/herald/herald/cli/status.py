"""``herald status``: what became of a message."""

import time
from collections.abc import Callable
from typing import Annotated

from typer import Argument, Option

from herald.cli._asking import asks, give
from herald.cli._client.service import CODES, UNKNOWN, Answer, Service
from herald.cli._client.target import Target
from herald.cli._show import message as shown
from herald.cli._show.progress import working
from herald.cli._show.screen import Screen, screen
from herald.cli.frame import alone, tell
from herald.message.status import Status

PAUSE_SECONDS = 1.0

app = alone()


@asks(app)
def status(
    target: Target,
    *,
    message_id: Annotated[str, Argument(metavar="ID", help="msg_ and 26 characters")],
    watch: Annotated[bool, Option("--watch", help="until nothing more can become of it, a line for each step")] = False,
    within: Annotated[int, Option("--within", metavar="SECONDS", help="watch no longer than this", min=1)] = 300,
    refresh: Annotated[bool, Option("--refresh", help="ask the provider first")] = False,
) -> int:
    """Say what became of a message, step by step."""
    with working("Asking"):
        found = target.service.status(message_id, refresh=refresh)
    if watch:
        found = watched(target.service, found, within, say=None if target.as_json else _say)
    give(target, found, lambda here: [*shown.message(found, here), *_more(found, here, watch=watch)])
    if watch and not Status(found["status"]).final:
        tell(f"After {within} s it is {found['status']}, and more may become of it.")
        return UNKNOWN
    return CODES.get(str(found.get("status")), 0)


def watched(
    service: Service,
    found: Answer,
    within: float,
    *,
    say: Callable[[Answer, int], object] | None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """The message when it is final, or when ``within`` seconds are over. ``say`` hears of it and the steps told."""
    until, told = clock() + within, 0
    while True:
        if say:
            say(found, told)
        told = len(found["trace"])
        if Status(found["status"]).final or clock() >= until:
            return found
        sleep(PAUSE_SECONDS)
        found = service.status(str(found["id"]), refresh=False)


def _say(found: Answer, told: int) -> None:
    for line in shown.trace(found["trace"][told:], screen()):
        print(line, flush=True)


def _more(found: Answer, here: Screen, *, watch: bool) -> list[str]:
    """The steps, unless they were told while it was watched."""
    return [] if watch else ["", *shown.trace(found.get("trace", ()), here)]
