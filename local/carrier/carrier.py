"""Carrier: the HTTP server that plays the vendors and the handset, on loopback.

It answers the vendors' own paths, and some of its own::

    GET /messages     what was accepted, oldest first: [{provider, to, from, body, id, at, fields, receipt}]
    DELETE /messages  forget it
    POST /faults      {"provider": name, "fault": "drop_reply", "count": 1}: how the next sends shall fail
    GET /faults, DELETE /faults
    POST /receipts    {"delay": 0.2, "copies": 2, "disorder": true, "count": 1}: how the next texts shall be told of
    GET /receipts, DELETE /receipts

What the local engine takes for a vendor has no time: the ``at`` of such a text is the moment when the carrier first saw
it. It looks about twice a second, at a look at ``/messages``, and just before the next send to a vendor.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Thread
from typing import Any

from local.carrier import faults, manners
from local.carrier.callbacks import Callbacks
from local.carrier.handset import Handset
from local.carrier.vendors import load, names
from local.carrier.vendors._base import Shared, Vendor, now
from local.server import Reply, Request, Server

Answers = Callable[[Request], Reply]


class Carrier:
    """The vendors and all phones of one laptop.

    ``engine_url`` is the local engine, if there is one: what it takes is shown too. ``slow`` is how many seconds the
    fault of that name takes. ``clock`` gives aware times.
    """

    def __init__(self, engine_url: str | None, *, slow: float = 12.0, clock: Callable[[], datetime] = now) -> None:
        self.handset, self.faults, self.manners = Handset(), faults.Faults(), manners.Manners()
        self.callbacks = Callbacks(self.handset.mark)
        shared = Shared(self.handset, self.faults, self.manners, self.callbacks, clock, engine_url or "")
        classes = {name: load(name) for name in names()}
        self.vendors: Mapping[str, Vendor] = {
            name: vendor(shared) for name, vendor in classes.items() if engine_url or not vendor.needs_engine
        }
        self._slow = slow
        self._server: Server | None = None

    def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1 in a thread of its own; port 0 takes a free one. Returns the URL."""
        self._server = Server(port, self.answer, self._slow)
        Thread(target=self._server.serve_forever, args=(0.05,), name="carrier", daemon=True).start()
        self.callbacks.start()
        for vendor in self.vendors.values():
            vendor.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop listening, close every connection, and tell nobody anything any more."""
        if self._server:
            self._server.stop()
        for vendor in self.vendors.values():
            vendor.stop()
        self.callbacks.stop()

    def answer(self, request: Request) -> Reply:
        """What this carrier answers to a request."""
        routes = self._routes().get(request.path)
        if routes is None:
            return self._vendors_answer(request)
        if request.method not in routes:
            return _sentence(405, f"This path knows {', '.join(routes)}.", Allow=", ".join(routes))
        return routes[request.method](request)

    def _routes(self) -> Mapping[str, Mapping[str, Answers]]:
        return {
            "/messages": {"GET": self._list_texts, "DELETE": self._empty_texts},
            "/faults": _wishes(self.faults, self._fault),
            "/receipts": _wishes(self.manners, manners.read),
        }

    def _vendors_answer(self, request: Request) -> Reply:
        """The engine's texts are seen later; a vendor's own stand after those that the engine took before."""
        engines = [vendor for vendor in self.vendors.values() if vendor.needs_engine]
        others = [vendor for vendor in self.vendors.values() if not vendor.needs_engine]
        known = "/messages, /faults, /receipts and the vendors' paths"
        passed = next(filter(None, (vendor.answer(request) for vendor in engines)), None)
        if not passed and request.method == "POST":
            self._caught_up()
        answers = (vendor.answer(request) for vendor in others)
        return passed or next(filter(None, answers), _sentence(404, f"The carrier has {known}."))

    def _list_texts(self, _: Request) -> Reply:
        return self._caught_up() or Reply(200, [text.public() for text in self.handset.texts()])

    def _empty_texts(self, _: Request) -> Reply:
        problem = self._caught_up()
        if not problem:
            self.handset.empty()
        return problem or Reply(204)

    def _caught_up(self) -> Reply | None:
        for vendor in self.vendors.values():
            try:
                vendor.look()
            except OSError:
                known = f"the texts of {vendor.name} are not known"
                return _sentence(502, f"The local engine cannot be reached, so {known}.")
        return None

    def _fault(self, asked: object) -> faults.Fault:
        offered = {name: vendor.offered for name, vendor in self.vendors.items() if vendor.offered}
        return faults.read(asked, offered)


def _wishes(waiting: Any, read: Callable[[object], Any]) -> Mapping[str, Answers]:
    """How a path answers where one wishes for something that the next texts use up: faults, or manners of telling."""

    def add(request: Request) -> Reply:
        try:
            wish = read(json.loads(request.body or b"null"))
        except ValueError:
            return _sentence(400, "The body is not JSON.")
        except (faults.NotAFault, manners.NotAManner) as problem:
            return _sentence(400, str(problem))
        waiting.add(wish)
        return Reply(201, wish.public())

    def forget(_: Request) -> Reply:
        waiting.clear()
        return Reply(204)

    return {"GET": lambda _: Reply(200, [wish.public() for wish in waiting.pending()]), "POST": add, "DELETE": forget}


def _sentence(status: int, detail: str, **headers: str) -> Reply:
    return Reply(status, {"detail": detail}, headers=headers)
