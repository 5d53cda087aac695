"""Runtime: Lambda's Runtime API, as far as ``awslambdaric`` asks for it, and a function that runs under it."""

import json
import os
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple, Self

LONGEST = 60.0
# Of what a function writes, so many bytes are told.
LAST = 4000


class Stack(NamedTuple):
    """What is measured: a folder with ``app.py``, what is on the path beside it, and what Python it runs on."""

    name: str
    app: Path
    path: tuple[Path, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]


class Quiet(ThreadingHTTPServer):
    """A function that is measured ends as it stands: its connections break."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class Function:
    """A process of a function. The first answer to ``invoke`` includes its start."""

    def __init__(self, stack: Stack) -> None:
        self._events: Queue[bytes] = Queue()
        self._answers: Queue[tuple[float, bytes]] = Queue()
        self._server = Quiet(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        environment = {
            **stack.environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": stack.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "x",
            "AWS_LAMBDA_LOG_STREAM_NAME": "x",
            "LAMBDA_TASK_ROOT": str(stack.app),
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in stack.path),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [*stack.command, "-m", "awslambdaric", "app.handler"]
        self._written = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the process
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=stack.app, env=environment, stdout=self._written, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._written.close()
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: object) -> tuple[float, Any]:
        """Seconds until the answer, and the answer. Of the first, the seconds since the process was started."""
        since = self._started or time.perf_counter()
        self._started = 0.0
        self._events.put(json.dumps(event).encode())
        at, answer = self._answers.get(timeout=LONGEST)
        return at - since, json.loads(answer)

    def written(self) -> str:
        """The end of what it has written: why an answer is not the one that was expected."""
        length = os.fstat(self._written.fileno()).st_size
        return os.pread(self._written.fileno(), LAST, max(0, length - LAST)).decode(errors="replace")

    def memory(self) -> float:
        """Resident, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def computed(self) -> float:
        """Seconds that it has had a processor so far, all its threads together."""
        # Linux numbers the clock of a process so: clock_getcpuclockid(3), which Python does not have.
        return time.clock_gettime(~self._process.pid << 3 | 2)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        events, answers = self._events, self._answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # Else each event waits 40 ms for the acknowledgment of its headers.

            def do_GET(self) -> None:
                event = events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:x")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 29_000))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(event)))
                self.end_headers()
                self.wfile.write(event)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answers.put((time.perf_counter(), body))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *words: object) -> None:
                """Say nothing."""

        return Handler
