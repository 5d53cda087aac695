"""Twilio's geo permissions: whether the account may text the countries that the stage texts."""

from collections.abc import Iterator, Mapping

from herald.cli.diagnosis.findings import Finding, failure, note, ok
from herald.cli.diagnosis.look import Look
from herald.cli.diagnosis.twilio_api import get

TITLE = "countries"
NEEDS = ()
LINK = "docs/reasons.md#the-account-at-the-provider-and-its-channel"


def check(look: Look) -> Iterator[Finding]:
    said = get(look, "accounts", "/v1/Messaging/GeoPermissions")
    listed = said.json.get("permissions") if said.ok else None
    if not isinstance(listed, list):
        yield note("its geo permissions cannot be asked", "Console, Messaging, Settings, Geo permissions.")
        return
    off = {_country(each) for each in listed if isinstance(each, Mapping) and each.get("enabled") is False}
    if meant := [country for country in look.reached() if country in off]:
        yield failure(
            f"not enabled: {', '.join(meant)}, which the settings allow: texts there are refused",
            "Console, Messaging, Settings, Geo permissions; or take them out of countries.",
        )
    elif look.everywhere and off:
        yield note(f"{len(off)} countries are not enabled; the settings allow all")
    else:
        yield ok("every country that the stage texts by it is enabled")


def _country(permission: Mapping[str, object]) -> str:
    return str(permission.get("country_code")).upper()
