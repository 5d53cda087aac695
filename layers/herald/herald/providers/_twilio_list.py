"""Twilio's list of the texts to a number: the part that may hold an attempt, all of it or nothing."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from herald.errors import Unavailable
from herald.message.receipt import Listed, Sent
from herald.providers._end import SECONDS
from herald.providers._twilio_fields import TEXTS, moment, price, sid

Ask = Callable[[str, float], Mapping[str, Any]]
"""Asks for a path within so many seconds."""

# A page of the longest texts, each character escaped, is an answer that may still be read. More pages than these are no
# person's texts of some hours.
PAGE, MOST_PAGES = 10, 5
# How long a text may wait at Twilio.
LONGEST_WAIT = timedelta(seconds=36_000)


def listed(ask: Ask, path: str, wanted: Mapping[str, str], since: datetime, until: datetime) -> dict[str, Listed]:
    """The texts of a list at ``path`` that are for ``wanted`` and were taken between these times, by their sids.

    ``wanted`` has the fields of a send. Raises ``Unavailable`` if the list cannot be read to its end.
    """
    # By when they were sent, which may be later: one that still waits at Twilio may be missing.
    span = {"DateSent>": since, "DateSent<": until + LONGEST_WAIT}
    times = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in span.items()}
    query = {"To": wanted["To"], **times, "PageSize": str(PAGE)}
    found = {}
    for said in _entries(ask, f"{path}?{urlencode(query)}", f"{path}?"):
        at, known = moment(said.get("date_created")), sid(said)
        if at is None or not known:
            raise Unavailable
        if since <= at <= until and _is_for(said, wanted):
            body = said.get("body")
            found[known] = Listed(Sent(known, said, price(said), TEXTS), body if isinstance(body, str) else "", at)
    return found


def _entries(ask: Ask, path: str, within: str) -> Iterator[Mapping[str, Any]]:
    """All entries of all pages. Another page is asked for only ``within`` the same list."""
    end = time.monotonic() + SECONDS
    for _ in range(MOST_PAGES):
        page = ask(path, max(0.001, end - time.monotonic()))
        entries, following = page.get("messages"), page.get("next_page_uri", "")
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise Unavailable
        yield from entries
        if following is None:
            return
        if not isinstance(following, str) or not following.startswith(within):
            raise Unavailable
        path = following
    raise Unavailable


def _is_for(said: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether a text went out to this number from this sender; a service picks its sender by itself, and later.

    Without a service Twilio names one of its own making.
    """
    service, sender = wanted.get("MessagingServiceSid"), wanted.get("From")
    senders = (None, sender) if service else (sender,)
    return (
        str(said.get("direction")).startswith("outbound")
        and said.get("to") == wanted["To"]
        and (not service or said.get("messaging_service_sid") == service)
        and (not sender or said.get("from") in senders)
    )
