"""The template keeps what the code relies on: the parts name each other, the times fit, and nobody may do too much."""

import json
import re
import tomllib
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from herald.aws.bus import SOURCE
from herald.aws.cloudwatch import COUNTERS, FAULTS, NAMESPACE, TOTALS, UNITS
from herald.cli.receipts import PART as RECEIPTS
from herald.cli.redrive import PARTS
from herald.journal.lists import BY_DUE, BY_HASH
from herald.message.status import Status
from herald.pipeline.announce.watch import DEGRADED, OPENED
from herald.pipeline.send.transitions import LEASE
from herald.providers import endusermessaging
from tests.house import ROOT
from tests.house.transform import together
from tests.tables import KEYS

TEMPLATE: dict[str, Any] = together()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def of_type(kind: str) -> dict[str, Any]:
    """The properties of each resource of a type, by name."""
    return {name: part["Properties"] for name, part in RESOURCES.items() if part["Type"] == kind}


FUNCTIONS = of_type("AWS::Lambda::Function")
FAILED = {"Fn::GetAtt": ["FailedInvocations", "Arn"]}
# Where it ends what could not be sent or invoked: every queue but the one that has a worker.
DEAD_ENDS = sorted(of_type("AWS::SQS::Queue").keys() - {"Queue"})


THIS_STAGE = [{"Name": "service", "Value": {"Fn::Sub": "herald-${Stage}"}}]
METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


def filled_in(text: Any) -> str:
    """A text in which the names of resources and parameters stand for themselves."""
    return re.sub(r"\$\{(?!!)([^}]+)\}", r"\1", text["Fn::Sub"]).replace("${!", "${")


def holds(condition: Any, **parameters: str) -> bool:
    """What a condition of the template comes to."""
    ((function, operands),) = condition.items()
    if function == "Fn::Not":
        return not holds(operands[0], **parameters)
    assert function == "Fn::Equals"
    return parameters[operands[0]["Ref"]] == operands[1]


def dashboard() -> list[Any]:
    """The dashboard's widgets."""
    widgets: list[Any] = json.loads(filled_in(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]))["widgets"]
    return widgets


def queries() -> dict[str, str]:
    """What is asked of the logs: by the saved queries, and by the dashboard."""
    saved = {filled_in(each["Name"]): each["QueryString"] for each in of_type("AWS::Logs::QueryDefinition").values()}
    logs = [widget["properties"] for widget in dashboard() if widget["type"] == "log"]
    return saved | {each["title"]: each["query"] for each in logs}


def target(rule: str) -> Any:
    """The one target of an EventBridge rule."""
    (only,) = RESOURCES[rule]["Properties"]["Targets"]
    return only


def test_the_template_says_on_top_what_is_where() -> None:
    text = ROOT.joinpath("template.yaml").read_text(encoding="utf-8")
    contents, _, rest = text.partition("\nAWSTemplateFormatVersion:")
    listed = re.findall(r"^#   (\w+(?: \w+)?)  +\w", contents, re.MULTILINE)
    assert listed == re.findall(r"^  # -{40,} (.+)$", rest, re.MULTILINE)
    assert FUNCTIONS.keys() <= set(listed)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_log_group_and_the_role_of_a_function_are_in_its_own_part_of_the_template(name: str) -> None:
    text = ROOT.joinpath("template.yaml").read_text(encoding="utf-8")
    (part,) = re.findall(rf"^  # -+ {name}$(.+?)^  # -{{40,}} ", text, re.MULTILINE | re.DOTALL)
    own = name.removesuffix("Function")
    assert re.findall(r"^  (\w+):$", part, re.MULTILINE)[:3] == [f"{own}Logs", f"{own}Role", name]


def test_the_stack_that_watches_knows_each_part_by_the_name_that_it_has_in_the_template() -> None:
    watch = RESOURCES["Watch"]["Properties"]
    asked = yaml_parse(ROOT.joinpath("watch.yaml").read_text(encoding="utf-8"))["Parameters"]
    assert watch["Parameters"] == {
        name: {"Fn::GetAtt": [name, "QueueName"]} if name in of_type("AWS::SQS::Queue") else {"Ref": name}
        for name in asked
    }
    assert not [name for name, parameter in asked.items() if "Default" in parameter]


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
    assert DEAD_ENDS == ["DeadHooks", "DeadLetters", "FailedInvocations"]


