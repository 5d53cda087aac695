"""Routes: the HTTPS API: API Gateway's event -> a call -> an answer. An error is a problem that lists all mistakes."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from herald.entrypoints.body import check_plus, read
from herald.entrypoints.gateway import (
    Request,
    Response,
    answered,
    method,
    not_allowed,
    problem,
    proxy_answer,
    read_event,
)
from herald.entrypoints.idempotency import header_key
from herald.errors import HeraldError, InvalidRequest, NotAllowed, NotFound, Refused
from herald.message.status import Status
from herald.pipeline.flow import Herald
from herald.pipeline.send.accept import Accepted
from herald.pipeline.validate.fields import Fields, yes_or_no

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class NoSuchPage(NotFound):
    """There is nothing at this path."""

    title = "There is no such page"
    hint = "GET /openapi.json lists what there is."


class Https:
    """The HTTPS API. ``herald`` gives the service; ``about`` is what ``/health`` tells; ``files`` holds the page."""

    def __init__(self, herald: Callable[[], Herald], about: Mapping[str, object], files: Path) -> None:
        self._herald, self._about, self._files = herald, about, files

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """API Gateway's proxy event in, its proxy answer out. Never raises."""
        advice = "Look the message up before you repeat it."
        response = answered(event, self._respond, lambda: self._herald().ports.observer, advice)
        return proxy_answer(response._replace(body="") if method(event) == "HEAD" else response)

    def _respond(self, event: Mapping[str, Any]) -> Response:
        methods = METHODS.get(str(event.get("resource")))
        if methods is None:
            raise NoSuchPage
        request = read_event(event)
        route = methods.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            return not_allowed(", ".join(methods).replace("GET", "GET, HEAD"), request.id)
        if route.scope and route.scope not in request.grant.scopes:
            raise _out_of_scope(route.scope, request)
        return route.handler(self, request)

    def post(self, request: Request) -> Response:
        """201 sent; 202 accepted, scheduled, retrying or unknown; 422 refused, and never sent."""
        query(request)
        mapping, deferred = _asked(request)
        answer = self._herald().send(
            mapping,
            caller=request.caller,
            entrypoint="https",
            key=header_key(request.headers),
            grant=request.grant,
        )
        response = _sent(answer, request.id)
        return _with(response, {"Preference-Applied": "respond-async"}) if deferred else response

    def explain(self, request: Request) -> Response:
        """What would happen to a message: 200, also where it would be refused."""
        query(request)
        mapping, _ = _asked(request)
        explained = self._herald().explain(
            mapping, caller=request.caller, entrypoint="https", key=header_key(request.headers), grant=request.grant
        )
        return Response(200, explained.public())

    def get(self, request: Request) -> Response:
        """The message with its trace; with ``refresh``, its provider is asked about it."""
        if not query(request, refresh=yes_or_no).get("refresh"):
            return Response(200, self._herald().find(request.message_id, caller=request.caller).public())
        message, asked = self._herald().refreshed(request.message_id, caller=request.caller)
        return Response(200, message.public(), {"Herald-Refreshed": "true" if asked else "false"})

    def delete(self, request: Request) -> Response:
        """Cancel a message that still waits."""
        query(request)
        return Response(200, self._herald().cancel(request.message_id, caller=request.caller).public())

    def search(self, request: Request) -> Response:
        """A page of this caller's messages to a number or with a reference, or of those that ended badly last."""
        check_plus("to", request.query.get("to"))
        return Response(200, self._herald().search(request.query, caller=request.caller).public())

    def erase(self, request: Request) -> Response:
        """Erase all messages to a number. 202 if some could not be erased yet."""
        query(request)
        erased = self._herald().erase(_number(request), field="number")
        return Response(202 if erased.left else 200, erased._asdict())

    def opted_out(self, request: Request) -> Response:
        """Whether the person wants no texts."""
        query(request)
        return Response(200, self._herald().opted_out(_number(request), field="number")._asdict())

    def opt(self, request: Request) -> Response:
        """``{"opted_out": true}`` or false: the person wants no texts, or wants them."""
        query(request)
        fields = Fields(read(request.body, request.headers.get("content-type")))
        wish = fields.required("opted_out", yes_or_no)
        fields.unknown(("opted_out",), lambda name: " The only field is opted_out.")
        if fields.problems or wish is None:
            raise InvalidRequest(fields.problems)
        opted = self._herald().opt(_number(request), out=wish, source="https", field="number")
        return Response(200, opted._asdict())

    def channels(self, request: Request) -> Response:
        """The health of each channel."""
        query(request)
        return Response(200, self._herald().channels())

    def health(self, request: Request) -> Response:
        """Whether the settings can be read. The channels are named on the laptop only."""
        try:
            channels = sorted(self._herald().ports.settings.channels)
        except HeraldError as error:
            return Response(503, {"status": "failing", "code": error.code, **self._about})
        shown = {"channels": channels} if self._about.get("stage") == "local" else {}
        return Response(200, {"status": "ok", **self._about, **shown})

    def contract(self, request: Request) -> Response:
        """The contract, OpenAPI 3.1."""
        from herald.entrypoints.api.pages import contract

        return contract(self._files)

    def page(self, request: Request) -> Response:
        """The page with the form."""
        from herald.entrypoints.api.pages import page

        return page(self._files)


