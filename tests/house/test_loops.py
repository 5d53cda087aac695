"""What feeds itself is allowed to: after 16 rounds Lambda would drop what a function puts back for itself."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from herald.aws.bus import Bus
from herald.journal.health import COUNTED, HEALTH, TURNED
from herald.journal.lists import TROUBLED
from herald.journal.observed import Drift
from herald.message.status import Status
from herald.pipeline.announce.announcer import Announcer
from herald.testing.outbox import Outbox
from tests.house import ROOT
from tests.house.test_imports import inner_imports
from tests.house.test_template import RESOURCES, target
from tests.pipeline.announce.test_announcer import Bridge
from tests.pipeline.announce.test_watch import moves

Resources = dict[str, Any]
# What puts something where it may wake a function. Whoever may make a schedule chooses what it invokes.
WRITES = {
    "sqs:SendMessage",
    "events:PutEvents",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "scheduler:CreateSchedule",
    "lambda:InvokeFunction",
    "sns:PublishBatch",
    "s3:PutObject",
}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(resources: Resources, value: Any) -> set[str]:
    """The resources of the template that a value names, by reference or as their names are written."""
    text = json.dumps(value)
    found = {name for name in resources if f'"{name}"' in text or f"${{{name}" in text}
    for name, part in resources.items():
        called = part["Properties"].get("FunctionName") if part["Type"] == "AWS::Lambda::Function" else None
        if called and text.rstrip('"}').endswith(f":function:{called['Fn::Sub']}"):
            found.add(name)
    return found


def statements(resources: Resources, role: str) -> Iterator[Any]:
    """All that a role may do: by its own policies, and by those that are attached to it."""
    properties = resources[role]["Properties"]
    attached = [resources[each["Ref"]]["Properties"] for each in properties.get("ManagedPolicyArns", [])]
    for policy in [*properties.get("Policies", []), *attached]:
        yield from policy["PolicyDocument"]["Statement"]


def written(resources: Resources, role: str) -> set[str]:
    """The resources that a role may put something into; what it may hand to a role of its own counts as its own."""
    found: set[str] = set()
    for each in statements(resources, role):
        if each["Effect"] == "Allow" and WRITES & set(listed(each["Action"])):
            found |= named(resources, each["Resource"])
            if "scheduler:CreateSchedule" in listed(each["Action"]):
                found |= written(resources, "ScheduleRole")
    return found


def triggers(resources: Resources) -> dict[str, set[str]]:
    """Which functions something wakes that is put into a resource."""
    found: dict[str, set[str]] = {}
    for part in resources.values():
        properties = part["Properties"]
        if part["Type"] == "AWS::Lambda::EventSourceMapping":
            pairs = [(properties["EventSourceArn"], properties["FunctionName"])]
        elif part["Type"] == "AWS::Events::Rule":
            pairs = [(properties.get("EventBusName"), each["Arn"]) for each in properties["Targets"]]
        elif part["Type"] == "AWS::SNS::Subscription":
            pairs = [(properties["TopicArn"], properties["Endpoint"])]
        else:
            pairs = []
        for source, woken in pairs:
            for name in named(resources, source):
                found.setdefault(name, set()).update(named(resources, woken))
    functions = {name for name, part in resources.items() if part["Type"] == "AWS::Lambda::Function"}
    return found | {name: {name} for name in functions}


def loops(resources: Resources) -> set[str]:
    """The functions that can wake themselves, through whatever else."""
    woken, functions = triggers(resources), {}
    for name, part in resources.items():
        if part["Type"] == "AWS::Lambda::Function":
            (role,) = named(resources, part["Properties"]["Role"])
            functions[name] = set().union(*(woken.get(each, set()) for each in written(resources, role)))
    reached = {name: set(after) for name, after in functions.items()}
    for _ in functions:
        # What is woken may be a topic, which wakes others.
        further = {each: reached.get(each, woken.get(each, set())) for each in set().union(*reached.values())}
        reached = {name: after.union(*(further[each] for each in after)) for name, after in reached.items()}
    return {name for name, after in reached.items() if name in after}


def test_every_function_that_can_feed_its_own_trigger_may_go_round_as_often_as_it_has_to() -> None:
    """``Terminate``, the default, drops the next invocation after 16 (Lambda's guide, recursive loop detection)."""
    functions = {name: part for name, part in RESOURCES.items() if part["Type"] == "AWS::Lambda::Function"}
    allowed = {name for name, part in functions.items() if part["Properties"].get("RecursiveLoop") == "Allow"}
    assert loops(RESOURCES) == {"WorkerFunction", "AnnounceFunction", "InvokeFunction"}
    assert allowed == loops(RESOURCES)


def test_each_way_round_would_be_found() -> None:
    """By a queue, a bus, a stream, another function and a schedule."""
    alone = deepcopy(RESOURCES)
    for mapping in ("WorkerFunctionQueued", "AnnounceFunctionWritten", "InvokeFunctionSmsRequested"):
        del alone[mapping]
    assert loops(alone) == {"InvokeFunction"}  # By a schedule.
    receipts = {"FunctionName": {"Ref": "ReceiptsFunction"}}
    queue = {**receipts, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    table = {**receipts, "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]}}
    for source in (queue, table):
        more = {**alone, "More": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": source}}
        assert loops(more) == {"InvokeFunction", "ReceiptsFunction"}
    rule = {"EventBusName": {"Ref": "Bus"}, "Targets": [{"Arn": {"Fn::GetAtt": ["AnnounceFunction", "Arn"]}}]}
    more = {**alone, "More": {"Type": "AWS::Events::Rule", "Properties": rule}}
    assert loops(more) == {"InvokeFunction", "AnnounceFunction"}
    may = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": {"Fn::GetAtt": ["SweepFunction", "Arn"]}}
    alone["SweepRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(may)
    assert loops(alone) == {"InvokeFunction", "SweepFunction"}


def test_no_event_that_herald_puts_on_its_bus_wakes_the_function_that_takes_requests() -> None:
    assert target("InvokeFunctionSmsRequested")["Arn"] == {"Fn::GetAtt": ["InvokeFunction", "Arn"]}
    asked = RESOURCES["InvokeFunctionSmsRequested"]["Properties"]["EventPattern"]
    assert asked == {"detail-type": ["SMS Requested"]}
    assert not {f"SMS {status.title()}" for status in Status} & set(asked["detail-type"])


def test_what_the_announcing_function_counts_in_the_table_does_not_wake_it() -> None:
    """Only another state of a breaker, and a move, pass the filter; told of a move it writes nothing. And the items of
    callers have no status.
    """
    filters = RESOURCES["AnnounceFunctionWritten"]["Properties"]["FilterCriteria"]["Filters"]
    wanted = [json.loads(each["Pattern"])["dynamodb"]["NewImage"] for each in filters]
    (of_health,) = [each for each in wanted if "pk" in each]
    assert of_health == {"pk": {"S": [HEALTH]}, "by": {"S": [TURNED]}}
    assert all("status" in each for each in wanted if each is not of_health)  # Which this item never has.
    assert COUNTED != TURNED
    (policy,) = RESOURCES["AnnounceRole"]["Properties"]["Policies"]
    may = [each for each in policy["PolicyDocument"]["Statement"] if "dynamodb:UpdateItem" in listed(each["Action"])]
    keys = {"dynamodb:LeadingKeys": [HEALTH, f"{TROUBLED}*"]}
    assert [each["Condition"] for each in may] == [{"ForAllValues:StringLike": keys}]
    box, bus = Outbox(), Bus(Bridge(), "herald-test")
    assert Announcer(box, lambda: bus).announce([moves(None, Drift(10, 1.0, "late"))]) == []
    assert (box.health_item.writes, box.journal.ended_badly) == (0, {})
    assert inner_imports("pipeline.announce.watch") & {"pipeline.health.breaker", "pipeline.health.channels"} == set()


def test_the_docs_say_what_ends_each_loop() -> None:
    page = ROOT.joinpath("docs/how-it-works.md").read_text(encoding="utf-8")
    part = page.partition("## Loops")[2].partition("\n## ")[0]
    assert all(f"`{name.removesuffix('Function').lower()}`" in part for name in loops(RESOURCES))
