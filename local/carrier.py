"""Carrier: the HTTP server that plays the vendors and the handset, on loopback.

It answers the vendors' own paths, and four of its own::

    GET /messages     what was accepted, oldest first: [{provider, to, from, body, id, at, fields}]
    DELETE /messages  forget it
    POST /faults      {"provider": "exotel", "fault": "drop_reply", "count": 1}: how the next sends shall fail
    GET /faults, DELETE /faults

The texts of SNS come from the local engine, which does not say when it took them: their ``at`` is the moment when the
carrier first saw them, at a look at ``/messages`` or just before the next send to a vendor.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from threading import Thread

from local.faults import Faults, NotAFault, read
from local.handset import Handset
from local.server import Server
from local.vendors import amazonsns
from local.vendors._base import Reply, Request, Vendor
from local.vendors.exotel import Exotel


def _now() -> datetime:
    return datetime.now(UTC)


class Carrier:
    """The vendors and all phones of one laptop.

    ``engine_url`` is the local engine whose SNS is shown too, ``accounts`` Exotel's: sid -> (key, token). ``slow`` is
    how many seconds the fault of that name takes.
    """

    def __init__(
        self,
        engine_url: str | None,
        accounts: Mapping[str, tuple[str, str]],
        *,
        slow: float = 12.0,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.handset = Handset(partial(amazonsns.texts, engine_url)) if engine_url else Handset()
        self.faults = Faults()
        self.vendors: tuple[Vendor, ...] = (Exotel(accounts, self.handset, self.faults, clock),)
        self._slow = slow
        self._server: Server | None = None

    def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1 in a thread of its own; port 0 takes a free one. Returns the URL."""
        self._server = Server(port, self.answer, self._slow)
        Thread(target=self._server.serve_forever, args=(0.05,), name="carrier", daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server:
            self._server.stop()

    def answer(self, request: Request) -> Reply:
        """What this carrier answers to a request."""
        routes = self._routes().get(request.path)
        if routes is None:
            return self._vendors_answer(request)
        if request.method not in routes:
            return _sentence(405, f"This path knows {', '.join(routes)}.", Allow=", ".join(routes))
        return routes[request.method](request)

    def _routes(self) -> Mapping[str, Mapping[str, Callable[[Request], Reply]]]:
        return {
            "/messages": {"GET": self._list_texts, "DELETE": self._empty_texts},
            "/faults": {"GET": self._list_faults, "POST": self._add_fault, "DELETE": self._clear_faults},
        }

    def _vendors_answer(self, request: Request) -> Reply:
        if request.method == "POST":  # a send: what SNS took before it is to stand before it
            with suppress(OSError):
                self.handset.catch_up()
        answers = (vendor.answer(request) for vendor in self.vendors)
        return next(filter(None, answers), _sentence(404, "The carrier has /messages, /faults and the vendors' paths."))

    def _list_texts(self, _: Request) -> Reply:
        return self._caught_up() or Reply(200, [text.public() for text in self.handset.texts()])

    def _empty_texts(self, _: Request) -> Reply:
        problem = self._caught_up()
        if not problem:
            self.handset.empty()
        return problem or Reply(204)

    def _caught_up(self) -> Reply | None:
        try:
            self.handset.catch_up()
        except OSError:
            return _sentence(502, "The local engine cannot be reached, so the texts of SNS are not known.")
        return None

    def _list_faults(self, _: Request) -> Reply:
        return Reply(200, [fault.public() for fault in self.faults.pending()])

    def _add_fault(self, request: Request) -> Reply:
        try:
            fault = read(json.loads(request.body or b"null"), {vendor.name: vendor.offered for vendor in self.vendors})
        except ValueError:
            return _sentence(400, "The body is not JSON.")
        except NotAFault as problem:
            return _sentence(400, str(problem))
        self.faults.add(fault)
        return Reply(201, fault.public())

    def _clear_faults(self, _: Request) -> Reply:
        self.faults.clear()
        return Reply(204)


def _sentence(status: int, detail: str, **headers: str) -> Reply:
    return Reply(status, {"detail": detail}, headers=headers)
