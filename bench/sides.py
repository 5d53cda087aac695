"""Sides: the two that ``--before`` compares, and one run of either: processes of its own, a table of its own.

Both answer the working tree's events: those are public, whatever a commit calls its own fields in the table.
"""

import json
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.bench import Bench
from bench.parts import post
from bench.runtime import Function
from bench.tree import ROOT, Tree

# So many messages before any is timed, then so many that are.
UNTIMED, TIMED = 5, 20
# What is put at the end of a function's app.py, to tell what it has imported when its first event is answered.
TELLS = """
import sys as _sys
_answer = handler
def handler(event, context):
    return {**_answer(event, context), "modules": list(_sys.modules)}
"""


class Side(NamedTuple):
    """One of the two, and the bench whose cloud and Python both of them use."""

    bench: Bench
    tree: Tree

    def function(self, name: str, app: Path | None = None) -> Function:
        """A new process of one of its functions."""
        folder = app or self.tree.functions / name
        return Function(self.bench.stack(f"herald-{name}", app=folder, layer=self.tree.layer))

    def send(self, api: Function, *, later: bool = False) -> Any:
        """Send one message; ``later``: put it in the queue. Its id."""
        event = post(next(self.bench.number))
        if later:
            event["headers"]["Prefer"] = "respond-async"
        _, answer = api.invoke(event)
        assert answer.get("statusCode") == (202 if later else 201), f"{answer}\n{api.written()}"
        return json.loads(answer["body"])["id"]


def cold(side: Side) -> dict[str, float]:
    """A fresh stage: from the start of a process to its first message, sent."""
    side.bench.set(warm=False, delay=0, items={})
    with side.function("api") as api:
        seconds, answer = api.invoke(post(next(side.bench.number)))
        computed, memory = api.computed(), api.memory()
        assert answer.get("statusCode") == 201, f"{answer}\n{api.written()}"
    return {"cold start, ms": 1000 * seconds, "cold start, CPU ms": 1000 * computed, "rss_mb": memory}


def warm(side: Side) -> dict[str, float]:
    """A message more, by a process that has sent some."""
    side.bench.set(warm=True, delay=0, items={})
    events = [post(next(side.bench.number)) for _ in range(UNTIMED + TIMED)]
    with side.function("api") as api:
        return _each("warm send", api, events, ("statusCode", 201))


def worker(side: Side) -> dict[str, float]:
    """A record of the queue, by itself: a message that the same commit's API has put into the table."""
    side.bench.set(warm=True, delay=0, items={})
    with side.function("api") as api, side.function("worker") as function:
        events = [queued(side.send(api, later=True)) for _ in range(UNTIMED + TIMED)]
        before = side.bench.texts
        found = _each("worker record", function, events, ("batchItemFailures", []))
        assert side.bench.texts == before + len(events), "what is measured sends nothing"
        return found


def modules(side: Side, name: str) -> dict[str, float]:
    """How many modules a function has imported when its first event is answered, and how many are Herald's own."""
    side.bench.set(warm=False, delay=0, items={})
    telling = Path(tempfile.mkdtemp(dir=side.bench.folder)) / name
    shutil.copytree(side.tree.functions / name, telling)
    with (telling / "app.py").open("a") as source:
        source.write(TELLS)
    with side.function("api") as api, side.function(name, telling) as function:
        event = post(next(side.bench.number)) if name == "api" else queued(side.send(api, later=True))
        _, answer = function.invoke(event)
    ours = [module for module in answer["modules"] if module.partition(".")[0] == "herald"]
    return {f"modules, {name}": len(answer["modules"]), f"modules, {name}, Herald's own": len(ours)}


def queued(identifier: str) -> dict[str, Any]:
    """The event that brings one message from the queue."""
    record: dict[str, Any] = json.loads((ROOT / "events" / "queue.json").read_text())["Records"][0]
    return {"Records": [{**record, "messageId": identifier, "body": json.dumps({"id": identifier})}]}


def _each(name: str, function: Function, events: Sequence[object], good: tuple[str, object]) -> dict[str, float]:
    """Milliseconds of an event, the median; and those that the process computed, the mean."""
    taken, computed = [], 0.0
    for number, event in enumerate(events):
        if number == UNTIMED:
            computed = function.computed()
        seconds, answer = function.invoke(event)
        assert answer.get(good[0]) == good[1], f"{answer}\n{function.written()}"
        taken.append(seconds)
    computed = function.computed() - computed
    return {f"{name}, ms": 1000 * statistics.median(taken[UNTIMED:]), f"{name}, CPU ms": 1000 * computed / TIMED}


MEASURES: Mapping[str, Callable[[Side], dict[str, float]]] = {"cold": cold, "warm": warm, "worker": worker}
