"""Endless: answers that have no end, in time or in size, each true to HTTP for as long as anybody reads it."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, repeat

from tests.providers.server import Reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
KB, MB = 1024, 1024 * 1024
BOMB_MB = 600


def begun(head: bytes, parts: Iterable[bytes]) -> Iterator[bytes]:
    """An answer that begins well."""
    return chain([HEAD + head], parts)


def bomb() -> Iterator[bytes]:
    """600 MB of zeros in 600 kB of gzip: a full flush begins anew, so that one block stands for all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return chain([first], repeat(block, BOMB_MB - 1))


def a_byte_a_time(text: bytes) -> Iterator[bytes]:
    """Its bytes, one by one."""
    return (text[n : n + 1] for n in range(len(text)))


DRIPS: dict[str, Callable[[], Iterable[bytes]]] = {
    "a body a byte a second": lambda: begun(b"Content-Length: 9999\r\n\r\n", repeat(b"x")),
    "chunks of a byte a second": lambda: begun(CHUNKED, repeat(b"1\r\nx\r\n")),
    "headers a byte a second": lambda: chain(a_byte_a_time(HEAD), repeat(b"x")),
    "a header a second": lambda: begun(b"", repeat(b"X-More: 1\r\n")),
    "100 Continue each second": lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
}
FLOODS: dict[str, Callable[[], Iterable[bytes]]] = {
    "a body without end": lambda: begun(b"\r\n", repeat(b"x" * KB)),
    "a body longer than it may be": lambda: begun(b"Content-Length: 9999999999\r\n\r\n", repeat(b"x" * KB)),
    "chunks without end": lambda: begun(CHUNKED, repeat(b"400\r\n" + b"x" * KB + b"\r\n")),
    "a chunk's size without end": lambda: begun(CHUNKED, repeat(b"0" * KB)),
    "trailers without end": lambda: begun(CHUNKED + b"0\r\n", repeat(b"X-More: 1\r\n" * 99)),
    "headers without end": lambda: begun(b"", repeat(b"X-More: " + b"x" * KB + b"\r\n")),
    "a header without end": lambda: begun(b"X-More: ", repeat(b"x" * KB)),
    "100 Continue without end": lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
    "600 MB of gzip": lambda: begun(b"Content-Encoding: gzip\r\n\r\n", bomb()),
    "600 MB of gzip in gzip": lambda: begun(b"Content-Encoding: gzip, deflate\r\n\r\n", bomb()),
}


def endless(pause: float) -> dict[str, Reply]:
    """Every answer without an end, by what it is; one that drips does so each ``pause`` seconds."""
    drips = {name: Reply(raw=raw, pause=pause) for name, raw in DRIPS.items()}
    return drips | {name: Reply(raw=raw) for name, raw in FLOODS.items()}


def with_id(accepted: Reply, provider_id: str, other: str) -> Reply:
    """The answer of a vendor that accepts, with another id."""
    return replace(accepted, body=accepted.body.replace(provider_id.encode(), other.encode()))
