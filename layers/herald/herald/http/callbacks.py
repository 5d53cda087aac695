"""Callbacks: the providers' door. A callback that proves itself is acknowledged at once; nothing else gets in."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from herald.errors import InvalidMessage, Problem
from herald.http.gateway import Response, answered, not_allowed, proxy_answer, read_event
from herald.providers._base import Callback
from herald.receive import Receipts

LARGEST = 65_536
MOST_FIELDS = 100


class Callbacks:
    """``POST /receipts/{channel}/{token}``. ``receipts`` gives the room that takes them in."""

    def __init__(self, receipts: Callable[[], Receipts]) -> None:
        self._receipts = receipts

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """API Gateway's proxy event in; 204 out, or a problem: 403, 405, 413, 503. Never raises."""
        return proxy_answer(answered(event, self._respond, lambda: self._receipts().observer, "Call back again."))

    def _respond(self, event: Mapping[str, Any]) -> Response:
        request, path = read_event(event), event.get("pathParameters") or {}
        if request.method != "POST":
            return not_allowed("POST", request.id)
        if len(request.body) > LARGEST:
            too_large = [Problem("", "too_large", f"The body is larger than {LARGEST} bytes.")]
            raise InvalidMessage(too_large, status=413, code="too_large")
        channel, token = (str(path.get(name) or "") for name in ("channel", "token"))
        said = fields(request.body, request.headers.get("content-type", ""))
        self._receipts().callback(channel, token, Callback(_url(event), request.headers, said))
        return Response(204, "")


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
