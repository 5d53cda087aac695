"""Times: how they are written, and read as people and programs write them; a zone is never guessed."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from herald.message.wrong import Wrong

# Compiled when first used: few messages name a time.
_WRITTEN = (
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d(?::\d\d)?)(?:\.(\d{1,9}))?"
    r"(?:([Zz])|([+-])([01]\d|2[0-3]):([0-5]\d))?"
    r"(?:\[!?([^\[\]]{1,64})\])?"
)
_ZONE = r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}"
_EXAMPLE = "2026-11-25T09:00:00+05:30 or 2026-11-25T09:00:00[Asia/Kolkata]"


def moment(text: str) -> datetime:
    """The moment, aware and in UTC, that ``text`` says: RFC 3339 with an offset or Z, or with an IANA zone in
    brackets (RFC 9557), or with both, which must agree.

    With a zone and no offset, a local time that the clocks skip moves forward by what they skip, and one that they
    show twice is the first of the two. Seconds may be left out; digits below a microsecond are dropped. A leap second
    is refused: no clock here could keep it.

    Raises ``Wrong``: ``not_a_moment``, ``no_time_zone``, ``unknown_time_zone`` or ``offset_disagrees``.
    """
    found = re.fullmatch(_WRITTEN, text, re.ASCII)
    if found is None:
        raise Wrong("not_a_moment", f"This is not a time: write it like {_EXAMPLE}.")
    day, clock, fraction, zulu, sign, hours, minutes, name = found.groups()
    zone = _zone(name) if name else None
    offset = UTC if zulu else _offset(sign, hours, minutes) if sign else None
    if offset is None and zone is None:
        raise Wrong("no_time_zone", f"The time does not say its offset from UTC: write it like {_EXAMPLE}.")
    try:
        local = datetime.fromisoformat(f"{day}T{clock}").replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))
        instant = local.replace(tzinfo=offset or zone).astimezone(UTC)
        agreed = zone is None or zulu or offset is None or instant.astimezone(zone).replace(tzinfo=None) == local
    except (ValueError, OverflowError):
        raise Wrong("not_a_moment", f"There is no such date or time: write it like {_EXAMPLE}.") from None
    if not agreed:
        raise Wrong("offset_disagrees", "The zone has another offset at that time: leave one of the two out.")
    return instant


def _offset(sign: str, hours: str, minutes: str) -> timezone:
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if sign == "-" else distance)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        if re.fullmatch(_ZONE, name, re.ASCII):
            return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # not there; not a zone's file; a folder, such as "America"
        pass
    raise Wrong("unknown_time_zone", "There is no such time zone: name one like Asia/Kolkata or Europe/Paris.")


def rfc3339(moment: datetime) -> str:
    """``2026-11-25T03:30:00.000Z``: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
