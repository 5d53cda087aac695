"""Ids: how a message is called. With a key the id follows from caller and key: so the journal knows a repetition."""

import hashlib
import re
import secrets
from datetime import datetime

# The only ids that there are: the journal is not asked for another one, nor could it be if it is very long.
ID = re.compile(r"msg_[0-9A-HJKMNP-TV-Z]{26}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def message_id(caller: str, key: str | None, now: datetime) -> str:
    """``msg_`` and 26 characters: derived from caller and key if there is a key, else random and sortable by time."""
    if key:
        scoped = f"{len(caller)}:{caller}{key}".encode("utf-8", "surrogatepass")
        return from_number(int.from_bytes(hashlib.sha256(scoped).digest()[:16], "big"))
    return from_number(int(now.timestamp() * 1000) << 80 | secrets.randbits(80))


def from_number(number: int) -> str:
    """The id that is written for a number of at most 130 bits."""
    return "msg_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def to_number(message_id: str) -> int:
    """The number that an id was written for."""
    number = 0
    for character in message_id.removeprefix("msg_"):
        number = number << 5 | _CROCKFORD.index(character)
    return number
