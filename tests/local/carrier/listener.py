"""Somebody on this machine whom the carrier calls back."""

import threading

from local.server import Reply, Request, Server


class Listener:
    """Somebody on this machine who is called back, and answers with the next of ``statuses``, in the end with 204."""

    def __init__(self, *statuses: int, location: str = "") -> None:
        self.requests: list[Request] = []
        self._statuses, self._location = list(statuses), location
        self._server = Server(0, self._answer, 0)
        self.url = f"http://127.0.0.1:{self._server.server_port}/receipts/exotel/a-token?x=1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def forms(self) -> list[dict[str, str]]:
        return [request.form() for request in self.requests]

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Reply:
        self.requests.append(request)
        status = self._statuses.pop(0) if self._statuses else 204
        return Reply(status, headers={"Location": self._location} if self._location else {})
