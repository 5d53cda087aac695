"""End User Messaging's protect configuration: countries that it blocks though the stage's settings allow them."""

from collections.abc import Iterator

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.findings import Finding, failure, note, ok
from herald.cli.diagnosis.look import Look

TITLE = "protection"
NEEDS = (
    "sms-voice:DescribeAccountAttributes", "sms-voice:DescribeConfigurationSets",
    "sms-voice:GetProtectConfigurationCountryRuleSet",
)  # fmt: skip
LINK = "docs/limits.md"
SERVICE = "pinpoint-sms-voice-v2"
DEFAULT = "DEFAULT_PROTECT_CONFIGURATION_ID"


def check(look: Look) -> Iterator[Finding]:
    if not (identity := _in_force(look)):
        yield ok("no protect configuration: AWS blocks no country")
        return
    try:
        rules = look.ask_there(
            SERVICE,
            "get_protect_configuration_country_rule_set",
            ProtectConfigurationId=identity,
            NumberCapability="SMS",
        )["CountryRuleSet"]
    except NotAnswered as error:
        if error.code != "ResourceNotFoundException":
            raise
        yield failure(f"there is no protect configuration {identity}", "Correct protect_configuration in the block.")
        return
    blocked = {country for country, rule in rules.items() if rule["ProtectStatus"] == "BLOCK"}
    if meant := [country for country in look.reached() if country in blocked]:
        yield failure(
            f"{identity} blocks {', '.join(meant)}, which the settings allow: texts there are refused",
            "Allow them in the protect configuration, or take them out of countries.",
        )
    elif blocked and look.everywhere:
        yield note(f"{identity} blocks {len(blocked)} countries; the settings allow all")
    else:
        yield ok(f"{identity} blocks no country that the stage texts")


def _in_force(look: Look) -> str | None:
    """The channel's own, else its configuration set's, else the account's."""
    if own := look.values.get("protect_configuration"):
        return own
    if name := look.values.get("configuration_set"):
        for each in look.all_there(SERVICE, "describe_configuration_sets", "ConfigurationSets", "NextToken"):
            if each["ConfigurationSetName"] == name and each.get("ProtectConfigurationId"):
                return str(each["ProtectConfigurationId"])
    attributes = look.ask_there(SERVICE, "describe_account_attributes")["AccountAttributes"]
    return next((str(each["Value"]) for each in attributes if each["Name"] == DEFAULT), None)
