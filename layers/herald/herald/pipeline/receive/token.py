"""Token: the word in a callback's URL that proves what it is about, for vendors that sign nothing.

One kind names an attempt at a message: its receipts are awaited there. The other kind names a channel: what people
write comes there. A token holds nothing secret, and cannot be made without the stage's secret.
"""

import base64
from datetime import datetime, timedelta
from typing import NamedTuple

from herald.message import Message
from herald.message.ids import from_number, to_number
from herald.message.secret import keyed, proves

# Message, attempt, expiry (seconds since 1970), proof: 39 bytes, which are 52 characters without any bit to spare. So
# no two tokens read the same. A channel's token is the proof alone, and two bytes that leave no bit to spare either.
_MESSAGE, _ATTEMPT, _EXPIRY, _PROOF = 17, 2, 4, 16
_MOST_ATTEMPTS, _LATEST = 2**16 - 1, 2**32 - 1
# After a message's time is over its receipts are still taken in for so long.
RECEIPTS_COME = timedelta(days=3)
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_RECEIPT, _INBOUND = 52, 24


class Claim(NamedTuple):
    """What a token allows: to tell what became of this attempt at this message."""

    message_id: str
    attempt: int


def receipts(base: str, secret: bytes, message: Message) -> str:
    """The URL, at the service's own ``base``, at which the receipts of a message's present attempt are awaited."""
    channel, expires = message.channel or "", message.expires_at + RECEIPTS_COME
    return f"{base}/receipts/{channel}/" + sign(secret, channel, message.id, message.attempts, expires)


def sign(secret: bytes, channel: str, message_id: str, attempt: int, expires: datetime) -> str:
    """A token of 52 characters that are safe in a URL, for the receipts of one attempt at one message.

    It is good for this channel alone, until ``expires``.
    """
    numbers = (to_number(message_id), _MESSAGE), (min(attempt, _MOST_ATTEMPTS), _ATTEMPT), (_seconds(expires), _EXPIRY)
    claim = b"".join(number.to_bytes(size) for number, size in numbers)
    return base64.urlsafe_b64encode(claim + keyed(secret, "receipt", _said(channel, claim))).decode()


def read(secret: bytes, channel: str, token: str, now: datetime) -> Claim | None:
    """What a token for receipts allows; None if it is forged, expired, or another channel's."""
    if len(token) != _RECEIPT or not _ALPHABET.issuperset(token):
        return None
    raw = base64.urlsafe_b64decode(token)
    claim, proof = raw[:-_PROOF], raw[-_PROOF:]
    if not proves(proof, secret, "receipt", _said(channel, claim)):
        return None
    message, attempt, expiry = claim[:_MESSAGE], claim[_MESSAGE:-_EXPIRY], claim[-_EXPIRY:]
    if now.timestamp() >= int.from_bytes(expiry):
        return None
    return Claim(from_number(int.from_bytes(message)), int.from_bytes(attempt))


def inbound(secret: bytes, channel: str) -> str:
    """The token of 24 characters in the URL at which a channel's provider hands over what people write.

    It never expires: a provider's console holds the URL for years.
    """
    return base64.urlsafe_b64encode(b"in" + keyed(secret, "inbound", channel.encode())).decode()


def opens_inbound(secret: bytes, channel: str, token: str) -> bool:
    """Whether this is the channel's token for what people write."""
    if len(token) != _INBOUND or not _ALPHABET.issuperset(token):
        return False
    raw = base64.urlsafe_b64decode(token)
    return raw[:2] == b"in" and proves(raw[2:], secret, "inbound", channel.encode())


def _said(channel: str, claim: bytes) -> bytes:
    # The channel comes last: the claim's length is fixed, so nothing of the one can pass for the other.
    return claim + channel.encode()


def _seconds(moment: datetime) -> int:
    return min(int(moment.timestamp()), _LATEST)
