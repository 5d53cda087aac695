"""End User Messaging's senders: numbers, pools and sender ids, and how far their registrations are."""

from collections.abc import Iterator, Mapping
from typing import Any

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "senders"
NEEDS = (
    "sms-voice:DescribePhoneNumbers", "sms-voice:DescribePools", "sms-voice:DescribeSenderIds",
    "sms-voice:DescribeRegistrations",
)  # fmt: skip
LINK = "docs/first-deployment.md#what-is-needed-before-the-first-text-by-country"
SERVICE = "pinpoint-sms-voice-v2"
NUMBER = ("US", "PR")  # Only from a number of the account's own; a sender id is not shown there.
IN_FORCE = "ACTIVE"
STUCK = {"REQUIRES_UPDATES": "AWS wants changes to it", "REQUIRES_AUTHENTICATION": "it waits for your confirmation"}
DLT = ("dlt_entity_id", "dlt_template_id")


class Senders:
    """What the account has. ``names`` are all that a channel may call each of them."""

    def __init__(self, look: Look) -> None:
        self.numbers = list(look.all_there(SERVICE, "describe_phone_numbers", "PhoneNumbers", "NextToken"))
        self.ids = list(look.all_there(SERVICE, "describe_sender_ids", "SenderIds", "NextToken"))
        self.pools = list(look.all_there(SERVICE, "describe_pools", "Pools", "NextToken"))

    def named(self, name: str) -> list[Mapping[str, Any]]:
        """Those that have this name, id or ARN."""
        fields = ("PhoneNumber", "PhoneNumberId", "PhoneNumberArn", "SenderId", "SenderIdArn", "PoolId", "PoolArn")
        every = (*self.numbers, *self.ids, *self.pools)
        return [each for each in every if name in [each.get(field) for field in fields]]


def check(look: Look) -> Iterator[Finding]:
    senders = Senders(look)
    found = [*_own(look, senders), *_countries(look, senders), *_india(look), *_registrations(look)]
    yield from found or [
        ok(f"{len(senders.numbers)} numbers, {len(senders.ids)} sender ids, {len(senders.pools)} pools")
    ]


def _own(look: Look, senders: Senders) -> Iterator[Finding]:
    """The sender that the channel names. A sender id need not be one of the account's in every country."""
    name = next(filter(None, map(look.values.get, ("sender", "origination_identity", "pool_id"))), None)
    if not name:
        yield note(
            "the channel names no sender: AWS chooses one of the account's", "Set pool_id or origination_identity."
        )
        return
    known = senders.named(name)
    if not known and (name[0] == "+" or name.startswith(("pool-", "phone-", "arn:"))):
        yield failure(f"{name} is not in this account and region", "Order it, or correct the channel's block.")
    elif not known:
        yield note(f"{name} is no sender id of the account: right only where a country needs no registration")
    states = [str(each["Status"]) for each in known if each.get("Status", IN_FORCE) != IN_FORCE]
    if states and len(states) == len(known):
        yield failure(f"{name} is {states[0]}, not {IN_FORCE}", "Wait for its registration, or for AWS.")


def _countries(look: Look, senders: Senders) -> Iterator[Finding]:
    active = {each["IsoCountryCode"] for each in senders.numbers if each["Status"] == IN_FORCE}
    lacking = [country for country in look.reached(NUMBER) if country not in active]
    if lacking:
        said = f"{', '.join(lacking)}: no number that is {IN_FORCE}, so texts there are refused"
        mend = "Request one and register its use: days to weeks."
        yield note(said, mend) if look.everywhere else failure(said, mend)


def _india(look: Look) -> Iterator[Finding]:
    given = [name for name in DLT if look.values.get(name)]
    if "IN" in look.reached() and len(given) == 1:
        missing = next(name for name in DLT if name not in given)
        yield warning(f"IN: without {missing} texts take the international route", f"Set {missing} in the block.")


def _registrations(look: Look) -> Iterator[Finding]:
    for each in look.all_there(SERVICE, "describe_registrations", "Registrations", "NextToken"):
        if why := STUCK.get(each["RegistrationStatus"]):
            said = f"registration {each['RegistrationId']} ({each['RegistrationType']}): {why}"
            yield warning(said, "Console, End User Messaging, Registrations.")
