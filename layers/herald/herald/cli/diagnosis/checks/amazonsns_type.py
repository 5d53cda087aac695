"""Amazon SNS's default type of texts, which does not matter to Herald's: each says its own."""

from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, note, ok
from herald.cli.diagnosis.look import Look

TITLE = "type"
NEEDS = ("sns:GetSMSAttributes",)
LINK = "docs/configuration.md"
PROMOTIONAL = "promotional"


def check(look: Look) -> Iterator[Finding]:
    default = look.ask_there("sns", "get_sms_attributes")["attributes"].get("DefaultSMSType", "not set")
    if look.values.get("smstype", "").lower() == PROMOTIONAL:
        yield note(
            "the channel sends its texts as Promotional, unless their kind says otherwise: carriers treat them so",
            "If they are not: smstype: Transactional",
        )
    else:
        yield ok(f"each text says its own; the account's default ({default}) is for others")
