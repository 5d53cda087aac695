"""Who may do what, as the template says it. tests/system/test_permissions.py holds each action against its purpose."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.entrypoints.api.routes import METHODS as METHODS_OF_PATHS
from herald.journal.health import HEALTH
from herald.journal.item import pk_of
from herald.journal.lists import TROUBLED
from herald.keys.grant import Grant
from herald.keys.key import create, granted
from herald.providers.amazonsns import AmazonSNS
from tests.house import ROOT
from tests.house.test_template import FAILED, FUNCTIONS, METHODS, RESOURCES, TEMPLATE, holds, of_type

ROLES = {name.removesuffix("Function"): f"{name.removesuffix('Function')}Role" for name in FUNCTIONS}
PARAMETER = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
PARAMETERS, KEYS = f"{PARAMETER}/herald/${{Stage}}", f"{PARAMETER}/herald-keys/${{Stage}}"
TABLE, QUEUE = {"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::GetAtt": ["Queue", "Arn"]}
# What AWS documents that Lambda needs to read a queue, or a table's stream.
OF_A_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
OF_A_STREAM = {f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")}


def statements(document: Any) -> dict[str, Any]:
    """The statements of a policy, by Sid."""
    return {each["Sid"]: each for each in document["Statement"]}


def own(function: str) -> dict[str, Any]:
    """What a function's own policy says."""
    (policy,) = RESOURCES[ROLES[function]]["Properties"]["Policies"]
    assert policy["PolicyName"] == function.lower()
    return statements(policy["PolicyDocument"])


USE = statements(RESOURCES["UsePolicy"]["Properties"]["PolicyDocument"])
ALL = [(function, sid, each) for function in ROLES for sid, each in own(function).items()]
ALL += [("Use", sid, each) for sid, each in USE.items()]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("function", sorted(ROLES))
def test_each_function_has_a_role_of_its_own_that_lambda_alone_takes_on(function: str) -> None:
    assert FUNCTIONS[f"{function}Function"]["Role"] == {"Fn::GetAtt": [ROLES[function], "Arn"]}
    (trust,) = RESOURCES[ROLES[function]]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")


def test_a_role_has_no_policy_that_aws_wrote_and_only_the_entry_points_for_callers_have_the_callers() -> None:
    shared = {function: RESOURCES[role]["Properties"].get("ManagedPolicyArns") for function, role in ROLES.items()}
    callers = {"Api": [{"Ref": "UsePolicy"}], "Invoke": [{"Ref": "UsePolicy"}]}
    assert {function: policies for function, policies in shared.items() if policies} == callers


@pytest.mark.parametrize(("function", "sid", "statement"), ALL, ids=[" ".join(each[:2]) for each in ALL])
def test_a_permission_names_its_actions_and_its_resources(function: str, sid: str, statement: Any) -> None:
    for action in listed(statement["Action"]):
        assert re.fullmatch(r"[a-z-]+:[A-Za-z]+", action)
    if sid not in ("TextsToPhones", "TextsByEndUserMessaging"):  # A phone number is no resource.
        assert "*" not in listed(statement["Resource"])


TOPICS = {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}


def test_who_may_text_phones_may_publish_to_no_topic() -> None:
    publish = [policy for policy in (USE, *map(own, ROLES)) if "TextsToPhones" in policy]
    assert len(publish) == 2
    for policy in publish:
        allowed = {"Sid": "TextsToPhones", "Effect": "Allow", "Action": "sns:Publish", "NotResource": TOPICS}
        assert policy["TextsToPhones"] == allowed
    denied = {"Sid": "NothingToTopics", "Effect": "Deny", "Action": "sns:Publish", "Resource": TOPICS}
    assert {name for name in ROLES if own(name).get("NothingToTopics") == denied} == {"Api", "Invoke", "Worker"}
    of_roles = {name: part for name, part in RESOURCES.items() if part["Type"].startswith("AWS::IAM::")}
    assert json.dumps(of_roles).count('"sns:Publish"') == 5


def test_the_policy_for_your_own_functions_takes_nothing_away_from_them() -> None:
    """A Deny in it would win over whatever else the function's role allows."""
    assert {each["Effect"] for each in USE.values()} == {"Allow"}


