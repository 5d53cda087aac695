"""Twilio's signature on what it calls: an HMAC over the URL and the form, or over the URL and a hash of the body."""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from herald.providers._base import Callback

ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
PORTS = {"https": 443, "http": 80}


def signed(auth_token: str, webhook_secret: str, callback: Callback) -> bool:
    """Whether a callback is Twilio's. With a webhooks rule its header names the algorithm, and its key signs."""
    rule = callback.headers.get("x-twilio-webhooks-signature-settings")
    secret, algorithm = (auth_token, "sha1") if rule is None else (webhook_secret, _algorithm(rule))
    given = callback.headers.get("x-twilio-signature", "").encode()
    if not secret or not algorithm:
        return False
    hashed = re.search(r"[?&]bodySHA256=([0-9a-fA-F]{64})(?:&|$)", callback.url)
    if hashed and not hmac.compare_digest(sha256(callback.body).hexdigest(), hashed[1].lower()):
        return False
    form = "" if hashed else _form(callback.body)
    proofs = [_proof(secret, url + form, algorithm) for url in _urls(callback.url)]
    return any([hmac.compare_digest(proof, given) for proof in proofs])  # noqa: C419 - in constant time


def _proof(secret: str, said: str, algorithm: str) -> bytes:
    return b64encode(hmac.digest(secret.encode(), said.encode(), algorithm))


def _algorithm(rule: str) -> str | None:
    found = dict(part.strip().partition("=")[::2] for part in rule.split(","))
    return ALGORITHMS.get(found.get("algorithm", "HMAC_SHA1").upper())


def _form(body: bytes) -> str:
    """Each name with each of its values, once, in order."""
    try:
        pairs = set(parse_qsl(body.decode(), keep_blank_values=True))
    except (ValueError, UnicodeDecodeError):
        return ""
    return "".join(name + value for name, value in sorted(pairs))


def _urls(url: str) -> Iterator[str]:
    """The URL as it was called, and without its port, or with that of its scheme: Twilio signs now the one, now the
    other.
    """
    parts = urlsplit(url)
    yield url
    if parts.port:
        yield url.replace(f"//{parts.netloc}", f"//{parts.netloc.rpartition(':')[0]}", 1)
    else:
        yield url.replace(f"//{parts.netloc}", f"//{parts.netloc}:{PORTS.get(parts.scheme, 0)}", 1)
