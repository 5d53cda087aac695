"""Amazon SNS's delivery logs: whether SNS writes them, all of them, and this stage reads them."""

from collections.abc import Iterator

from herald.aws import delivery_logs as log
from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "delivery logs"
NEEDS = ("sns:GetSMSAttributes", "iam:GetRole", "logs:DescribeSubscriptionFilters")
LINK = "docs/first-deployment.md#9-receipts"
ALL = "100"


def check(look: Look) -> Iterator[Finding]:
    mend = f"herald receipts enable --stage {look.stage}"
    if _elsewhere(look):
        yield note("of another account or region than the stack: its texts stay sent, their receipts are not read")
        return
    if not look.on_the_laptop:  # The laptop's carrier plays SNS, and always writes.
        attributes = look.ask_there("sns", "get_sms_attributes")["attributes"]
        if not (role := attributes.get(log.ROLE)):
            yield note("SNS writes no delivery logs: every text stays sent, whatever becomes of it", mend)
            return
        yield from _writes(look, role, attributes.get(log.RATE, "0"), mend)
    yield from _read(look, mend)


def _writes(look: Look, role: str, rate: str, mend: str) -> Iterator[Finding]:
    name = role.rpartition("/")[2]
    try:
        look.ask("iam", "get_role", RoleName=name)
    except NotAnswered as error:
        if error.code != "NoSuchEntity":
            raise
        yield failure(f"SNS writes nothing: its role {name} does not exist any more", f"{mend} --replace")
        return
    if rate != ALL:
        yield warning(f"SNS writes down {rate} % of what was delivered: the others stay sent", mend)
    else:
        yield ok(f"SNS writes all of it, by the role {name}")


def _read(look: Look, mend: str) -> Iterator[Finding]:
    reader = look.part("receipts_function")
    unread = []
    for group in log.place(reader).groups():
        readers = _readers(look, group)
        if log.name(look.stage) not in readers:
            unread.append(group)
        elif readers[log.name(look.stage)] != reader:
            yield failure(f"{group} is handed to another function than this stage's", mend)
    if unread:
        yield note(f"this stage does not read {', '.join(unread)}", mend)
    else:
        yield ok("this stage reads both log groups")


def _readers(look: Look, group: str) -> dict[str, str]:
    try:
        found = look.ask("logs", "describe_subscription_filters", logGroupName=group)["subscriptionFilters"]
    except NotAnswered as error:
        if error.code != "ResourceNotFoundException":
            raise
        return {}
    return {each["filterName"]: each["destinationArn"] for each in found}


def _elsewhere(look: Look) -> bool:
    region = look.values.get("region_name", look.here.where.region)
    return region != look.here.where.region or bool(look.values.get("aws_access_key_id"))
