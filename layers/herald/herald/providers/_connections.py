"""Connections: those of urllib3, which look at the end of their call before they connect, send or read.

``requests`` and botocore stand on urllib3. Its timeouts are for each read: who sends a byte now and then is never late.
"""

import socket
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from ipaddress import ip_address
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from herald.providers._end import CURRENT, SECONDS, End
from herald.providers._reach import addresses, connected


def ending(pools: Mapping[str, Any]) -> dict[str, Any]:
    """These classes of urllib3's connection pools, by scheme, with connections that end when their call does."""
    return {scheme: _ending(pool) for scheme, pool in pools.items()}


def _ending(pool: Any) -> Any:
    if issubclass(pool.ConnectionCls, _Connection):
        return pool
    connection = type("Connection", (_Connection, pool.ConnectionCls), {})
    return type("Pool", (pool,), {"ConnectionCls": connection})


class _Received(RawIOBase):
    """What a vendor sends, read from its connection until the end of the call."""

    def __init__(self, raw: Any, connection: socket.socket, end: End) -> None:
        self._raw, self._connection, self._end = raw, connection, end
        self._patience = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def readinto(self, buffer: Any, /) -> int | None:
        self._end.limit(self._connection, self._patience)
        count: int | None = self._raw.readinto(buffer)
        self._end.received(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """A response whose status, headers and body come until the end of the call."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        end = CURRENT.get()
        if end:
            raw: Any = self.fp
            self.fp = BufferedReader(_Received(raw.detach(), sock, end))


class _Connection(HTTPConnection):
    """Mixed into a connection of urllib3. Without an end it is as it was."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        end = CURRENT.get()
        if end is None:
            return super()._new_conn()
        try:
            return self._reached(min(end.at, time.monotonic() + (self.timeout or SECONDS)))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "not connected in time") from error
        except OSError as error:
            raise NewConnectionError(self, "not connected") from error

    def _reached(self, end: float) -> socket.socket:
        host = self._dns_host.strip("[]")
        try:
            found = [str(ip_address(host))]
        except ValueError:
            found = addresses(host, self.port, end)
        return connected(self.port, found, end, source=self.source_address, options=self.socket_options or ())

    def send(self, data: Any) -> None:
        end = CURRENT.get()
        if end and self.sock is not None:
            end.limit(self.sock, None)
        super().send(data)
