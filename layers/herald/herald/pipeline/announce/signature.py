"""Signature: the proof that a webhook is ours and new, for whoever has the secret."""

import hashlib
import hmac
import re
import time
from collections.abc import Iterable

HEADER = "Herald-Signature"


def sign(body: bytes, secrets: Iterable[str], at: int) -> str:
    """``t=1764041400,v1=<hex>``, with one ``v1`` for each secret; ``at`` is in seconds since 1970."""
    return ",".join([f"t={at}", *(f"v1={_proof(body, secret, str(at))}" for secret in secrets)])


def verify(body: bytes, header: str, secret: str, now: float | None = None, tolerance: float = 300) -> bool:
    """Whether a webhook's ``Herald-Signature`` was made with this secret for exactly this body, and lately.

    ``now`` (seconds since 1970; default: this machine's clock) may differ by ``tolerance`` seconds from when it was
    made: an older one is a repetition. Never raises.
    """
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not re.fullmatch(r"\d{1,12}", times[0], re.ASCII):
        return False
    proofs = [value.encode("utf-8", "replace") for name, _, value in pairs if name == "v1"]
    expected = _proof(body, secret, times[0]).encode()
    right = [hmac.compare_digest(proof, expected) for proof in proofs]
    return any(right) and abs((time.time() if now is None else now) - int(times[0])) <= tolerance


def _proof(body: bytes, secret: str, at: str) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
