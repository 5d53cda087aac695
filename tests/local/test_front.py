"""The front: what the engine cannot take at once waits for its turn, and callbacks keep nobody else waiting."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread

import pytest
import requests

from local.carrier import Carrier
from local.front import AT_ONCE, Front
from local.server import Server
from local.vendors._base import Reply, Request


class Engine:
    """An engine that holds callbacks until they are released, and counts how many it holds."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self.full, self.released, self._lock = Event(), Event(), Lock()
        self._server = Server(0, self.answer, 0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now == AT_ONCE:
                self.full.set()
        if request.path.startswith("/receipts/"):
            self.released.wait(30)
        with self._lock:
            self._now -= 1
        return Reply(204) if request.path.startswith("/receipts/") else Reply(200, {"path": request.path})

    def stop(self) -> None:
        self.released.set()
        self._server.stop()


@pytest.fixture
def engine() -> Iterator[Engine]:
    started = Engine()
    yield started
    started.stop()


@pytest.fixture
def front(engine: Engine) -> Iterator[Front]:
    made = Front(engine.url, Carrier(None, {}), "a key", dict)
    yield made
    made.stop()


def post(url: str) -> int:
    return requests.post(f"{url}/receipts/exotel/token", data={"Status": "sent"}, timeout=60).status_code


def test_callbacks_that_come_at_once_all_get_their_turn(engine: Engine, front: Front) -> None:
    url = front.start()
    with ThreadPoolExecutor(40) as vendor:
        answers = [vendor.submit(post, url) for _ in range(40)]
        assert engine.full.wait(30)
        engine.released.set()
        assert [answer.result() for answer in answers] == [204] * 40
    assert engine.most == AT_ONCE


def test_whoever_asks_does_not_wait_for_callbacks(engine: Engine, front: Front) -> None:
    url = front.start()
    with ThreadPoolExecutor(40) as vendor:
        answers = [vendor.submit(post, url) for _ in range(40)]
        assert engine.full.wait(30)
        assert requests.get(f"{url}/messages/x", timeout=60).json() == {"path": "/messages/x"}
        assert not any(answer.done() for answer in answers)
        engine.released.set()


def test_whoever_connects_before_the_start_is_answered_after_it(engine: Engine, front: Front) -> None:
    url = front.listen(0)
    with ThreadPoolExecutor(1) as early:
        answer = early.submit(requests.get, f"{url}/health", timeout=60)
        assert front.start() == url
        assert answer.result().json() == {"path": "/health"}


def test_a_front_that_never_started_gives_its_port_back(front: Front) -> None:
    port = int(front.listen(0).rpartition(":")[2])
    front.stop()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
