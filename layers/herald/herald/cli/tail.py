"""``herald tail``: what a stage's functions log, a line for each step of a message."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from typer import Argument, Option

from herald.aws.client import client
from herald.cli._asking import asks
from herald.cli._client.service import WRONG
from herald.cli._client.target import Target
from herald.cli._show.screen import Screen, clean, screen
from herald.cli._where import Stopped
from herald.cli.frame import alone, tell
from herald.message.times import rfc3339

FUNCTIONS = ("api", "authorize", "invoke", "worker", "receipts", "announce", "sweep")
PAUSE_SECONDS = 2.0
# A line may turn up a little after one with a later time.
LATE_MS = 10_000
NARROW = 100  # Less than this, in columns, holds no whole line.
ID = re.compile(r"msg_[0-9A-Z]{26}")

app = alone()


@asks(app, after="Needed: logs:FilterLogEvents on the log groups /aws/lambda/herald-*.")
def tail(
    target: Target,
    *,
    message_id: Annotated[str | None, Argument(metavar="[ID]", help="only of this message")] = None,
    minutes: Annotated[int, Option("--minutes", metavar="NUMBER", help="so far back", min=1, max=43_200)] = 60,
    follow: Annotated[bool, Option("--follow", help="go on with what is new, until Ctrl-C")] = False,
) -> int:
    """Print what the stage's functions logged, one line a step; numbers are masked there, and texts are not in it."""
    if target.place.kind == "url":
        raise Stopped("The log is read on AWS: say --stage dev, for example. By a URL: herald status ID", WRONG)
    if message_id is not None and not ID.fullmatch(message_id):
        raise Stopped("ID must be a message's: msg_ and 26 capital letters and digits.", WRONG)
    since = int(time.time() * 1000) - minutes * 60_000
    count = 0
    for line in lines(client("logs"), target.place.stage, since, message_id, follow=follow):
        print(json.dumps(line) if target.as_json else shown(line, screen()), flush=True)
        count += 1
    if not count:
        tell(f"Nothing was logged in the last {minutes} minutes.")
    return 0


def lines(
    logs: Any,
    stage: str,
    since: int,
    message_id: str | None = None,
    *,
    follow: bool = False,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """The steps since a time in milliseconds, in order; with ``follow``, and those that come, for ever.

    ``logs`` is a client of CloudWatch Logs. Raises its errors.
    """
    seen: dict[tuple[object, ...], int] = {}
    while True:
        found = [step for name in FUNCTIONS for step in _read(logs, stage, name, since, message_id)]
        fresh = [(at, step) for key, at, step in found if key not in seen]
        seen = {key: at for key, at, _ in found}
        yield from (step for _, step in sorted(fresh, key=lambda each: each[0]))
        if not follow:
            return
        since = max([since, *(at - LATE_MS for at in seen.values())])
        sleep(PAUSE_SECONDS)


def _read(
    logs: Any, stage: str, name: str, since: int, message_id: str | None
) -> Iterator[tuple[tuple[object, ...], int, dict[str, Any]]]:
    """The lines of a function: what tells each from all others, its time, and what it says."""
    asked: dict[str, Any] = {"logGroupName": f"/aws/lambda/herald-{stage}-{name}", "startTime": since}
    if message_id:
        asked["filterPattern"] = f'"{message_id}"'
    places: dict[tuple[object, object], int] = {}
    try:
        pages = logs.get_paginator("filter_log_events").paginate(**asked)
        events = [event for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return  # A function that never ran.
    for event in events:
        at, spot = event["timestamp"], (event.get("logStreamName"), event["timestamp"])
        places[spot] = places.get(spot, 0) + 1  # The local engine gives lines no ids; their order stays.
        if (said := _said(event["message"])) and message_id in (None, said.get("message_id")):
            yield (name, *spot, places[spot]), at, step(name, at, said)


def _said(text: str) -> dict[str, Any] | None:
    """What a line of the functions says; None for one of Lambda's own."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "message" in found and "level" in found else None


def step(name: str, at: int, said: dict[str, Any]) -> dict[str, Any]:
    """What is told of a line."""
    kept = ("message_id", "message", "status", "channel", "to", "reason", "guard", "error", "place", "latency_ms")
    told = {field: said[field] for field in kept if said.get(field) not in (None, "")}
    return {"at": rfc3339(datetime.fromtimestamp(at / 1000, UTC)), "function": name, "level": said["level"], **told}


def shown(line: dict[str, Any], here: Screen) -> str:
    """A step as one line; as two, where the terminal is narrow."""
    names = ("channel", "to", "reason", "guard", "error", "place")
    details = "  ".join(f"{name} {line[name]}" for name in names if name in line)
    at, function, identity, said = line["at"], line["function"], line.get("message_id", "-"), line["message"]
    tone = "bad" if line["level"] == "ERROR" else None
    if here.width and here.width < NARROW:
        return f"{at}  {here.paint(clean(said), tone)}\n  {clean(f'{function}  {identity}  {details}')}"
    head = f"{at}  {function.ljust(9)}  {clean(identity).ljust(30)}"
    return f"{head}  {here.paint(clean(said), tone)}  {clean(details)}".rstrip()
