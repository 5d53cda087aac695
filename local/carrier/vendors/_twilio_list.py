"""Twilio's list of texts: which of them a query asks for, newest first, in pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from local.carrier.vendors._twilio_forms import refusal
from local.server import Reply

Message = Mapping[str, Any]
MOST, USUAL = 1000, 50
DAY = re.compile(r"\d{4}-\d\d-\d\d")
AFTER = "PA"


class _Wrong(Exception):
    """A field of the query that cannot be understood; the text is its name."""


def listing(path: str, query: str, newest_first: Sequence[Message]) -> Reply:
    """The page of ``newest_first`` that is asked for; ``path`` is the list's own."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    try:
        size, page = min(_whole(asked, "PageSize", USUAL, 1), MOST), _whole(asked, "Page", 0, 0)
        wanted = _wanted(asked)
    except _Wrong as wrong:
        return refusal(400, 20001, f"Invalid value for {wrong}")
    found = [message for message in newest_first if wanted(message)]
    start = _place(found, asked.get("PageToken", "")) if asked.get("PageToken") else page * size
    shown = found[start : start + size]
    more, kept = len(found) > start + size, {name: asked[name] for name in FILTERS if asked.get(name)}

    def uri(number: int, **token: str) -> str:
        return f"{path}?{urlencode({**kept, 'PageSize': size, 'Page': number, **token})}"

    return Reply(200, {
        "messages": shown, "page": page, "page_size": size, "start": start, "end": start + max(0, len(shown) - 1),
        "uri": f"{path}?{query}" if query else path, "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1, PageToken=AFTER + shown[-1]["sid"]) if more else None,
        "previous_page_uri": uri(page - 1) if page else None,
    })  # fmt: skip


FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")


def _wanted(asked: Mapping[str, str]) -> Callable[[Message], bool]:
    """Whether a text is asked for. By its day, one that is not sent yet never is."""
    spans = [_span(name, asked[name]) for name in FILTERS[2:] if asked.get(name)]
    first, last = (max((span[0] for span in spans), default=None), min((span[1] for span in spans), default=None))

    def wanted(message: Message) -> bool:
        numbers = all(asked.get(field) in (None, "", message[field.lower()]) for field in ("To", "From"))
        if first is None or last is None:
            return numbers
        sent = message["date_sent"] and parsedate_to_datetime(message["date_sent"])
        return bool(numbers and sent and first <= sent < last)

    return wanted


def _span(name: str, value: str) -> tuple[datetime, datetime]:
    """The times that a filter means: from the first on, before the second."""
    ever, never = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    begin, end = _times(name, value)
    return {"<": (ever, end), ">": (begin, never)}.get(name[-1], (begin, end))


def _times(name: str, value: str) -> tuple[datetime, datetime]:
    """A whole day, or a second."""
    try:
        if DAY.fullmatch(value):
            day = datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
            return day, day + timedelta(days=1)
        at = datetime.fromisoformat(value) if value[:1].isdigit() else parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError):
        raise _Wrong(name) from None
    at = (at if at.tzinfo else at.replace(tzinfo=UTC)).replace(microsecond=0)
    return at, at + timedelta(seconds=1)


def _place(found: Sequence[Message], token: str) -> int:
    """Where the page after a token begins: that of a text that has gone meanwhile is the last."""
    sids = [message["sid"] for message in found]
    known = token.removeprefix(AFTER)
    return sids.index(known) + 1 if known in sids else len(found)


def _whole(asked: Mapping[str, str], name: str, usual: int, least: int) -> int:
    text = asked.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):
        raise _Wrong(name)
    return int(text)
