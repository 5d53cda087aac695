"""``python -m tests.bench``: measures everything, prints a table, and writes ``.local/bench.json``.

What is compared is run in turn, pair after pair, so that whatever slows the machine down slows all of them; a ratio is
that of the medians.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from herald.aws import ROOTS
from herald.grant import Grant, written
from tests.bench.cost import per_million
from tests.bench.runtime import Function, Stack
from tests.promises.figures import rewrite

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CERTIFICATES = ROOT / "tests" / "rooms" / "certificates"
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
GOALS = {
    "cold_vs_bare": 1.0, "cold_vs_three_calls": 0.75, "cold_vs_everything": 0.45, "pyc_vs_none": 0.5,
    "warm_vs_raw": 1.15, "exotel_vs_session": 1.1, "exotel_vs_gramex": 1 / 15, "exotel_vs_apprise": 1 / 15,
    "worker_vs_ideal": 0.85, "rss_mb": 48, "zip_mb": 5, "usd_per_million": 7,
}  # fmt: skip
LARGER_IS_BETTER = ("worker_vs_ideal",)
PROVIDER_MS, BATCH = 50, 10
WHOLE = 15


class Bench:
    """The folders, the cloud and the stacks of one run; ``pairs`` is how often everything is repeated."""

    def __init__(self, folder: Path, cloud: str, pairs: int) -> None:
        self.folder, self.cloud, self.pairs = folder, cloud, pairs
        self.site = next((ROOT / ".venv-bench" / "lib").glob("python3*/site-packages"))
        self.authorities = self.folder / "authorities.pem"
        world = next(self.site.glob("certifi/cacert.pem")).read_text()
        self.authorities.write_text(world + (CERTIFICATES / "ca.pem").read_text())
        self.layer = self._layer()
        self.plain = self._without_bytecode()
        self.seconds: dict[str, float] = {}

    def stack(self, name: str, *, bytecode: bool = True, app: Path | None = None, **more: str) -> Stack:
        """One of the functions that are compared, or one of Herald's, with its bytecode or without."""
        layer, site = (self.layer, self.site) if bytecode else (self.plain / "layer", self.plain / "site")
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.cloud,
            # The world's authorities and ours: as many as anywhere. Herald's own clients of AWS read fewer.
            "REQUESTS_CA_BUNDLE": str(self.authorities),
            **({} if app else {"AWS_CA_BUNDLE": str(self.authorities)}),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HERALD_STAGE": "bench",
            **more,
        }
        ours = app is not None
        command = (str(PYTHON), "-S") if not bytecode else (str(PYTHON),)
        path = (app or HERE / "stacks" / name, *((layer,) if ours else ()), *(() if bytecode else (site,)))
        return Stack(name, app or HERE / "stacks" / name, path, command, environment)

    def herald(self, function: str = "api", **more: Any) -> Stack:
        """One of Herald's functions, as it ships."""
        return self.stack(f"herald-{function}", app=ROOT / "functions" / function, **more)

    def set(self, **state: float | bool) -> None:
        """How the cloud is to behave."""
        for name, value in state.items():
            answer = requests.put(f"{self.cloud}/{name}", json=value, verify=str(CERTIFICATES / "ca.pem"), timeout=10)
            answer.raise_for_status()

    def medians(self, runs: Mapping[str, Callable[[], float]]) -> dict[str, float]:
        """The median seconds of each, run in turn; the first round is not counted."""
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(self.pairs + 1):
            for name, run in runs.items():
                taken[name].append(run())
        found = {name: statistics.median(times[1:]) for name, times in taken.items()}
        self.seconds |= found
        return found

    def _layer(self) -> Path:
        arguments = [f"ARTIFACTS_DIR={self.folder / 'built'}", f"PYTHON={sys.executable}", "HERALD_LAYER_FOR=here"]
        command = ["make", "--silent", "-C", str(ROOT / "layers" / "herald"), "build-HeraldLayer", *arguments]
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        subprocess.run(command, env=outer, check=True)
        with (self.folder / "built" / "python" / ROOTS.relative_to(ROOTS.parents[3])).open("a") as roots:
            roots.write((CERTIFICATES / "ca.pem").read_text())  # The cloud's authority beside Amazon's.
        compiled = [str(PYTHON), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([*compiled, str(self.site)], check=False)
        return self.folder / "built" / "python"

    def _without_bytecode(self) -> Path:
        plain, without = self.folder / "plain", shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(self.layer, plain / "layer", ignore=without)
        shutil.copytree(self.site, plain / "site", ignore=without)
        return plain


def post(number: int) -> dict[str, Any]:
    """The event of ``POST /messages`` by a live key, with a key of its own."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "api-post-json.json").read_text())
    event["headers"]["Idempotency-Key"] = f"order-{number}"
    event["requestContext"]["requestId"] = f"request-{number}"
    event["requestContext"]["authorizer"]["grant"] = written(Grant("bench"))
    event["body"] = json.dumps({"to": "+919741552552", "body": "Your table is ready."})
    return event


def cold_starts(bench: Bench) -> dict[str, float]:
    """The ratios of cold starts."""
    bench.set(warm=False, delay=0, items={})
    number = iter(range(10**9))

    def fresh(stack: Stack) -> Callable[[], float]:
        def run() -> float:
            with Function(stack) as function:
                seconds, answer = function.invoke(post(next(number)))
                assert answer["statusCode"] == 201, answer
            return seconds

        return run

    found = bench.medians(
        {
            "cold herald": fresh(bench.herald()),
            "cold bare": fresh(bench.stack("bare")),
            "cold three calls": fresh(bench.stack("three_calls")),
            "cold everything": fresh(bench.stack("everything")),
            "cold herald without bytecode": fresh(bench.herald(bytecode=False)),
            "cold bare without bytecode": fresh(bench.stack("bare", bytecode=False)),
        }
    )
    ours = found["cold herald"]
    return {
        "cold_vs_bare": ours / found["cold bare"],
        "cold_vs_three_calls": ours / found["cold three calls"],
        "cold_vs_everything": ours / found["cold everything"],
        "pyc_vs_none": ours / found["cold herald without bytecode"],
    }


def warm_sends(bench: Bench) -> dict[str, float]:
    """The ratio of warm sends, and the memory after the first one."""
    bench.set(warm=True, delay=0, items={})
    number, each = iter(range(10**9)), 20
    with Function(bench.herald()) as herald, Function(bench.stack("three_calls", WARM="1")) as raw:
        herald.invoke(post(next(number)))
        memory = herald.memory()
        raw.invoke({})

        def ours() -> float:
            return statistics.median(herald.invoke(post(next(number)))[0] for _ in range(each))

        def theirs() -> float:
            return statistics.median(raw.invoke({})[0] for _ in range(each))

        found = bench.medians({"warm herald": ours, "warm publish and two writes": theirs})
    return {"warm_vs_raw": found["warm herald"] / found["warm publish and two writes"], "rss_mb": memory}


def peers(bench: Bench) -> dict[str, float]:
    """The ratios of warm sends by classes of other libraries."""
    bench.set(warm=True, delay=0)
    stack = bench.herald()
    path = os.pathsep.join([str(bench.layer), str(ROOT)])
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
    number = iter(range(10**9))
    record: dict[str, Any] = json.loads((ROOT / "events" / "queue.json").read_text())["Records"][0]
    with Function(bench.herald()) as api, Function(bench.herald("worker")) as function:

        def batch() -> float:
            bench.set(delay=0)
            ids = [json.loads(api.invoke(asked(next(number)))[1]["body"])["id"] for _ in range(BATCH)]
            bench.set(delay=PROVIDER_MS)
            records = [{**record, "messageId": each, "body": json.dumps({"id": each})} for each in ids]
            seconds, answer = function.invoke({"Records": records})
            assert answer == {"batchItemFailures": []}, answer
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
    archive = bench.folder / "all.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for folder in (bench.layer, ROOT / "functions"):
            for path in folder.rglob("*"):
                if path.is_file() and (folder == bench.layer or "__pycache__" not in path.parts):
                    packed.write(path, path.relative_to(folder.parent))
    return {"zip_mb": archive.stat().st_size / 1e6}


@contextmanager
def cloud() -> Iterator[str]:
    """The address of a cloud of our own."""
    command = [sys.executable, "-m", "tests.bench.cloud", str(CERTIFICATES / "server.pem")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"https://localhost:{int(process.stdout.readline())}"
        finally:
            process.kill()


PARTS: Mapping[str, Callable[[Bench], dict[str, float]]] = {
    "cold": cold_starts, "warm": warm_sends, "peers": peers, "worker": worker, "size": size,
    "cost": lambda bench: {"usd_per_million": per_million()},
}  # fmt: skip


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=WHOLE, help="how often everything is repeated")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; default: all")
    options = parser.parse_args()
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, cloud() as url:
        bench = Bench(Path(folder), url, options.pairs)
        for name, part in PARTS.items():
            if not options.parts or name in options.parts:
                print(f"Measuring: {name} ...", file=sys.stderr)
                ratios |= part(bench)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "pairs": options.pairs,
        "ratios": ratios, "goals": {name: GOALS[name] for name in ratios}, "seconds": bench.seconds,
    }  # fmt: skip
    target = ROOT / ".local" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(whole, indent=2) + "\n")
    print(table(ratios, bench.seconds, machine, options.pairs))
    if ratios.keys() == GOALS.keys() and options.pairs >= WHOLE:
        rewrite(ROOT / "docs" / "performance.md", markdown(ratios, bench.seconds, machine, options.pairs))
    return 0


def reached(name: str, value: float) -> bool:
    """Whether a goal is reached."""
    return value >= GOALS[name] if name in LARGER_IS_BETTER else value <= GOALS[name]


def markdown(
    ratios: Mapping[str, float], seconds: Mapping[str, float], machine: Mapping[str, object], pairs: int
) -> str:
    """The same for a page."""
    day = datetime.now(UTC).strftime("%-d %B %Y")
    rows = [f"| {name} | {1000 * value:.2f} ms |" for name, value in seconds.items()]
    goals = [
        f"| `{name}` | {value:.3g} | {'at least' if name in LARGER_IS_BETTER else 'at most'} {GOALS[name]:.3g} "
        f"| {'reached' if reached(name, value) else 'not reached'} |"
        for name, value in ratios.items()
    ]
    said = f"Measured on {day}: {machine['cores']} cores, Python {machine['python']}, medians of {pairs} rounds."
    measured = ["| median of | |", "|---|---|", *rows]
    return "\n".join([said, "", "| | measured | goal | |", "|---|---|---|---|", *goals, "", *measured])


def table(ratios: Mapping[str, float], seconds: Mapping[str, float], machine: Mapping[str, object], pairs: int) -> str:
    """The same for people."""
    lines = [f"{machine['cores']} cores, Python {machine['python']}; medians of {pairs} rounds", ""]
    lines += [f"{name:32} {1000 * value:9.2f} ms" for name, value in seconds.items()]
    lines += ["", f"{'':32} {'measured':>9}  {'goal':>6}"]
    for name, value in ratios.items():
        sign = ">=" if name in LARGER_IS_BETTER else "<="
        missed = "" if reached(name, value) else "   not reached"
        lines.append(f"{name:32} {value:9.3f}  {sign} {GOALS[name]:.3g}{missed}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
