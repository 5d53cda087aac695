"""The template keeps what the code relies on: the parts name each other, the times fit, and nobody may do too much."""

import json
import re
from typing import Any

import pytest

from herald.outcome import LEASE
from herald.redrive.__main__ import PARTS
from tests.house.transform import transform

TEMPLATE: dict[str, Any] = transform()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def of_type(kind: str) -> dict[str, Any]:
    """The properties of each resource of a type, by name."""
    return {name: part["Properties"] for name, part in RESOURCES.items() if part["Type"] == kind}


FUNCTIONS = of_type("AWS::Lambda::Function")
FAILED = {"Fn::GetAtt": ["FailedInvocations", "Arn"]}
# Where it ends what could not be sent or invoked: every queue but the one that has a worker.
DEAD_ENDS = sorted(of_type("AWS::SQS::Queue").keys() - {"Queue"})


def statements() -> dict[str, Any]:
    """The statements of the policy that senders have, by Sid."""
    return {entry["Sid"]: entry for entry in RESOURCES["UsePolicy"]["Properties"]["PolicyDocument"]["Statement"]}


def own_statements(function: str) -> list[Any]:
    """What a function may do beside what all senders may."""
    role = RESOURCES[f"{function}Role"]["Properties"]
    assert {"Ref": "UsePolicy"} in role["ManagedPolicyArns"]
    return [entry for policy in role["Policies"] for entry in policy["PolicyDocument"]["Statement"]]


def target(rule: str) -> Any:
    """The one target of an EventBridge rule."""
    (only,) = RESOURCES[rule]["Properties"]["Targets"]
    return only


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
    assert {name: queues[name]["MessageRetentionPeriod"] for name in DEAD_ENDS} == dict.fromkeys(DEAD_ENDS, 1209600)
    assert DEAD_ENDS == ["DeadLetters", "FailedInvocations"]


def test_a_record_never_outlives_the_queue_that_it_ends_in() -> None:
    queues = of_type("AWS::SQS::Queue")
    # The time that a record spent in the queue before counts in the dead-letter queue too.
    for name in DEAD_ENDS:
        assert queues[name]["MessageRetentionPeriod"] >= queues["Queue"]["MessageRetentionPeriod"]


