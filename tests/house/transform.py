"""``python -m tests.house.transform`` prints what CloudFormation makes of the template: linters find more in it."""

import json
import logging
import re
from pathlib import Path
from typing import Any

from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.house import ROOT

CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
ARTIFACTS = "https://artifacts.s3.amazonaws.com/"


def transform(path: Path = ROOT / "template.yaml", region: str = "ap-south-1") -> dict[str, Any]:
    """The template after the SAM transform, with its parameters' defaults; folders and files become addresses in S3."""
    template = yaml_parse(path.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] in CODE:
            resource["Properties"][CODE[resource["Type"]]] = "s3://artifacts/code.zip"
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = ARTIFACTS + resource["Properties"]["TemplateURL"]
    translator = Translator({}, Parser(), boto_session=Session(region_name=region))
    transformed: dict[str, Any] = translator.translate(template, parameter_values={})
    return transformed


def together() -> dict[str, Any]:
    """The transformed template with its nested stack's resources among its own, as if they were written there.

    What the nested stack knows as a parameter is what the template gives it.
    """
    template = transform()
    nested = template["Resources"]["Watch"]["Properties"]
    watch = yaml_parse((ROOT / nested["TemplateURL"].removeprefix(ARTIFACTS)).read_text())
    for section in ("Resources", "Conditions"):
        assert not watch[section].keys() & template[section].keys(), "a name in both templates"
        template[section] |= _filled_in(watch[section], nested["Parameters"])
    return template


def _filled_in(part: Any, given: dict[str, Any]) -> Any:
    """A part of a template in which each parameter is replaced by what is given for it."""
    if isinstance(part, list):
        return [_filled_in(each, given) for each in part]
    if not isinstance(part, dict):
        return part
    if part.keys() == {"Ref"}:
        return given.get(part["Ref"], part)
    if part.keys() == {"Fn::Sub"}:
        return {"Fn::Sub": re.sub(r"\$\{(\w+)\}", lambda found: _inside(found, given), part["Fn::Sub"])}
    return {name: _filled_in(each, given) for name, each in part.items()}


def _inside(found: re.Match[str], given: dict[str, Any]) -> str:
    """What is given for a parameter, as it is written in a text."""
    if found[1] not in given:
        return found[0]
    ((_, names),) = given[found[1]].items()  # Ref or Fn::GetAtt
    return "${" + ".".join([names] if isinstance(names, str) else names) + "}"


if __name__ == "__main__":
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    print(json.dumps(transform(), indent=2))
