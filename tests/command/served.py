"""Served: Herald in memory behind real sockets: as its HTTPS API, and as AWS, which invokes its function."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote

from herald.entrypoints import invocation
from herald.entrypoints.api.routes import METHODS, Https
from herald.errors import HeraldError
from herald.keys.grant import written
from herald.testing.outbox import Outbox
from local.server import Reply, Request, Server
from tests.entrypoints.conftest import ALL

ROOT = Path(__file__).resolve().parents[2]
KEY, ACCOUNT, FUNCTION = "hk_live_the-shops-own-key", "123456789012", "herald-dev-invoke"
PARTS = {"invoke_function": FUNCTION, "url": "https://abc123.execute-api.ap-south-1.amazonaws.com/dev"}


class Served(ABC):
    """A server on loopback that answers with ``answer``, or first with what is in ``instead``, in turn."""

    def __init__(self, box: Outbox) -> None:
        self.box, self.instead, self.asked = box, list[Reply](), list[Request]()
        self._server = Server(0, self._answer, 3.0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.stop()

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """What is answered."""

    def _answer(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.instead.pop(0) if self.instead else self.answer(request)


class Api(Served):
    """The HTTPS API with API Gateway in front, which knows one key."""

    def answer(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return Reply(403, {"message": "Forbidden"})
        made = Https(self.box.herald, {"stage": "dev", "version": "1"}, ROOT / "functions" / "api")
        answer = made.answer(event(request))
        headers = dict(answer["headers"])
        return Reply(answer["statusCode"], answer["body"].encode(), headers.pop("Content-Type"), headers)


class Aws(Served):
    """What a stage on AWS needs of it: STS, SSM, Lambda, and CloudWatch Logs with ``lines`` of its functions."""

    def __init__(self, box: Outbox) -> None:
        self.lines: dict[str, list[tuple[int, str]]] = {}
        super().__init__(box)

    def answer(self, request: Request) -> Reply:
        if request.path.endswith(f"/functions/{FUNCTION}/invocations"):
            return self._invoked(json.loads(request.body))
        target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if target == "GetParameter":
            return _amz({"Parameter": {"Name": "/herald/dev/stack", "Value": json.dumps(PARTS)}})
        if target == "FilterLogEvents":
            return self._logged(json.loads(request.body))
        identity = f"<Account>{ACCOUNT}</Account><UserId>u</UserId><Arn>arn:aws:iam::{ACCOUNT}:user/u</Arn>"
        named = f"<GetCallerIdentityResult>{identity}</GetCallerIdentityResult>"
        return Reply(200, f"<GetCallerIdentityResponse>{named}</GetCallerIdentityResponse>".encode(), "text/xml")

    def _invoked(self, payload: Mapping[str, Any]) -> Reply:
        try:
            return Reply(200, invocation.answer(payload, "request", self.box.herald()))
        except HeraldError as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return Reply(200, told, headers={"X-Amz-Function-Error": "Unhandled"})

    def _logged(self, asked: Mapping[str, Any]) -> Reply:
        name = asked["logGroupName"].rpartition("-")[2]
        if name not in self.lines:
            gone = {"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."}
            return Reply(400, gone, "application/x-amz-json-1.1")
        found = [
            {"timestamp": at, "message": text, "logStreamName": "one", "eventId": str(at)}
            for at, text in self.lines[name]
            if asked.get("filterPattern", "").strip('"') in text and at >= asked["startTime"]
        ]
        return _amz({"events": found})


def _amz(said: object) -> Reply:
    return Reply(200, said, "application/x-amz-json-1.1")


def event(request: Request) -> dict[str, Any]:
    """A request as API Gateway hands it over."""
    resource, parts = request.path, {}
    if resource not in METHODS:
        folder, _, last = request.path.rpartition("/")
        name = {"/messages": "id", "/recipients": "number"}[folder]
        resource, parts = f"{folder}/{{{name}}}", {name: unquote(last)}
    lists = parse_qs(request.query, keep_blank_values=True)
    return {
        "resource": resource, "path": request.path, "httpMethod": request.method, "headers": dict(request.headers),
        "body": request.body.decode(), "isBase64Encoded": False, "pathParameters": parts,
        "queryStringParameters": {name: values[-1] for name, values in lists.items()},
        "multiValueQueryStringParameters": lists,
        "requestContext": {"requestId": "r", "authorizer": {"principalId": "shop", "grant": written(ALL)}},
    }  # fmt: skip