class Route(NamedTuple):
    """What answers a method at a path, and the scope that a key must have for it; None: it is open to everybody."""

    method: str
    path: str
    scope: str | None
    handler: Callable[[Https, Request], Response]


ROUTES = (
    Route("GET", "/messages", "read", Https.search),
    Route("POST", "/messages", "send", Https.post),
    Route("POST", "/messages/explain", "send", Https.explain),
    Route("GET", "/messages/{id}", "read", Https.get),
    Route("DELETE", "/messages/{id}", "cancel", Https.delete),
    Route("GET", "/recipients/{number}", "read", Https.opted_out),
    Route("PUT", "/recipients/{number}", "erase", Https.opt),
    Route("DELETE", "/recipients/{number}", "erase", Https.erase),
    Route("GET", "/channels", "read", Https.channels),
    Route("GET", "/health", None, Https.health),
    Route("GET", "/openapi.json", None, Https.contract),
    Route("GET", "/", None, Https.page),
)
METHODS = {
    path: {route.method: route for route in ROUTES if route.path == path} for path in {route.path for route in ROUTES}
}


def query(request: Request, **known: Callable[[object], Any]) -> dict[str, Any]:
    """The parameters of a request's query, each read by the reader of its name; others must not be there.

    Raises ``InvalidRequest``, which lists every problem.
    """
    fields = Fields(request.query)
    found = {name: fields.read(name, known[name], None) for name in known if name in request.query}
    fields.unknown(known, lambda name: "")
    if fields.problems:
        raise InvalidRequest(fields.problems)
    return found


def _asked(request: Request) -> tuple[Mapping[str, object], bool]:
    """The message that is asked for, and whether it is deferred because the request prefers that."""
    mapping = read(request.body, request.headers.get("content-type"), number="to")
    deferred = "respond-async" in _preferences(request) and mapping.get("mode") in (None, "")
    return ({**mapping, "mode": "async"} if deferred else mapping), deferred


def _out_of_scope(scope: str, request: Request) -> NotAllowed:
    allowed = ", ".join(sorted(request.grant.scopes)) or "nothing"
    detail = f"This needs a key with the scope {scope}; this key may: {allowed}."
    return NotAllowed(
        "scope_missing", detail, status=403, hint=f"Use a key that was made with {scope} among its --scopes."
    )


def _sent(answer: Accepted, request_id: str) -> Response:
    message = answer.message
    headers = {"Location": f"messages/{message.id}"} | ({"Idempotency-Replayed": "true"} if answer.replayed else {})
    if message.status.unsent and message.reason:
        error = Refused(message.reason.code)
        if error.retryable:
            error.hint = "Send it again with a new Idempotency-Key: this one stands for the message that failed."
        return _with(problem(error, request_id, message), headers)
    done = message.status in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
    return Response(201 if done else 202, message.public(), headers)


def _number(request: Request) -> str:
    """The number in the path. Raises ``InvalidRequest`` if its plus was lost on the way."""
    check_plus("number", request.number)
    return request.number


def _preferences(request: Request) -> set[str]:
    """The preferences that have no value (RFC 7240): ``respond-async; wait=10, handling=lenient`` is one."""
    listed = _QUOTED.sub("", request.headers.get("prefer", "")).lower().split(",")
    return {part.partition(";")[0].strip().removesuffix("=").rstrip() for part in listed}


def _with(response: Response, headers: Mapping[str, str]) -> Response:
    return response._replace(headers={**response.headers, **headers})
