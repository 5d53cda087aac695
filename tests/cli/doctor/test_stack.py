"""The stack: each disease is found, and a healthy one has none."""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from herald.cli.diagnosis.checks.stack_alarms import ALARMS
from herald.cli.diagnosis.look import FUNCTIONS
from tests.cli.doctor.aws import Answer, Aws
from tests.cli.doctor.place import ACCOUNT, HERE, NOW, PARTS, a_place, alarms, found, said, the
from tests.house.test_template import filled_in, of_type

TOPIC = f"arn:aws:sns:{HERE}:herald-dev-alarms"
STACK_CHECKS = (
    "callback_url", "clock", "settings", "stack_alarms", "stack_functions", "stack_logs", "stack_queues", "stack_roles",
    "stack_state",
)  # fmt: skip


def layer(version: int) -> list[dict[str, str]]:
    return [{"Arn": f"arn:aws:lambda:{HERE}:layer:herald-dev:{version}"}]


def a_function(asked: Mapping[str, Any]) -> dict[str, Any]:
    role = f"arn:aws:iam::{ACCOUNT}:role/{asked['FunctionName']}-role"
    return {"State": "Active", "LastUpdateStatus": "Successful", "Role": role, "Layers": layer(7)}


def a_stack(state: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "herald-dev", "CreationTime": NOW, "StackStatus": state}]}


def a_role(asked: Mapping[str, Any]) -> dict[str, Any]:
    name = asked["RoleName"]
    of_it = {"Path": "/", "RoleId": "A" * 16, "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "CreateDate": NOW}
    return {"Role": {"RoleName": name, **of_it}}


def an_alarm(name: str, state: str = "OK", **more: Any) -> dict[str, Any]:
    about = {"AlarmDescription": f"When it is over: {name}"}
    return {"AlarmName": f"herald-dev-{name}", "StateValue": state, "AlarmActions": [TOPIC], **about, **more}


def the_alarms(*others: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """All of them, some others in place of theirs."""
    every = {name: an_alarm(name, **more) for name in ALARMS}
    every |= {each["AlarmName"].removeprefix("herald-dev-"): each for each in others}
    return {"MetricAlarms": list(every.values())}


def a_reader(arn: str) -> dict[str, Any]:
    return {"Subscriptions": [{"SubscriptionArn": arn, "Protocol": "email", "Endpoint": "x@example.com"}]}


def values(*highest: float) -> dict[str, Any]:
    return {"MetricDataResults": [{"Id": "asked", "Values": list(highest)}]}


def groups(days: int | None = 30, *without: str) -> dict[str, Any]:
    kept = {} if days is None else {"retentionInDays": days}
    names = [name for name in FUNCTIONS if name not in without]
    return {"logGroups": [{"logGroupName": f"/aws/lambda/herald-dev-{name}", **kept} for name in names]}


HEALTHY: Mapping[str, Answer] = {
    "DescribeStacks": a_stack("UPDATE_COMPLETE"),
    "GetFunctionConfiguration": a_function,
    "ListLayerVersions": {"LayerVersions": [{"Version": 7}, {"Version": 6}]},
    "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
    "GetRole": a_role,
    "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
    "GetMetricData": values(),
    "DescribeAlarms": the_alarms(an_alarm("unknown", "INSUFFICIENT_DATA")),
    "ListSubscriptionsByTopic": a_reader(f"{TOPIC}:1a2b"),
    "DescribeLogGroups": groups(),
    "GetCallerIdentity": {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(NOW, usegmt=True)}}},
}


def ill(**answers: Answer) -> Aws:
    """A healthy stack, but for these answers."""
    return Aws({**HEALTHY, **answers})


@pytest.mark.parametrize("check", STACK_CHECKS)
def test_a_healthy_stack_has_no_alarm(check: str) -> None:
    here = a_place(ill())
    assert alarms(here, check) == []
    assert next(each.level.value for each in found(here, check)) == "ok"


@pytest.mark.parametrize(
    ("state", "grave"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", "warning"),
        ("UPDATE_ROLLBACK_FAILED", "failure"),
        ("ROLLBACK_COMPLETE", "failure"),
        ("DELETE_FAILED", "failure"),
    ],
)
def test_a_deployment_that_ended_badly_is_found(state: str, grave: str) -> None:
    level, text = the(a_place(ill(DescribeStacks=a_stack(state))), "stack_state")
    assert level == grave and state in text


