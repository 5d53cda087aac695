"""Gateway: the HTTPS API behind real HTTP on loopback, with the template's paths, its lock, and its own refusals.

What API Gateway does between a request and the function is done here in a few lines, so that thousands of requests take
seconds; tests/entrypoints/api/test_contract_live.py asks the deployed whole the same questions, fewer of them.
"""

import base64
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from herald.entrypoints.api.routes import Https
from herald.keys.grant import SCOPES, Grant, written
from herald.keys.key import create, granted
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ROOT, recorded
from tests.house.test_template import RESOURCES

BODY = RESOURCES["Api"]["Properties"]["Body"]
REFUSALS = BODY["x-amazon-apigateway-gateway-responses"]
LOCK = BODY["components"]["securitySchemes"]["ApiKey"]["x-amazon-apigateway-authorizer"]
LOOKS_LIKE_A_KEY = LOCK["identityValidationExpression"]


class Gateway:
    """Answers as the deployed API does. ``asked`` counts statuses; ``key`` opens the lock."""

    def __init__(self, box: Outbox) -> None:
        self.box, self.asked = box, Counter[int]()
        self._api = Https(box.herald, {"stage": "test", "version": "0"}, ROOT / "functions" / "api")
        made = create(Grant("shop", scopes=frozenset(SCOPES)))
        self.key, self._records = made.key, {"shop": made.record}

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The proxy answer to a request."""
        found, parts = urlsplit(url), None
        for resource in BODY["paths"]:  # The greedy one comes last, as it does for API Gateway.
            shape = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(resource))
            parts = re.fullmatch(shape.replace(r"\{proxy\+\}", "(?P<proxy>.+)"), found.path)
            if parts:
                break
        methods = BODY["paths"][resource] if parts else {}
        if not parts or method.lower() not in methods:
            return refusal("MISSING_AUTHENTICATION_TOKEN")
        authorizer: dict[str, Any] = {}
        if "security" in methods[method.lower()]:
            said = headers.get("Authorization", "")
            grant = granted(said, self._records) if re.search(LOOKS_LIKE_A_KEY, said) else None
            if grant is None:
                return refusal("UNAUTHORIZED")
            authorizer = {"principalId": grant.name, "grant": written(grant)}
        query = parse_qs(found.query, keep_blank_values=True)
        event = recorded("api-post-json") | {
            "httpMethod": method, "resource": resource, "path": found.path, "pathParameters": parts.groupdict(),
            "headers": dict(headers), "multiValueQueryStringParameters": query or None,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "body": base64.b64encode(body).decode(), "isBase64Encoded": True,
        }  # fmt: skip
        event["requestContext"] |= {"authorizer": authorizer, "requestId": str(uuid.uuid4())}
        return self._api.answer(event)


def refusal(kind: str) -> dict[str, Any]:
    """What API Gateway says by itself, by the template."""
    said = REFUSALS[kind]
    body = said["responseTemplates"]["application/json"].replace("$context.requestId", str(uuid.uuid4()))
    sent = {name.rpartition(".")[2]: value.strip("'") for name, value in said["responseParameters"].items()}
    return {"statusCode": json.loads(body)["status"], "headers": sent, "body": body, "isBase64Encoded": False}


@contextmanager
def served(gateway: Gateway) -> Iterator[str]:
    """The address of a gateway on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = gateway.answer(self.command, self.path, dict(self.headers.items()), body)
            content = answer["body"].encode()
            gateway.asked[answer["statusCode"]] += 1
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_TRACE = do

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
