"""Amazon SNS's sandbox: in it, SNS takes texts to any number and sends those to verified numbers only."""

from collections.abc import Iterator

from herald.cli.diagnosis.asking import NotThere
from herald.cli.diagnosis.findings import Finding, failure, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "sandbox"
NEEDS = ("sns:GetSMSSandboxAccountStatus",)
LINK = "docs/first-deployment.md#3-sandbox-and-spend-limit"
REGIONS = "docs/first-deployment.md#a-region-without-texts"


def check(look: Look) -> Iterator[Finding]:
    try:
        boxed = look.ask_there("sns", "get_sms_sandbox_account_status")["IsInSandbox"]
    except NotThere:
        if look.on_the_laptop:
            raise
        region = look.values.get("region_name", look.here.where.region)
        yield failure(
            f"Amazon SNS sends no texts in {region}", "Another region, or another channel: set region_name.", REGIONS
        )
        return
    if boxed:
        yield warning(
            "the account is in the sandbox: a text to a number that is not verified is taken and never sent",
            "Verify your own phone for a try. For more, ask AWS Support to leave the sandbox: console, SNS, Text "
            "messaging; it takes a day or more.",
        )
    else:
        yield ok("the account is out of the sandbox")
