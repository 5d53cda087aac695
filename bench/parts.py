"""Parts: what ``make bench`` measures. Each gives its ratios; the seconds of all that it ran stay with the bench."""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from bench.bench import HERE, PYTHON, Bench
from bench.cost import per_million
from bench.runtime import Function, Stack
from bench.tree import ROOT, zipped
from herald.keys.grant import Grant, written

PROVIDER_MS, BATCH = 50, 10
EACH = 20


def post(number: int) -> dict[str, Any]:
    """The event of ``POST /messages`` by a live key, with a key of its own."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "api-post-json.json").read_text())
    event["headers"]["Idempotency-Key"] = f"order-{number}"
    event["requestContext"]["requestId"] = f"request-{number}"
    event["requestContext"]["authorizer"]["grant"] = written(Grant("bench"))
    event["body"] = json.dumps({"to": "+919741552552", "body": "Your table is ready."})
    return event


def fresh(bench: Bench, stack: Stack) -> Callable[[], float]:
    """Seconds from the start of a new process to its first message, sent."""

    def run() -> float:
        with Function(stack) as function:
            seconds, answer = function.invoke(post(next(bench.number)))
            assert answer.get("statusCode") == 201, answer
        return seconds

    return run


def warm(bench: Bench, function: Function) -> Callable[[], float]:
    """Seconds of one message more."""
    function.invoke(post(next(bench.number)))

    def run() -> float:
        return statistics.median(function.invoke(post(next(bench.number)))[0] for _ in range(EACH))

    return run


def cold_starts(bench: Bench) -> dict[str, float]:
    """The ratios of cold starts."""
    bench.set(warm=False, delay=0, items={})
    found = bench.medians(
        {
            "cold herald": fresh(bench, bench.herald()),
            "cold bare": fresh(bench, bench.stack("bare")),
            "cold three calls": fresh(bench, bench.stack("three_calls")),
            "cold everything": fresh(bench, bench.stack("everything")),
            "cold herald without bytecode": fresh(bench, bench.herald(bytecode=False)),
            "cold bare without bytecode": fresh(bench, bench.stack("bare", bytecode=False)),
        }
    )
    ours = found["cold herald"]
    return {
        "cold_vs_bare": ours / found["cold bare"],
        "cold_vs_three_calls": ours / found["cold three calls"],
        "cold_vs_everything": ours / found["cold everything"],
        "pyc_vs_none": ours / found["cold herald without bytecode"],
    }


# What is left out to see what it brings: a file of the layer, and how the lines begin.
GARBAGE = ("herald/cold.py", "gc.disable()")
CHECKS = ("herald/aws/client.py", "parameter_validation=", "user_agent=")
TOGETHER = ("herald/pipeline/guard/budget.py", "shared=")


def measures(bench: Bench) -> dict[str, float]:
    """What one measure brings: Herald without it, beside Herald with all; no ratios."""
    bench.set(warm=False, delay=0, items={})
    world = {"AWS_CA_BUNDLE": str(bench.authorities)}
    bench.medians(
        {
            "cold, all measures": fresh(bench, bench.herald()),
            "cold, the world's authorities": fresh(bench, bench.herald(**world)),
            "cold, those and all of botocore's data": fresh(bench, bench.herald(layer=bench.untrimmed(), **world)),
            "cold, boto3 imported": fresh(bench, bench.herald(imports="boto3")),
            "cold, garbage looked for": fresh(bench, bench.herald(layer=bench.without(*GARBAGE))),
        }
    )
    bench.set(warm=True, delay=0, items={})
    plain, alone = bench.without(*CHECKS), bench.without(*TOGETHER)
    stacks = (bench.herald(), bench.herald(layer=plain), bench.herald(layer=alone))
    with Function(stacks[0]) as ours, Function(stacks[1]) as other, Function(stacks[2]) as one_by_one:
        bench.medians(
            {
                "warm, all measures": warm(bench, ours),
                "warm, parameters checked, name spelt": warm(bench, other),
                "warm, each message counted by itself": warm(bench, one_by_one),
            }
        )
    return {}


def warm_sends(bench: Bench) -> dict[str, float]:
    """The ratio of warm sends, and the memory after the first one."""
    bench.set(warm=True, delay=0, items={})
    stacks = (bench.herald(), bench.stack("three_calls", WARM="1"), bench.stack("three_calls", WARM="guards"))
    with Function(stacks[0]) as herald, Function(stacks[1]) as raw, Function(stacks[2]) as guarded:
        herald.invoke(post(next(bench.number)))
        memory = herald.memory()
        runs = {
            "warm herald": warm(bench, herald),
            "warm publish and two writes": warm(bench, raw),
            "warm, those and what the guards ask": warm(bench, guarded),
        }
        found = bench.medians(runs)
    return {"warm_vs_raw": found["warm herald"] / found["warm publish and two writes"], "rss_mb": memory}


def peers(bench: Bench) -> dict[str, float]:
    """The ratios of warm sends by classes of other libraries."""
    bench.set(warm=True, delay=0)
    stack = bench.herald()
    path = os.pathsep.join([str(bench.tree.layer), str(ROOT)])
    environment = {**stack.environment, "PYTHONPATH": path, "CLOUD": bench.cloud, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(PYTHON), str(HERE / "sends.py")], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    bench.seconds |= {f"send by {name}": value / 1e6 for name, value in taken.items()}
    return {
        "exotel_vs_session": taken["herald"] / taken["session"],
        "exotel_vs_gramex": taken["herald"] / taken["gramex_exotel"],
        "exotel_vs_apprise": taken["herald"] / taken["apprise"],
    }


def worker(bench: Bench) -> dict[str, float]:
    """How near a batch comes to what its provider takes."""
    bench.set(warm=True, delay=0, items={})
    record: dict[str, Any] = json.loads((ROOT / "events" / "queue.json").read_text())["Records"][0]
    with Function(bench.herald()) as api, Function(bench.herald("worker")) as function:

        def batch() -> float:
            bench.set(delay=0)
            ids = [json.loads(api.invoke(asked(next(bench.number)))[1]["body"])["id"] for _ in range(BATCH)]
            bench.set(delay=PROVIDER_MS)
            records, before = (
                [{**record, "messageId": each, "body": json.dumps({"id": each})} for each in ids],
                bench.texts,
            )
            seconds, answer = function.invoke({"Records": records})
            assert answer == {"batchItemFailures": []}, answer
            assert bench.texts == before + len(ids), "what is measured sends nothing"
            return seconds

        def asked(n: int) -> dict[str, Any]:
            event = post(n)
            event["headers"]["Prefer"] = "respond-async"
            return event

        batch()
        found = bench.medians({"worker batch": batch})
    bench.set(delay=0)
    return {"worker_vs_ideal": PROVIDER_MS / 1000 / found["worker batch"]}


def size(bench: Bench) -> dict[str, float]:
    """Layer and functions, zipped."""
    return {"zip_mb": zipped(bench.tree, bench.folder / "all.zip")}


PARTS: Mapping[str, Callable[[Bench], dict[str, float]]] = {
    "cold": cold_starts, "measures": measures, "warm": warm_sends, "peers": peers, "worker": worker, "size": size,
    "cost": lambda bench: {"usd_per_million": per_million()},
}  # fmt: skip
