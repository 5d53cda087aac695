"""Moments: the room that reads a time as people and programs write it, and never guesses its zone."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d(?::\d\d)?)(?:\.(\d{1,9}))?"
    r"(?:([Zz])|([+-])([01]\d|2[0-3]):([0-5]\d))?"
    r"(?:\[!?([^\[\]]{1,64})\])?",
    re.ASCII,
)
_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_EXAMPLE = "2026-11-25T09:00:00+05:30 or 2026-11-25T09:00:00[Asia/Kolkata]"


class NotAMoment(ValueError):
    """This says no moment in time. ``code`` is stable; ``detail`` is a sentence that shows how to write one."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


def moment(text: str) -> datetime:
    """The moment, aware and in UTC, that ``text`` says: RFC 3339 with an offset or Z, or with an IANA zone in
    brackets (RFC 9557), or with both, which must agree.

    With a zone and no offset, a local time that the clocks skip moves forward by what they skip, and one that they
    show twice is the first of the two. Seconds may be left out; digits below a microsecond are dropped. A leap second
    is refused: no clock here could keep it.

    Raises ``NotAMoment``: ``not_a_moment``, ``no_time_zone``, ``unknown_time_zone`` or ``offset_disagrees``.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise NotAMoment("not_a_moment", f"This is not a time: write it like {_EXAMPLE}.")
    day, clock, fraction, zulu, sign, hours, minutes, name = found.groups()
    zone = _zone(name) if name else None
    offset = UTC if zulu else _offset(sign, hours, minutes) if sign else None
    if offset is None and zone is None:
        raise NotAMoment("no_time_zone", f"The time does not say its offset from UTC: write it like {_EXAMPLE}.")
    try:
        local = datetime.fromisoformat(f"{day}T{clock}").replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))
        instant = local.replace(tzinfo=offset or zone).astimezone(UTC)
        agreed = zone is None or zulu or offset is None or instant.astimezone(zone).replace(tzinfo=None) == local
    except (ValueError, OverflowError):
        raise NotAMoment("not_a_moment", f"There is no such date or time: write it like {_EXAMPLE}.") from None
    if not agreed:
        raise NotAMoment("offset_disagrees", "The zone has another offset at that time: leave one of the two out.")
    return instant


def _offset(sign: str, hours: str, minutes: str) -> timezone:
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if sign == "-" else distance)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # not there; not a zone's file; a folder, such as "America"
        pass
    raise NotAMoment("unknown_time_zone", "There is no such time zone: name one like Asia/Kolkata or Europe/Paris.")
