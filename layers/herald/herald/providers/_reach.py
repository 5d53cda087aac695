"""Reach: a host's name is resolved, and one of its addresses connected, before a given time is over."""

import socket
import time
from collections.abc import Callable, Iterable, Sequence
from threading import Thread
from typing import Any

Resolve = Callable[..., Sequence[Any]]
"""``socket.getaddrinfo``, or another one for tests."""


def left(end: float) -> float:
    """The seconds until ``end``, a moment of ``time.monotonic``. Raises ``TimeoutError`` once there are none."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def addresses(host: str, port: int, end: float, resolve: Resolve | None = None) -> list[str]:
    """All addresses of a host, asked for once, each named once. Raises ``TimeoutError``, and ``OSError``.

    The system's resolver knows no end and cannot be interrupted: it is asked by a thread, which is left behind.
    """
    found: list[Sequence[Any] | Exception] = []

    def ask() -> None:
        try:
            found.append((resolve or socket.getaddrinfo)(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            found.append(error)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(left(end))
    if not found:
        raise TimeoutError
    if isinstance(found[0], UnicodeError):  # What cannot be a name.
        raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
    if isinstance(found[0], Exception):
        raise found[0]
    return list(dict.fromkeys(str(entry[4][0]) for entry in found[0]))


def connected(
    port: int,
    judged: Sequence[str],
    end: float,
    *,
    source: tuple[str, int] | None = None,
    options: Iterable[tuple[Any, ...]] = (),
) -> socket.socket:
    """A connection to the first of these addresses that can be reached. Raises ``TimeoutError``, and ``OSError``."""
    for address in judged[:-1]:
        try:
            return _connection(address, port, left(end) / 2, source, options)
        except OSError:
            continue
    return _connection(judged[-1], port, left(end), source, options)


def _connection(
    address: str, port: int, seconds: float, source: tuple[str, int] | None, options: Iterable[tuple[Any, ...]]
) -> socket.socket:
    made = socket.create_connection((address, port), seconds, source)
    for option in options:
        made.setsockopt(*option)
    return made
