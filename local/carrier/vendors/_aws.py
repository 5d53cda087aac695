"""AWS: what the simulated services of AWS have in common: whom a request means, and the engine that may answer it."""

import re
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from local.server import Reply, Request

# In the scope of a signature: key, day, region, service.
SCOPE = re.compile(r"Credential=[^/,]+/[0-9]{8}/[a-z0-9-]+/(?P<service>[a-z0-9-]+)/aws4_request")
PATIENCE = 60.0
HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})


def service(request: Request) -> str:
    """The service of AWS that a request is signed for; empty if it is not signed."""
    scope = SCOPE.search(request.headers.get("Authorization", ""))
    return scope["service"] if scope else ""


def passed_on(engine_url: str, request: Request) -> Reply:
    """What the local engine answers to a request of AWS, which it gets as it came, signature and all.

    Without an engine there is a 503; if it breaks off, so does the answer.
    """
    connection = HTTPConnection(urlsplit(engine_url).netloc, timeout=PATIENCE)
    try:
        connection.connect()
    except OSError:
        return Reply(503)
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
    path = request.path + (f"?{request.query}" if request.query else "")
    try:
        connection.request(request.method, path, request.body, headers)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower().startswith("x-amz")}
        return Reply(answer.status, answer.read(), answer.getheader("Content-Type", "text/xml"), kept)
    except (OSError, HTTPException):
        return Reply(500, fault="drop_reply")
    finally:
        connection.close()
