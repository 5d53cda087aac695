"""Server: HTTP/1.1 on loopback with the sockets in hand, so that answers can come late, cut short, or not at all."""

import binascii
import json
import socket
import sys
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

LONGEST_BODY = 1_000_000


class Request(NamedTuple):
    """An HTTP request, read whole. ``path`` has no query; ``query`` no question mark."""

    method: str
    path: str
    headers: Message
    body: bytes = b""
    query: str = ""

    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body; none if it is something else."""
        if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def basic(self) -> tuple[str, str]:
        """User and password of HTTP Basic; empty if there are none."""
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = b64decode(value if scheme.lower() == "basic" else "").decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return user, password


class Reply(NamedTuple):
    """An HTTP answer. ``content`` is sent as JSON unless it is bytes; ``fault`` is how the handing over goes wrong."""

    status: int
    content: object = b""
    type: str = "application/json"
    headers: Mapping[str, str] = {}
    fault: str = ""


class Server(ThreadingHTTPServer):
    """Answers each request with ``answer(request)``. A reply whose fault is ``slow`` waits ``slow`` seconds."""

    request_queue_size = 512  # a vendor may call back for hundreds of texts at once

    def __init__(self, port: int, answer: Callable[[Request], Reply], slow: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer = answer
        self.slow = slow
        self.stopping = Event()
        self._connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away is no news
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stop listening and close every connection, also those that a client keeps for later."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._hand_over(Reply(400, {"detail": f"Send a Content-Length of at most {LONGEST_BODY} bytes."}))
        else:
            target = urlsplit(self.path)
            request = Request(self.command, target.path, self.headers, body, target.query)
            self._hand_over(self.server.answer(request))

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = _serve

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdecimal() and len(length) < 10):
            return None
        return self.rfile.read(int(length)) if int(length) <= LONGEST_BODY else None

    def _hand_over(self, reply: Reply) -> None:
        body = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
        if reply.fault == "slow":
            self.server.stopping.wait(self.server.slow)
        if reply.fault in ("drop_reply", "cut_reply"):
            self.close_connection = True
        if reply.fault != "drop_reply":
            self._write_head(reply, len(body))
            if self.command == "HEAD":
                return
            self.wfile.write(body[: len(body) // 2] if reply.fault == "cut_reply" else body)

    def _write_head(self, reply: Reply, length: int) -> None:
        self.send_response(reply.status)
        if reply.status != 204:  # RFC 9110: such an answer has no content, and says no length
            self.send_header("Content-Type", reply.type)
            self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Requests hold numbers and texts: nothing is logged."""
