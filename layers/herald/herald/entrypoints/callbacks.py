"""Callbacks: what providers call. What proves itself is acknowledged at once; nothing else gets in."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from herald.entrypoints.body import read_callback
from herald.entrypoints.gateway import Request, Response, answered, method, not_allowed, proxy_answer, read_event
from herald.errors import InvalidMessage
from herald.pipeline.flow import Herald
from herald.providers._base import Callback

RECEIPTS, INBOUND = "/receipts/", "/inbound/"


class Callbacks:
    """``POST /receipts/{channel}/{token}``, and ``GET`` or ``POST /inbound/{channel}/{token}``."""

    def __init__(self, herald: Callable[[], Herald]) -> None:
        self._herald = herald

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """API Gateway's proxy event in; 204 out, or a problem: 400, 403, 405, 413, 415, 422, 503. Never raises.

        Exotel's applet asks by HEAD, then by GET, and sends the text of the answer to whoever wrote (November 2026):
        such an answer has none, whatever came of it.
        """
        response = answered(event, self._respond, lambda: self._herald().ports.observer, "Call back again.")
        if method(event) == "HEAD" or (method(event) == "GET" and _inbound(event)):
            response = response._replace(body="", type="text/plain")
        return proxy_answer(response)

    def _respond(self, event: Mapping[str, Any]) -> Response:
        request, path = read_event(event), event.get("pathParameters") or {}
        methods = ("GET", "HEAD", "POST") if _inbound(event) else ("POST",)
        if request.method not in methods:
            return not_allowed(", ".join(methods), request.id)
        channel, token = (str(path.get(name) or "") for name in ("channel", "token"))
        url = f"{self._herald().ports.url}{INBOUND if _inbound(event) else RECEIPTS}{channel}/{token}{_query(event)}"
        callback = _callback(url, request)
        if not _inbound(event):
            self._herald().receipt(channel, token, callback)
        elif request.method == "HEAD":
            self._herald().proved(channel, token, callback)
        else:
            self._herald().written(channel, token, callback)
        return Response(204 if request.method == "POST" else 200, "")


def _callback(url: str, request: Request) -> Callback:
    """What is said, and if it cannot be read, why: whose it is has to be proved before that is told."""
    if request.method != "POST":
        return Callback(url, request.headers, request.query)
    try:
        said = read_callback(request.body, request.headers.get("content-type"))
    except InvalidMessage as refusal:
        return Callback(url, request.headers, {}, refusal, request.body)
    return Callback(url, request.headers, said, body=request.body)


def _inbound(event: Mapping[str, Any]) -> bool:
    return isinstance(event, Mapping) and str(event.get("resource")).startswith(INBOUND)


def _query(event: Mapping[str, Any]) -> str:
    """The query that was called, as a vendor signs it, if it holds nothing that can be written in two ways."""
    given = event.get("multiValueQueryStringParameters") or {}
    written = urlencode(given, doseq=True, errors="surrogatepass")
    return f"?{written}" if written else ""