def test_a_deployment_under_way_is_a_note() -> None:
    here = a_place(ill(DescribeStacks=a_stack("UPDATE_IN_PROGRESS")))
    assert said(here, "stack_state").startswith("note: ") and not alarms(here, "stack_state")


def test_functions_of_different_layers_and_of_an_old_one_are_found() -> None:
    def one_is_old(asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**a_function(asked), "Layers": layer(6 if asked["FunctionName"].endswith("-worker") else 7)}

    assert "worker 6" in the(a_place(ill(GetFunctionConfiguration=one_is_old)), "stack_functions")[1]
    newer = ill(ListLayerVersions={"LayerVersions": [{"Version": 8}]})
    assert the(a_place(newer), "stack_functions") == ("warning", "the functions run version 7 of the layer; 8 is there")


def test_a_function_that_is_gone_failed_or_lost_the_layer_is_found() -> None:
    def gone(asked: Mapping[str, Any]) -> dict[str, Any] | str:
        return "ResourceNotFoundException" if asked["FunctionName"].endswith("-sweep") else a_function(asked)

    def broken(asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**a_function(asked), "LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidImage"}

    def bare(asked: Mapping[str, Any]) -> dict[str, Any]:
        return {**a_function(asked), "Layers": []}

    assert the(a_place(ill(GetFunctionConfiguration=gone)), "stack_functions") == ("failure", "not there: sweep")
    assert len(alarms(a_place(ill(GetFunctionConfiguration=broken)), "stack_functions")) == len(FUNCTIONS)
    assert the(a_place(ill(GetFunctionConfiguration=bare)), "stack_functions")[0] == "failure"


def test_an_account_that_runs_ten_functions_at_once_is_a_note() -> None:
    here = a_place(ill(GetAccountSettings={"AccountLimit": {"ConcurrentExecutions": 10}}))
    assert not alarms(here, "stack_functions") and "note: the account runs 10" in said(here, "stack_functions")


def test_a_role_that_is_gone_is_found() -> None:
    def gone(asked: Mapping[str, Any]) -> dict[str, Any] | str:
        return "NoSuchEntity" if "worker" in asked["RoleName"] else a_role(asked)

    assert the(a_place(ill(GetRole=gone)), "stack_roles") == ("failure", "the role is gone of: worker")