def test_a_record_never_outlives_the_queue_that_it_ends_in() -> None:
    queues = of_type("AWS::SQS::Queue")
    # The time that a record spent in the queue before counts in the dead-letter queue too.
    for name in DEAD_ENDS:
        assert queues[name]["MessageRetentionPeriod"] >= queues["Queue"]["MessageRetentionPeriod"]


def test_a_batch_is_no_larger_than_the_worker_has_hands_and_its_clients_connections() -> None:
    from botocore.config import Config
    from requests.adapters import DEFAULT_POOLSIZE

    from functions.worker.app import HANDS

    assert RESOURCES["WorkerFunctionQueued"]["Properties"]["BatchSize"] <= HANDS
    assert min(Config().max_pool_connections, DEFAULT_POOLSIZE) >= HANDS


def test_the_worker_knows_which_receive_is_the_last() -> None:
    redrive = RESOURCES["Queue"]["Properties"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert FUNCTIONS["WorkerFunction"]["Environment"]["Variables"]["MAX_RECEIVES"] == str(redrive["maxReceiveCount"])


def test_an_environment_holds_texts_only() -> None:
    for name, function in FUNCTIONS.items():
        values = function["Environment"]["Variables"].values()
        assert all(isinstance(value, str | dict) for value in values), name


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
    index, *_ = table["GlobalSecondaryIndexes"]
    keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
    assert (index["IndexName"], keys) == ("due", {"HASH": "due", "RANGE": "due_at"})
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    defined = {entry["AttributeName"]: entry["AttributeType"] for entry in table["AttributeDefinitions"]}
    assert defined == dict.fromkeys(KEYS, "S")


# ---- what outlives the stack


def test_the_table_stays_when_the_stack_goes_or_makes_another_one() -> None:
    assert RESOURCES["Table"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES["Table"]["UpdateReplacePolicy"] == "Retain"


def test_whatever_a_stack_keeps_that_cannot_be_made_again_stays_with_it() -> None:
    """The rest is made anew by a deployment: names, rights, queues whose contents the journal knows."""
    kept = {name for name, part in RESOURCES.items() if part.get("DeletionPolicy", "Delete").startswith("Retain")}
    holding = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::RDS::DBInstance", "AWS::EFS::FileSystem"}
    assert {name for name, part in RESOURCES.items() if part["Type"] in holding} <= kept


@pytest.mark.parametrize(("chosen", "on"), [("off", False), ("on", True)])
def test_nobody_deletes_the_table_of_production_by_mistake(chosen: str, on: bool) -> None:
    assert TEMPLATE["Parameters"]["DeletionProtection"]["Default"] == "off"
    protected = {"Fn::If": ["TableIsProtected", True, False]}
    assert RESOURCES["Table"]["Properties"]["DeletionProtectionEnabled"] == protected
    assert holds(TEMPLATE["Conditions"]["TableIsProtected"], DeletionProtection=chosen) == on
    samconfig = tomllib.loads(ROOT.joinpath("samconfig.toml").read_text(encoding="utf-8"))
    assert "DeletionProtection=on" in samconfig["prod"]["deploy"]["parameters"]["parameter_overrides"].split()


# ---- a small account


def test_the_worker_leaves_half_of_a_new_accounts_executions_to_the_others() -> None:
    limit = TEMPLATE["Parameters"]["WorkerConcurrency"]
    assert (limit["Default"], min(limit["AllowedValues"])) == (5, 2)  # SQS takes no less than 2; a new account has 10.
    assert TEMPLATE["Mappings"]["AtOnce"]["Worker"] == {str(each): each for each in limit["AllowedValues"]}


# ---- what the deployment prints


def output(name: str, **conditions: bool) -> str:
    """An output of the stack, in which names stand for themselves."""

    def chosen(value: Any) -> Any:
        while isinstance(value, dict):
            condition, yes, no = value["Fn::If"]
            value = yes if conditions.get(condition) else no
        return value

    value = TEMPLATE["Outputs"][name]["Value"]["Fn::Sub"]
    text, words = (value, {}) if isinstance(value, str) else value
    for word, given in words.items():
        text = text.replace(f"${{{word}}}", chosen(given))
    return filled_in({"Fn::Sub": text})


def test_the_address_that_a_deployment_prints_joins_with_the_paths_of_the_readme() -> None:
    assert output("Url").endswith("/Stage")


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("InChina", "console.amazonaws.cn"),
        ("InGovCloud", "console.amazonaws-us-gov.com"),
        ("", "console.aws.amazon.com"),
    ],
)
def test_the_dashboard_is_in_the_console_of_its_partition(partition: str, host: str) -> None:
    found = output("Dashboard", **{partition: True})
    assert found.startswith(f"https://AWS::Region.{host}/cloudwatch/home?region=AWS::Region#")
    names = {"InChina": "aws-cn", "InGovCloud": "aws-us-gov"}
    for condition, name in names.items():
        assert holds(TEMPLATE["Conditions"][condition], **{"AWS::Partition": name})
        assert not holds(TEMPLATE["Conditions"][condition], **{"AWS::Partition": "aws"})


