"""The carrier's callbacks, on real sockets: tried again, in order, to this machine and nowhere else."""

import threading
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from local.carrier.callbacks import Callbacks, Letter
from local.server import Reply, Request, Server
from tests.local.carrier.listener import Listener
from tests.local.waiting import threads, until

LETTER = Letter("t-1", "delivered", "", ({"n": "1"},))


class TestCallbacks:
    def deliver(self, letter: Letter, done: Callable[[], bool], **options: Any) -> None:
        """Post a letter until ``done``."""
        callbacks = Callbacks(lambda text, word: None, **{"again": (0, 0, 0), **options})
        callbacks.start()
        callbacks.put(letter, 0)
        until(done)
        callbacks.stop()

    @pytest.mark.parametrize("status", [200, 202, 204])
    def test_any_2xx_is_enough(self, status: int) -> None:
        listener = Listener(status)
        forms = ({"n": "1"}, {"n": "2"})
        self.deliver(LETTER._replace(url=listener.url, forms=forms), lambda: len(listener.forms) == 2)
        listener.stop()
        assert tuple(listener.forms) == forms

    @pytest.mark.parametrize("status", [302, 403, 404, 500, 503])
    def test_any_other_answer_is_tried_again_three_times_and_nothing_overtakes_it(self, status: int) -> None:
        listener = Listener(*[status] * 4, location="/elsewhere")
        forms = ({"n": "1"}, {"n": "2"})
        self.deliver(LETTER._replace(url=listener.url, forms=forms), lambda: len(listener.forms) == 5)
        listener.stop()
        assert [form["n"] for form in listener.forms] == ["1", "1", "1", "1", "2"]
        assert {request.path for request in listener.requests} == {"/receipts/exotel/a-token"}

    def test_what_went_well_the_second_time_is_not_told_a_third_time(self) -> None:
        listener = Listener(500)
        forms = ({"n": "1"}, {"n": "2"})
        self.deliver(LETTER._replace(url=listener.url, forms=forms), lambda: len(listener.forms) == 3)
        listener.stop()
        assert [form["n"] for form in listener.forms] == ["1", "1", "2"]

    def test_where_nobody_listens_it_is_tried_four_times_and_then_no_more(self, listener: Listener) -> None:
        closed = Listener()
        closed.stop()
        told: list[str] = []
        callbacks = Callbacks(lambda text, _: told.append(text), again=(0, 0, 0))
        callbacks.start()
        callbacks.put(LETTER._replace(url=closed.url), 0)
        until(lambda: len(told) == 4)
        callbacks.put(LETTER._replace(id="after", url=listener.url), 0.1)
        until(lambda: len(listener.forms) == 1)
        callbacks.stop()
        assert told == ["t-1"] * 4 + ["after"]

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "here",
            "http://",
            "http://example.com/receipts",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:0/",
            "https://127.0.0.1/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ],
    )
    def test_nothing_leaves_this_machine(self, listener: Listener, url: str) -> None:
        told: list[str] = []
        callbacks = Callbacks(lambda text, _: told.append(text), again=())
        callbacks.put(LETTER._replace(id="elsewhere", url=url), 0)
        callbacks.put(LETTER._replace(id="here", url=listener.url), 0)
        callbacks.start()
        until(lambda: len(listener.forms) == 1)
        callbacks.stop()
        assert told == ["here"]

    def test_localhost_is_this_machine(self, listener: Listener) -> None:
        url = listener.url.replace("127.0.0.1", "localhost")
        self.deliver(LETTER._replace(url=url), lambda: len(listener.forms) == 1)
        assert str(listener.requests[0].headers["Host"]).startswith("localhost:")

    def test_whoever_does_not_answer_is_broken_off_by_the_end_and_no_thread_survives(self) -> None:
        asked, never = Event(), Event()

        def answer(_: Request) -> Reply:
            asked.set()
            never.wait()
            return Reply(204)

        server = Server(0, answer, 0)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        others = threads("callbacks")
        callbacks = Callbacks(lambda text, word: None, patience=3600)
        callbacks.start()
        callbacks.put(LETTER._replace(url=f"http://127.0.0.1:{server.server_port}/"), 0)
        assert asked.wait(10)
        callbacks.stop()  # It would wait for an hour.
        assert threads("callbacks") <= others
        never.set()
        server.stop()

    def test_whoever_does_not_answer_in_time_is_asked_again(self) -> None:
        first, never = Event(), Event()
        listener = Listener()
        answer = listener._answer

        def slow(request: Request) -> Reply:
            reply = answer(request)
            if not first.is_set():
                first.set()
                never.wait()
            return reply

        listener._server.answer = slow
        self.deliver(LETTER._replace(url=listener.url), lambda: len(listener.forms) == 2, patience=0.2)
        never.set()
        listener.stop()
