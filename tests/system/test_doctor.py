"""``herald doctor`` on the laptop's stack, as it is after ``make up``: all is well; what is made wrong is found."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import requests

from herald.cli.diagnosis.running import found
from local.stack import Stack
from tests.house import LAYER, ROOT
from tests.system.conftest import Carrier

TO = "+919741552552"


def doctor(stack: Stack, *words: str) -> tuple[int, str]:
    """The exit code, and what it printed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, **stack.env, "PYTHONPATH": str(LAYER)}
    command = [sys.executable, "-m", "herald", "doctor", "--stage", "local", "--seconds", "60", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def results(stack: Stack, *words: str) -> list[dict[str, Any]]:
    return list(json.loads(doctor(stack, "--json", *words)[1])["results"])


def test_the_laptops_stack_has_neither_failure_nor_warning_and_no_text_is_sent(stack: Stack, carrier: Carrier) -> None:
    code, said = doctor(stack)
    assert code == 0, said
    warnings = [line.strip() for line in said.splitlines() if line.startswith("  warning")]
    # What other tests made fail on this stack rings for a while.
    assert "  failure" not in said and all(line.startswith("warning alarms: ") for line in warnings), said
    assert {line for line in said.splitlines() if line and line[0] != " "} > {
        "the stack", "amazonsns", "endusermessaging", "exotel", "twilio",
    }  # fmt: skip
    assert carrier.texts() == []


def test_every_check_looked_at_something(stack: Stack) -> None:
    looked = {each["check"] for each in results(stack)}
    assert set(found()) - looked <= {"exotel_india"}


def test_for_one_channel_it_looks_at_that_one(stack: Stack) -> None:
    assert {each["group"] for each in results(stack, "--channel", "exotel")} == {"the stack", "exotel"}
    assert doctor(stack, "--channel", "nowhere")[0] == 2


def test_a_text_is_sent_if_it_is_asked_for_and_its_receipt_is_told(stack: Stack, carrier: Carrier) -> None:
    code, said = doctor(stack, "--channel", "exotel", "--send-to", TO)
    assert code == 0 and ": delivered" in said and TO not in said
    assert len(carrier.texts()) == 1


def test_settings_with_mistakes_are_a_failure_that_names_the_line(stack: Stack, aws: Callable[[str], Any]) -> None:
    ssm, name = aws("ssm"), "/herald/local/settings"
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="default_region: IN\nroutes: 7\n", Overwrite=True)
    try:
        code, said = doctor(stack)
    finally:
        ssm.put_parameter(Name=name, Value=before, Overwrite=True)
    assert code == 1
    assert f"failure settings: {name}: routes" in said and "(line 2)" in said


def test_what_waits_in_a_queue_of_what_failed_is_a_warning(stack: Stack, aws: Callable[[str], Any]) -> None:
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName="herald-local-dead-hooks")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    try:
        code, said = doctor(stack)
    finally:
        sqs.purge_queue(QueueUrl=url)
    assert code == 0
    assert "warning queues: 1 webhook failed and waits in herald-local-dead-hooks" in said


def test_the_page_of_the_laptop_is_what_it_calls_this_stage(stack: Stack) -> None:
    assert requests.get(f"{stack.url}/health", timeout=10).json()["stage"] == "local"
    (url,) = [each for each in results(stack, "--channel", "exotel") if each["check"] == "callback_url"]
    assert stack.url in url["said"] and url["level"] == "ok"
