"""On the deployed whole: the command asks by invocation and by HTTPS, reads the log, and steers the simulator."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from herald.cli._client.target import laptop_variables
from local.stack import Stack
from tests.house import PACKAGE, ROOT
from tests.system.conftest import Carrier, until

NUMBER, TEXT = "+91 9741 552 554", "-5% today: it’s ready"


class Ran(NamedTuple):
    """What the command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ran]


@pytest.fixture(params=["invocation", "https"])
def command(request: pytest.FixtureRequest, stack: Stack) -> Command:
    """The command in a shell that points at the laptop's stage, or at its URL."""
    names = ("HERALD_URL", "HERALD_KEY") if request.param == "https" else tuple(stack.env)
    return in_a_shell({name: stack.env[name] for name in names})


@pytest.fixture
def here(stack: Stack) -> Command:
    """The same, at the laptop's stage."""
    return in_a_shell(stack.env)


def in_a_shell(variables: dict[str, str]) -> Command:
    def run(*words: str, stdin: str = "") -> Ran:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent), **variables}
        ran = subprocess.run(
            [sys.executable, "-m", "herald", *words], env=environment, input=stdin, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert "Traceback" not in ran.stderr, ran.stderr
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return run


def test_a_text_is_explained_sent_followed_and_found(command: Command, carrier: Carrier) -> None:
    explained = command("explain", NUMBER, TEXT, "--channel", "exotel", "--json")
    assert (explained.code, explained.json["would"], carrier.texts()) == (0, "send", [])
    sent = command("send", NUMBER, "-", "--channel", "exotel", "--json", stdin=TEXT + "\n")
    assert (sent.code, sent.json["status"], carrier.bodies()) == (0, "sent", [TEXT]), sent.err
    watched = command("status", sent.json["id"], "--watch", "--within", "40")
    assert (watched.code, "delivered" in watched.out) == (0, True), watched
    found = command("messages", *NUMBER.split(), "--json")
    assert sent.json["id"] in [each["id"] for each in found.json["messages"]]


def test_a_key_of_the_command_is_one_text(command: Command, carrier: Carrier) -> None:
    name = "once-" + os.urandom(4).hex()
    sent = [command("send", NUMBER, "Once.", "--idempotency-key", name, "--json").json for _ in range(2)]
    assert (sent[0]["id"], len(carrier.texts())) == (sent[1]["id"], 1)


def test_the_exit_code_says_what_became_of_it(command: Command, carrier: Carrier) -> None:
    wrong = command("send", NUMBER, "Hello", "--channel", "exotel", "--kind", "spam")
    assert (wrong.code, "Not sent: kind: Choose one of" in wrong.err) == (2, True), wrong
    carrier.fail("refuse")
    refused = command("send", NUMBER, "Hello", "--channel", "exotel")
    assert (refused.code, "Not sent: " in refused.err, carrier.texts()) == (3, True, []), refused
    carrier.fail("drop_reply")
    unclear = command("send", NUMBER, "Hello", "--channel", "exotel", "--json")
    assert (unclear.code, unclear.json["status"]) == (4, "unknown"), unclear
    assert command("status", "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T").code == 3


def test_the_channels_and_where_it_points(command: Command, stack: Stack) -> None:
    found = command("channels", "--json").json["channels"]
    assert {each["name"] for each in found} >= {"exotel", "amazonsns"}
    pointed = command("--json").json
    assert (pointed["kind"], pointed["url"]) in {("laptop", stack.url), ("url", stack.url)}
    assert command("open", "--print").out.strip() == stack.url + "/"


def test_the_log_tells_each_step_of_a_message_and_neither_its_number_nor_its_text(here: Command) -> None:
    sent = here("send", NUMBER, TEXT, "--channel", "exotel", "--json").json["id"]

    def logged() -> list[Any] | None:
        lines = [json.loads(line) for line in here("tail", sent, "--json").out.splitlines()]
        said = [line["message"] for line in lines]
        return lines if {"message accepted", "message sent"} <= set(said) else None

    lines = until(logged, "log of the message")
    assert {line["message_id"] for line in lines} == {sent}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    plain = here("tail", sent).out
    assert re.search(r"message sent +channel exotel", plain)
    assert "9741552554" not in plain and "today" not in plain


def test_the_simulator_lets_a_provider_fail_and_is_put_right_again(here: Command, carrier: Carrier) -> None:
    wrong = here("simulate", "fault", "exotel", "lightning")
    assert (wrong.code, "fault must be one of" in wrong.err) == (2, True)
    assert here("simulate", "fault", "exotel", "500", "--count", "2").code == 0
    assert here("simulate", "receipts", "--delay", "2", "--copies", "2", "--disorder").code == 0
    shown = here("simulate", "show", "--json").json
    assert shown["faults"] == [{"provider": "exotel", "fault": "500", "count": 2}]
    assert [wish["copies"] for wish in shown["receipts"]] == [2]
    assert here("simulate", "clear").code == 0
    assert here("simulate", "show", "--json").json == {"faults": [], "receipts": [], "messages": carrier.texts()}


def test_a_shell_that_loaded_nothing_finds_the_laptops_herald_by_its_file(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in stack.env.items()))
    assert laptop_variables(file) == stack.env


FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", FENCE.findall((ROOT / "docs" / "command.md").read_text(encoding="utf-8")))
def test_the_examples_of_its_page_run_as_they_stand(stack: Stack, carrier: Carrier, block: str) -> None:
    program = f'set -e -o pipefail\nherald() {{ "{sys.executable}" -m herald "$@"; }}\n{block}'
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent), **stack.env}
    ran = subprocess.run(["bash", "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
