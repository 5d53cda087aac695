"""Codes: every code that an error of the HTTPS API may have, from where it is written."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from herald import errors
from herald.errors import HeraldError
from herald.message.reasons import REASONS
from herald.pipeline.guard.gate import LIMITS
from tests.house import PACKAGE, ROOT

CONTRACT = ROOT / "functions" / "api" / "openapi.json"
TEMPLATE = ROOT / "template.yaml"
# Whose first argument is a code, or whose keyword `code` is one.
_RAISED = {"NotAllowed", "InvalidMessage", "InvalidRequest", "_refuse", "NotAccepted"}
# Who notes a mistake, and which of the arguments is its code.
_NOTED = {"Problem": 1, "Wrong": 0, "problem": 1}
_NOT_OF_MESSAGES = ("settings", "providers", "cli", "aws")
_OF_KEYS = ("country", "kind", "channel")


def problems() -> set[str]:
    """Every code that a problem may have: the last part of its ``type``."""
    of_classes = {
        each.code for each in vars(errors).values() if isinstance(each, type) and issubclass(each, HeraldError)
    }
    of_limits = {f"limit_{name}" for name in LIMITS}
    of_keys = {f"{what}_not_allowed" for what in _OF_KEYS}
    return {*of_classes, *_raised(), *of_limits, *of_keys, *REASONS, *gateway(), *contract()}


def mistakes() -> set[str]:
    """Every code that one of a problem's ``errors`` may have, if the request is a message or about messages."""
    modules = (path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in _NOT_OF_MESSAGES)
    found = (text for path in modules for text in _noted(path))
    return {text for text in found if text is not None}


def gateway() -> set[str]:
    """What API Gateway answers by itself."""
    return set(re.findall(r"urn:herald:problem:(\w+)", TEMPLATE.read_text(encoding="utf-8")))


def contract() -> set[str]:
    """The types of problems in the contract's examples."""
    return set(re.findall(r"urn:herald:problem:([a-z0-9_]+)\"", json.dumps(json.loads(CONTRACT.read_text()))))


def _raised() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        for call in _calls(path):
            named = [word.value for word in call.keywords if word.arg == "code"]
            first = call.args[:1] if _name(call) in {"NotAllowed", "_refuse"} else []
            if _name(call) in _RAISED:
                yield from (text for value in (*named, *first) for text in _texts(value, path))


def _noted(path: Path) -> Iterator[str | None]:
    for call in _calls(path):
        place = _NOTED.get(_name(call))
        if place is not None and len(call.args) > place:
            yield _text(call.args[place])


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _texts(value: ast.expr, path: Path) -> Iterator[str]:
    """A text as it is written, or what a variable of that name is given in the module."""
    if text := _text(value):
        yield text
    for node in ast.walk(ast.parse(path.read_text())) if isinstance(value, ast.Name) else ():
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            pairs = zip(node.targets[0].elts, node.value.elts, strict=False)
            yield from (text for name, given in pairs if ast.unparse(name) == value.id and (text := _text(given)))


def _text(value: ast.expr) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value else None
