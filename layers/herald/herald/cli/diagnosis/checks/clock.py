"""The clock of this machine against AWS's: requests that are signed at another time are refused."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "clock"
NEEDS = ("sts:GetCallerIdentity",)  # Nobody needs a permission for it.
LINK = "docs/first-deployment.md#1-credentials"
LATE, TOO_LATE = 30.0, 240.0  # Seconds. AWS refuses at 300.


def check(look: Look) -> Iterator[Finding]:
    said = look.ask("sts", "get_caller_identity").get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    now = look.here.now()
    if not said:
        yield note("AWS told no time")
        return
    apart = abs((now - parsedate_to_datetime(said)).total_seconds())
    mend = "Let this machine set its clock by the network (NTP)."
    if apart >= TOO_LATE:
        yield failure(f"{apart:.0f} seconds from AWS's: at 300 every request is refused", mend)
    elif apart >= LATE:
        yield warning(f"{apart:.0f} seconds from AWS's: at 300 every request is refused", mend)
    else:
        yield ok(f"within {max(1, round(apart))} s of AWS's")
