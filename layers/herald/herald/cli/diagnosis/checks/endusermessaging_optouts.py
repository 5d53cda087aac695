"""End User Messaging's opt-out list: whether the one that the channel obeys is there, and Herald knows who is on it."""

from collections.abc import Iterator

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.checks.amazonsns_optouts import judged
from herald.cli.diagnosis.findings import Finding, failure
from herald.cli.diagnosis.look import Look
from herald.providers.endusermessaging import EndUserMessaging

TITLE = "opt-outs"
NEEDS = ("sms-voice:DescribeOptedOutNumbers", "dynamodb:GetItem", "dynamodb:BatchGetItem")
LINK = "docs/opt-outs.md"
SERVICE = "pinpoint-sms-voice-v2"


def check(look: Look) -> Iterator[Finding]:
    asked = EndUserMessaging.opt_outs(look.values).asked
    try:
        yield judged(look, _numbers(look, asked["OptOutListName"]))
    except NotAnswered as error:
        if error.code != "ResourceNotFoundException":
            raise
        yield failure(f"there is no opt-out list {asked['OptOutListName']}", "Correct opt_out_list in the block.")


def _numbers(look: Look, name: str) -> Iterator[str]:
    listed = look.all_there(
        SERVICE, "describe_opted_out_numbers", "OptedOutNumbers", "NextToken", OptOutListName=name
    )  # fmt: skip
    for each in listed:
        yield "+" + str(each["OptedOutNumber"]).removeprefix("+")
