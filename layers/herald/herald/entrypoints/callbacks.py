"""Callbacks: what providers call. What proves itself is acknowledged at once; nothing else gets in."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from herald.entrypoints.gateway import Request, Response, answered, not_allowed, proxy_answer, read_event
from herald.errors import InvalidMessage, Problem
from herald.pipeline.flow import Herald
from herald.providers._base import Callback

LARGEST = 65_536
MOST_FIELDS = 100
INBOUND = "/inbound/"


class Callbacks:
    """``POST /receipts/{channel}/{token}``, and ``GET`` or ``POST /inbound/{channel}/{token}``."""

    def __init__(self, herald: Callable[[], Herald]) -> None:
        self._herald = herald

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """API Gateway's proxy event in; 204 out, or a problem: 403, 405, 413, 503. Never raises."""
        advice = "Call back again."
        return proxy_answer(answered(event, self._respond, lambda: self._herald().ports.observer, advice))

    def _respond(self, event: Mapping[str, Any]) -> Response:
        request, path = read_event(event), event.get("pathParameters") or {}
        written = str(event.get("resource")).startswith(INBOUND)
        methods = ("GET", "POST") if written else ("POST",)
        if request.method not in methods:
            return not_allowed(", ".join(methods), request.id)
        if len(request.body) > LARGEST:
            too_large = [Problem("", "too_large", f"The body is larger than {LARGEST} bytes.")]
            raise InvalidMessage(too_large, status=413, code="too_large")
        channel, token = (str(path.get(name) or "") for name in ("channel", "token"))
        callback = Callback(_url(event), request.headers, _said(request))
        if written:
            self._herald().written(channel, token, callback)
        else:
            self._herald().receipt(channel, token, callback)
        return Response(204, "")


def _said(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(request.query)
    return fields(request.body, request.headers.get("content-type", ""))


def fields(body: bytes, content_type: str) -> dict[str, Any]:
    """What a callback says, as JSON or as a form; empty if it cannot be read. Vendors send what they like: no error."""
    text = body.decode("utf-8", "replace")
    try:
        if "json" in content_type.lower() or text.lstrip().startswith("{"):
            said = json.loads(text)
            return said if isinstance(said, dict) else {}
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except (ValueError, RecursionError):
        return {}


def _url(event: Mapping[str, Any]) -> str:
    """The address that was called, as a vendor signs it."""
    context = event.get("requestContext") or {}
    return f"https://{context.get('domainName', '')}{context.get('path', '')}"
