"""Amazon SNS's opt-out list: SNS takes a text to who is on it, and sends nothing."""

from collections.abc import Iterator
from itertools import islice

from herald.cli.diagnosis.findings import Finding, ok, several, warning
from herald.cli.diagnosis.look import Look

TITLE = "opt-outs"
NEEDS = ("sns:ListPhoneNumbersOptedOut", "dynamodb:GetItem", "dynamodb:BatchGetItem")
LINK = "docs/opt-outs.md"
MOST = 100


def check(look: Look) -> Iterator[Finding]:
    yield judged(look, look.all_there("sns", "list_phone_numbers_opted_out", "phoneNumbers", "nextToken"))


def judged(look: Look, listed: Iterator[str]) -> Finding:
    """Whether the stage knows of those on a provider's list, as far as the first hundred tell."""
    numbers = list(islice(listed, MOST))
    unknown = sum(not look.here.opted_out(number) for number in numbers)
    shown = f"{'at least ' if len(numbers) == MOST else ''}{several(len(numbers), 'number')} on its list"
    if unknown:
        said = f"{shown}, of which Herald does not know {unknown}: texts to them are taken, and never sent"
        return warning(said, f"herald optouts sync --stage {look.stage}")
    return ok(f"{shown}, all known to Herald" if numbers else "nobody is on its list")
