"""Runs in a process of its own, with nothing but the layer and a botocore: a line of JSON in, an event's answer out.

``{"function": "api", "event": {...}}`` is answered with ``{"returned": ...}`` or ``{"raised": ["Type", "message"]}``;
``{}`` with what runs here. The log goes to standard error.
"""

import importlib.util
import json
import os
import sys
import uuid
from functools import cache
from pathlib import Path


class Context:
    """What Lambda says of an invocation."""

    def __init__(self):
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self):
        return 55_000


@cache
def handler(function):
    """The handler of a function's file, which is found as Lambda finds it."""
    path = Path(os.environ["FUNCTIONS"], function, "app.py")
    spec = importlib.util.spec_from_file_location(f"app_{function}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


def answer(asked):
    """What a function does with an event."""
    try:
        return {"returned": handler(asked["function"])(asked["event"], Context())}
    except Exception as error:
        return {"raised": [type(error).__name__, str(error)]}


def runs():
    """The versions of what runs here, and where the code comes from."""
    import botocore

    import herald

    python = ".".join(map(str, sys.version_info[:2]))
    return {"python": python, "botocore": botocore.__version__, "herald": herald.__file__}


answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(answer(asked) if asked else runs()), file=answers, flush=True)
