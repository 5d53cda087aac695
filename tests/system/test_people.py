"""On an engine that enforces IAM: with the policies in docs/ people deploy and run every command, and no more."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.engine import REGION
from tests.house import LAYER, ROOT
from tests.system.ground import SILENT, TO, Ground, Roles, _for_the_engine, ground

SAM = ROOT / ".venv-sam" / "bin"
STACK = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: code, Role: !GetAtt Role.Arn}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}
  Inner: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: inner.yaml}}
"""
INNER = "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: herald-tiny}}}"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("people")) as made:
        Roles(made)  # The functions' own, as this engine reads them.
        yield made


class Person:
    """Somebody with one of the policies in docs/, and no other right."""

    def __init__(self, here: Ground, policy: str) -> None:
        self._url = here.stack.env["AWS_ENDPOINT_URL"]
        document = json.loads((ROOT / "docs" / f"{policy}-policy.json").read_text())
        statements = [_for_the_engine(each) for each in document["Statement"]]
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
        }
        iam = here.aws("iam")
        arn = iam.create_role(RoleName=policy, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        said = json.dumps({**document, "Statement": statements})
        iam.put_role_policy(RoleName=policy, PolicyName=policy, PolicyDocument=said)
        self._key = here.aws("sts").assume_role(RoleArn=arn, RoleSessionName="person")["Credentials"]

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program needs to act as this person."""
        return {
            "AWS_ACCESS_KEY_ID": self._key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": self._key["SecretAccessKey"],
            "AWS_SESSION_TOKEN": self._key["SessionToken"], "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._url,
        }  # fmt: skip

    def client(self, service: str) -> Any:
        key = self._key
        session = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
        return session.client(service, endpoint_url=self._url, region_name=REGION)

    def tries(self, *command: str, folder: Path = ROOT, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = {**kept, **self.environment, "PYTHONPATH": str(LAYER), "SAM_CLI_TELEMETRY": "0"}
        return subprocess.run(
            command, cwd=folder, env=environment, input=said, capture_output=True, text=True, check=False
        )

    def runs(self, *command: str, folder: Path = ROOT, said: str = "") -> str:
        """What a program prints. Fails if it fails."""
        done = self.tries(*command, folder=folder, said=said)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout + done.stderr

    def herald(self, *words: str, said: str = "") -> str:
        """A command of ``herald``."""
        return self.runs(sys.executable, "-m", "herald", *words, "--stage", "local", said=said)


@pytest.fixture(scope="module")
def operator(here: Ground) -> Person:
    return Person(here, "operator")


@pytest.fixture(scope="module")
def deployer(here: Ground) -> Person:
    return Person(here, "deployer")


def test_who_operates_makes_lists_and_revokes_keys(here: Ground, operator: Person) -> None:
    key = operator.herald("keys", "create", "--name", "ci").strip()
    assert "ci" in operator.herald("keys", "list")
    assert "hk_live_" in key
    operator.herald("keys", "revoke", "--name", "ci")
    assert "ci:" not in operator.herald("keys", "list")


def test_who_operates_sees_and_cancels_what_a_key_has_waiting(here: Ground, operator: Person) -> None:
    message = here.later()
    assert message["id"] in operator.herald("keys", "waiting", "--name", "laptop")
    operator.herald("keys", "waiting", "--name", "laptop", "--cancel")
    assert here.status(message) == "canceled"
    assert not here.planned(message)


def test_who_operates_makes_the_secret_of_webhooks(operator: Person) -> None:
    assert operator.herald("webhooks", "secret") == operator.herald("webhooks", "secret")


def test_who_operates_keeps_the_list_of_who_wants_no_texts(here: Ground, operator: Person) -> None:
    operator.herald("optouts", "add", said=f"{TO}\n")
    assert here.opted_out(TO)
    operator.herald("optouts", "check", said=f"{TO}\n")
    operator.herald("optouts", "remove", said=f"{TO}\n")
    assert not here.opted_out(TO)
    operator.herald("optouts", "url", "--channel", "exotel")


def test_who_operates_writes_settings_and_channels(here: Ground, operator: Person) -> None:
    operator.herald("settings", "show")
    assert "No mistake." in operator.herald("settings", "check", "-", said="keep_days: 9\n")
    channel = "type: exotel\nsid: a\ntoken: t0k3n\n"
    assert "written" in operator.herald("channels", "set", "more", said=channel)
    shown = operator.herald("channels", "show", "more")
    assert "token: (hidden)" in shown and "t0k3n" not in shown
    here.ssm.delete_parameter(Name="/herald/local/channels/more")


def test_who_operates_takes_up_what_failed(here: Ground, operator: Person) -> None:
    here.sqs.send_message(QueueUrl=here.url("-dead"), MessageBody=json.dumps({"id": here.waiting()["id"]}))
    request = {"requestContext": {"requestId": "r-1"}, "requestPayload": {"to": SILENT, "body": "Hi"}}
    here.sqs.send_message(QueueUrl=here.url("-failed-invocations"), MessageBody=json.dumps(request))
    operator.herald("redrive", "--yes")
    assert here.queued() and not here.queued("-dead") and not here.queued("-failed-invocations")


def test_who_operates_may_ask_all_that_doctor_asks(operator: Person) -> None:
    said = operator.herald("doctor", "--seconds", "60")
    # The engine asks for lambda:ListLayers, and calls a rule of the account's own bus rule/default/...
    otherwise = {"lambda:ListLayerVersions", "events:DescribeRule"}
    assert set(re.findall(r"not allowed to look: (\S+)", said)) <= otherwise


def test_who_operates_sends_by_the_function_and_reads_what_became_of_it(operator: Person) -> None:
    assert "exotel" in operator.herald("channels")
    assert "would" in operator.herald("explain", TO, "Hi", "--channel", "exotel")
    (found,) = re.findall(r"msg_[0-9A-Z]{26}", operator.herald("send", TO, "Hi", "--channel", "exotel"))[:1]
    assert found in operator.herald("status", found)
    assert "message sent" in operator.herald("tail", found)
    assert found in operator.herald("messages", TO)


def test_who_operates_can_send_nothing_and_deploy_nothing(operator: Person) -> None:
    for service, call, what in (
        ("sns", "publish", {"PhoneNumber": TO, "Message": "Hi"}),
        ("cloudformation", "delete_stack", {"StackName": "herald-local"}),
        ("dynamodb", "delete_table", {"TableName": "herald-local"}),
        ("iam", "create_user", {"UserName": "another"}),
    ):
        with pytest.raises(ClientError, match=r"[Nn]ot authorized"):
            getattr(operator.client(service), call)(**what)


@pytest.mark.skipif(not (SAM / "sam").exists(), reason="the SAM CLI is not set up: make check does it")
def test_who_deploys_deploys_changes_and_removes_a_stack_with_the_sam_cli(
    here: Ground, deployer: Person, tmp_path: Path
) -> None:
    (tmp_path / "template.yaml").write_text(STACK)
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    sam = (str(SAM / "python"), str(SAM / "sam"))
    deploy = (
        *sam, "deploy", "--stack-name", "herald-tiny", "--s3-prefix", "herald-tiny", "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset",
    )  # fmt: skip
    deployer.tries(*deploy, folder=tmp_path)  # The CLI's bucket is made, and takes nothing by HTTP.
    for bucket in here.aws("s3").list_buckets(Prefix="aws-sam-cli-managed-default")["Buckets"]:
        here.aws("s3").delete_bucket_policy(Bucket=bucket["Name"])
    assert "Successfully created/updated stack" in deployer.runs(*deploy, folder=tmp_path)
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): return 1\n")
    assert "Successfully created/updated stack" in deployer.runs(*deploy, folder=tmp_path)
    cloudformation = deployer.client("cloudformation")  # `sam delete` takes no template by HTTP.
    cloudformation.delete_stack(StackName="herald-tiny")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="herald-tiny", WaiterConfig={"Delay": 1})


def test_who_deploys_touches_no_other_stack_and_reads_no_message(deployer: Person) -> None:
    for service, call, what in (
        ("cloudformation", "create_stack", {"StackName": "shop", "TemplateBody": "{}"}),
        ("cloudformation", "delete_stack", {"StackName": "shop"}),
        ("s3", "create_bucket", {"Bucket": "customers"}),
        ("dynamodb", "scan", {"TableName": "herald-local"}),
        ("sns", "publish", {"PhoneNumber": TO, "Message": "Hi"}),
        ("ssm", "get_parameter", {"Name": "/herald/local/hash-key", "WithDecryption": True}),
        ("iam", "create_user", {"UserName": "another"}),
    ):
        with pytest.raises(ClientError, match=r"[Nn]ot authorized|Access Denied"):
            getattr(deployer.client(service), call)(**what)
