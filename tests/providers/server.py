"""A vendor on loopback: real HTTP, a ledger of every request that reached it, and answers that go wrong as asked."""

import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Literal, NamedTuple, cast
from urllib.parse import parse_qsl

Fault = Literal["drop", "reset", "cut", "slow"]


class Call(NamedTuple):
    """A request that reached the vendor whole. Header names are in lower case; ``port`` is the client's."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int

    @property
    def form(self) -> dict[str, str]:
        """The fields; those of JSON as texts, what is within an object by both names: ``Context.stage``."""
        if "json" in self.headers.get("content-type", ""):
            return dict(_flat("", json.loads(self.body)))
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


def _flat(before: str, said: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{before}{name}.", value)
        else:
            yield before + name, value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class Reply:
    """What the vendor answers. ``drop`` and ``reset``: nothing. ``cut``: half of it. ``slow``: nothing in time.

    ``raw`` are the bytes of an answer that is sent instead, with ``pause`` seconds between any two.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    raw: Callable[[], Iterable[bytes]] | None = None
    pause: float = 0

    @classmethod
    def json(cls, value: object, status: int = 200, **headers: str) -> "Reply":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})

    @classmethod
    def xml(cls, text: str, status: int = 200, **headers: str) -> "Reply":
        return cls(status, text.encode(), {"Content-Type": "text/xml", **headers})


class Vendor:
    """The server: ``answers`` are given in turn, the last one again and again; ``calls`` is the ledger.

    With a ``context`` it speaks TLS.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self._answers: deque[Reply] = deque([Reply(500)])
        self.released = Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.vendor = self
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self, *replies: Reply) -> "Vendor":
        self._answers = deque(replies)
        return self

    def next_reply(self) -> Reply:
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def vendor(context: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    """A vendor that is closed at the end."""
    server = Vendor(context)
    try:
        yield server
    finally:
        server.close()


def closed_port() -> int:
    """A port on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server(ThreadingHTTPServer):
    vendor: Vendor
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # Else ten callers at once are five too many.

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what these tests are about, and no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = cast("_Server", self.server).vendor
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.calls.append(Call(self.command, self.path, headers, body, self.client_address[1]))
        reply = server.next_reply()
        if reply.fault == "slow":
            server.released.wait()
        if reply.fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        if reply.fault in ("slow", "drop", "reset"):
            self.close_connection = True
            return
        if reply.raw:
            self._send(reply.raw(), reply.pause)
            return
        self._answer(reply)

    do_GET = do_CONNECT = do_POST

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.fault == "cut":
            self.close_connection = True
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.fault == "cut" else reply.body)

    def _send(self, parts: Iterable[bytes], pause: float) -> None:
        self.close_connection = True
        released = cast("_Server", self.server).vendor.released
        for part in parts:
            self.connection.sendall(part)
            if released.wait(pause) if pause else released.is_set():
                return

    def log_message(self, format: str, *args: object) -> None:
        """The ledger is enough."""
