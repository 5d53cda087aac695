"""Promise 3: a call to a provider has an end in time and in size, whatever the vendor sends, by the real clients."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from herald.providers import types
from tests.house import ROOT
from tests.promises.figures import Figures
from tests.promises.test_sdk_retries import CONTRACTS
from tests.providers.contract import ProviderContract
from tests.providers.endless import FLOODS, endless, with_id
from tests.providers.server import Reply, vendor

AT_ONCE = 6
SOON = ("600 MB of gzip", "headers without end", "400 kB of id")
SECONDS, MB = 16.0, 64.0
PROGRAM = """
import json, sys, time
from pathlib import Path
from herald import wiring
from herald.errors import AttemptError
from tests.providers.contract import a_message

def megabytes(name):
    return int(Path("/proc/self/status").read_text().partition(name + ":")[2].split()[0]) / 1024

name, values = json.loads(sys.argv[1])
provider = wiring.provider(name, values)
provider.send(a_message())
before, begun = megabytes("VmRSS"), time.monotonic()
try:
    outcome = str(provider.send(a_message()))
except AttemptError as error:
    outcome = type(error).__name__
print(json.dumps({"outcome": outcome, "s": time.monotonic() - begun, "mb": megabytes("VmHWM") - before}))
"""


def sent(contract: type[ProviderContract], reply: Reply) -> dict[str, Any]:
    """What a process of its own says of a message that gets this answer, after one that was accepted."""
    values = {name: value for name, value in contract.values.items() if value}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "herald")])
    with vendor() as server:
        server.answers(contract.accepted, reply)
        given = json.dumps([contract.name, {**values, "endpoint_url": server.url}])
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, given], env={**os.environ, "PYTHONPATH": paths}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_every_provider_takes_part() -> None:
    assert {contract.name for contract in CONTRACTS} == set(types())


def test_an_answer_without_end_is_unknown_after_16_seconds_and_64_mb(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    tried = [
        (kind, contract, reply)
        for contract in CONTRACTS
        for kind, reply in {
            **endless(1.0), "400 kB of id": with_id(contract.accepted, contract.provider_id, "x" * 400_000)
        }.items()
        if size(kind in SOON, 1)
    ]  # fmt: skip
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ends = list(threads.map(lambda each: sent(*each[1:]), tried))
    known = [(each[0], end) for each, end in zip(tried, ends, strict=True) if end["outcome"] != "Uncertain"]
    longest, most = max(end["s"] for end in ends), max(end["mb"] for end in ends)
    figures(
        "An answer without end, in time or in size, by requests and by botocore",
        promise="3",
        answers=len(tried),
        taken_for_known=len(known),
        longest_s=longest,
        most_memory_mb=most,
    )
    assert known == []
    assert longest < SECONDS
    assert most < MB


def test_the_quick_ones_are_among_them() -> None:
    assert set(SOON) - {"400 kB of id"} <= FLOODS.keys()
