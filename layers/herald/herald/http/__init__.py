"""HTTPS: the routes. API Gateway's event -> a call -> an answer; every error is a problem that lists all mistakes."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from herald.ask import wanted
from herald.errors import HeraldError, InvalidMessage, InvalidRequest, NotAllowed, NotFound, Problem, Refused
from herald.flow import Answer, Herald
from herald.http.gateway import Request, Response, answered, not_allowed, problem, proxy_answer, read_event
from herald.message import Status
from herald.parse import parse
from herald.validate.fields import Fields, yes_or_no


class NoSuchPage(NotFound):
    """There is nothing at this path."""

    title = "There is no such page"
    hint = "GET /openapi.json lists what there is."


Route = Callable[[Request], Response]
# What a key must allow, by what is asked for. What is not here is open to everybody.
SCOPES = {
    ("POST", "/messages"): "send",
    ("GET", "/messages"): "read",
    ("GET", "/messages/{id}"): "read",
    ("DELETE", "/messages/{id}"): "cancel",
    ("GET", "/recipients/{number}"): "read",
    ("PUT", "/recipients/{number}"): "erase",
    ("DELETE", "/recipients/{number}"): "erase",
}


class Https:
    """The HTTPS door. ``herald`` gives the journey; ``about`` is what ``/health`` tells; ``files`` holds the page."""

    def __init__(self, herald: Callable[[], Herald], about: Mapping[str, object], files: Path) -> None:
        self._herald, self._about, self._files = herald, about, files
        self._routes: dict[str, dict[str, Route]] = {
            "/": {"GET": self.page},
            "/openapi.json": {"GET": self.contract},
            "/health": {"GET": self.health},
            "/messages": {"GET": self.search, "POST": self.post},
            "/messages/{id}": {"GET": self.get, "DELETE": self.delete},
            "/recipients/{number}": {"GET": self.opted_out, "PUT": self.opt, "DELETE": self.erase},
        }

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """API Gateway's proxy event in, its proxy answer out. Never raises."""
        advice = "Look the message up before you repeat it."
        response = answered(event, self._respond, lambda: self._herald().observer, advice)
        return proxy_answer(response._replace(body="") if event.get("httpMethod") == "HEAD" else response)

    def _respond(self, event: Mapping[str, Any]) -> Response:
        resource = str(event.get("resource"))
        methods = self._routes.get(resource)
        if methods is None:
            raise NoSuchPage
        request = read_event(event)
        method = "GET" if request.method == "HEAD" else request.method
        route = methods.get(method)
        if route is None:
            return not_allowed(", ".join(methods).replace("GET", "GET, HEAD"), request.id)
        scope = SCOPES.get((method, resource))
        if scope and scope not in request.grant.scopes:
            raise _out_of_scope(scope, request)
        return route(request)

    def post(self, request: Request) -> Response:
        """``POST /messages``: 201 sent; 202 accepted, scheduled, retrying or unknown; 422 refused, and never sent."""
        query(request)
        mapping = parse(request.body, request.headers.get("content-type"))
        deferred = "respond-async" in _preferences(request) and mapping.get("mode") in (None, "")
        if deferred:
            mapping = {**mapping, "mode": "async"}
        answer = self._herald().send(
            mapping,
            caller=request.caller,
            door="https",
            key=idempotency_key(request.headers),
            grant=request.grant,
        )
        response = _sent(answer, request.id)
        return _with(response, {"Preference-Applied": "respond-async"}) if deferred else response

    def get(self, request: Request) -> Response:
        """``GET /messages/{id}``: the message with its trace; with ``refresh``, its provider is asked about it."""
        if not query(request, refresh=wanted).get("refresh"):
            return Response(200, self._herald().find(request.message_id, caller=request.caller).public())
        message, asked = self._herald().refreshed(request.message_id, caller=request.caller)
        return Response(200, message.public(), {"Herald-Refreshed": "true" if asked else "false"})

    def delete(self, request: Request) -> Response:
        """``DELETE /messages/{id}``: cancel a message that still waits."""
        query(request)
        return Response(200, self._herald().cancel(request.message_id, caller=request.caller).public())

    def search(self, request: Request) -> Response:
        """``GET /messages``: a page of this caller's messages to a number, newest first."""
        if str(request.query.get("to")).startswith(" "):
            detail = "The number begins with a space: in a URL a plus sign is written %2B."
            raise InvalidRequest([Problem("to", "plus_not_encoded", detail)])
        return Response(200, self._herald().search(request.query, caller=request.caller).public())

    def erase(self, request: Request) -> Response:
        """``DELETE /recipients/{number}``: erase all messages to a number. 202 if some could not be erased yet."""
        query(request)
        erased = self._herald().erase(request.number, field="number")
        return Response(202 if erased.left else 200, erased._asdict())

    def opted_out(self, request: Request) -> Response:
        """``GET /recipients/{number}``: whether the person wants no texts."""
        query(request)
        return Response(200, self._herald().consent.of(request.number, "number")._asdict())

    def opt(self, request: Request) -> Response:
        """``PUT /recipients/{number}``: ``{"opted_out": true}`` or false: the person wants no texts, or wants them."""
        query(request)
        fields = Fields(parse(request.body, request.headers.get("content-type")))
        wish = fields.required("opted_out", yes_or_no)
        fields.unknown(("opted_out",), lambda name: " The only field is opted_out.")
        if fields.problems or wish is None:
            raise InvalidRequest(fields.problems)
        done = self._herald().consent.change(request.number, "number", opted_out=wish, source="https")
        return Response(200, done._asdict())

    def health(self, request: Request) -> Response:
        """``GET /health``: whether the settings can be read. The channels are named on the laptop only."""
        try:
            channels = sorted(self._herald().settings().channels)
        except HeraldError as error:
            return Response(503, {"status": "failing", "code": error.code, **self._about})
        shown = {"channels": channels} if self._about.get("stage") == "local" else {}
        return Response(200, {"status": "ok", **self._about, **shown})

    def contract(self, request: Request) -> Response:
        """``GET /openapi.json``: the contract, OpenAPI 3.1."""
        return Response(200, (self._files / "openapi.json").read_text(encoding="utf-8"))

    def page(self, request: Request) -> Response:
        """``GET /``: the page with the form. Only its own script and style may run."""
        text = (self._files / "page.html").read_text(encoding="utf-8")
        policy = (
            f"default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors 'none'; script-src {_source(text, 'script')}; style-src {_source(text, 'style')}"
        )
        return Response(200, text, {"Content-Security-Policy": policy}, "text/html; charset=utf-8")


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The ``Idempotency-Key`` header: 1 to 255 printable ASCII characters."""
    key = headers.get("idempotency-key")
    if key is None or re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?", key):
        return key
    code, detail = "invalid_idempotency_key", "The key must be 1 to 255 printable ASCII characters."
    raise InvalidMessage([Problem("Idempotency-Key", code, detail)], status=400, code=code)


def query(request: Request, **known: Callable[[object], Any]) -> dict[str, Any]:
    """The parameters of a request's query, each read by the reader of its name; others must not be there.

    Raises ``InvalidRequest``, which lists every problem.
    """
    fields = Fields(request.query)
    read = {name: fields.read(name, known[name], None) for name in known if name in request.query}
    fields.unknown(known, lambda name: "")
    if fields.problems:
        raise InvalidRequest(fields.problems)
    return read


def _out_of_scope(scope: str, request: Request) -> NotAllowed:
    allowed = ", ".join(sorted(request.grant.scopes)) or "nothing"
    detail = f"This needs a key with the scope {scope}; this key may: {allowed}."
    return NotAllowed(
        "scope_missing", detail, status=403, hint=f"Use a key that was made with {scope} among its --scopes."
    )


def _sent(answer: Answer, request_id: str) -> Response:
    message = answer.message
    headers = {"Location": f"messages/{message.id}"} | ({"Idempotency-Replayed": "true"} if answer.replayed else {})
    if message.status.unsent and message.reason:
        error = Refused(message.reason.code)
        if error.retryable:
            error.hint = "Send it again with a new Idempotency-Key: this one stands for the message that failed."
        return _with(problem(error, request_id, message), headers)
    done = message.status in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
    return Response(201 if done else 202, message.public(), headers)


def _preferences(request: Request) -> set[str]:
    return {part.strip().lower() for part in request.headers.get("prefer", "").split(",")}


def _with(response: Response, headers: Mapping[str, str]) -> Response:
    return response._replace(headers={**response.headers, **headers})


def _source(page: str, tag: str) -> str:
    """The hash of the page's one inline script or style, as a Content-Security-Policy names it."""
    inner = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'"
