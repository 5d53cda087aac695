"""Cloud: a loopback HTTPS server, in a process of its own, that answers as SSM, DynamoDB, SNS, Exotel and Twilio do.

``PUT /delay`` with a number of milliseconds makes the providers so slow. ``GET /texts`` says how many texts they took.
"""

import json
import re
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

STACK = {
    "table": "herald-bench", "queue": "https://localhost/1/herald-bench", "bus": "herald-bench",
    "schedule_group": "herald-bench", "schedule_role": "arn:aws:iam::1:role/x", "dead_hooks": "https://localhost/1/x",
    "failed_invocations": "arn:aws:sqs:us-east-1:1:x", "invoke_function": "arn:aws:lambda:us-east-1:1:function:x",
    "url": "https://localhost/bench",
}  # fmt: skip
# As fast as we can, for the warm sends; a cold one reads no settings.
UNLIMITED = "type: amazonsns\nrate: unlimited\n"
SECRET = "5" * 64
# The record of the API key by which all messages are asked for: without it a queued one is not sent.
OWNER = "shop"
KEY = json.dumps({"hash": "0" * 64, "created_at": "2026-11-22T12:00:00+00:00", "scopes": ["send"]})
PUBLISHED = """<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
<MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult>
<ResponseMetadata><RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata></PublishResponse>"""
SET, LIST = re.compile(r"(#\w+) = (:\w+)"), re.compile(r"(#\w+) = list_append\(\1, (:\w+)\)")
state: dict[str, Any] = {"delay": 0.0, "warm": False, "items": {}, "texts": 0}


def dynamodb(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    """A table that keeps messages, and forgets everything else."""
    if operation == "BatchGetItem":
        ((table, wanted),) = asked["RequestItems"].items()
        kept = (state["items"].get(key["pk"]["S"]) for key in wanted["Keys"])
        return {"Responses": {table: [item for item in kept if item]}, "UnprocessedKeys": {}}
    key = (asked.get("Key") or asked.get("Item") or {}).get("pk", {}).get("S", "")
    item = state["items"].get(key)
    if operation == "PutItem":
        state["items"][key] = asked["Item"]
    if operation == "GetItem":
        return {"Item": item} if item else {}
    if operation != "UpdateItem" or not item:
        return {}
    names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
    expression, _, removed = asked["UpdateExpression"].partition(" REMOVE ")
    changed = item | {names[name]: values[value] for name, value in SET.findall(expression)}
    for name, value in LIST.findall(expression):
        changed[names[name]] = {"L": item[names[name]]["L"] + values[value]["L"]}
    for name in filter(None, removed.split(", ")):
        changed.pop(names.get(name, name), None)
    state["items"][key] = changed
    return {"Attributes": changed}


def ssm(asked: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a fresh stage; of one that sends without end, while ``warm``."""
    if "Path" not in asked:
        return {"Parameter": {"Name": asked.get("Name"), "Value": UNLIMITED, "Type": "String", "Version": 1}}
    if asked["Path"].startswith("/herald-keys/"):
        return _page(asked["Path"], {OWNER: KEY})
    if asked["Path"].endswith("/keys"):
        return _page(asked["Path"], {})
    found = {"stack": json.dumps(STACK), "hash-key": SECRET, f"keys/{OWNER}": KEY}  # Where older commits look for it.
    if state["warm"]:
        found |= {"channels/amazonsns": UNLIMITED, "settings": "limits: {number_10_minutes: unlimited}\n"}
    return _page(asked["Path"], found)


def _page(path: str, found: dict[str, str]) -> dict[str, Any]:
    return {"Parameters": [{"Name": f"{path}/{name}", "Value": value} for name, value in found.items()]}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._say(json.dumps(state[self.path.strip("/")]))

    def do_PUT(self) -> None:
        name, value = self.path.strip("/"), json.loads(self._body() or b"0")
        state[name] = value
        self._say("{}")

    def do_POST(self) -> None:
        body, target = self._body(), self.headers.get("X-Amz-Target", "")
        service, _, operation = target.partition(".")
        if service.startswith("DynamoDB"):
            return self._say(json.dumps(dynamodb(operation, json.loads(body))), "application/x-amz-json-1.0")
        if service.startswith("AmazonSSM"):
            return self._say(json.dumps(ssm(json.loads(body))), "application/x-amz-json-1.1")
        time.sleep(state["delay"] / 1000)
        state["texts"] += 1
        if "/Accounts/" in self.path and self.path.endswith("Messages.json"):
            return self._say(json.dumps({"sid": "SM" + "1" * 32, "status": "queued"}), status=201)
        if "/Accounts/" in self.path:
            return self._say(json.dumps({"SMSMessage": {"Sid": "1" * 32, "Status": "queued", "DetailedStatus": ""}}))
        return self._say(PUBLISHED, "text/xml")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _say(self, text: str, kind: str = "application/json", status: int = 200) -> None:
        content = text.encode()
        self.wfile.write(
            f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
        )

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The handshake is the connection's own thread's: it must keep nobody else waiting."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            with self._context.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        except OSError:  # Whoever is measured may end at any moment.
            return


if __name__ == "__main__":
    server = Server(Path(sys.argv[1]))
    print(server.server_port, flush=True)
    server.serve_forever()
