"""Idempotency keys: what callers may call a request, so that repeating it sends nothing more."""

import re
from collections.abc import Mapping

from herald.errors import InvalidMessage, Problem

LONGEST_KEY = 512
_HEADER = r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?"


def header_key(headers: Mapping[str, str]) -> str | None:
    """The ``Idempotency-Key`` header: 1 to 255 printable ASCII characters. Raises ``InvalidMessage``."""
    key = headers.get("idempotency-key")
    if key is None or re.fullmatch(_HEADER, key):
        return key
    code, detail = "invalid_idempotency_key", "The key must be 1 to 255 printable ASCII characters."
    raise InvalidMessage([Problem("Idempotency-Key", code, detail)], status=400, code=code)


def checked_key(name: str, key: object) -> str | None:
    """The key in a field, 1 to 512 printable characters, or None. Raises ``InvalidMessage``."""
    if key is None or (isinstance(key, str) and 0 < len(key) <= LONGEST_KEY and key.isprintable()):
        return key
    detail = f"must be a text of 1 to {LONGEST_KEY} printable characters"
    raise InvalidMessage([Problem(name, "invalid_idempotency_key", detail)])