def test_the_example_of_a_schedule_names_nobodys_number() -> None:
    asked = json.loads(RESOURCES["ExampleSchedule"]["Properties"]["Target"]["Input"])
    assert re.fullmatch(r"\+447700900\d{3}", asked["to"])  # Ofcom keeps these for films.
    assert RESOURCES["ExampleSchedule"]["Properties"]["State"] == "DISABLED"


# ---- looking up


def test_messages_are_found_by_indexes_that_hold_keys_only() -> None:
    """Of one update of a stack DynamoDB makes one new index at most: whoever adds another adds it alone."""
    due, *by_hash = RESOURCES["Table"]["Properties"]["GlobalSecondaryIndexes"]
    keys = [
        (index["IndexName"], {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}) for index in by_hash
    ]
    assert keys == [(index, {"HASH": name, "RANGE": "created_at"}) for name, index in BY_HASH.items()]
    assert due["IndexName"] == BY_DUE
    assert [index["Projection"] for index in (due, *by_hash)] == [{"ProjectionType": "KEYS_ONLY"}] * 3


# ---- receipts


def test_receipts_come_by_every_method_without_a_key_and_reach_their_function() -> None:
    methods = RESOURCES["Api"]["Properties"]["Body"]["paths"]["/receipts/{channel}/{token}"]
    assert methods.keys() == METHODS
    for method in methods.values():
        assert "security" not in method
        assert "${ReceiptsFunction.Arn}" in method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    permission = RESOURCES["ApiMayHandOverReceipts"]["Properties"]
    assert (permission["FunctionName"], permission["Principal"]) == (
        {"Ref": "ReceiptsFunction"},
        "apigateway.amazonaws.com",
    )
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*")


SNS_LOGS = "sns/${AWS::Region}/${AWS::AccountId}/DirectPublishToPhoneNumber"


def test_snss_log_groups_and_its_role_are_no_stacks_so_that_no_stage_takes_them_from_another() -> None:
    for kind in ("AWS::Logs::LogGroup", "AWS::Logs::SubscriptionFilter"):
        assert "DirectPublishToPhoneNumber" not in json.dumps(of_type(kind)), kind
    trusted = json.dumps([role["AssumeRolePolicyDocument"] for role in of_type("AWS::IAM::Role").values()])
    assert "sns.amazonaws.com" not in trusted
    assert "SnsDeliveryLogs" not in TEMPLATE["Parameters"]


def test_every_name_that_the_stack_gives_is_the_stages_own_so_that_stages_stand_side_by_side() -> None:
    given = {
        f"{name}.{key}": value["Fn::Sub"]
        for name, part in RESOURCES.items()
        for key, value in part.get("Properties", {}).items()
        if key.endswith("Name") and isinstance(value, dict) and "Fn::Sub" in value
    }
    assert len(given) > 15
    # The transform fills the stage's default into what it names itself.
    assert {where: name for where, name in given.items() if "${Stage}" not in name and "herald-dev" not in name} == {}


def test_only_snss_logs_of_this_account_may_call_the_receipts_function() -> None:
    properties = RESOURCES["LogsMayHandOverReceipts"]["Properties"]
    assert "Condition" not in RESOURCES["LogsMayHandOverReceipts"]
    assert (properties["Principal"], properties["SourceAccount"]) == (
        "logs.amazonaws.com",
        {"Ref": "AWS::AccountId"},
    )
    assert properties["SourceArn"]["Fn::Sub"].endswith(f":log-group:{SNS_LOGS}*")