def test_who_may_text_phones_may_do_so_by_end_user_messaging_too_and_do_nothing_else_there() -> None:
    """SNS sends by it in the name of who publishes; a request without a number of its own has no resource."""
    may = {"Sid": "TextsByEndUserMessaging", "Effect": "Allow", "Action": "sms-voice:SendTextMessage", "Resource": "*"}
    for policy in (USE, *map(own, ROLES)):
        assert policy.get("TextsByEndUserMessaging") == (may if "TextsToPhones" in policy else None)
    assert json.dumps(RESOURCES).count('"sms-voice:') == 2


@pytest.mark.parametrize("function", sorted(ROLES))
def test_a_function_writes_its_own_log_alone(function: str) -> None:
    logs = own(function)["Logs"]
    assert set(logs["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert logs["Resource"] == {"Fn::GetAtt": [f"{function}Logs", "Arn"]}


def test_lambda_may_read_for_a_function_what_wakes_it_and_keep_what_failed() -> None:
    triggers = {function: own(function)["Trigger"] for function in ROLES if "Trigger" in own(function)}
    assert {function: set(each["Action"]) for function, each in triggers.items()} == {
        "Worker": OF_A_QUEUE,
        "Announce": OF_A_STREAM,
    }
    assert triggers["Worker"]["Resource"] == QUEUE
    assert triggers["Announce"]["Resource"] == {"Fn::Sub": "${Table.Arn}/stream/*"}
    keeping = {function: own(function)["WhatFailed"] for function in ROLES if "WhatFailed" in own(function)}
    assert keeping.keys() == {"Invoke", "Receipts", "Announce"}
    for each in keeping.values():
        assert (each["Action"], each["Resource"]) == ("sqs:SendMessage", FAILED)


def test_who_announces_writes_no_message_of_the_table_and_reads_none() -> None:
    may = {sid: each for sid, each in own("Announce").items() if "dynamodb" in json.dumps(each["Action"])}
    assert may.keys() == {"Trigger", "WhatItSees"}
    assert (may["WhatItSees"]["Action"], may["WhatItSees"]["Resource"]) == ("dynamodb:UpdateItem", TABLE)
    # The local engine knows no such key, and lets it pass; in AWS each UpdateItem has one.
    keys = {"dynamodb:LeadingKeys": [HEALTH, f"{TROUBLED}*"]}
    assert may["WhatItSees"]["Condition"] == {"ForAllValues:StringLike": keys}
    assert not pk_of("msg_1").startswith((HEALTH, TROUBLED))


def test_the_role_that_is_handed_over_goes_to_the_scheduler_alone() -> None:
    handed = USE["ScheduleRole"]
    assert (handed["Action"], handed["Resource"]) == ("iam:PassRole", {"Fn::GetAtt": ["ScheduleRole", "Arn"]})
    assert handed["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    assert json.dumps(RESOURCES).count("iam:PassRole") == 1


def below(*paths: str) -> list[dict[str, str]]:
    """What it takes to read these paths: each, and what is below it, are resources of their own."""
    return [{"Fn::Sub": f"{path}{end}"} for path in paths for end in ("", "/*")]


def test_a_stage_reads_its_own_parameters_and_the_lock_only_the_keys() -> None:
    for _, sid, each in ALL:
        if sid == "Settings":
            assert each["Resource"] == below(PARAMETERS)
    assert own("Authorize").keys() == {"Logs", "Keys"}
    assert own("Authorize")["Keys"]["Resource"] == below(KEYS, f"{PARAMETERS}/keys")
    assert USE["HashKeyOfAFreshStack"]["Resource"] == {"Fn::Sub": f"{PARAMETERS}/hash-key"}


def test_the_keys_are_read_by_the_lock_and_by_who_takes_up_what_waited_and_by_nobody_else() -> None:
    assert [function for function, _, each in ALL if "/herald-keys" in json.dumps(each)] == [
        "Authorize",
        "Invoke",
        "Worker",
    ]
    for function in ("Invoke", "Worker"):
        assert own(function)["Keys"]["Resource"] == below(KEYS)
    # Reading a path is reading all that is below it, so the keys are not below the settings.
    assert not KEYS.startswith(f"{PARAMETERS}/")


def test_of_parameters_no_function_may_do_more_than_read_and_who_sends_makes_the_hash_key() -> None:
    may = {(function, sid): each["Action"] for function, sid, each in ALL if "ssm:" in json.dumps(each["Action"])}
    assert {where: action for where, action in may.items() if action != "ssm:GetParametersByPath"} == {
        ("Use", "HashKeyOfAFreshStack"): "ssm:PutParameter"
    }


def test_only_the_sweep_may_ask_what_is_due_and_nobody_may_read_all() -> None:
    asks = [function for function, _, each in ALL if "/index/due" in json.dumps(each)]
    assert asks == ["Sweep"]
    assert "dynamodb:Scan" not in json.dumps(RESOURCES)


def test_schedules_are_made_for_messages_of_this_stage_alone() -> None:
    assert USE["Schedules"]["Resource"]["Fn::Sub"].endswith(":schedule/herald-${Stage}/msg_*")


# ---- the entry points


PATHS: dict[str, Any] = RESOURCES["Api"]["Properties"]["Body"]["paths"]
PAGES = {"/", "/health", "/openapi.json"}
# Whatever no other path is: the function says that there is no such page.
ELSE = "/{proxy+}"


def test_a_request_needs_a_key_unless_anybody_may_ask_or_its_path_proves_it() -> None:
    keyless = {path for path, methods in PATHS.items() if "security" not in methods["get"]}
    assert {"/messages", "/messages/{id}", "/recipients/{number}", "/channels"} <= PATHS.keys()
    tokens = {"/receipts/{channel}/{token}", "/inbound/{channel}/{token}"}
    assert keyless == {*PAGES, ELSE, *tokens}
    for path in PATHS.keys() - keyless:
        assert {method: PATHS[path][method]["security"] for method in METHODS} == {
            method: [{"ApiKey": []}] for method in METHODS
        }


def test_every_path_has_every_method_or_another_would_answer_for_it_without_a_key() -> None:
    """What a path does not declare goes to the greedy one, which asks for no key."""
    assert {path: methods.keys() for path, methods in PATHS.items()} == dict.fromkeys(PATHS, METHODS)


def test_a_page_that_does_not_exist_is_said_by_the_function_so_that_no_header_is_taken_for_a_signature() -> None:
    """API Gateway answers with 403 otherwise, and repeats what stands in Authorization: the key."""
    assert PATHS[ELSE] == PATHS["/health"]
    assert ELSE not in METHODS_OF_PATHS
    refusals = RESOURCES["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    for kind in ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "RESOURCE_NOT_FOUND"):
        assert int(refusals[kind]["statusCode"]) == 404


def test_what_people_write_comes_in_as_receipts_do() -> None:
    paths = RESOURCES["Api"]["Properties"]["Body"]["paths"]
    assert paths["/inbound/{channel}/{token}"] == paths["/receipts/{channel}/{token}"]


def test_a_revoked_key_is_dead_after_five_minutes() -> None:
    from herald.settings.records import KEYS_KEEP_SECONDS

    lock = RESOURCES["Api"]["Properties"]["Body"]["components"]["securitySchemes"]["ApiKey"]
    kept: int = lock["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"]
    assert kept + KEYS_KEEP_SECONDS <= 300


def throttles() -> dict[tuple[str, str], tuple[int, int]]:
    """Requests a second, and at once, by path and method as API Gateway writes them."""
    return {
        (each["ResourcePath"], each["HttpMethod"]): (each["ThrottlingRateLimit"], each["ThrottlingBurstLimit"])
        for each in RESOURCES["ApiStage"]["Properties"]["MethodSettings"]
    }


def test_the_stage_takes_no_more_requests_than_its_throttle_and_no_page_of_another_site_may_ask() -> None:
    assert throttles()["/*", "*"] == (100, 200)
    assert "Access-Control-Allow" not in json.dumps(TEMPLATE)


def test_where_anybody_may_ask_a_tenth_is_taken() -> None:
    """A throttle is for each method of each path: those of the paths that need no key are said one by one."""
    written = {path: path if path == "/" else f"/~1{path[1:].replace('/', '~1')}" for path in PAGES | {ELSE}}
    slow = {(path, method.upper()) for path in written.values() for method in METHODS}
    assert throttles() == dict.fromkeys(slow, (10, 20)) | {("/*", "*"): (100, 200)}


def test_who_is_throttled_is_told_by_how_much() -> None:
    (fast, _), (slow, _) = throttles()["/*", "*"], throttles()["/", "GET"]
    said = problem("THROTTLED")["detail"]
    assert f"of each method of a path, {fast} a second, or {slow} on the pages" in said


GATEWAY: dict[str, Any] = RESOURCES["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]


def problem(kind: str) -> dict[str, Any]:
    """What API Gateway says by itself."""
    said: dict[str, Any] = json.loads(GATEWAY[kind]["responseTemplates"]["application/json"])
    return said


@pytest.mark.parametrize("kind", GATEWAY)
def test_what_the_gateway_says_by_itself_is_a_problem_too(kind: str) -> None:
    contract = json.loads(ROOT.joinpath("functions/api/openapi.json").read_text(encoding="utf-8"))
    said, schema = problem(kind), contract["components"]["schemas"]["Problem"]
    assert said.keys() == schema["properties"].keys()
    assert said["status"] == int(GATEWAY[kind]["statusCode"])
    assert re.fullmatch(schema["properties"]["code"]["pattern"], said["code"])
    assert said["type"] == f"urn:herald:problem:{said['code']}"
    kinds = GATEWAY[kind]["responseParameters"]["gatewayresponse.header.Content-Type"]
    assert kinds == "'application/problem+json'"


def test_the_gateway_repeats_nothing_of_a_request() -> None:
    """Its own sentences do: of a header Authorization that it takes for a signature."""
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(GATEWAY)
    told = set(re.findall(r"\$context\.[\w.]+", json.dumps(GATEWAY)))
    assert told == {"$context.requestId", "$context.error.responseType"}


@pytest.mark.parametrize("kind", [kind for kind in GATEWAY if problem(kind)["status"] >= 500])
def test_what_may_follow_a_text_that_was_sent_is_not_to_be_repeated_blindly(kind: str) -> None:
    said = problem(kind)
    before_the_function = kind.startswith("AUTHORIZER_")
    assert said["retryable"] is before_the_function
    assert ("Nothing was done" in said["detail"]) is before_the_function
    assert ("Look the message up before you repeat it, unless" in said["hint"]) is not before_the_function


EXPRESSION = RESOURCES["Api"]["Properties"]["Body"]["components"]["securitySchemes"]["ApiKey"][
    "x-amazon-apigateway-authorizer"
]["identityValidationExpression"]
A_KEY = create(Grant("shop"))


@given(
    st.one_of(
        st.text(st.characters(min_codepoint=9, max_codepoint=126, exclude_categories=["Cc"], include_characters="\t")),
        st.builds(
            lambda *parts: "".join(parts),
            st.sampled_from(["", " ", "\t", "x"]),
            st.sampled_from(["Bearer", "bearer", "BEARER", "bEaReR", "Basic", "Bear", "", "Bearer Bearer"]),
            st.sampled_from(["", " ", "  ", " \t ", "\t", "\t ", ","]),
            st.sampled_from([A_KEY.key, A_KEY.key[:-1], A_KEY.key + "x", A_KEY.key.upper(), f"{A_KEY.key} x", ""]),
            st.sampled_from(["", " ", " \t", ",", "="]),
        ),
    )
)
def test_what_the_gateway_refuses_unasked_is_what_the_authorizer_would_not_read_as_a_key(authorization: str) -> None:
    if granted(authorization, {"shop": A_KEY.record}):
        assert re.search(EXPRESSION, authorization)
    elif re.search(EXPRESSION, authorization):
        assert re.search(r"hk_(live|test)_[A-Za-z0-9]{40}\s*$", authorization)
        assert A_KEY.key not in authorization


def test_whoever_has_a_key_may_write_it_as_ever() -> None:
    for said in (f"Bearer {A_KEY.key}", f" bearer  {A_KEY.key} ", f"BEARER \t{A_KEY.key}\t"):
        assert granted(said, {"shop": A_KEY.record})
        assert re.search(EXPRESSION, said)


# ---- what is encrypted, and what is optional


def test_queues_are_encrypted_and_answer_over_tls_alone() -> None:
    for name, queue in of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
    policies = of_type("AWS::SQS::QueuePolicy")
    assert sorted(queue["Ref"] for policy in policies.values() for queue in policy["Queues"]) == sorted(
        of_type("AWS::SQS::Queue")
    )
    (plain,) = policies["QueuesOverTls"]["PolicyDocument"]["Statement"]
    assert (plain["Effect"], plain["Principal"]) == ("Deny", "*")
    assert plain["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    kept = {"Fn::If": ["OverTlsAlone", plain, {"Ref": "AWS::NoValue"}]}
    assert policies["EventsMayFail"]["PolicyDocument"]["Statement"][0] == kept
    assert not holds(TEMPLATE["Conditions"]["OverTlsAlone"], Stage="local")
    assert holds(TEMPLATE["Conditions"]["OverTlsAlone"], Stage="prod")


def test_secrets_are_in_no_parameter_of_the_stack_and_in_no_environment() -> None:
    words = ("Secret", "Token", "Password", "Key")
    assert not [name for name in TEMPLATE["Parameters"] if name.endswith(words)]
    for function in FUNCTIONS.values():
        assert not [name for name in function["Environment"]["Variables"] if name.upper().endswith(("KEY", "TOKEN"))]


@pytest.mark.parametrize(("chosen", "on"), [("off", False), ("on", True)])
def test_the_wall_stands_before_the_api_only_if_somebody_wants_it(chosen: str, on: bool) -> None:
    assert TEMPLATE["Parameters"]["Waf"]["Default"] == "off"
    assert holds(TEMPLATE["Conditions"]["WafIsOn"], Waf=chosen) == on
    assert {RESOURCES[name]["Condition"] for name in ("Wall", "WallBeforeApi")} == {"WafIsOn"}
    rules = {rule["Name"]: rule for rule in RESOURCES["Wall"]["Properties"]["Rules"]}
    assert rules["too-many"]["Statement"]["RateBasedStatement"]["Limit"] == {"Ref": "WafLimit"}
    assert RESOURCES["Wall"]["Properties"]["Scope"] == "REGIONAL"


def spared(path: str) -> bool:
    """Whether the wall does not count a request for its address."""
    rate = RESOURCES["Wall"]["Properties"]["Rules"][0]["Statement"]["RateBasedStatement"]
    shape = rate["ScopeDownStatement"]["NotStatement"]["Statement"]["RegexMatchStatement"]
    assert shape["FieldToMatch"] == {"UriPath": {}}
    return bool(re.search(shape["RegexString"], path))


@pytest.mark.parametrize("base", ["/dev", "/prod-2", "", "/sms"])
def test_the_wall_counts_no_callback_of_a_provider_and_everything_else(base: str) -> None:
    """A path is seen with its stage, or at a domain of its own with that's base path, or with none."""
    for path in PATHS:
        asked = base + re.sub(r"\{\w+\+?\}", "exotel", path)
        assert spared(asked) == path.startswith(("/receipts/", "/inbound/")), asked
    assert not spared(f"{base}/receipts/")


def test_the_wall_spares_a_server_that_sends_as_fast_as_amazon_sns_takes_texts_and_looks_each_up() -> None:
    texts = 300 * int(AmazonSNS.rate.removesuffix("/s"))
    assert TEMPLATE["Parameters"]["WafLimit"]["Default"] == 2 * texts
    assert TEMPLATE["Parameters"]["WafLimit"]["Default"] < 300 * throttles()["/*", "*"][0]


def test_concurrency_is_reserved_only_if_somebody_says_how_much() -> None:
    assert TEMPLATE["Parameters"]["ReservedConcurrency"]["Default"] == 0
    reserved = {name: part.get("ReservedConcurrentExecutions") for name, part in FUNCTIONS.items()}
    chosen = {"Fn::If": ["ConcurrencyIsReserved", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
    assert {name: value for name, value in reserved.items() if value} == {"ApiFunction": chosen}
