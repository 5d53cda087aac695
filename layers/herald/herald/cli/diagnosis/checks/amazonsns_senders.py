"""Amazon SNS's senders: whether there is what the countries that the stage texts ask for."""

from collections.abc import Iterator, Mapping
from typing import Any

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "senders"
NEEDS = ("sns:ListOriginationNumbers",)
LINK = "docs/first-deployment.md#what-is-needed-before-the-first-text-by-country"
# SNS texts these from a number of the account's own only (AWS, since August 31, 2023; read November 2026).
NUMBER = ("US", "PR")
IN_FORCE = "ACTIVE"
DLT = ("sender", "dlt_entity_id", "dlt_template_id")


def check(look: Look) -> Iterator[Finding]:
    numbers = list(look.all_there("sns", "list_origination_numbers", "PhoneNumbers", "NextToken"))
    found = [*_own(look, numbers), *_numbers(look, numbers), *_india(look), *_singapore(look)]
    listed = ", ".join(sorted({str(each.get("Iso2CountryCode")) for each in numbers})) or "none"
    yield from found or [ok(f"what the countries ask for is there (numbers of the account: {listed})")]


def _own(look: Look, numbers: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """The number that the channel names."""
    wanted = look.values.get("origination_number")
    if wanted:
        states = [str(each.get("Status")).upper() for each in numbers if each.get("PhoneNumber") == wanted]
        if not states:
            yield failure("origination_number is no number of the account in this region", "Order it, or correct it.")
        elif IN_FORCE not in states:
            yield failure(f"origination_number is {states[0]}, not {IN_FORCE}", "Wait for its registration.")


def _numbers(look: Look, numbers: list[Mapping[str, Any]]) -> Iterator[Finding]:
    active = {each.get("Iso2CountryCode") for each in numbers if str(each.get("Status")).upper() == IN_FORCE}
    lacking = [country for country in look.reached(NUMBER) if country not in active]
    if lacking:
        said = f"{', '.join(lacking)}: no number of your own that is {IN_FORCE}, so SNS sends nothing there"
        mend = "Request one in AWS End User Messaging and register its use: days to weeks."
        yield note(said, mend) if look.everywhere else failure(said, mend)


def _india(look: Look) -> Iterator[Finding]:
    given = [name for name in DLT if look.values.get(name)]
    if "IN" in look.reached() and given and len(given) < len(DLT):
        missing = ", ".join(name for name in DLT if name not in given)
        yield warning(
            f"IN: without {missing} texts take the international route: dearer, with a random sender, often filtered",
            f"Set {missing} in the channel's block.",
        )
    elif "IN" in look.reached() and not given:
        yield note("IN: without DLT, texts take the international route, which carriers may filter")


def _singapore(look: Look) -> Iterator[Finding]:
    if "SG" in look.reached() and look.values.get("sender"):
        yield note("SG: a sender id that is not registered with SSIR is shown as Likely-SCAM, or blocked")
