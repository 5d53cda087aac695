"""End User Messaging's events: whether they reach the stage, and whether the channel's configuration set is there."""

from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, failure, note, ok
from herald.cli.diagnosis.look import Look

TITLE = "events"
NEEDS = ("events:DescribeRule", "events:ListRuleNamesByTarget", "sms-voice:DescribeConfigurationSets")
LINK = "docs/receipts.md"
SERVICE = "pinpoint-sms-voice-v2"


def check(look: Look) -> Iterator[Finding]:
    yield from _rule(look)
    if name := look.values.get("configuration_set"):
        yield _set(look, name)


def _rule(look: Look) -> Iterator[Finding]:
    """The rule on the account's own bus, which hands the events to the stage."""
    reader = look.part("receipts_function")
    names = look.ask("events", "list_rule_names_by_target", TargetArn=reader)["RuleNames"]
    if not names:
        yield failure(
            "no rule hands its events to this stage: texts stay sent, whatever becomes of them",
            f"Deploy again: make deploy STAGE={look.stage}",
        )
        return
    off = [name for name in names if look.ask("events", "describe_rule", Name=name)["State"] == "DISABLED"]
    if len(off) == len(names):
        yield failure(f"the rule {off[0]} is disabled: texts stay sent", f"aws events enable-rule --name {off[0]}")
    else:
        yield ok("its events reach the stage")
    region = look.values.get("region_name", look.here.where.region)
    if region != look.here.where.region or look.values.get("aws_access_key_id"):
        yield note("of another account or region than the stack: its events do not reach the stage by themselves")


def _set(look: Look, name: str) -> Finding:
    sets = look.all_there(SERVICE, "describe_configuration_sets", "ConfigurationSets", "NextToken")
    found = next((each for each in sets if name in (each["ConfigurationSetName"], each["ConfigurationSetArn"])), None)
    if found is None:
        return failure(f"there is no configuration set {name}: texts are refused", "Correct configuration_set.")
    off = [str(each["EventDestinationName"]) for each in found.get("EventDestinations", ()) if not each["Enabled"]]
    if off:
        return note(f"event destinations of {name} that are off: {', '.join(off)}; Herald needs none of them")
    return ok(f"the configuration set {name} is there")
