"""Deploy: the template, as it stands, by CloudFormation with the SAM transform onto the local engine.

What ``sam package`` does is done here: code and nested templates go into a bucket, and the template's paths become
addresses in it.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import botocore
from botocore.exceptions import ClientError, WaiterError
from samtranslator.yaml_helper import yaml_parse

from local.engine import REGION, CannotRun

ROOT = Path(__file__).resolve().parent.parent
STAGE = "local"
BUCKET = "herald-local-artifacts"
CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
NESTED = "AWS::CloudFormation::Stack"
# Of the layer. The engine unpacks it anew for each process of a function, a second for 2 900 files, and lets functions
# import its own packages, which are the same ones. That the layer is complete is tested by itself (tests/house).
OURS = "python/herald"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def client(service: str, engine_url: str, region: str = REGION) -> Any:
    """A boto3 client of the local engine, whatever account the environment names."""
    return boto3.session.Session("test", "test", region_name=region).client(service, endpoint_url=engine_url)


def deploy(
    engine_url: str, layer: Path, template_path: Path, stage: str = STAGE, region: str = REGION
) -> dict[str, str]:
    """Create the stack and wait for it. Returns its outputs. Raises ``CannotRun`` with CloudFormation's reason."""
    stack, template = f"herald-{stage}", yaml_parse(template_path.read_text(encoding="utf-8"))
    s3 = client("s3", engine_url, region)
    bucket = _bucket(s3, region)
    for resource in template["Resources"].values():
        if resource["Type"] in CODE:
            built = "BuildMethod" in resource.get("Metadata", {})
            folder, below = (layer, OURS) if built else (ROOT / resource["Properties"]["CodeUri"], "")
            resource["Properties"][CODE[resource["Type"]]] = _upload(s3, bucket, folder, below)
        if resource["Type"] == NESTED:
            path = ROOT / resource["Properties"]["TemplateURL"]
            nested = yaml_parse(path.read_text(encoding="utf-8"))
            resource["Properties"]["TemplateURL"] = f"{engine_url}/{_put(s3, bucket, f'{path.stem}.json', nested)}"
    # By its address: in a request itself CloudFormation takes no more than 51 200 bytes.
    address = f"{engine_url}/{_put(s3, bucket, 'template.json', template)}"
    cloudformation = client("cloudformation", engine_url, region)
    try:
        cloudformation.create_stack(
            StackName=stack,
            TemplateURL=address,
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": stage}],
            Capabilities=CAPABILITIES,
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    except (ClientError, WaiterError) as error:
        raise CannotRun(f"The deployment failed: {_cause(cloudformation, stack) or error}") from None
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def build_layer(folder: Path) -> Path:
    """The built layer for this Python, below ``folder``; built anew only when its source changed."""
    source = ROOT / "layers" / "herald"
    built = folder / f"layer-{_state(source)}"
    if not built.exists():
        fresh = folder / f"{built.name}.{os.getpid()}"
        command = ["make", "--silent", "-C", str(source), "build-HeraldLayer", f"ARTIFACTS_DIR={fresh}"]
        made = subprocess.run(
            [*command, "HERALD_LAYER_FOR=here", f"PYTHON={sys.executable}"], capture_output=True, text=True, check=False
        )
        if made.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise CannotRun(
                f"The layer could not be built: {(made.stderr.strip().splitlines() or ['make failed'])[-1]}"
            )
        for old in folder.glob("layer-*"):
            if old != built and "." not in old.name:
                shutil.rmtree(old, ignore_errors=True)
        try:
            fresh.rename(built)
        except OSError:  # Another one built the same meanwhile.
            shutil.rmtree(fresh, ignore_errors=True)
    return built


def _state(source: Path) -> str:
    state = hashlib.sha256(f"{sys.version} {botocore.__version__}".encode())
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            state.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()[:16]


def _bucket(s3: Any, region: str) -> str:
    """The region's bucket, made if need be: CloudFormation reads those of its own region only."""
    name = f"{BUCKET}-{region}"
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **place)
    return name


def _upload(s3: Any, bucket: str, folder: Path, below: str) -> dict[str, str] | str:
    """Zip a folder, or only a part of it, into the bucket. Returns the address."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted((folder / below).rglob("*")):
            if path.is_file() and (folder / "python" in path.parents or "__pycache__" not in path.parts):
                archive.write(path, path.relative_to(folder))
    key = hashlib.sha256(content.getvalue()).hexdigest()
    s3.put_object(Bucket=bucket, Key=key, Body=content.getvalue())
    return f"s3://{bucket}/{key}"


def _put(s3: Any, bucket: str, key: str, template: Any) -> str:
    """A template into the bucket, as JSON. Returns its path in S3."""
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
    return f"{bucket}/{key}"


def _cause(cloudformation: Any, stack: str) -> str:
    """The first resource that failed, and why."""
    try:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    except ClientError:
        return ""
    failed = [e for e in reversed(events) if e["ResourceStatus"].endswith("FAILED") and e.get("ResourceStatusReason")]
    return f"{failed[0]['LogicalResourceId']}: {failed[0]['ResourceStatusReason']}" if failed else ""
