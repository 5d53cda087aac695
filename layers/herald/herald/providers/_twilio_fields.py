"""Twilio's fields: what one of its answers holds, read whatever it is."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from herald.providers._receipts import ID, amount, word

DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)
# What repeats the number or the text.
TEXTS = frozenset({"to", "body"})


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object in an answer; empty if there is none."""
    try:
        answer = json.loads(body.decode(errors="replace"), parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def sid(said: Mapping[str, Any]) -> str:
    """The id of a message; empty if there is none that can be kept."""
    found = said.get("sid")
    return found if isinstance(found, str) and ID.fullmatch(found) else ""


def price(said: Mapping[str, Any]) -> str | None:
    """What the account pays: Twilio writes it with a minus, and later than its first answer."""
    return amount(word(said.get("price")).removeprefix("-"))


def moment(value: object) -> datetime | None:
    """A time in UTC; None if it is none."""
    text = word(value)
    if not DATE.fullmatch(text):
        return None
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
