"""``python -m tests.docs.contract_page`` writes docs/contract.md anew, from the contract that the API serves."""

import json
from collections.abc import Iterator
from typing import Any

from tests.docs import DOCS
from tests.docs.codes import CONTRACT

PAGE = DOCS / "contract.md"
COMMAND = "PYTHONPATH=layers/herald .venv/bin/python -m tests.docs.contract_page"
METHODS = ("get", "put", "post", "delete")
OPENING = f"""# The HTTPS API

What `GET /openapi.json` says, as a page: every path, parameter, answer and field. It is made from it by
`{COMMAND}`.
"""


def page() -> str:
    """The whole page."""
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    paths = [
        operation(method, path, found, contract)
        for path, methods in contract["paths"].items()
        for method, found in methods.items()
        if method in METHODS
    ]
    schemas = [schema(name, found) for name, found in contract["components"]["schemas"].items()]
    parts = [OPENING, contract["info"]["description"].strip(), "## Paths", *paths, "## Schemas", *schemas]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def operation(method: str, path: str, found: dict[str, Any], contract: dict[str, Any]) -> str:
    """One method of one path."""
    shared = contract["paths"][path].get("parameters", [])
    parameters = [_parameter(each) for each in (*shared, *found.get("parameters", []))]
    answers = [_answer(status, _followed(each, contract)) for status, each in found["responses"].items()]
    parts = [f"### {found['summary']}", f"`{method.upper()} {path}`", found.get("description", "")]
    if parameters:
        parts.append(_table(("parameter", "in", ""), parameters))
    if body := found.get("requestBody"):
        parts.append("Body: " + ", or ".join(f"`{media}`" for media in body["content"]) + _shape(body) + ".")
    parts.append(_table(("answer", "", "holds"), answers))
    return "\n\n".join(part for part in parts if part)


def schema(name: str, found: dict[str, Any]) -> str:
    """One schema, with its fields."""
    required, fields = set(found.get("required", [])), found.get("properties", {})
    rows = [
        (f"`{field}`", _type(each) + (", required" if field in required else ""), _line(each.get("description", "")))
        for field, each in fields.items()
    ]
    words = f"One of {_choices(found)}." if "enum" in found else ""
    base = "".join(f"All of {_link(each['$ref'])}, and:" for each in found.get("allOf", []) if "$ref" in each)
    table = _table(("field", "type", ""), rows) if rows else ""
    parts = [f"### {name}", _line(found.get("description", "")), words, base, table]
    return "\n\n".join(part for part in parts if part)


def _parameter(found: dict[str, Any]) -> tuple[str, ...]:
    needed = ", required" if found.get("required") else ""
    return f"`{found['name']}`", f"{found['in']}{needed}", _line(found.get("description", ""))


def _answer(status: str, found: dict[str, Any]) -> tuple[str, ...]:
    return f"`{status}`", _line(found["description"]), _shape(found).removeprefix(", ")


def _followed(found: dict[str, Any], contract: dict[str, Any]) -> dict[str, Any]:
    """The answer itself, where the path only refers to it."""
    if "$ref" not in found:
        return found
    named: dict[str, Any] = contract["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return named


def _shape(found: dict[str, Any]) -> str:
    """The schemas of a body, each once."""
    links = dict.fromkeys(
        link for media in found.get("content", {}).values() for link in _links(media.get("schema", {}))
    )
    return f", {' or '.join(links)}" if links else ""


def _links(found: dict[str, Any]) -> Iterator[str]:
    if "$ref" in found:
        yield _link(found["$ref"])
    for inner in (*found.get("anyOf", ()), *found.get("oneOf", ())):
        yield from _links(inner)


def _link(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _type(found: dict[str, Any]) -> str:
    """What a field holds, in a word or two."""
    if link := next(_links(found), ""):
        return link
    if "enum" in found:
        return _choices(found)
    named = found.get("type", "any")
    said = " or ".join(named) if isinstance(named, list) else str(named)
    return f"{said} of {_type(found['items'])}" if "items" in found else said


def _choices(found: dict[str, Any]) -> str:
    return ", ".join(f"`{json.dumps(each)}`" for each in found["enum"])


def _line(text: str) -> str:
    """A text as it may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = (heads, tuple("---" for _ in heads), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
