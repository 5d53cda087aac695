"""Gateway: API Gateway's proxy event -> a request; a response, or an error as a problem -> its answer."""

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote

from herald.errors import HeraldError, InvalidMessage, NotAllowed, Problem
from herald.keys.grant import Grant, nothing
from herald.message import Message
from herald.message.times import rfc3339
from herald.pipeline.ports import Observer

JSON = "application/json"
PROBLEM = "application/problem+json"


class Request(NamedTuple):
    """What the routes need of an event. Header names are in lower case; ``caller`` is the name of the API key, and
    ``grant`` what its owner may do.

    ``query`` holds the parameters of the query; one that is given several times is a list. ``message_id`` and
    ``number`` are parts of the path, where the path has them.
    """

    method: str
    headers: Mapping[str, str]
    body: bytes
    id: str
    caller: str
    grant: Grant
    message_id: str
    number: str
    query: Mapping[str, object]


class Response(NamedTuple):
    """What is answered. ``body`` is text, or anything that JSON can hold."""

    status: int
    body: object
    headers: Mapping[str, str] = {}
    type: str = JSON


def read_event(event: Mapping[str, Any]) -> Request:
    """What an event asks for. Raises ``InvalidMessage`` for what API Gateway never hands over."""
    try:
        return _request(event)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise _malformed() from None


def method(event: Mapping[str, Any]) -> str:
    """The method of a request, in capitals."""
    return str(event.get("httpMethod", "")).upper() if isinstance(event, Mapping) else ""


def _malformed() -> InvalidMessage:
    detail = "This is no request as API Gateway hands it over."
    return InvalidMessage([Problem("", "malformed_event", detail)], status=400, code="malformed_event")


def _request(event: Mapping[str, Any]) -> Request:
    context, path = event.get("requestContext") or {}, event.get("pathParameters") or {}
    authorizer = context.get("authorizer") or {}
    name = str(authorizer.get("principalId") or "")
    body, encoded = event.get("body") or "", event.get("isBase64Encoded")
    raw = base64.b64decode(body, validate=True) if encoded else body.encode("utf-8", "surrogatepass")
    return Request(
        method=method(event),
        headers=_headers(event),
        body=raw,
        id=str(context.get("requestId") or ""),
        caller=f"key:{name}",
        grant=_grant(name, authorizer.get("grant")),
        message_id=str(path.get("id") or ""),
        number=unquote(str(path.get("number") or "")),  # It comes as it was sent, percent-encoded (November 2026).
        query=_query(event),
    )


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The headers by their names in lower case. One that is given several times is its last, as API Gateway has it;
    but Prefer is a list, which may come in several (RFC 7240).
    """
    once = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    lists: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    prefer = [str(value) for name, values in lists.items() if str(name).lower() == "prefer" for value in values]
    return {**once, "prefer": ", ".join(prefer)} if prefer else once


def _grant(name: str, handed_on: object) -> Grant:
    """What the authorizer handed on; nothing is allowed if that cannot be understood."""
    try:
        return Grant.read(name, json.loads(str(handed_on)))
    except (ValueError, AttributeError, RecursionError):
        return nothing(name)


def _query(event: Mapping[str, Any]) -> dict[str, object]:
    """The parameters of the query, which API Gateway has decoded."""
    once: Mapping[str, str] = event.get("queryStringParameters") or {}
    lists: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    return {**once, **{name: values if len(values) > 1 else values[0] for name, values in lists.items()}}


def answered(
    event: Mapping[str, Any],
    respond: Callable[[Mapping[str, Any]], Response],
    observer: Callable[[], Observer],
    advice: str,
) -> Response:
    """What ``respond`` makes of an event; an error is a problem. One that nobody foresaw is told to the operator, and
    the caller gets ``advice``: never the error's text, which might hold what was asked. Never raises.
    """
    request_id = _request_id(event)
    try:
        if not isinstance(event, Mapping):
            raise _malformed()
        return respond(event)
    except HeraldError as error:
        return problem(error, request_id)
    except Exception as error:
        with suppress(Exception):  # What broke may be the service itself.
            observer().trouble("request broke off", error, request_id=request_id)
        return problem(HeraldError(f"Herald made a mistake. {advice}"), request_id)


def _request_id(event: Mapping[str, Any]) -> str:
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    return str(context.get("requestId") or "") if isinstance(context, Mapping) else ""


def not_allowed(allowed: str, request_id: str) -> Response:
    """The answer to a method that is not known here; ``allowed`` lists those that are."""
    wrong = [Problem("", "method_not_allowed", f"Use {allowed} here.")]
    response = problem(InvalidMessage(wrong, status=405, code="method_not_allowed"), request_id)
    return response._replace(headers={**response.headers, "Allow": allowed})


def problem(error: HeraldError, request_id: str, message: Message | None = None) -> Response:
    """RFC 9457: ``{type, title, status, code, detail, errors, retryable, hint, request_id}``."""
    body = {**error.public(), "request_id": request_id}
    if message:
        body |= {"id": message.id, "message": message.public()}
    if isinstance(error, NotAllowed) and error.trace:
        body["trace"] = [{"at": rfc3339(step.at), "step": step.step, "detail": step.detail} for step in error.trace]
    retry_after = 5 if error.status == 503 else getattr(error, "retry_after", None)
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return Response(error.status, body, headers, PROBLEM)


def proxy_answer(response: Response) -> dict[str, Any]:
    """The answer that API Gateway passes on."""
    text = response.body if isinstance(response.body, str) else json.dumps(response.body, ensure_ascii=False)
    headers = {
        "Content-Type": response.type,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        **response.headers,
    }
    return {"statusCode": response.status, "headers": headers, "body": text, "isBase64Encoded": False}
