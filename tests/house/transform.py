"""``python -m tests.house.transform`` prints what CloudFormation makes of the template: linters find more in it."""

import json
import logging
from pathlib import Path
from typing import Any

from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.house import ROOT

CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def transform(path: Path = ROOT / "template.yaml", region: str = "ap-south-1") -> dict[str, Any]:
    """The template after the SAM transform, with its parameters' defaults; folders become addresses in S3."""
    template = yaml_parse(path.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] in CODE:
            resource["Properties"][CODE[resource["Type"]]] = "s3://artifacts/code.zip"
    translator = Translator({}, Parser(), boto_session=Session(region_name=region))
    transformed: dict[str, Any] = translator.translate(template, parameter_values={})
    return transformed


if __name__ == "__main__":
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    print(json.dumps(transform(), indent=2))