def test_events_of_this_stages_texts_alone_wake_the_receipts_function_by_the_accounts_own_bus() -> None:
    rule, permission = (RESOURCES[f"ReceiptsFunctionTextsFared{end}"]["Properties"] for end in ("", "Permission"))
    assert "EventBusName" not in rule
    assert rule["EventPattern"] == {
        "source": [endusermessaging.SOURCE],
        "detail-type": [endusermessaging.DETAIL_TYPE],
        "detail": {"context": {endusermessaging.STAGE: [{"Ref": "Stage"}]}},
    }
    assert target("ReceiptsFunctionTextsFared")["Arn"] == {"Fn::GetAtt": ["ReceiptsFunction", "Arn"]}
    assert (permission["FunctionName"], permission["Principal"]) == (
        {"Ref": "ReceiptsFunction"},
        "events.amazonaws.com",
    )
    assert permission["SourceArn"] == {"Fn::GetAtt": ["ReceiptsFunctionTextsFared", "Arn"]}


SENDERS = {"AWS::SMSVOICE::ConfigurationSet", "AWS::SMSVOICE::OptOutList", "AWS::SMSVOICE::ProtectConfiguration"}


@pytest.mark.parametrize(("chosen", "on"), [("off", False), ("on", True)])
def test_the_senders_are_made_only_if_somebody_wants_them_and_their_names_are_told(chosen: str, on: bool) -> None:
    assert TEMPLATE["Parameters"]["EndUserMessaging"]["Default"] == "off"
    assert holds(TEMPLATE["Conditions"]["EndUserMessagingIsOn"], EndUserMessaging=chosen) == on
    made = {name: part for name, part in RESOURCES.items() if part["Type"].startswith("AWS::SMSVOICE::")}
    assert {part["Type"] for part in made.values()} == SENDERS
    for name, part in made.items():
        assert part["Condition"] == TEMPLATE["Outputs"][name]["Condition"] == "EndUserMessagingIsOn"
        assert TEMPLATE["Outputs"][name]["Value"] == {"Ref": name}
    # Who wants no texts is on the list: it stays.
    assert {part.get("DeletionPolicy") for part in made.values()} == {None, "RetainExceptOnCreate"}
    assert made["OptOutList"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert made["ConfigurationSet"]["Properties"]["ProtectConfigurationId"] == {"Ref": "ProtectConfiguration"}


def test_a_batch_of_snss_log_that_fails_each_time_is_kept() -> None:
    config = RESOURCES["ReceiptsFunctionEventInvokeConfig"]["Properties"]
    assert config["MaximumRetryAttempts"] > 0
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == FAILED


# ---- events


def mapping() -> Any:
    """How the table's stream reaches the function that announces."""
    return RESOURCES["AnnounceFunctionWritten"]["Properties"]


def test_every_change_of_the_journal_reaches_the_function_that_announces() -> None:
    table = RESOURCES["Table"]["Properties"]
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert mapping()["EventSourceArn"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    assert mapping()["FunctionName"] == {"Ref": "AnnounceFunction"}
    assert mapping()["StartingPosition"] == "TRIM_HORIZON"  # LATEST may miss what is written while it is set up.


def test_what_is_not_worth_telling_wakes_nobody() -> None:
    wanted, _ = mapping()["FilterCriteria"]["Filters"]  # The other is that of the channels: test_loops.
    told = json.loads(wanted["Pattern"])["dynamodb"]["NewImage"]["status"]["S"]
    assert set(told) == set(Status) - {Status.ACCEPTED, Status.SCHEDULED, Status.SENDING}


def test_what_cannot_be_announced_is_tried_again_for_hours_and_then_kept_in_mind() -> None:
    assert mapping()["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping()["BisectBatchOnFunctionError"] is True
    assert mapping()["MaximumRetryAttempts"] == -1
    assert 3600 <= mapping()["MaximumRecordAgeInSeconds"] < 86400  # The stream keeps a day.
    assert mapping()["DestinationConfig"]["OnFailure"]["Destination"] == FAILED


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
    tls, statement = policy["PolicyDocument"]["Statement"]
    assert "Fn::If" in tls
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
    assert alarm["TreatMissingData"] == "ignore"  # SQS stops counting in a queue that nobody touches.
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


def test_who_gets_the_alarms_is_told_that_a_channel_opened_or_degraded_by_a_rule_since_ten_alarms_are_enough() -> None:
    policy = RESOURCES["AlarmTopicPolicy"]
    for kind, names in ((OPENED, {"channel", "why", "until"}), (DEGRADED, {"channel", "country", "why"})):
        rule = RESOURCES[kind.replace(" ", "")]
        assert rule["Condition"] == policy["Condition"] == "SomebodyIsTold"
        assert rule["Properties"]["EventPattern"] == {"source": [SOURCE], "detail-type": [kind]}
        (target,) = rule["Properties"]["Targets"]
        assert target["Arn"] == {"Ref": "AlarmTopic"}
        told = {path.removeprefix("$.detail.") for path in target["InputTransformer"]["InputPathsMap"].values()}
        assert told == names
    (may,) = policy["Properties"]["PolicyDocument"]["Statement"]
    # A policy of its own takes the place of the one that let CloudWatch publish.
    assert may["Principal"]["Service"] == ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    assert may["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_an_alarm_on_figures_knows_them_and_looks_at_this_stage_only() -> None:
    ours = [alarm for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["Namespace"] == NAMESPACE]
    assert {alarm["MetricName"] for alarm in ours} <= TOTALS | COUNTERS
    assert {FAULTS, "Unknown", "Spend", "ReceiptsForbidden"} <= {alarm["MetricName"] for alarm in ours}
    for alarm in ours:
        assert alarm["Dimensions"] == THIS_STAGE
        assert (alarm["Statistic"] == "Average") == (alarm["MetricName"] == FAULTS)


# It is still there when nobody counts it any more.
OF_WHAT_WAITS = {"ApproximateNumberOfMessagesVisible"}


@pytest.mark.parametrize("name", sorted(of_type("AWS::CloudWatch::Alarm")))
def test_each_alarm_says_what_it_means_and_is_silent_while_nothing_happens(name: str) -> None:
    alarm = RESOURCES[name]["Properties"]
    assert alarm["TreatMissingData"] == ("ignore" if alarm["MetricName"] in OF_WHAT_WAITS else "notBreaching")
    assert alarm["AlarmName"]["Fn::Sub"].startswith("herald-${Stage}-")
    assert re.search(r"\w[.:] \S", alarm["AlarmDescription"]["Fn::Sub"]), "what is wrong, and what is to be done?"
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 86400  # CloudWatch takes no more than a day.


def test_the_queue_may_hold_what_waits_for_its_time_without_an_alarm() -> None:
    assert RESOURCES["QueueAgeAlarm"]["Properties"]["Threshold"] >= 2 * 900  # SQS delays by 15 minutes at most.


# ---- dashboard and saved queries


def test_the_dashboard_shows_every_figure_and_none_that_nobody_writes() -> None:
    shown: set[str] = set()
    for widget in dashboard():
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], dict):
                search = metric[0]["expression"]
                assert search.startswith('SEARCH(\'{Herald,channel,service} service="herald-Stage" MetricName=')
                shown |= set(re.findall(r'MetricName="(\w+)"', search))
            elif metric[0] == NAMESPACE:
                assert metric[2:4] == ["service", "herald-Stage"]
                shown.add(metric[1])
    assert shown == UNITS.keys() | TOTALS | COUNTERS


def test_the_dashboard_shows_every_alarm_and_every_queue_where_failures_end() -> None:
    (alarms,) = [widget["properties"]["alarms"] for widget in dashboard() if widget["type"] == "alarm"]
    assert sorted(alarms) == sorted(f"{name}.Arn" for name in of_type("AWS::CloudWatch::Alarm"))
    assert all(f"{name}.QueueName" in json.dumps(dashboard()) for name in (*DEAD_ENDS, "Queue"))


def test_the_pages_of_costs_and_of_what_watches_know_how_much_there_is() -> None:
    cost, part = (ROOT.joinpath("docs", page).read_text(encoding="utf-8") for page in ("cost.md", "watching.md"))
    assert f"they are {len(UNITS) + len(TOTALS)}, ten of\nthem free" in cost
    assert f"{len(UNITS)} for each channel, {len(TOTALS)} for all channels together" in cost
    assert f"{len(of_type('AWS::CloudWatch::Alarm'))} alarms, 1 dashboard" in cost
    named = set(re.findall(r"\b[A-Z]\w+", " ".join(re.findall(r"^\| ([A-Z][\w, ]+) \|", part, re.MULTILINE))))
    assert named == UNITS.keys() | TOTALS | COUNTERS
    for alarm in of_type("AWS::CloudWatch::Alarm").values():
        assert f"`{filled_in(alarm['AlarmName']).removeprefix('herald-Stage-')}`" in part


def test_no_widget_covers_another() -> None:
    places = [
        (x, y)
        for widget in dashboard()
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24


def test_every_latency_is_shown_by_its_median_and_its_worst_twentieth() -> None:
    for metric in (name for name in UNITS if name.endswith("Latency")):
        found = re.findall(rf'MetricName=\\?"{metric}\\?"\', \'(\w+)\'', json.dumps(dashboard()))
        assert found == ["p50", "p95"]


def test_the_queries_look_for_phrases_that_the_code_writes() -> None:
    counted = {re.sub(r"\B([A-Z])", r" \1", name).lower() for name in COUNTERS}
    phrases = {f"message {status}" for status in Status} | counted
    asked = [set(re.findall(r"""["']((?:message|receipts) \w+)["']""", query)) for query in queries().values()]
    assert set().union(*asked) <= phrases
    assert any(asked)


def test_there_is_a_query_for_each_question_that_is_asked_at_night() -> None:
    saved = {name.rpartition("/")[2] for name in queries() if "/" in name}
    assert saved == {
        "the-life-of-one-message", "failures-by-reason", "what-is-unknown", "slow-providers", "refused-receipts",
        "what-broke-off",
    }  # fmt: skip
    for name in re.findall(r"saved query herald-\$\{Stage\}/([\w-]+)", json.dumps(RESOURCES)):
        assert name in saved


def test_the_queries_read_the_log_groups_of_functions_and_exist_wherever_they_can() -> None:
    groups = of_type("AWS::Logs::LogGroup").keys()
    for name, query in of_type("AWS::Logs::QueryDefinition").items():
        assert RESOURCES[name]["Condition"] == "QueriesAreSaved"
        read = {reference["Ref"] for reference in query["LogGroupNames"]}
        assert {"ApiLogs", "InvokeLogs", "WorkerLogs", "ReceiptsLogs", "SweepLogs"} <= read <= groups
    saved = TEMPLATE["Conditions"]["QueriesAreSaved"]
    assert [holds(saved, Stage=stage) for stage in ("dev", "prod", "local")] == [True, True, False]


def test_the_stack_names_every_part_that_the_code_asks_for() -> None:
    parts = json.loads(RESOURCES["StackParameter"]["Properties"]["Value"]["Fn::Sub"])
    asked = {*PARTS, RECEIPTS, "table", "queue", "bus", "schedule_group", "schedule_role", "failed_invocations"}
    assert {*asked, "url", "dead_hooks"} <= parts.keys()
    assert parts["url"] == "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}"
    assert parts["dead_hooks"] == "${DeadHooks}"
    assert parts[RECEIPTS].endswith(":function:herald-${Stage}-receipts")
    assert parts["dead_letters"] == "${DeadLetters}"
    assert parts["failed_invocations"] == "${FailedInvocations.Arn}"
    assert parts["failed_invocations_url"] == "${FailedInvocations}"


# ---- paths, and what is idle


def test_every_method_of_every_path_reaches_a_function() -> None:
    for path, methods in RESOURCES["Api"]["Properties"]["Body"]["paths"].items():
        assert methods.keys() == METHODS, path
        uris = {method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"] for method in methods.values()}
        function = "ReceiptsFunction" if path.endswith("{token}") else "ApiFunction"
        assert [f"${{{function}.Arn}}" in uri for uri in uris] == [True], path


def test_the_example_schedule_is_disabled_and_sends_each_run_once() -> None:
    example = RESOURCES["ExampleSchedule"]["Properties"]
    assert example["State"] == "DISABLED"
    assert "<aws.scheduler.scheduled-time>" in example["Target"]["Input"]


def test_nothing_costs_money_when_idle() -> None:
    dear = {"AWS::EC2::NatGateway", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::EC2::VPCEndpoint"}
    assert not dear & {part["Type"] for part in RESOURCES.values()}
    walls = {part.get("Condition") for part in RESOURCES.values() if part["Type"].startswith("AWS::WAF")}
    assert walls == {"WafIsOn"}
    assert RESOURCES["Table"]["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert not [name for name, function in FUNCTIONS.items() if "ProvisionedConcurrencyConfig" in function]
