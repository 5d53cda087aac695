"""The pages say what the code has: each setting, field, guard, parameter and alarm, and nothing that is not there."""

import re

import pytest

from herald.pipeline.validate.validate import FIELDS
from herald.providers import types
from herald.settings.general import SETTINGS
from herald.settings.read import read_settings
from herald.settings.values import Limits
from herald.wiring import provider_fields
from tests.docs import DOCS, headings, part, read
from tests.docs.contract_page import COMMAND, PAGE, page
from tests.house import PACKAGE
from tests.house.test_makefile import TARGETS
from tests.house.test_template import TEMPLATE, filled_in, of_type

YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNBOOK = read("runbook.md")
ALARMS = {
    filled_in(alarm["AlarmName"]).removeprefix("herald-Stage-"): filled_in(alarm["AlarmDescription"])
    for alarm in of_type("AWS::CloudWatch::Alarm").values()
}


def channel(kind: str) -> str:
    """The YAML of a channel, as its provider's page has it."""
    (block,) = YAML.findall(read(f"providers/{kind}.md"))
    assert isinstance(block, str) and block.startswith(f"type: {kind}\n")
    return block


def test_the_contract_is_the_one_that_the_api_serves() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), f"docs/contract.md is out of date. Write it anew: {COMMAND}"


def test_the_yaml_of_the_pages_is_what_the_settings_read() -> None:
    (general,) = YAML.findall(read("configuration.md"))
    parameters = {"settings": general} | {f"channels/{kind}": channel(kind) for kind in types()}
    settings = read_settings(parameters, provider_fields)
    assert set(settings.channels) == set(types())
    assert settings.routes[0].channels == ("exotel", "amazonsns")


@pytest.mark.parametrize("kind", types())
def test_each_field_of_a_channel_is_on_the_page_of_its_provider(kind: str) -> None:
    settings = read_settings({f"channels/{kind}": channel(kind)}, provider_fields)
    (found,) = settings.channels.values()
    assert {field.name for field in provider_fields(kind)} == set(found.values) - {"sender"}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_on_the_page_of_settings(name: str) -> None:
    (general,) = YAML.findall(read("configuration.md"))
    assert re.search(rf"^{name}:", general, re.MULTILINE)


@pytest.mark.parametrize("name", Limits._fields)
def test_each_limit_is_on_the_page_of_limits(name: str) -> None:
    assert f"limits.{name}" in read("limits.md")


def test_each_field_of_a_message_is_on_the_page_of_sending() -> None:
    shown = re.findall(r"^\| `(\w+)` \|", part(read("sending.md"), "## Fields"), re.MULTILINE)
    assert set(shown) == set(FIELDS) - {"subject"}


def test_each_parameter_of_the_template_is_on_the_page_of_deploying() -> None:
    shown = re.findall(r"^\| `(\w+)` \|", part(read("deploy.md"), "## Parameters"), re.MULTILINE)
    assert set(shown) == set(TEMPLATE["Parameters"])


def test_each_alarm_has_its_runbook_and_each_runbook_its_alarm() -> None:
    assert set(ALARMS) <= set(headings(RUNBOOK))
    assert {heading for heading in headings(RUNBOOK) if re.fullmatch(r"[a-z-]+", heading)} == set(ALARMS)


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_runbook_has_steps_and_the_command_that_the_alarm_names(alarm: str) -> None:
    told = part(RUNBOOK, f"## {alarm}")
    assert "1. " in told and "2. " in told
    for target in re.findall(r"make (\w+)", ALARMS[alarm]):
        assert f"make {target}" in told


def test_the_runbook_names_saved_queries_and_queues_that_are_there() -> None:
    queries = {filled_in(query["Name"]).rpartition("/")[2] for query in of_type("AWS::Logs::QueryDefinition").values()}
    said = set(re.findall(r"saved query `(?:herald-\{stage\}/)?([\w-]+)`", RUNBOOK))
    assert said and said <= queries
    queues = {filled_in(queue["QueueName"]) for queue in of_type("AWS::SQS::Queue").values()}
    assert {f"herald-Stage-{name}" for name in re.findall(r"in `herald-\{stage\}-([\w-]+)`", RUNBOOK)} <= queues


def test_each_target_of_make_that_a_page_names_exists() -> None:
    for found in DOCS.rglob("*.md"):
        if "decisions" in found.parts:
            continue
        text = found.read_text(encoding="utf-8")
        blocks = "".join(re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
        said = {*re.findall(r"`make (\w+)", text), *re.findall(r"^make (\w+)", blocks, re.MULTILINE)}
        assert said <= set(TARGETS), found


def test_each_type_of_channel_has_a_page_and_is_listed() -> None:
    assert {each.stem for each in (DOCS / "providers").glob("*.md")} == set(types())
    assert all(f"(providers/{kind}.md)" in read("configuration.md") for kind in types())


def test_what_explain_tells_is_on_its_page() -> None:
    from herald.pipeline.explain.lines import LINES

    told = read("explain.md")
    assert all(f"`{line.__name__}`" in told for line in LINES)
    assert all(f"| `{would}` |" in told for would in ("send", "schedule", "wait", "refuse", "replay"))


def test_each_option_of_a_key_is_on_the_page_of_keys() -> None:
    source = (PACKAGE / "cli" / "keys.py").read_text(encoding="utf-8")
    options = set(re.findall(r"\"(--[a-z-]+)\"", source)) - {"--name"}
    assert options and {option for option in options if option not in read("keys.md")} == set()
