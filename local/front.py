"""Front: one port for the browser: the API behind API Gateway, the carrier, and what only the laptop has."""

from collections.abc import Callable, Mapping
from threading import BoundedSemaphore, Thread

import urllib3

from local.carrier import fates
from local.carrier.carrier import Carrier
from local.server import Reply, Request, Server

# How many requests the engine works on at once, and how many callbacks beside them. More would start more functions,
# each a process: on two cores their starts take so long that the engine answers 429 and 500. Here the others wait for
# their turn.
AT_ONCE = 4
CALLBACKS = "/receipts/"
NO_ENGINE = "The local engine does not answer: run make down, then make run."
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host"}


class Front:
    """Serves ``api`` (the API's address on the engine), ``/carrier/...``, and what only the laptop has::

    GET /local            {"key": key}
    GET /local/figures    figures()
    GET /local/fates      the magic numbers: [{"to", "what"}]
    """

    def __init__(self, api: str, carrier: Carrier, key: str, figures: Callable[[], Mapping[str, object]]) -> None:
        self._api, self._carrier = api, carrier
        self._own: Mapping[str, Callable[[], object]] = {
            "/local": lambda: {"key": key},
            "/local/figures": figures,
            "/local/fates": fates.listed,
        }
        # No retries: a request that is sent twice might be a text that is sent twice.
        self._http = urllib3.PoolManager(maxsize=2 * AT_ONCE, retries=False, timeout=60)
        self._turns, self._callbacks = BoundedSemaphore(AT_ONCE), BoundedSemaphore(AT_ONCE)
        self._server: Server | None = None
        self._thread = Thread(target=self._serve, name="front", daemon=True)

    def listen(self, port: int) -> str:
        """Take a port of 127.0.0.1; port 0 takes a free one. Whoever connects waits for ``start``. Returns the URL."""
        self._server = Server(port, self.answer, 0)
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self, port: int = 0) -> str:
        """Answer in a thread of its own, on ``port`` unless it listens already. Returns the URL."""
        server = self._server
        url = f"http://127.0.0.1:{server.server_port}" if server else self.listen(port)
        self._thread.start()
        return url

    def stop(self) -> None:
        """Stop listening."""
        if self._server and self._thread.ident:
            self._server.stop()
        elif self._server:
            self._server.server_close()

    def _serve(self) -> None:
        if self._server:
            self._server.serve_forever(0.05)

    def answer(self, request: Request) -> Reply:
        """What is answered to the browser."""
        host = (request.headers.get("Host") or "").rpartition(":")[0] or request.headers.get("Host")
        if host not in ("127.0.0.1", "localhost"):  # A foreign name that points here must not read the key.
            return Reply(421, {"detail": "Herald on the laptop answers on 127.0.0.1 and localhost only."})
        if request.path in self._own and request.method == "GET":
            return _own(self._own[request.path])
        if request.path.startswith("/carrier/"):
            return self._carrier.answer(request._replace(path=request.path.removeprefix("/carrier")))
        return self._forward(request)

    def _forward(self, request: Request) -> Reply:
        target = self._api + request.path + (f"?{request.query}" if request.query else "")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            with self._callbacks if request.path.startswith(CALLBACKS) else self._turns:
                answer = self._http.request(request.method, target, body=request.body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return Reply(502, {"detail": NO_ENGINE})
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        kind = kept.pop("Content-Type", None) or kept.pop("content-type", "application/json")
        return Reply(
            answer.status, answer.data, kind, {n: v for n, v in kept.items() if n.lower() not in ("server", "date")}
        )


def _own(read: Callable[[], object]) -> Reply:
    try:
        return Reply(200, read(), headers={"Cache-Control": "no-store"})
    except OSError:
        return Reply(502, {"detail": NO_ENGINE})
