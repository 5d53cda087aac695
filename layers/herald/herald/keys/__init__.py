"""API keys: ``hk_live_...`` or ``hk_test_...``. Only a key's hash is kept; the key itself is shown once."""

import hashlib
import hmac
import json
import re
import secrets
import string
from collections.abc import Mapping
from typing import NamedTuple

_ALPHABET = string.ascii_letters + string.digits
_KEY = re.compile(r"hk_(live|test)_[A-Za-z0-9]{40}", re.ASCII)


class NewKey(NamedTuple):
    """A key to show once, and the record of it to keep (JSON, without the key)."""

    key: str
    record: str


def create(*, live: bool = True) -> NewKey:
    """A new random key (238 bits)."""
    key = f"hk_{'live' if live else 'test'}_" + "".join(secrets.choice(_ALPHABET) for _ in range(40))
    return NewKey(key, json.dumps({"hash": digest(key)}))


def digest(key: str) -> str:
    """What is kept of a key. A plain SHA-256 serves: a random key of this length cannot be guessed."""
    return hashlib.sha256(key.encode()).hexdigest()


def owner(authorization: str, records: Mapping[str, str]) -> str | None:
    """The name of the key in an ``Authorization: Bearer <key>`` header, or None.

    ``records`` maps names to what ``create`` returned. Every record is compared, each in constant time.
    """
    scheme, _, key = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not _KEY.fullmatch(key.strip()):
        return None
    given = digest(key.strip())
    found = [name for name, record in records.items() if hmac.compare_digest(given, _hash(record))]
    return found[0] if found else None


def _hash(record: str) -> str:
    try:
        kept = str(json.loads(record)["hash"])
    except (ValueError, KeyError, TypeError, RecursionError):
        kept = ""
    return kept if kept.isascii() else ""  # A record that someone edited by hand opens nothing.
