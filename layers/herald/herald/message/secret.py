"""Secret: keyed hashes: what stands for a number or a text where neither may stand, and proofs that are ours alone.

Each purpose has a word of its own, and none begins as another does: no hash that was made for one passes for another.
"""

import hashlib
import hmac
from typing import Literal

Purpose = Literal["block", "content", "inbound", "page", "receipt", "recipient"]


def keyed(secret: bytes, purpose: Purpose, said: bytes) -> bytes:
    """16 bytes that stand for ``said``, which only ``secret`` can make."""
    return hmac.new(secret, purpose.encode() + said, hashlib.sha256).digest()[:16]


def recipient(secret: bytes, e164: str) -> str:
    """What stands for a number where no number may stand: 32 hexadecimal digits."""
    return keyed(secret, "recipient", e164.encode()).hex()


def proves(proof: bytes, secret: bytes, purpose: Purpose, said: bytes) -> bool:
    """Whether ``proof`` was made by ``keyed`` for the same; in constant time."""
    return hmac.compare_digest(proof, keyed(secret, purpose, said))