def test_the_worker_knows_which_receive_is_the_last() -> None:
    redrive = RESOURCES["Queue"]["Properties"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert FUNCTIONS["WorkerFunction"]["Environment"]["Variables"]["MAX_RECEIVES"] == str(redrive["maxReceiveCount"])


def test_an_environment_holds_texts_only() -> None:
    for name, function in FUNCTIONS.items():
        values = function["Environment"]["Variables"].values()
        assert all(isinstance(value, str | dict) for value in values), name


def test_the_worker_may_call_a_record_back_early() -> None:
    (statement,) = own_statements("WorkerFunction")
    assert statement["Action"] == "sqs:ChangeMessageVisibility"
    assert statement["Resource"] == {"Fn::GetAtt": ["Queue", "Arn"]}


# ---- the sweep


def test_the_sweep_runs_each_minute_and_is_over_before_the_next_one() -> None:
    rule = RESOURCES["SweepFunctionEachMinute"]["Properties"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule.get("State", "ENABLED") == "ENABLED"
    assert target("SweepFunctionEachMinute")["Arn"] == {"Fn::GetAtt": ["SweepFunction", "Arn"]}
    assert FUNCTIONS["SweepFunction"]["Timeout"] < 60


def test_a_sweep_that_failed_is_not_repeated_because_the_next_one_comes() -> None:
    config = RESOURCES["SweepFunctionEventInvokeConfig"]["Properties"]
    assert config["MaximumRetryAttempts"] == 0
    assert not config["DestinationConfig"]
    assert target("SweepFunctionEachMinute")["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_the_sweep_finds_what_is_due_by_an_index_that_holds_keys_only() -> None:
    table = RESOURCES["Table"]["Properties"]
    (index,) = table["GlobalSecondaryIndexes"]
    keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
    assert (index["IndexName"], keys) == ("due", {"HASH": "due", "RANGE": "due_at"})
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    defined = {entry["AttributeName"]: entry["AttributeType"] for entry in table["AttributeDefinitions"]}
    assert defined == {"pk": "S", "due": "S", "due_at": "S"}


def test_only_the_sweep_may_ask_the_index_and_nobody_else_may_query() -> None:
    (statement,) = own_statements("SweepFunction")
    assert (statement["Action"], statement["Resource"]) == ("dynamodb:Query", {"Fn::Sub": "${Table.Arn}/index/due"})
    others = [name for name, part in RESOURCES.items() if "dynamodb:Query" in json.dumps(part)]
    assert others == ["SweepFunctionRole"]


# ---- where failures end


def test_an_invocation_that_fails_each_time_is_kept() -> None:
    config = RESOURCES["InvokeFunctionEventInvokeConfig"]["Properties"]
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == FAILED


def test_an_event_that_reached_nobody_is_kept() -> None:
    events = target("InvokeFunctionSmsRequested")
    assert events["DeadLetterConfig"] == {"Arn": FAILED}
    assert events["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_only_the_rule_itself_may_put_events_among_the_failed() -> None:
    policy = RESOURCES["EventsMayFail"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Queues"] == [{"Ref": "FailedInvocations"}]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert statement["Resource"] == FAILED
    rule = {"Fn::GetAtt": ["InvokeFunctionSmsRequested", "Arn"]}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": rule}}


def test_a_schedule_that_reached_nobody_is_kept() -> None:
    assert RESOURCES["ExampleSchedule"]["Properties"]["Target"]["DeadLetterConfig"] == {"Arn": FAILED}
    (policy,) = RESOURCES["ScheduleRole"]["Properties"]["Policies"]
    may = {entry["Action"]: entry["Resource"] for entry in policy["PolicyDocument"]["Statement"]}
    assert may.keys() == {"lambda:InvokeFunction", "sqs:SendMessage"}
    assert may["sqs:SendMessage"] == FAILED


@pytest.mark.parametrize("name", DEAD_ENDS)
def test_each_queue_where_failures_end_has_an_alarm_that_stays_on_while_something_waits(name: str) -> None:
    dimension = {"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}
    (alarm,) = (each for each in of_type("AWS::CloudWatch::Alarm").values() if each["Dimensions"] == [dimension])
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0,
    )
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "make redrive" in alarm["AlarmDescription"]["Fn::Sub"]


def test_every_alarm_tells_the_one_who_asked_and_nobody_is_told_by_default() -> None:
    topic, told = (
        RESOURCES["AlarmTopic"],
        {"Fn::If": ["SomebodyIsTold", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]},
    )
    alarms = of_type("AWS::CloudWatch::Alarm")
    assert {name: alarm["AlarmActions"] for name, alarm in alarms.items()} == dict.fromkeys(alarms, told)
    assert topic["Condition"] == "SomebodyIsTold"
    assert topic["Properties"]["Subscription"] == [{"Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}]
    assert TEMPLATE["Parameters"]["AlarmEmail"]["Default"] == ""
    assert len(alarms) <= 10  # So many cost nothing.


@pytest.mark.parametrize(
    ("address", "taken"), [("", True), ("ops@example.com", True), ("ops", False), ("a b@c", False), ("@", False)]
)
def test_an_alarm_goes_to_an_address_or_to_nobody(address: str, taken: bool) -> None:
    assert bool(re.fullmatch(TEMPLATE["Parameters"]["AlarmEmail"]["AllowedPattern"], address)) == taken


def test_the_stack_names_every_part_that_the_code_asks_for() -> None:
    value = RESOURCES["StackParameter"]["Properties"]["Value"]["Fn::Sub"]
    parts = json.loads(value)
    assert {*PARTS, "table", "queue", "schedule_group", "schedule_role", "failed_invocations"} <= parts.keys()
    assert parts["dead_letters"] == "${DeadLetters}"
    assert parts["failed_invocations"] == "${FailedInvocations.Arn}"
    assert parts["failed_invocations_url"] == "${FailedInvocations}"


# ---- who may do what


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
