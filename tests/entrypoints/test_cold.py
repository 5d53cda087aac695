"""A cold function: what it has loaded after its first text, and what it did before its first event."""

import gc
import json
import os
import subprocess
import sys
import uuid
from contextlib import suppress
from threading import Event
from typing import Any

import pytest

from herald import cold
from herald.keys.grant import Grant, written
from herald.settings.parameters import Parameters
from local.deploy import client
from tests.entrypoints.conftest import ROOT, recorded
from tests.tables import a_table

# What a first text by the default channel has no use for: each of them would lengthen every cold start.
UNUSED = {
    "boto3",
    "s3transfer",
    "requests",
    "yaml",
    "pydantic",
    "multiprocessing",
    "asyncio",
    "tzdata",
}
# The package's own, that a plain send never needs: the method that does imports them.
LATER = {
    *(f"herald.pipeline.receive.{name}" for name in ("inbound", "keywords", "receipts", "record", "refresh", "token")),
    *(f"herald.pipeline.recipients.{name}" for name in ("consent", "erase", "person", "search")),
    *(f"herald.pipeline.send.{name}" for name in ("cancel", "lookup", "resume", "simulate", "sweep")),
    *(f"herald.pipeline.announce.{name}" for name in ("announcer", "call", "signature", "webhook")),
    *(f"herald.pipeline.health.{name}" for name in ("breaker", "drift", "shown")),
    *(f"herald.aws.{name}" for name in ("bus", "dead_letters", "queue", "schedule")),
    "herald.entrypoints.api.pages",
    "herald.message.countries",
    "herald.message.plain",
    "herald.message.unseen",
    "herald.providers._http",
    "herald.settings.document",
    "herald.settings.gramex",
    "herald.settings.hosts",
    "herald.settings.records",
}
# So many modules of the package does a first text load: each one costs a start about a sixth of a millisecond.
MOST_OF_OURS = 88
PROGRAM = """
import json, sys
from functions.api import app
before = set(sys.modules)
answer = app.handler(json.loads(sys.argv[1]), None)
ours = ("botocore", "phonenumbers", "herald")
late = sorted(name for name in set(sys.modules) - before if name.partition(".")[0] in ours)
print(json.dumps({"status": answer["statusCode"], "loaded": sorted(sys.modules), "late": late}))
"""


def first_text(engine: str, **parameters: str) -> dict[str, Any]:
    """What a fresh process of the HTTPS API says after its first text, on a stage with these parameters."""
    stage = f"s{uuid.uuid4().hex[:8]}"
    stack = {"table": a_table(client("dynamodb", engine)), "url": "https://api.test/dev"}
    store = Parameters(client("ssm", engine), f"/herald/{stage}")
    store.hash_key()
    for name, value in {"stack": json.dumps(stack), **parameters}.items():
        store.write(name.replace("__", "/"), value, secret=False)
    event = recorded("api-post-json")
    event["requestContext"]["authorizer"]["grant"] = written(Grant("shop"))
    environment = {
        **os.environ, "HERALD_STAGE": stage, "AWS_ENDPOINT_URL": engine, "AWS_LAMBDA_FUNCTION_NAME": "herald-test-api",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "herald")]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(event)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["status"] == 201
    return said


@pytest.fixture(scope="module")
def ran(engine: str) -> dict[str, Any]:
    """A fresh stage, which has no settings."""
    return first_text(engine)


def test_the_first_text_loads_nothing_that_it_has_no_use_for(ran: dict[str, Any]) -> None:
    assert UNUSED & set(ran["loaded"]) == set()


def test_the_first_text_loads_nothing_of_ours_that_it_has_no_use_for(ran: dict[str, Any]) -> None:
    assert LATER & set(ran["loaded"]) == set()
    assert all((ROOT / "layers" / "herald" / f"{name.replace('.', '/')}.py").is_file() for name in LATER)
    assert sum(name.partition(".")[0] == "herald" for name in ran["loaded"]) <= MOST_OF_OURS


def test_a_channel_that_is_not_the_usual_one_is_not_loaded(engine: str) -> None:
    exotel, sns = "type: exotel\nsid: a\nkey: b\ntoken: c\n", "type: amazonsns\n"
    loaded = first_text(engine, channels__exotel=exotel, channels__amazonsns=sns)["loaded"]
    assert UNUSED & set(loaded) == {"yaml"}


def test_what_reads_numbers_and_calls_aws_is_loaded_before_the_first_event(ran: dict[str, Any]) -> None:
    assert ran["late"] == []


def test_a_start_does_not_wait_for_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "herald-test-api")
    over, began = Event(), Event()

    def hangs() -> None:
        began.set()
        over.wait(30)
        over.set()

    cold.ready(hangs, longest=0.01)
    assert began.is_set()
    assert not over.is_set()
    assert gc.isenabled()


def test_what_hangs_cannot_be_taken_for_a_failure_that_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "herald-test-api")
    over, tries = Event(), []

    def tries_again() -> None:
        for number in range(3):
            tries.append(number)
            with suppress(Exception):
                over.wait(30)

    cold.ready(tries_again, longest=0.01)
    assert tries == [0]


def test_garbage_is_collected_again_afterwards() -> None:
    program = "import gc\nfrom functions.api import app\nassert gc.isenabled() and gc.get_freeze_count() > 10_000"
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "herald")])
    environment = {**os.environ, "PYTHONPATH": path, "HERALD_STAGE": "dev"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_a_start_that_cannot_prepare_is_no_start_that_fails() -> None:
    program = "from functions.api import app"
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "herald")])
    environment = {
        **os.environ, "PYTHONPATH": path, "HERALD_STAGE": "nowhere", "AWS_LAMBDA_FUNCTION_NAME": "x",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
