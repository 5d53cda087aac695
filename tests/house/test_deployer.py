"""Who deploys may do what the template's resources need, by this project's names, and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from herald.cli import receipts
from herald.cli.diagnosis import running, sending
from tests.house import ROOT
from tests.house.test_template import RESOURCES

POLICIES: dict[str, Any] = {
    name: json.loads((ROOT / "docs" / f"{name}-policy.json").read_text())
    for name in ("deployer", "deployer-waf", "deployer-endusermessaging", "operator")
}
HERE = "ap-south-1:123456789012"
BUCKET = "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-abc"
RESTAPI = "arn:aws:apigateway:ap-south-1::/restapis"
FUNCTION = f"arn:aws:lambda:{HERE}:function:herald-dev-api"


class Need:
    """What it takes to make, read, change and remove something: actions of one service, on resources of these ARNs.

    ``context`` is what AWS says of such a call beside its action and resource.
    """

    def __init__(self, service: str, actions: str, *arns: str, **context: str) -> None:
        self.actions = [f"{service}:{action}" for action in actions.split()]
        self.arns = arns or ("*",)
        self.context = {name.replace("_", ":", 1): value for name, value in context.items()}


# By the schemas that CloudFormation publishes of its resources (create, read, update, delete; November 2026), as
# far as the template's properties go. The stack's tags are put on what can have some.
NEEDS: Mapping[str, tuple[Need, ...]] = {
    "AWS::ApiGateway::RestApi": (
        Need("apigateway", "GET POST", RESTAPI),
        Need("apigateway", "GET PATCH PUT DELETE", f"{RESTAPI}/a1b2c3"),
        Need("apigateway", "PUT", "arn:aws:apigateway:ap-south-1::/tags/arn%3Aaws%3Aapigateway"),
    ),
    "AWS::ApiGateway::Deployment": (Need("apigateway", "GET POST PATCH DELETE", f"{RESTAPI}/a1b2c3/deployments/d4"),),
    "AWS::ApiGateway::Stage": (Need("apigateway", "GET POST PATCH PUT DELETE", f"{RESTAPI}/a1b2c3/stages/dev"),),
    "AWS::CloudFormation::Stack": (
        Need(
            "cloudformation", "CreateStack UpdateStack DeleteStack DescribeStacks",
            f"arn:aws:cloudformation:{HERE}:stack/herald-dev-Watch-1A2B/7c",
        ),
        Need("s3", "GetObject", f"{BUCKET}/herald-dev/1a2b.template"),
    ),
    "AWS::CloudWatch::Alarm": (
        Need("cloudwatch", "DescribeAlarms"),
        Need(
            "cloudwatch", "PutMetricAlarm DeleteAlarms ListTagsForResource TagResource",
            f"arn:aws:cloudwatch:{HERE}:alarm:herald-dev-sweep",
        ),
    ),
    "AWS::CloudWatch::Dashboard": (
        Need(
            "cloudwatch", "PutDashboard GetDashboard DeleteDashboards",
            "arn:aws:cloudwatch::123456789012:dashboard/herald-dev",
        ),
    ),
    "AWS::DynamoDB::Table": (
        Need(
            "dynamodb", "CreateTable DescribeTable DescribeContinuousBackups DescribeContributorInsights UpdateTable "
            "DescribeTimeToLive UpdateTimeToLive ListTagsOfResource TagResource DeleteTable",
            f"arn:aws:dynamodb:{HERE}:table/herald-dev",
        ),
    ),
    "AWS::Events::EventBus": (
        Need(
            "events", "CreateEventBus DescribeEventBus ListTagsForResource TagResource DeleteEventBus",
            f"arn:aws:events:{HERE}:event-bus/herald-dev",
        ),
    ),
    "AWS::Events::Rule": (
        Need(
            "events", "PutRule DescribeRule PutTargets RemoveTargets ListTargetsByRule DeleteRule",
            f"arn:aws:events:{HERE}:rule/herald-dev-SweepFunctionEachMinute-1A2B",
            f"arn:aws:events:{HERE}:rule/herald-dev/herald-dev-InvokeFunctionSmsRequested-1A2B",
        ),
    ),
    "AWS::IAM::ManagedPolicy": (
        Need(
            "iam", "CreatePolicy GetPolicy GetPolicyVersion CreatePolicyVersion ListPolicyVersions DeletePolicyVersion "
            "ListEntitiesForPolicy TagPolicy DeletePolicy",
            "arn:aws:iam::123456789012:policy/herald-dev-UsePolicy-1A2B",
        ),
    ),
    "AWS::IAM::Role": (
        Need(
            "iam", "CreateRole GetRole UpdateRole UpdateAssumeRolePolicy PutRolePolicy GetRolePolicy DeleteRolePolicy "
            "ListRolePolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies TagRole DeleteRole",
            "arn:aws:iam::123456789012:role/herald-dev-ApiRole-1A2B",
        ),
    ),
    "AWS::Lambda::EventInvokeConfig": (
        Need(
            "lambda", "PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig "
            "DeleteFunctionEventInvokeConfig", FUNCTION,
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (
        Need(
            "lambda", "CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping "
            "DeleteEventSourceMapping", f"arn:aws:lambda:{HERE}:event-source-mapping:7c", lambda_FunctionArn=FUNCTION,
        ),
    ),
    "AWS::Lambda::Function": (
        Need(
            "lambda", "CreateFunction GetFunction GetFunctionCodeSigningConfig GetFunctionRecursionConfig "
            "GetRuntimeManagementConfig PutFunctionRecursionConfig PutFunctionConcurrency DeleteFunctionConcurrency "
            "UpdateFunctionCode UpdateFunctionConfiguration TagResource DeleteFunction", FUNCTION,
        ),
        Need("lambda", "GetLayerVersion", f"arn:aws:lambda:{HERE}:layer:herald-dev:7"),
        Need("s3", "GetObject GetObjectVersion", f"{BUCKET}/herald-dev/1a2b"),
        Need(
            "iam", "PassRole", "arn:aws:iam::123456789012:role/herald-dev-ApiRole-1A2B",
            iam_PassedToService="lambda.amazonaws.com",
        ),
    ),
    "AWS::Lambda::LayerVersion": (
        Need("lambda", "PublishLayerVersion", f"arn:aws:lambda:{HERE}:layer:herald-dev"),
        Need("lambda", "GetLayerVersion DeleteLayerVersion", f"arn:aws:lambda:{HERE}:layer:herald-dev:7"),
        Need("s3", "GetObject GetObjectVersion", f"{BUCKET}/herald-dev/1a2b"),
    ),
    "AWS::Lambda::Permission": (Need("lambda", "AddPermission GetPolicy RemovePermission", FUNCTION),),
    "AWS::Logs::LogGroup": (
        Need("logs", "DescribeLogGroups"),
        Need(
            "logs", "CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy ListTagsForResource TagResource "
            "DeleteLogGroup",
            f"arn:aws:logs:{HERE}:log-group:/aws/lambda/herald-dev-api",
        ),
    ),
    "AWS::Logs::QueryDefinition": (Need("logs", "PutQueryDefinition DescribeQueryDefinitions DeleteQueryDefinition"),),
    "AWS::SNS::Topic": (
        Need(
            "sns", "CreateTopic Subscribe Unsubscribe GetTopicAttributes SetTopicAttributes ListSubscriptionsByTopic "
            "ListTagsForResource TagResource DeleteTopic", f"arn:aws:sns:{HERE}:herald-dev-Watch-AlarmTopic-1A2B",
        ),
    ),
    "AWS::SNS::TopicPolicy": (
        Need("sns", "GetTopicAttributes SetTopicAttributes", f"arn:aws:sns:{HERE}:herald-dev-Watch-AlarmTopic-1A2B"),
    ),
    "AWS::SQS::Queue": (
        Need(
            "sqs", "CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes ListQueueTags TagQueue DeleteQueue",
            f"arn:aws:sqs:{HERE}:herald-dev-dead",
        ),
    ),
    "AWS::SQS::QueuePolicy": (Need("sqs", "SetQueueAttributes", f"arn:aws:sqs:{HERE}:herald-dev"),),
    "AWS::SSM::Parameter": (
        Need(
            "ssm", "PutParameter GetParameters AddTagsToResource DeleteParameter",
            f"arn:aws:ssm:{HERE}:parameter/herald/dev/stack",
        ),
    ),
    "AWS::Scheduler::Schedule": (
        Need(
            "scheduler", "CreateSchedule GetSchedule UpdateSchedule DeleteSchedule",
            f"arn:aws:scheduler:{HERE}:schedule/herald-dev/example-every-monday",
        ),
        Need(
            "iam", "PassRole", "arn:aws:iam::123456789012:role/herald-dev-ScheduleRole-1A2B",
            iam_PassedToService="scheduler.amazonaws.com",
        ),
    ),
    "AWS::Scheduler::ScheduleGroup": (
        Need(
            "scheduler", "CreateScheduleGroup GetScheduleGroup ListTagsForResource TagResource DeleteScheduleGroup",
            f"arn:aws:scheduler:{HERE}:schedule-group/herald-dev",
        ),
    ),
}  # fmt: skip
WEB_ACL = f"arn:aws:wafv2:{HERE}:regional/webacl/herald-dev/7c"
WAF: Mapping[str, tuple[Need, ...]] = {
    "AWS::WAFv2::WebACL": (
        Need("wafv2", "CreateWebACL GetWebACL UpdateWebACL ListTagsForResource TagResource DeleteWebACL", WEB_ACL),
        Need("wafv2", "CreateWebACL UpdateWebACL", f"arn:aws:wafv2:{HERE}:regional/managedruleset/AWS/List"),
    ),
    "AWS::WAFv2::WebACLAssociation": (
        Need("wafv2", "AssociateWebACL", WEB_ACL),
        Need(
            "wafv2", "AssociateWebACL DisassociateWebACL GetWebACLForResource", f"{RESTAPI}/a1b2c3/stages/dev",
        ),
        Need("apigateway", "SetWebACL", f"{RESTAPI}/a1b2c3/stages/dev"),
    ),
}  # fmt: skip
LISTS = f"arn:aws:sms-voice:{HERE}:opt-out-list/herald-dev"
PROTECTION = f"arn:aws:sms-voice:{HERE}:protect-configuration/protect-7c"  # AWS gives it an id, and no name.
SENDERS: Mapping[str, tuple[Need, ...]] = {
    "AWS::SMSVOICE::ConfigurationSet": (
        Need("sms-voice", "CreateConfigurationSet"),
        Need(
            "sms-voice", "DescribeConfigurationSets DeleteConfigurationSet TagResource ListTagsForResource "
            "AssociateProtectConfiguration DisassociateProtectConfiguration",
            f"arn:aws:sms-voice:{HERE}:configuration-set/herald-dev",
        ),
        Need("sms-voice", "AssociateProtectConfiguration DisassociateProtectConfiguration", PROTECTION),
    ),
    "AWS::SMSVOICE::OptOutList": (
        Need("sms-voice", "CreateOptOutList"),
        Need("sms-voice", "DescribeOptOutLists DeleteOptOutList TagResource ListTagsForResource", LISTS),
    ),
    "AWS::SMSVOICE::ProtectConfiguration": (
        Need("sms-voice", "CreateProtectConfiguration"),
        Need(
            "sms-voice", "DescribeProtectConfigurations GetProtectConfigurationCountryRuleSet "
            "UpdateProtectConfiguration UpdateProtectConfigurationCountryRuleSet DeleteProtectConfiguration "
            "TagResource ListTagsForResource", PROTECTION,
        ),
    ),
}  # fmt: skip
# By parameter, each with a policy of its own.
ON_DEMAND = {"deployer-waf": WAF, "deployer-endusermessaging": SENDERS}
EVERY = NEEDS | WAF | SENDERS
# What the SAM CLI does itself: a bucket once (a stack of its own), uploads, a change set, its end; and sam delete.
TOOLS = (
    Need(
        "cloudformation", "CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet DescribeStacks "
        "DescribeStackEvents ListStackResources GetTemplate DeleteStack",
        f"arn:aws:cloudformation:{HERE}:stack/herald-dev/7c",
        f"arn:aws:cloudformation:{HERE}:stack/aws-sam-cli-managed-default/7c",
    ),
    Need("cloudformation", "GetTemplateSummary"),
    Need("cloudformation", "CreateChangeSet", "arn:aws:cloudformation:ap-south-1:aws:transform/Serverless-2016-10-31"),
    Need(
        "s3", "CreateBucket PutBucketPolicy GetBucketPolicy PutBucketPublicAccessBlock PutBucketTagging "
        "PutBucketVersioning PutEncryptionConfiguration ListBucket", BUCKET,
    ),
    Need("s3", "PutObject GetObject GetObjectVersion DeleteObject", f"{BUCKET}/herald-dev/1a2b"),
)  # fmt: skip
# What `make receipts` does, by itself; `make deploy` and `make remove` look at less.
RECEIPTS = (
    Need("ssm", "GetParameter", f"arn:aws:ssm:{HERE}:parameter/herald/dev/stack"),
    Need(
        "logs", "CreateLogGroup PutRetentionPolicy DescribeSubscriptionFilters PutSubscriptionFilter "
        "DeleteSubscriptionFilter",
        f"arn:aws:logs:{HERE}:log-group:sns/ap-south-1/123456789012/DirectPublishToPhoneNumber",
        f"arn:aws:logs:{HERE}:log-group:sns/ap-south-1/123456789012/DirectPublishToPhoneNumber/Failure",
    ),
    Need("sns", "GetSMSAttributes SetSMSAttributes"),
    Need("iam", "GetRole CreateRole PutRolePolicy", "arn:aws:iam::123456789012:role/herald-sns-delivery-ap-south-1"),
    Need(
        "iam", "PassRole", "arn:aws:iam::123456789012:role/herald-sns-delivery-ap-south-1",
        iam_PassedToService="sns.amazonaws.com",
    ),
)  # fmt: skip
LOOKS = (Need("lambda", "ListLayerVersions"),)  # `make remove`.
MINE = [*TOOLS, *RECEIPTS, *LOOKS, *(need for needs in NEEDS.values() for need in needs)]
# Actions that AWS gives no resource to.
NO_RESOURCE = {
    "cloudformation:GetTemplateSummary", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData",
    "events:ListRuleNamesByTarget",  # Which rules is what is asked.
    "lambda:GetAccountSettings", "lambda:ListLayerVersions", "logs:DeleteQueryDefinition",
    "logs:DescribeLogGroups", "logs:DescribeQueryDefinitions",
    "logs:PutQueryDefinition", "sms-voice:CreateConfigurationSet", "sms-voice:CreateOptOutList",
    "sms-voice:CreateProtectConfiguration", "sms-voice:DescribeAccountAttributes", "sms-voice:DescribeSpendLimits",
    "sns:GetSMSAttributes", "sns:GetSMSSandboxAccountStatus", "sns:ListOriginationNumbers",
    "sns:ListPhoneNumbersOptedOut", "sns:SetSMSAttributes",
}  # fmt: skip


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def allows(statement: Any, action: str, arn: str, context: Mapping[str, str]) -> bool:
    """Whether a statement allows an action on a resource, as IAM reads it."""
    conditions = [pair for said in statement.get("Condition", {}).values() for pair in said.items()]
    return (
        action in statement["Action"]
        and any(fnmatchcase(arn, pattern) for pattern in listed(statement["Resource"]))
        and all(any(fnmatchcase(context.get(key, ""), each) for each in listed(said)) for key, said in conditions)
    )


def missing(policy: str, needs: Iterator[Need] | list[Need]) -> list[str]:
    """What is needed and not allowed."""
    return [
        f"{action} on {arn}"
        for need in needs
        for arn in need.arns
        for action in need.actions
        if not any(allows(each, action, arn, need.context) for each in POLICIES[policy]["Statement"])
    ]


@pytest.mark.parametrize("kind", sorted({part["Type"] for part in RESOURCES.values()}))
def test_whoever_deploys_may_make_change_and_remove_each_kind_of_resource_in_the_template(kind: str) -> None:
    assert kind in EVERY, f"{kind} is new: what does it need? (NEEDS, and docs/deployer-policy.json)"
    policy = next((name for name, needs in ON_DEMAND.items() if kind in needs), "deployer")
    assert missing(policy, list(EVERY[kind])) == []


def test_whoever_deploys_may_do_what_the_sam_cli_and_make_remove_do_themselves() -> None:
    assert missing("deployer", [*TOOLS, *LOOKS]) == []


def test_no_kind_is_listed_that_the_template_does_not_have() -> None:
    assert set(EVERY) <= {part["Type"] for part in RESOURCES.values()}


def test_whoever_deploys_may_let_sns_write_its_delivery_logs_as_the_command_says_it() -> None:
    said = {
        f"{service}:{action}"
        for service, listed in re.findall(r"(\w+):(\w+(?:, \w+)*)", receipts.NEEDED)
        for action in listed.split(", ")
    }
    assert said == {action for need in RECEIPTS for action in need.actions}
    assert missing("deployer", list(RECEIPTS)) == []


@pytest.mark.parametrize(
    ("policy", "needs"),
    [
        ("deployer", MINE),
        *((name, [each for needs in kinds.values() for each in needs]) for name, kinds in ON_DEMAND.items()),
    ],
    ids=["deployer", *ON_DEMAND],
)
def test_nothing_is_allowed_that_nothing_needs(policy: str, needs: list[Need]) -> None:
    for statement in POLICIES[policy]["Statement"]:
        asked = [(action, arn, need.context) for need in needs for action in need.actions for arn in need.arns]
        used = {action for action, arn, context in asked if allows(statement, action, arn, context)}
        assert set(statement["Action"]) == used, statement["Sid"]
        for pattern in listed(statement["Resource"]):
            only = {**statement, "Resource": pattern}
            assert any(allows(only, *each) for each in asked), f"{statement['Sid']}: nothing is {pattern}"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_names_its_actions_and_this_projects_resources_and_fits_into_iam(policy: str) -> None:
    document = POLICIES[policy]
    assert len(json.dumps(document, separators=(",", ":"))) <= 6144  # IAM's limit of a managed policy.
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+", action) for action in statement["Action"])
        if statement["Resource"] == "*" and "Condition" not in statement:
            assert set(statement["Action"]) <= NO_RESOURCE


# What the commands of who operates call by names of their own; tests/system/test_people.py runs the others.
OPERATED = (
    Need(
        "ssm", "GetParametersByPath DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/herald/dev",
        f"arn:aws:ssm:{HERE}:parameter/herald-keys/dev",
    ),
    Need("sns", "ListPhoneNumbersOptedOut"),
    Need("logs", "FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/herald-dev-api"),
    Need("sms-voice", "DescribeOptedOutNumbers", LISTS, f"arn:aws:sms-voice:{HERE}:opt-out-list/Default"),
)  # fmt: skip


def test_whoever_operates_may_read_awss_lists_and_remove_what_was_written_for_a_stage() -> None:
    assert missing("operator", list(OPERATED)) == []


SENDER = f"arn:aws:sms-voice:{HERE}"
# What `herald doctor` asks beside that, and of what: its checks declare the actions (NEEDS).
LOOKED_AT: Mapping[str, tuple[str, ...]] = {
    "cloudformation:DescribeStacks": (f"arn:aws:cloudformation:{HERE}:stack/herald-dev/7c",),
    "cloudwatch:DescribeAlarms": ("*",),
    "cloudwatch:GetMetricData": ("*",),
    "dynamodb:BatchGetItem": (f"arn:aws:dynamodb:{HERE}:table/herald-dev",),
    "dynamodb:GetItem": (f"arn:aws:dynamodb:{HERE}:table/herald-dev",),
    "events:DescribeRule": (f"arn:aws:events:{HERE}:rule/herald-dev-ReceiptsFunctionTextsFared-1A2B",),
    "events:ListRuleNamesByTarget": ("*",),
    "iam:GetRole": (
        "arn:aws:iam::123456789012:role/herald-dev-ApiRole-1A2B",
        "arn:aws:iam::123456789012:role/herald-sns-delivery-ap-south-1",
    ),
    "lambda:GetAccountSettings": ("*",),
    "lambda:GetFunctionConfiguration": (FUNCTION,),
    "lambda:InvokeFunction": (f"arn:aws:lambda:{HERE}:function:herald-dev-invoke",),
    "lambda:ListLayerVersions": ("*",),
    "logs:DescribeLogGroups": ("*",),
    "logs:DescribeSubscriptionFilters": (f"arn:aws:logs:{HERE}:log-group:sns/ap-south-1/123456789012/DirectPublish",),
    "sms-voice:DescribeAccountAttributes": ("*",),
    "sms-voice:DescribeConfigurationSets": (f"{SENDER}:configuration-set/herald-dev",),
    "sms-voice:DescribeOptedOutNumbers": (LISTS,),
    "sms-voice:DescribePhoneNumbers": (f"{SENDER}:phone-number/phone-7c",),
    "sms-voice:DescribePools": (f"{SENDER}:pool/pool-7c",),
    "sms-voice:DescribeRegistrations": (f"{SENDER}:registration/registration-7c",),
    "sms-voice:DescribeSenderIds": (f"{SENDER}:sender-id/HERALD/IN",),
    "sms-voice:DescribeSpendLimits": ("*",),
    "sms-voice:GetProtectConfigurationCountryRuleSet": (PROTECTION,),
    "sns:GetSMSAttributes": ("*",),
    "sns:GetSMSSandboxAccountStatus": ("*",),
    "sns:ListOriginationNumbers": ("*",),
    "sns:ListPhoneNumbersOptedOut": ("*",),
    "sns:ListSubscriptionsByTopic": (f"arn:aws:sns:{HERE}:herald-dev-alarms",),
    "sqs:GetQueueAttributes": (f"arn:aws:sqs:{HERE}:herald-dev-dead",),
    "ssm:GetParametersByPath": (f"arn:aws:ssm:{HERE}:parameter/herald/dev",),
}
FREE = {"sts:GetCallerIdentity"}  # Nobody needs a permission for it.


def test_whoever_operates_may_ask_what_the_checks_of_doctor_declare_and_no_more_for_its_sake() -> None:
    declared = {action for check in running.found().values() for action in check.NEEDS} | {*sending.NEEDS}
    assert declared - FREE == set(LOOKED_AT)
    needs = [Need(*action.split(":"), *arns) for action, arns in LOOKED_AT.items()]
    assert missing("operator", needs) == []
    for statement in POLICIES["operator"]["Statement"]:
        if statement["Sid"].startswith("Doctor"):
            assert set(statement["Action"]) <= declared


STRANGERS = (
    Need("cloudformation", "DeleteStack UpdateStack", f"arn:aws:cloudformation:{HERE}:stack/shop/7c"),
    Need("dynamodb", "DeleteTable", f"arn:aws:dynamodb:{HERE}:table/orders"),
    Need("iam", "CreateRole PutRolePolicy", "arn:aws:iam::123456789012:role/admin"),
    Need("iam", "PassRole", "arn:aws:iam::123456789012:role/herald-x", iam_PassedToService="ec2.amazonaws.com"),
    Need("lambda", "UpdateFunctionCode InvokeFunction", f"arn:aws:lambda:{HERE}:function:shop"),
    Need("lambda", "DeleteEventSourceMapping", "*", lambda_FunctionArn=f"arn:aws:lambda:{HERE}:function:shop"),
    Need("ssm", "GetParameter PutParameter", f"arn:aws:ssm:{HERE}:parameter/shop/password"),
    Need("s3", "GetObject", "arn:aws:s3:::customers/list.csv"),
    Need("sqs", "DeleteQueue ReceiveMessage", f"arn:aws:sqs:{HERE}:orders"),
)


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_of_anybody_elses_can_be_touched(policy: str) -> None:
    assert len(missing(policy, list(STRANGERS))) == sum(len(need.actions) * len(need.arns) for need in STRANGERS)


def test_whoever_deploys_reads_no_secret_and_no_message() -> None:
    secret = f"arn:aws:ssm:{HERE}:parameter/herald/dev/channels/exotel"
    reads = (
        Need("ssm", "GetParameter GetParameters GetParametersByPath", secret),
        Need("dynamodb", "GetItem Query Scan", f"arn:aws:dynamodb:{HERE}:table/herald-dev"),
        Need("sns", "Publish"),
    )
    assert len(missing("deployer", list(reads))) == 7


def test_the_names_of_the_template_are_this_projects() -> None:
    """What has a name of its own begins with it: then a policy can tell it from anybody else's."""
    named = re.compile(r'"(?:\w*Name|Name)": \{"Fn::Sub": "([^"]+)"\}')
    names = {each for part in RESOURCES.values() for each in named.findall(json.dumps(part["Properties"]))}
    ours = re.compile(r"(/aws/lambda/)?/?herald[-/](\$\{Stage\}|dev)|sns/\$\{AWS::Region\}/")
    assert names
    assert [each for each in names if not ours.match(each)] == []
