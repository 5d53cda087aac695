"""Hosts: which URLs may be called back: of hosts that the settings list, over HTTPS; on the laptop also of itself."""

import re
from collections.abc import Collection
from typing import NamedTuple

from herald.message.wrong import Wrong

LONGEST_URL = 500
LOOPBACK = ("127.0.0.1", "localhost")
# Written out, because libraries disagree about odd URLs: what is judged here is exactly what is called later. The last
# label begins with a letter, so no spelling of an IP address is a name.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}"
_AT = rf"(?P<host>{_NAME}|127\.0\.0\.1|localhost)(?::(?P<port>[1-9]\d{{0,4}}))?"
_PATH = r"(?:/[\w.~/%:@!$&'()*+,;=-]*)?"
_QUERY = r"(?:\?[\w.~/%:@!$&'()*+,;=?-]*)?"
_URL = re.compile(rf"(?P<scheme>https?)://{_AT}(?P<path>{_PATH}{_QUERY})", re.ASCII | re.IGNORECASE)
_BASE = re.compile(rf"(?P<scheme>https?)://{_AT}{_PATH}", re.ASCII | re.IGNORECASE)
_ENTRY = re.compile(rf"(?P<wild>\*\.)?{_AT}", re.ASCII | re.IGNORECASE)
_LONGEST_NAME, _LAST_PORT = 253, 65_535


class Target(NamedTuple):
    """Where a URL leads: ``host`` is a name in lower case, ``path`` begins with a slash and holds the query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def loopback(self) -> bool:
        """True if it is this machine."""
        return self.host in LOOPBACK


def target(url: str, hosts: Collection[str]) -> Target:
    """Where a callback URL leads. ``hosts`` are the entries that the settings list.

    Raises ``Wrong``: ``too_long``, ``invalid_url``, ``not_https`` or ``host_not_allowed``.
    """
    if len(url) > LONGEST_URL:
        raise Wrong("too_long", f"The URL is longer than {LONGEST_URL} characters.")
    found = _URL.fullmatch(url)
    if found is None or not _fits(found):
        raise Wrong(
            "invalid_url", "This is not a URL such as https://example.com/sms-status, without user name and fragment."
        )
    secure, host = found["scheme"].lower() == "https", found["host"].lower()
    port, path = int(found["port"] or (443 if secure else 80)), found["path"]
    if not secure and host not in LOOPBACK:
        raise Wrong("not_https", "The URL must begin with https://.")
    if not any(_lists(entry.lower(), host, port) for entry in hosts):
        raise Wrong("host_not_allowed", "The setting callback_hosts does not list this host with this port.")
    return Target(secure, host, port, path if path.startswith("/") else "/" + path)


def is_entry(text: str, *, local: bool) -> bool:
    """True if the settings may list it: a host name, ``*.`` before it for all below it, ``:port`` where it is not 443.

    On the laptop (``local``) also this machine itself.
    """
    found = _ENTRY.fullmatch(text)
    if found is None or not _fits(found):
        return False
    return found["host"].lower() not in LOOPBACK or (local and not found["wild"])


def base(url: str) -> str | None:
    """A URL that others are told to call, without the slash at its end: https, or http on this machine; else None."""
    found = _BASE.fullmatch(url)
    if found is None or not _fits(found):
        return None
    allowed = found["scheme"].lower() == "https" or found["host"].lower() in LOOPBACK
    return url.rstrip("/") if allowed else None


def _fits(found: re.Match[str]) -> bool:
    return len(found["host"]) <= _LONGEST_NAME and int(found["port"] or 0) <= _LAST_PORT


def _lists(entry: str, host: str, port: int) -> bool:
    """Whether an entry of the settings means this host; on this machine, without a port, any port of it."""
    name, _, only = entry.partition(":")
    named = host.endswith(name[1:]) if name.startswith("*.") else host == name
    return named and (str(port) == (only or "443") or (not only and name in LOOPBACK))
