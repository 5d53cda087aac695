"""API keys: ``hk_live_...`` or ``hk_test_...``. Only a key's hash is kept; the key itself is shown once."""

import hashlib
import hmac
import json
import re
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from herald.keys.grant import Grant

_ALPHABET = string.ascii_letters + string.digits
_KEY = re.compile(r"hk_(live|test)_[A-Za-z0-9]{40}", re.ASCII)
# What is done to people, and cannot be only tried out.
NOT_TRIED = frozenset({"erase"})
# What a record holds beside the owner's grant.
_OF_THE_RECORD = ("hash", "created_at")


class NewKey(NamedTuple):
    """A key to show once, and the record of it to keep (JSON, without the key)."""

    key: str
    record: str


def create(grant: Grant | None = None, *, live: bool = True, now: datetime | None = None) -> NewKey:
    """A new random key (238 bits), for what ``grant`` allows; ``live`` is for those without one."""
    granted = grant or Grant("", test=not live)
    key = f"hk_{'test' if granted.test else 'live'}_" + "".join(secrets.choice(_ALPHABET) for _ in range(40))
    made = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    return NewKey(key, json.dumps({"hash": digest(key), "created_at": made, **granted.public()}))


def digest(key: str) -> str:
    """What is kept of a key. A plain SHA-256 serves: a random key of this length cannot be guessed."""
    return hashlib.sha256(key.encode()).hexdigest()


def well_formed(authorization: str) -> bool:
    """Whether a header ``Authorization: Bearer <key>`` holds what may be a key."""
    return _found(authorization) is not None


def granted(authorization: str, records: Mapping[str, str]) -> Grant | None:
    """What the owner of the key in an ``Authorization: Bearer <key>`` header may do; None if it is nobody's.

    ``records`` maps names to what ``create`` returned. Every record is compared, each in constant time. A key is a
    test key by its own prefix, whatever its record says, and never has the scope ``erase``.
    """
    found = _found(authorization)
    if not found:
        return None
    given = digest(found[0])
    owners = [name for name, record in records.items() if hmac.compare_digest(given, _hash(record))]
    return _grant(owners[0], _limits(records[owners[0]]), test=found[1] == "test") if owners else None


def owned(name: str, record: str) -> Grant | None:
    """What the owner of a recorded key may do, whoever asks; None if the record cannot be read."""
    limits = _limits(record)
    return _grant(name, limits, test=limits.get("test") is True) if _kept(record) else None


def described(record: str) -> dict[str, Any] | None:
    """What a record says of its key, without the hash; None if it cannot be read."""
    kept = _kept(record)
    return {name: value for name, value in kept.items() if name != "hash"} if kept else None


def _found(authorization: str) -> re.Match[str] | None:
    scheme, _, key = authorization.strip().partition(" ")
    return _KEY.fullmatch(key.strip()) if scheme.lower() == "bearer" else None


def _limits(record: str) -> dict[str, Any]:
    return {field: value for field, value in _kept(record).items() if field not in _OF_THE_RECORD}


def _grant(name: str, limits: Mapping[str, Any], *, test: bool) -> Grant | None:
    try:
        grant = Grant.read(name, {**limits, "test": test})
    except ValueError:
        return None
    return grant._replace(scopes=grant.scopes - NOT_TRIED) if test else grant


def _hash(record: str) -> str:
    kept = str(_kept(record).get("hash", ""))
    return kept if kept.isascii() else ""  # A record that someone edited by hand opens nothing.


def _kept(record: str) -> dict[str, Any]:
    try:
        kept = json.loads(record)
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}
