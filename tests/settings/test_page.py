"""What docs/settings.md has to be copied is right, and is found in the commands."""

import re

from herald.cli.frame import main
from herald.providers import load
from herald.settings.read import read_settings
from herald.wiring import provider_fields
from tests.house import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_yaml_is_what_a_stage_reads() -> None:
    general, *channels = blocks("yaml")
    named = {block.split("\n", 1)[0].removeprefix("type: "): block for block in channels}
    parameters = {"settings": general, **{f"channels/{name}": block for name, block in named.items()}}
    settings = read_settings(parameters, provider_fields, lambda kind: load(kind).rate)
    assert (settings.default_channel, settings.routes[0].channels) == ("exotel", ("exotel", "amazonsns"))


def test_the_two_lines_for_the_aws_cli_write_each_parameter_with_its_type() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("aws ")]
    assert [
        re.findall(r"--name /herald/dev/(\S+) --type (\w+) --overwrite --value file://", line) for line in lines
    ] == [
        [("channels/exotel", "SecureString")],
        [("settings", "String")],
    ]


def test_each_command_of_the_table_is_one() -> None:
    for words in sorted(set(re.findall(r"^\| `herald (\w+ \w+)", PAGE, re.MULTILINE))):
        assert main([*words.split(), "--help"]) == 0
