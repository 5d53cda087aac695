"""Twilio's own OpenAPI, of which ``twilio_openapi.json`` is the part about messages: what it says against a request."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

PUBLISHED: Mapping[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())
FORMATS = FormatChecker(formats=())


@FORMATS.checks("phone-number")
def _phone_number(value: object) -> bool:
    """A number, a short code or a name: what Twilio calls a phone number where a text comes from."""
    return not isinstance(value, str) or bool(re.fullmatch(r"\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 +\-_.&]{1,16}", value))


@FORMATS.checks("uri")
def _uri(value: object) -> bool:
    return not isinstance(value, str) or (value.isascii() and bool(urlsplit(value).path))


@FORMATS.checks("date-time", raises=ValueError)
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date-time-rfc-2822", raises=(ValueError, TypeError))
def _rfc2822(value: object) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value).tzinfo is not None


def problems(operation: str, *, path: str, form: Mapping[str, str] | None = None, query: str = "") -> list[str]:
    """What is wrong with a request, as its parts are sent."""
    said = PUBLISHED[operation]
    places = _places(said["path"], path)
    if places is None:
        return [f"not its path: {path}"]
    asked = dict(pair.split("=", 1) for pair in query.split("&")) if query else {}
    parameters = {each["name"]: each for each in said["parameters"]}
    wrong = [f"unknown parameter {name}" for name in (places.keys() | asked.keys()) - parameters.keys()]
    for name, value in {**places, **asked}.items():
        wrong += _wrong(parameters.get(name, {}).get("schema", {}), value, name)
    wrong += [
        f"missing {each['name']}" for each in parameters.values() if each.get("required") and each["name"] not in places
    ]
    return [*wrong, *_of_form(said.get("form", {}), form or {})]


def answer_problems(operation: str, status: int, content: object) -> list[str]:
    """What is wrong with an answer."""
    answers = PUBLISHED[operation]["answer"]
    if str(status) not in answers:
        return [f"status {status}"]
    return [_told(error) for error in _validator(json.dumps(_strict(answers[str(status)]))).iter_errors(content)]


def _of_form(schema: Mapping[str, Any], form: Mapping[str, str]) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"unknown field {name}" for name in form.keys() - known.keys())
    yield from (f"missing {name}" for name in set(schema.get("required", ())) - form.keys())
    for name in form.keys() & known.keys():
        yield from _wrong(known[name], form[name], name)


def _wrong(schema: Mapping[str, Any], text: str, name: str) -> list[str]:
    """What is wrong with a value, which is sent as text whatever its type is."""
    kind = schema.get("type")
    value: Any = text
    if kind in ("integer", "number", "boolean"):
        try:
            value = json.loads(text)
        except ValueError:
            return [f"{name} is no {kind}"]
    return [f"{name}: {_told(error)}" for error in _validator(json.dumps(schema)).iter_errors(value)]


def _places(template: str, path: str) -> dict[str, str] | None:
    found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+?)", re.escape(template)), path)
    return found.groupdict() if found else None


def _strict(schema: Any) -> Any:
    """The schema of an answer, each field of which is there, and no other."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(value) for name, value in schema.items()}
    if made.get("type") == "object" and "properties" in made:
        made |= {"required": sorted(made["properties"]), "additionalProperties": False}
    return made


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _nullable(value) for name, value in schema.items() if name != "nullable"}
    return {**made, "type": [made["type"], "null"]} if schema.get("nullable") is True else made


@cache
def _validator(schema: str) -> Draft202012Validator:
    parts = {"components": {"schemas": _strict(PUBLISHED["components"]["schemas"])}}
    return Draft202012Validator(_nullable({**json.loads(schema), **parts}), format_checker=FORMATS)


def _told(error: ValidationError) -> str:
    return f"{'.'.join(map(str, error.path))} {error.message}".strip()
