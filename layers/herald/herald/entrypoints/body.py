"""Body: the raw bytes of a request, a caller's or a provider's, become a mapping without anything that could harm."""

import json
import re
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import unquote_plus

from herald.errors import InvalidMessage, InvalidRequest, Problem
from herald.pipeline.validate.fields import shown

LARGEST = 65_536
DEEPEST = 8
MOST_DIGITS = 20
MOST_FIELDS = 50

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)
_JSON = re.compile(r"application/(?:json|[\w.!#$&^-]+\+json)", re.ASCII)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NESTED = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]")
_FORM = "application/x-www-form-urlencoded"
# What programs say that do not say what they send.
_UNSAID = ("", "text/plain", "text/json", "application/octet-stream")
_LOST_PLUS = re.compile(r"[^\d+\uff0b]* [^\d+\uff0b]*\d")


def read(raw: bytes, content_type: str | None, *, number: str | None = None) -> dict[str, object]:
    """The mapping that a request's body holds: a JSON object, or a form, where ``tags[env]=prod`` nests.

    ``number`` is the field that holds a number, if one does: in a form its plus must have been encoded. Raises
    ``InvalidMessage`` with status 400 (malformed), 413 (over 64 kB), 415 (neither JSON nor a form) or 422 (a plus that
    was lost), and nothing else, whatever the bytes.
    """
    _check_size(raw)
    media = _media_type(content_type)
    mapping = _mapping(media, _decoded(raw))
    if number and media == _FORM:
        check_plus(number, mapping.get(number))
    return mapping


def read_callback(raw: bytes, content_type: str | None) -> dict[str, object]:
    """The same for what a provider calls back with, which need not say whether it is JSON or a form."""
    _check_size(raw)
    said = (content_type or "").lower().partition(";")[0].strip()
    media, text = _FORM if said in _UNSAID else _media_type(content_type), _decoded(raw)
    return _mapping("" if media == _FORM and text.lstrip()[:1] in ("{", "[") else media, text)


def check_plus(field: str, number: object) -> None:
    """Raises ``InvalidRequest`` if a decoded number has a blank where its plus may have been.

    Forms and queries write a blank as a plus. A plus that was not encoded is a blank afterwards, and without it many a
    number is a valid one of another country.
    """
    if isinstance(number, str) and _LOST_PLUS.match(number):
        detail = "The number begins with a space: in a URL or a form a plus sign is written %2B."
        raise InvalidRequest([Problem(field, "plus_not_encoded", detail)])


def _check_size(raw: bytes) -> None:
    if len(raw) > LARGEST:
        _refuse("too_large", f"The body is larger than {LARGEST} bytes.", status=413)


def _mapping(media: str, text: str) -> dict[str, object]:
    mapping = _form(text) if media == _FORM else _json(text)
    _check_texts(mapping)
    return mapping


def _refuse(code: str, detail: str, *, field: str = "", status: int = 400, hint: str | None = None) -> NoReturn:
    raise InvalidMessage([Problem(field, code, detail)], status=status, code=code, hint=hint)


def _media_type(content_type: str | None) -> str:
    media, *parameters = (content_type or "").lower().split(";")
    media = media.strip()
    hint = f"Send the message as application/json or as {_FORM}, in UTF-8."
    if media != _FORM and not _JSON.fullmatch(media):
        _refuse("unsupported_media_type", "The Content-Type is missing or not accepted.", status=415, hint=hint)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            _refuse("unsupported_charset", "The charset is not UTF-8.", status=415, hint=hint)
    return media


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        _not_utf8()
    if not text.strip():
        _refuse("empty_body", "The body is empty.")
    _check_text(text)
    return text


def _not_utf8() -> NoReturn:
    # API Gateway (REST, text bodies) hands bytes that are not UTF-8 on as U+FFFD, so that none of those can be told
    # from a broken character, and nobody would pay to send one (seen November 2026).
    _refuse("not_utf8", "The body is not valid UTF-8.", hint="Encode the text as UTF-8 before sending it.")


def _json(text: str) -> dict[str, object]:
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant
        )
    except json.JSONDecodeError as wrong:
        # Its message may quote the text; its place does not.
        _malformed(f"The JSON is malformed at line {wrong.lineno}, column {wrong.colno}.")
    if not isinstance(value, dict):
        _refuse("not_an_object", "The JSON is not an object: write {...} with the fields of a message.")
    return value


def _malformed(detail: str) -> NoReturn:
    _refuse("malformed_json", detail)


def _check_depth(text: str) -> None:
    """Count brackets outside of strings: a parser that recurses would fall over before it could refuse."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > DEEPEST:
            _refuse("too_deep", f"The JSON is nested more than {DEEPEST} levels deep.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made: dict[str, object] = {}
    for name, value in pairs:
        _put(made, name, value)
    return made


def _put(mapping: dict[str, object], name: str, value: object) -> None:
    if name in mapping:
        _refuse("duplicate_key", "A field is given twice.", field=shown(name))
    mapping[name] = value


def _int(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        _refuse("number_too_long", f"A number in the JSON has more than {MOST_DIGITS} digits.")
    return int(digits)


def _float(digits: str) -> float:
    if abs(number := float(digits)) == float("inf"):
        _refuse("number_too_large", "A number in the JSON is too large.")
    return number


def _constant(name: str) -> NoReturn:
    _malformed(f"{name.lstrip('-')} is not JSON.")


def _form(text: str) -> dict[str, object]:
    if text.lstrip().startswith("{"):
        _refuse("malformed_form", "This is JSON, not a form.", hint="Send it with Content-Type: application/json.")
    fields = text.strip().split("&")
    if len(fields) > MOST_FIELDS:
        _refuse("too_many_fields", f"The form has more than {MOST_FIELDS} fields.")
    mapping: dict[str, object] = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or not name or _BAD_PERCENT.search(field):
            _refuse("malformed_form", "The form is malformed: write name=value, percent-encoded and joined by &.")
        _put_nested(mapping, _unquoted(name), _unquoted(value))
    return mapping


def _unquoted(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        _not_utf8()


def _put_nested(mapping: dict[str, object], name: str, value: str) -> None:
    nested = _NESTED.fullmatch(name)
    if nested is None:
        _put(mapping, name, value)
    elif isinstance(inner := mapping.setdefault(nested[1], {}), dict):
        _put(inner, nested[2], value)
    else:
        _refuse("duplicate_key", "A field is given twice.", field=shown(nested[1]))


def _check_texts(value: object) -> None:
    """Refuse what no text may hold, in names and values, however it was escaped."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        _check_all((*value.keys(), *value.values()))
    elif isinstance(value, list):
        _check_all(value)


def _check_all(values: Iterable[object]) -> None:
    for value in values:
        _check_texts(value)


def _check_text(text: str) -> None:
    if "\x00" in text:
        _refuse("nul_character", "A field holds a NUL character.")
    if "\ufffd" in text:
        _not_utf8()
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        _refuse("lone_surrogate", "A field holds half of a character (a lone surrogate).")