def test_what_failed_and_waits_is_found_and_so_is_a_queue_that_is_gone() -> None:
    def two_are_dead(asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": "2" if asked["QueueUrl"].endswith("-dead") else "0"}}

    def gone(asked: Mapping[str, Any]) -> dict[str, Any] | str:
        if asked["QueueUrl"].endswith("-hooks"):
            return "AWS.SimpleQueueService.NonExistentQueue"
        return two_are_dead({"QueueUrl": ""})

    here = a_place(ill(GetQueueAttributes=two_are_dead))
    assert the(here, "stack_queues") == ("warning", "2 messages failed and wait in herald-dev-dead")
    assert "herald redrive --stage dev" in said(here, "stack_queues")
    assert the(a_place(ill(GetQueueAttributes=gone)), "stack_queues") == ("failure", "not there: dead_hooks")


def test_a_queue_that_nobody_works_on_is_found() -> None:
    level, text = the(a_place(ill(GetMetricData=values(60.0, 5400.0))), "stack_queues")
    assert level == "failure" and "90 minutes" in text
    assert not alarms(a_place(ill(GetMetricData=values(900.0))), "stack_queues")


def test_an_alarm_that_is_on_says_what_to_do() -> None:
    here = a_place(ill(DescribeAlarms=the_alarms(an_alarm("sweep", "ALARM"))))
    assert the(here, "stack_alarms") == ("warning", "sweep is on")
    assert "When it is over: sweep" in said(here, "stack_alarms")


@pytest.mark.parametrize(
    ("answers", "grave"),
    [
        ({"ListSubscriptionsByTopic": a_reader("PendingConfirmation")}, "warning"),
        ({"ListSubscriptionsByTopic": {"Subscriptions": []}}, "warning"),
        ({"ListSubscriptionsByTopic": "NotFound"}, "failure"),
        ({"DescribeAlarms": {"MetricAlarms": []}}, "warning"),
        ({"DescribeAlarms": the_alarms(an_alarm("sweep", ActionsEnabled=False))}, "warning"),
    ],
)
def test_alarms_that_reach_nobody_are_found(answers: Mapping[str, Answer], grave: str) -> None:
    assert the(a_place(ill(**answers)), "stack_alarms")[0] == grave


def test_an_alarm_that_is_not_there_is_found() -> None:
    without = {"MetricAlarms": the_alarms()["MetricAlarms"][1:]}
    assert the(a_place(ill(DescribeAlarms=without)), "stack_alarms")[1].startswith("not there: dead-letters")


def test_the_alarms_are_those_of_the_template() -> None:
    names = {filled_in(each["AlarmName"]) for each in of_type("AWS::CloudWatch::Alarm").values()}
    assert names == {f"herald-Stage-{name}" for name in ALARMS}


def test_alarms_for_whom_no_email_was_given_are_a_note() -> None:
    here = a_place(ill(DescribeAlarms=the_alarms(AlarmActions=[])))
    assert not alarms(here, "stack_alarms") and "AlarmEmail" in said(here, "stack_alarms")


def test_a_log_group_that_is_gone_is_found_and_one_kept_forever_is_a_note() -> None:
    assert "worker" in the(a_place(ill(DescribeLogGroups=groups(30, "worker"))), "stack_logs")[1]
    here = a_place(ill(DescribeLogGroups=groups(None)))
    assert not alarms(here, "stack_logs") and "kept forever" in said(here, "stack_logs")


@pytest.mark.parametrize(("seconds", "grave"), [(60, "warning"), (-60, "warning"), (250, "failure")])
def test_a_clock_that_is_wrong_is_found(seconds: int, grave: str) -> None:
    here = a_place(ill(), now=NOW + timedelta(seconds=seconds))
    level, text = the(here, "clock")
    assert (level, text.split()[0]) == (grave, str(abs(seconds)))


def test_every_mistake_in_the_settings_is_told_by_its_line_and_without_its_value() -> None:
    here = a_place(
        ill(), settings="default_region: Atlantis\nroutes: 7\n", exotel={"type": "exotel", "sid": "s", "tokn": "geheim"}
    )
    texts = [text for level, text in alarms(here, "settings") if level == "failure"]
    assert any("/herald/dev/settings: default_region" in text and "line 1" in text for text in texts)
    assert any("/herald/dev/settings: routes" in text and "line 2" in text for text in texts)
    assert any("/herald/dev/channels/exotel" in text and "token" in text for text in texts)
    assert not any("geheim" in text or "Atlantis" in text for text in texts)


def test_a_channel_that_cannot_be_made_is_found() -> None:
    here = a_place(ill(), exotel={"type": "exotel", "sid": "s", "token": "t", "domain": "not a host"})
    assert "domain must be a host name" in the(here, "settings")[1]


def test_a_stage_without_channels_is_told_so() -> None:
    assert "texts go by Amazon SNS" in said(a_place(ill()), "settings")


EXOTEL = {"type": "exotel", "sid": "s", "token": "t"}


@pytest.mark.parametrize(
    ("url", "page", "grave"),
    [
        ("http://127.0.0.1:8080", (200, b"{}"), "failure"),
        ("https://sms.internal", (200, b"{}"), "failure"),
        ("https://sms.example.com", OSError(), "failure"),
        ("https://sms.example.com", (404, b"not here"), "failure"),
        ("https://sms.example.com", (200, b'{"stage": "prod"}'), "failure"),
    ],
)
def test_a_callback_url_that_leads_elsewhere_is_found(url: str, page: tuple[int, bytes] | OSError, grave: str) -> None:
    assert the(a_place(settings=f"url: {url}\n", page=page, exotel=EXOTEL), "callback_url")[0] == grave


def test_where_no_provider_calls_back_an_unreachable_url_is_a_warning() -> None:
    assert the(a_place(page=OSError()), "callback_url")[0] == "warning"


def test_a_stage_whose_settings_are_wrong_answers_with_503_and_is_still_this_stage() -> None:
    assert not alarms(a_place(page=(503, b'{"status": "no", "stage": "dev"}')), "callback_url")


def test_what_the_stack_names_is_what_is_asked_for() -> None:
    aws = ill()
    found(a_place(aws), "stack_queues")
    assert aws.asked.count("GetQueueAttributes") == len([name for name in PARTS if "queue" in name]) + 3
