"""End User Messaging's account: its tier, and what may be spent in a month."""

from collections.abc import Iterator

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.checks.amazonsns_spend import FIRST, judged
from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "account"
NEEDS = ("sms-voice:DescribeAccountAttributes", "sms-voice:DescribeSpendLimits", "cloudwatch:GetMetricData")
LINK = "docs/moving-from-sns.md#what-to-know"
SERVICE = "pinpoint-sms-voice-v2"
TEXTS = "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT"


def check(look: Look) -> Iterator[Finding]:
    try:
        attributes = look.ask_there(SERVICE, "describe_account_attributes")["AccountAttributes"]
    except NotAnswered as error:
        if error.reason not in ("ACCOUNT_DISABLED", "INSUFFICIENT_ACCOUNT_REPUTATION"):
            raise
        yield failure(f"AWS sends nothing for this account: {error.reason}", "Write to AWS Support.")
        return
    tier = {each["Name"]: each["Value"] for each in attributes}.get("ACCOUNT_TIER")
    if tier == "SANDBOX":
        yield warning(
            "the account is in the sandbox: texts to numbers that are not verified are refused",
            "Verify your own phone for a try; for more, request production access in its console.",
        )
    else:
        yield ok(f"tier {tier or 'not told'}")
    yield from _spend(look)


def _spend(look: Look) -> Iterator[Finding]:
    limits = look.ask_there(SERVICE, "describe_spend_limits")["SpendLimits"]
    limit = next((float(each["EnforcedLimit"]) for each in limits if each["Name"] == TEXTS), None)
    if limit is None:
        yield note("AWS tells no spend limit for texts")
        return
    spent = look.month_to_date("AWS/SMSVoice", "TextMessageMonthlySpend")
    mend = "aws pinpoint-sms-voice-v2 set-text-message-spend-limit-override --monthly-limit ..."
    yield judged(limit, spent, mend)
    if limit <= FIRST:
        yield note(
            f"the limit is {limit:g} USD a month, as AWS sets it at first", "Request a higher quota, then raise it."
        )
