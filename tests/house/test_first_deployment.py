"""The first hour on an account: each step says what to expect, and names nothing that is not there."""

import re

import pytest

from tests.house import ROOT
from tests.house.test_makefile import TARGETS
from tests.house.test_template import RESOURCES, filled_in, of_type

DOCS = ROOT / "docs"
PAGE = (DOCS / "first-deployment.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^##+ ([^\n]+)\n(.+?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
STEPS = [title for title in PARTS if title[0].isdigit()]
PAGES = ("first-deployment.md", "permissions.md", "deploy-from-github.md")


@pytest.mark.parametrize("step", [step for step in STEPS if not step.endswith(("console", "Removing"))])
def test_a_step_has_a_command_and_the_answer_to_expect(step: str) -> None:
    assert "```sh\n" in PARTS[step]
    assert "Expected: " in PARTS[step]


def test_each_country_says_what_is_needed_before_the_first_text() -> None:
    assert {"United States", "India", "Singapore", "A region without texts"} <= PARTS.keys()


@pytest.mark.parametrize("page", PAGES)
def test_each_target_of_make_exists(page: str) -> None:
    said = re.findall(r"(?:^|`)make (\w+)", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert {*said} <= {*TARGETS, "remove"}


def test_alarms_and_queues_have_the_names_of_the_template() -> None:
    alarms = {filled_in(alarm["AlarmName"]) for alarm in of_type("AWS::CloudWatch::Alarm").values()}
    assert {f"herald-Stage-{name}" for name in re.findall(r"--alarm-name herald-dev-([\w-]+)", PAGE)} <= alarms
    queues = {filled_in(queue["QueueName"]) for queue in of_type("AWS::SQS::Queue").values()}
    assert {f"herald-Stage-{name}" for name in re.findall(r"--queue-name herald-dev-([\w-]+)", PAGE)} <= queues
    assert filled_in(RESOURCES["AlarmTopic"]["Properties"]["TopicName"]) == "herald-Stage-alarms"
