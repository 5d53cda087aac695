"""The front: what the engine cannot take at once waits for its turn, and callbacks keep nobody else waiting."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

import pytest
import requests

from local.carrier.carrier import Carrier
from local.front import AT_ONCE, Front
from local.server import Reply, Request, Server


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
    made = Front(engine.url, Carrier(None), "a key", dict)
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


class TestFront:
    @pytest.fixture
    def front(self) -> Iterator[tuple[str, list[BaseException]]]:
        broken: list[BaseException] = []

        def figures() -> dict[str, object]:
            if broken:
                raise broken[0]
            return {"channels": {}, "reasons": {}, "queue": {"waiting": 0}}

        front = Front("http://127.0.0.1:9", Carrier(None), "key-of-the-laptop", figures)
        yield front.start(0), broken
        front.stop()

    def test_figures_and_fates_are_served_to_this_machine(self, front: tuple[str, list[BaseException]]) -> None:
        figures = requests.get(f"{front[0]}/local/figures", timeout=10)
        assert figures.json() == {"channels": {}, "reasons": {}, "queue": {"waiting": 0}}
        assert figures.headers["Cache-Control"] == "no-store"
        assert requests.get(f"{front[0]}/local/fates", timeout=10).json()[0] == {
            "to": "+919876500000",
            "what": "delivered",
        }
        assert requests.get(f"{front[0]}/local", timeout=10).json() == {"key": "key-of-the-laptop"}

    @pytest.mark.parametrize("path", ["/local", "/local/figures", "/local/fates"])
    def test_a_foreign_host_name_is_not_answered(self, front: tuple[str, list[BaseException]], path: str) -> None:
        connection = HTTPConnection(urlsplit(front[0]).netloc, timeout=10)
        connection.request("GET", path, headers={"Host": "evil.example"})
        answer = connection.getresponse()
        assert (answer.status, b"key-of-the-laptop" in answer.read()) == (421, False)
        connection.close()

    def test_an_engine_that_is_gone_is_said(self, front: tuple[str, list[BaseException]]) -> None:
        front[1].append(OSError("gone"))
        answer = requests.get(f"{front[0]}/local/figures", timeout=10)
        assert (answer.status_code, "local engine" in answer.json()["detail"]) == (502, True)
