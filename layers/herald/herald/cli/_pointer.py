"""Pointer: what ``herald`` alone says: where it points, and what to do next."""

import json

from herald.cli._client.target import Place, resolve
from herald.cli._show.screen import Screen, screen
from herald.cli.frame import State, tell

NEXT = {
    "laptop": (
        'herald send "+91 98765 00000" "Hello"    a text to a simulated phone',
        "herald open                              the page, with the phones",
        "herald simulate fault exotel 500         let a provider fail",
    ),
    "aws": (
        'herald explain "+91 ..." "Hello"    what would happen to a text, without sending it',
        "herald channels                     how the channels fare",
        "herald keys create --name me        an API key",
        "herald open                         the page",
    ),
    "url": (
        'herald explain "+91 ..." "Hello"    what would happen to a text, without sending it',
        'herald send "+91 ..." "Hello"       send it',
        "herald channels                     how the channels fare",
    ),
}


def show(state: State) -> int:
    """Say where the command points, and what may be next. Raises ``Stopped`` where it points nowhere."""
    state.as_json = state.said.as_json
    target = resolve(state, state.said)
    if target.as_json:
        print(json.dumps(told(target.place), indent=2))
        return 0
    for line in lines(target.place, screen()):
        print(line)
    tell("All commands: herald --help")
    return 0


def told(place: Place) -> dict[str, str | None]:
    """The place, for a program."""
    where = place.where
    return {
        "kind": place.kind, "stage": place.stage or None, "account": where.account if where else None,
        "region": where.region if where else None, "url": place.url or None,
    }  # fmt: skip


def lines(place: Place, here: Screen) -> list[str]:
    """The place, for a person."""
    names = {"laptop": "this laptop: texts reach simulated phones, and nobody's own", "aws": "a stage on AWS",
             "url": "a stage by its URL"}  # fmt: skip
    known = {name: value for name, value in told(place).items() if name != "kind"}
    if place.kind == "laptop":  # The engine's account is nobody's.
        known = {"url": place.url}
    return [
        *here.pairs([("points at", names[place.kind]), *known.items()]),
        "",
        "Next:",
        *(f"  {n}" for n in NEXT[place.kind]),
    ]
