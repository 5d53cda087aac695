"""Amazon SNS's spend limit: when it is reached, SNS answers with a message id and sends nothing."""

from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "spend limit"
NEEDS = ("sns:GetSMSAttributes", "cloudwatch:GetMetricData")
LINK = "docs/first-deployment.md#3-sandbox-and-spend-limit"
LIMIT = "MonthlySpendLimit"
FIRST = 1.0  # USD a month, with which AWS begins where nobody set another.
NEAR = 0.8


def check(look: Look) -> Iterator[Finding]:
    said = look.ask_there("sns", "get_sms_attributes")["attributes"].get(LIMIT)
    limit = float(said) if said else FIRST
    spent = look.month_to_date("AWS/SNS", "SMSMonthToDateSpentUSD")
    yield judged(limit, spent, f"aws sns set-sms-attributes --attributes {LIMIT}=...")
    if limit <= FIRST:
        yield note(
            f"the limit is {limit:g} USD a month, as AWS sets it at first: some dozens of texts",
            f"Ask AWS Support for a higher quota, then: aws sns set-sms-attributes --attributes {LIMIT}=50",
        )


def judged(limit: float, spent: float | None, raise_it: str) -> Finding:
    """What a limit and what was spent this month mean, in USD."""
    if spent is None:
        return ok(f"nothing counted this month, of {limit:g} USD")
    said = f"{spent:.2f} of {limit:g} USD were spent this month"
    if spent >= limit:
        return failure(f"{said}: no more texts are sent", f"Raise the limit, up to the account's quota: {raise_it}")
    if spent >= NEAR * limit:
        return warning(f"{said}: soon no texts are sent", f"Raise the limit, up to the account's quota: {raise_it}")
    return ok(said)
