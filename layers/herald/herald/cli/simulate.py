"""``herald simulate``: what the laptop's simulated providers do to the next texts: faults, and how receipts come."""

import json
import os
from collections.abc import Mapping
from typing import Annotated, Any

from typer import Argument, Option

from herald.cli._asking import asks, give
from herald.cli._client.service import BROKE, WRONG
from herald.cli._client.target import Target, laptop_variables, on_this_machine
from herald.cli._show.screen import Screen
from herald.cli._where import Stopped
from herald.cli.frame import group, tell

app = group(__doc__)
Count = Annotated[int, Option("--count", metavar="NUMBER", help="for so many texts", min=1, max=1000)]


@asks(app, "fault")
def fault(
    target: Target,
    *,
    provider: Annotated[str, Argument(metavar="PROVIDER", help="exotel, twilio, amazonsns, endusermessaging")],
    fault: Annotated[str, Argument(metavar="FAULT", help="how it fails: 500, drop_reply ...; a wrong one lists all")],
    count: Count = 1,
) -> int:
    """Let the next sends at a provider fail."""
    found = ask(target, "POST", "/faults", {"provider": provider, "fault": fault, "count": count})
    give(target, found, lambda screen: screen.pairs(list(found.items())))
    return 0


@asks(app, "receipts")
def receipts(
    target: Target,
    *,
    delay: Annotated[float | None, Option("--delay", metavar="SECONDS", help="how long after the text", min=0)] = None,
    copies: Annotated[int | None, Option("--copies", metavar="NUMBER", help="how often each comes", min=1)] = None,
    disorder: Annotated[bool, Option("--disorder", help="an older state follows the last one")] = False,
    count: Count = 1,
) -> int:
    """Let the receipts of the next texts come late, several times, or in the wrong order."""
    wish = {"delay": delay, "copies": copies, "disorder": disorder or None, "count": count}
    found = ask(target, "POST", "/receipts", {name: value for name, value in wish.items() if value is not None})
    give(target, found, lambda screen: screen.pairs(list(found.items())))
    return 0


@asks(app, "show")
def show(target: Target) -> int:
    """List what is asked for and not used up yet, and the texts on the simulated phones."""
    found = {name: ask(target, "GET", f"/{name}") for name in ("faults", "receipts", "messages")}
    give(target, found, lambda screen: _shown(found, screen))
    return 0


@asks(app, "clear")
def clear(target: Target) -> int:
    """Let all go well again. The texts stay on the phones."""
    for name in ("faults", "receipts"):
        ask(target, "DELETE", f"/{name}")
    tell("From now on all goes well.")
    return 0


def ask(target: Target, method: str, path: str, wish: Mapping[str, object] | None = None) -> Any:
    """What the simulator answers. Raises ``Stopped``, also if it is not the laptop's Herald that is pointed at."""
    import requests

    if target.place.kind != "laptop":
        raise Stopped("Only the laptop has a simulator: make up, then --stage local.", WRONG)
    url = os.environ.get("CARRIER_URL") or laptop_variables().get("CARRIER_URL", "")
    if not on_this_machine(url):
        raise Stopped("CARRIER_URL is not an address of this machine: load .local/env again.", WRONG)
    try:
        answer = requests.request(method, url + path, json=wish, timeout=10)
        said = answer.json() if answer.content else {}
    except (requests.RequestException, ValueError):
        raise Stopped("The simulator does not answer: make down, then make up.", BROKE) from None
    if answer.status_code == 400:
        raise Stopped(str(said.get("detail")), WRONG)
    if not answer.ok:
        raise Stopped(f"The simulator answered {answer.status_code}: {said.get('detail', '')}", BROKE)
    return said


def _shown(found: Mapping[str, Any], screen: Screen) -> list[str]:
    lines = [f"{name}: {json.dumps(wish)}" for name in ("faults", "receipts") for wish in found[name]]
    texts = [(text["at"], text["provider"], text["to"], text["receipt"], text["body"]) for text in found["messages"]]
    table = screen.table(("at", "provider", "to", "receipt", "text"), texts) if texts else []
    return [*lines, *table] or ["Nothing is asked for, and the phones have no texts."]
