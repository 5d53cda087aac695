"""The template keeps what the code relies on: the parts name each other, the times fit, and nobody may do too much."""

from typing import Any

import pytest

from herald.deliver import LEASE
from tests.house.transform import transform

RESOURCES: dict[str, Any] = transform()["Resources"]


def of_type(kind: str) -> dict[str, Any]:
    """The properties of each resource of a type, by name."""
    return {name: part["Properties"] for name, part in RESOURCES.items() if part["Type"] == kind}


FUNCTIONS = of_type("AWS::Lambda::Function")


def statements() -> dict[str, Any]:
    """The statements of the policy that senders have, by Sid."""
    return {entry["Sid"]: entry for entry in RESOURCES["UsePolicy"]["Properties"]["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_has_a_log_group_with_retention(name: str) -> None:
    wanted = {"Fn::Sub": "/aws/lambda/" + FUNCTIONS[name]["FunctionName"]["Fn::Sub"]}
    groups = of_type("AWS::Logs::LogGroup").values()
    assert [group["RetentionInDays"] for group in groups if group["LogGroupName"] == wanted] == [
        {"Ref": "LogRetentionDays"}
    ]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_has_the_layer_on_the_deployed_runtime(name: str) -> None:
    function = FUNCTIONS[name]
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert len(function["Layers"]) == 1
    assert function["Environment"]["Variables"]["HERALD_STAGE"] == {"Ref": "Stage"}


def test_no_caller_waits_longer_than_api_gateway_does() -> None:
    assert FUNCTIONS["ApiFunction"]["Timeout"] <= 29
    assert FUNCTIONS["ApiFunction"]["Timeout"] < LEASE.total_seconds()


def test_a_batch_is_not_delivered_again_while_it_is_being_sent() -> None:
    assert RESOURCES["Queue"]["Properties"]["VisibilityTimeout"] >= 6 * FUNCTIONS["WorkerFunction"]["Timeout"]


def test_what_cannot_be_sent_or_invoked_is_kept_for_two_weeks() -> None:
    queues = of_type("AWS::SQS::Queue")
    assert {name: queue["MessageRetentionPeriod"] for name, queue in queues.items()} == dict.fromkeys(queues, 1209600)
    assert queues["Queue"]["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    (config,) = of_type("AWS::Lambda::EventInvokeConfig").values()
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["FailedInvocations", "Arn"]}


def test_texts_go_to_phones_and_never_to_topics() -> None:
    denied = statements()["NothingToTopics"]
    assert (denied["Effect"], denied["Action"]) == ("Deny", "sns:Publish")
    assert denied["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}


def test_only_the_phone_numbers_have_no_resource() -> None:
    allowed = [sid for sid, entry in statements().items() if entry["Effect"] == "Allow" and entry["Resource"] == "*"]
    assert allowed == ["TextsToPhones"]
    assert not [sid for sid, entry in statements().items() if "*" in str(entry["Action"])]


def test_the_authorizer_may_read_the_keys_and_nothing_else() -> None:
    (policy,) = RESOURCES["AuthorizeFunctionRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ssm:GetParametersByPath"
    assert all("parameter/herald/${Stage}/keys" in resource["Fn::Sub"] for resource in statement["Resource"])


def test_every_path_but_the_public_three_needs_a_key() -> None:
    paths = RESOURCES["Api"]["Properties"]["Body"]["paths"]
    public = {path for path, methods in paths.items() if not any("security" in method for method in methods.values())}
    assert public == {"/", "/health", "/openapi.json"}
    for path in paths.keys() - public:
        assert all(method["security"] == [{"ApiKey": []}] for method in paths[path].values()), path


def test_the_example_schedule_is_disabled_and_sends_each_run_once() -> None:
    example = RESOURCES["ExampleSchedule"]["Properties"]
    assert example["State"] == "DISABLED"
    assert "<aws.scheduler.scheduled-time>" in example["Target"]["Input"]


def test_nothing_costs_money_when_idle() -> None:
    dear = {"AWS::EC2::NatGateway", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::EC2::VPCEndpoint"}
    assert not dear & {part["Type"] for part in RESOURCES.values()}
    assert RESOURCES["Table"]["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert not [name for name, function in FUNCTIONS.items() if "ProvisionedConcurrencyConfig" in function]
