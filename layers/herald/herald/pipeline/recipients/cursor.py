"""Cursor: a place in the list of one person's messages, for one caller: nobody else can make, use or read it.

The place may be another caller's message: so it is hidden. The proof that a cursor is ours is also what its place is
hidden with (a synthetic initialization vector): nothing else has to be drawn at random or kept.
"""

import base64
from datetime import UTC, datetime, timedelta

from herald.journal.item import Mark
from herald.message.ids import from_number, to_number
from herald.message.secret import keyed, proves
from herald.message.wrong import Wrong

# Microseconds since 1970 and the number of the id; with the proof 42 bytes: 56 characters without any bit to spare.
_TIME, _ID, _PROOF, _WHOLE = 9, 17, 16, 56
_START = datetime(1970, 1, 1, tzinfo=UTC)
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def write(secret: bytes, mark: Mark, whose: str) -> str:
    """The cursor of a place, 56 characters that are safe in a URL; ``whose`` stands for the person and who asks."""
    microseconds = (mark.created_at - _START) // timedelta(microseconds=1)
    place = microseconds.to_bytes(_TIME) + to_number(mark.id).to_bytes(_ID)
    proof = keyed(secret, "page", _said(whose, place))
    return base64.urlsafe_b64encode(proof + _hidden(secret, proof, place)).decode()


def read(secret: bytes, cursor: str, whose: str) -> Mark:
    """The place that a cursor stands for. Raises ``Wrong`` for one that was not made here for the same list."""
    wrong = Wrong("not_a_cursor", "This is not the next of a page of this list: leave it out to begin anew.")
    if len(cursor) != _WHOLE or not _ALPHABET.issuperset(cursor):
        raise wrong
    raw = base64.urlsafe_b64decode(cursor)
    proof = raw[:_PROOF]
    place = _hidden(secret, proof, raw[_PROOF:])
    if not proves(proof, secret, "page", _said(whose, place)):
        raise wrong
    at = _START + timedelta(microseconds=int.from_bytes(place[:_TIME]))
    return Mark(at, from_number(int.from_bytes(place[_TIME:])))


def _said(whose: str, place: bytes) -> bytes:
    # The place comes first: its length is fixed, so nothing of the one can pass for the other.
    return place + whose.encode("utf-8", "surrogatepass")


def _hidden(secret: bytes, proof: bytes, place: bytes) -> bytes:
    """The place as nobody else can read it; hidden once more, it is there again."""
    stream = b"".join(keyed(secret, "cursor", proof + bytes([block])) for block in range(2))
    return bytes(one ^ other for one, other in zip(place, stream, strict=False))
