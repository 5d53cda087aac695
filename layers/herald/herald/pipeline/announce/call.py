"""Call: one POST to exactly the addresses that were judged; no redirects, no proxies, and an end however slow it is."""

import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from herald.providers import _reach
from herald.providers._reach import Resolve, left
from herald.settings.hosts import Target

CONNECT_SECONDS, SECONDS = 3.0, 5.0
# The status is the first thing that a server says; what else it says is not read.
_MOST_BYTES = 1024
_STATUS = re.compile(rb"(?:HTTP/1\.[01] 1\d\d.*?\r\n\r\n)*HTTP/1\.[01] ([2-9]\d\d)[ \r\n]", re.DOTALL)
# Of IPv6, only this part is given to the hosts of the world.
_UNICAST = ip_network("2000::/3")
# RFC 6052: the IPv4 address behind a translator is in the last 32 bits.
_TRANSLATED = ip_network("64:ff9b::/96")


class PrivateAddress(Exception):
    """The host's name leads into a private network, or to the machine itself."""


class NoAnswer(Exception):
    """The host took the connection, and said nothing that is HTTP."""


def addresses(aim: Target, resolve: Resolve = socket.getaddrinfo, *, seconds: float = SECONDS) -> list[str]:
    """All addresses of the host, asked for once. Raises ``PrivateAddress`` if one of them is, and ``OSError``:
    a ``TimeoutError`` if they are not known after so many seconds.
    """
    found = _reach.addresses(aim.host, aim.port, time.monotonic() + seconds, resolve)
    fits = _loopback if aim.loopback else public
    if not found or not all(fits(ip_address(address)) for address in found):
        raise PrivateAddress
    return found


def public(address: IPv4Address | IPv6Address) -> bool:
    """Whether this is an address of the open internet; one that holds another is judged by that."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    inner = address.ipv4_mapped or address.sixtofour
    if address in _TRANSLATED:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return public(inner) if inner else address in _UNICAST and address.is_global


def _loopback(address: IPv4Address | IPv6Address) -> bool:
    return address.is_loopback


def call(
    aim: Target,
    judged: Sequence[str],
    body: bytes,
    headers: Mapping[str, str],
    *,
    context: ssl.SSLContext | None = None,
    seconds: float = SECONDS,
) -> int:
    """POST to the first of the judged addresses that can be reached. The HTTP status of the answer.

    ``seconds`` is for all of it together. Raises ``OSError`` (which ``TimeoutError`` and ``ssl.SSLError`` are) or
    ``NoAnswer``.
    """
    end = time.monotonic() + seconds
    with _reach.connected(aim.port, judged, min(end, time.monotonic() + CONNECT_SECONDS)) as plain:
        if not aim.secure:
            return _exchange(plain, _request(aim, body, headers), end)
        plain.settimeout(left(end))
        with (context or trusting()).wrap_socket(plain, server_hostname=aim.host) as sealed:
            return _exchange(sealed, _request(aim, body, headers), end)


@cache
def trusting() -> ssl.SSLContext:
    """The context that trusts whom the world's browsers trust."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _request(aim: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    usual = aim.port == (443 if aim.secure else 80)
    lines = {
        "Host": aim.host if usual else f"{aim.host}:{aim.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {aim.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _exchange(connection: socket.socket, request: bytes, end: float) -> int:
    connection.settimeout(left(end))
    connection.sendall(request)
    answer = b""
    while len(answer) < _MOST_BYTES:
        connection.settimeout(left(end))
        more = connection.recv(_MOST_BYTES - len(answer))
        answer += more
        if found := _STATUS.match(answer):
            return int(found[1])
        if not more:
            break
    raise NoAnswer
