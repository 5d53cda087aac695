"""Tokens: the word in a callback's URL that proves that it is about this message, for vendors that sign nothing."""

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import NamedTuple

from herald.ids import from_number, to_number

_TOKEN = re.compile(r"[A-Za-z0-9_-]{52}", re.ASCII)
# Message, attempt, expiry (seconds since 1970), proof: 39 bytes, which are 52 characters without any bit to spare. So
# no two tokens read the same.
_MESSAGE, _ATTEMPT, _EXPIRY, _PROOF = 17, 2, 4, 16
_MOST_ATTEMPTS, _LATEST = 2**16 - 1, 2**32 - 1


class Grant(NamedTuple):
    """What a token allows: to tell what became of this attempt at this message."""

    message_id: str
    attempt: int


def make(secret: bytes, channel: str, message_id: str, attempt: int, expires: datetime) -> str:
    """A token of 52 characters that are safe in a URL. It holds nothing secret, and cannot be made without ``secret``.

    It is good for one attempt at one message by one channel until ``expires``.
    """
    numbers = (to_number(message_id), _MESSAGE), (min(attempt, _MOST_ATTEMPTS), _ATTEMPT), (_seconds(expires), _EXPIRY)
    claim = b"".join(number.to_bytes(size) for number, size in numbers)
    return base64.urlsafe_b64encode(claim + _proof(secret, channel, claim)).decode()


def read(secret: bytes, channel: str, token: str, now: datetime) -> Grant | None:
    """What the token allows; None if it is forged, expired, or another channel's."""
    if not _TOKEN.fullmatch(token):
        return None
    raw = base64.urlsafe_b64decode(token)
    claim, proof = raw[:-_PROOF], raw[-_PROOF:]
    if not hmac.compare_digest(proof, _proof(secret, channel, claim)):
        return None
    message, attempt, expiry = claim[:_MESSAGE], claim[_MESSAGE:-_EXPIRY], claim[-_EXPIRY:]
    if now.timestamp() >= int.from_bytes(expiry):
        return None
    return Grant(from_number(int.from_bytes(message)), int.from_bytes(attempt))


def _proof(secret: bytes, channel: str, claim: bytes) -> bytes:
    # The channel comes last: the claim's length is fixed, so nothing of the one can pass for the other.
    return hmac.new(secret, b"receipt" + claim + channel.encode(), hashlib.sha256).digest()[:_PROOF]


def _seconds(moment: datetime) -> int:
    return min(int(moment.timestamp()), _LATEST)
