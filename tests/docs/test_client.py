"""The client of the recipe for Django: it repeats what may be repeated, always with the same key, and nothing else."""

import importlib.util
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.docs import read

SENT = 201, {"id": "msg_1", "status": "sent"}


class Service:
    """A service on this machine that answers what it was told, in turn; None breaks the connection off."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, Any]] | None] = []
        self.keys: list[str] = []
        self.after: dict[str, str] = {}


def serving(service: Service) -> type[BaseHTTPRequestHandler]:
    """What handles the requests to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            service.keys.append(self.headers["Idempotency-Key"])
            answer = service.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            for name, value in {**service.after, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), serving(service))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HERALD_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HERALD_KEY", "hk_test_none")
    yield service
    server.shutdown()
    server.server_close()


@pytest.fixture
def sms(tmp_path: Path) -> ModuleType:
    """The client, as a reader would save it."""
    saved = re.compile(r"Save it as `sms.py`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    (code,) = saved.findall(read("recipes/from-django.md"))
    (tmp_path / "sms.py").write_text(code)
    found = importlib.util.spec_from_file_location("sms", tmp_path / "sms.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_it_repeats_with_the_same_key_until_it_is_sent(service: Service, sms: ModuleType) -> None:
    service.answers = [(503, {"code": "not_accepted"}), None, (500, {"code": "error"}), SENT]
    assert sms.send("+919741552552", "Hello", key="order-7")["status"] == "sent"
    assert service.keys == ["order-7"] * 4


def test_it_waits_as_long_as_it_is_told_and_no_longer_than_it_may(service: Service, sms: ModuleType) -> None:
    service.answers, service.after = (
        [(429, {"code": "limit_number_10_minutes", "detail": "..."})],
        {"Retry-After": "90"},
    )
    with pytest.raises(sms.NotSent, match="limit_number_10_minutes"):
        sms.send("+919741552552", "Hello", seconds=1)
    assert len(service.keys) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415, 422])
def test_what_is_refused_is_not_repeated(service: Service, sms: ModuleType, status: int) -> None:
    service.answers = [(status, {"code": "invalid_message", "detail": "to: This is a landline."})]
    with pytest.raises(sms.NotSent) as refused:
        sms.send("+919741552552", "Hello")
    assert refused.value.code == "invalid_message"
    assert len(service.keys) == 1


def test_after_so_many_seconds_without_an_answer_it_is_not_known(service: Service, sms: ModuleType) -> None:
    service.answers = [None] * 20
    with pytest.raises(sms.NotKnown):
        sms.send("+919741552552", "Hello", seconds=1)
    assert len(set(service.keys)) == 1
