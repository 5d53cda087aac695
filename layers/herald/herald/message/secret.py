"""Secret: keyed hashes: what stands for a number or a text where neither may stand, and proofs that are ours alone.

Each purpose has a word of its own, and none begins as another does: no hash that was made for one passes for another.
"""

import hashlib
import hmac
from typing import Literal

Purpose = Literal[
    "block", "content", "cursor", "erased", "inbound", "page", "receipt", "recipient", "reference", "words"
]
# Half of a fingerprint, in hexadecimal digits: 64 bits tell mistakes apart, and nobody else can make a hash.
_HALF = 16
_NOTHING = "-" * _HALF


def keyed(secret: bytes, purpose: Purpose, said: bytes) -> bytes:
    """16 bytes that stand for ``said``, which only ``secret`` can make."""
    return hmac.new(secret, purpose.encode() + said, hashlib.sha256).digest()[:16]


def recipient(secret: bytes, e164: str) -> str:
    """What stands for a number where no number may stand: 32 hexadecimal digits."""
    return keyed(secret, "recipient", e164.encode()).hex()


def referred(secret: bytes, caller: str, reference: str) -> str:
    """What stands for a caller's reference where neither may stand: 32 hexadecimal digits."""
    return keyed(secret, "reference", f"{caller}\n{reference}".encode("utf-8", "surrogatepass")).hex()


def erased(secret: bytes, whose: str) -> str:
    """What stands for an erased person where not even the hash of their number may stand."""
    return keyed(secret, "erased", whose.encode()).hex()


def fingerprint(secret: bytes, words: bytes | None, content: bytes | None) -> str:
    """What stands for a request: 16 digits for its words, and 16 for the message that was made of them, if any was."""
    halves: tuple[tuple[bytes | None, Purpose], ...] = ((words, "words"), (content, "content"))
    return "".join(_NOTHING if said is None else keyed(secret, purpose, said).hex()[:_HALF] for said, purpose in halves)


def same(before: str, now: str) -> bool:
    """Whether two fingerprints are of the same words, or of the same message. One that was erased is no other's."""
    halves = (slice(_HALF), slice(_HALF, None))
    return any(hmac.compare_digest(before[half], now[half]) and now[half] != _NOTHING for half in halves)


def proves(proof: bytes, secret: bytes, purpose: Purpose, said: bytes) -> bool:
    """Whether ``proof`` was made by ``keyed`` for the same; in constant time."""
    return hmac.compare_digest(proof, keyed(secret, purpose, said))
