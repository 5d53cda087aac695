"""Parse: every body is a mapping or is refused with a status below 500, and nothing harmful comes through."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.entrypoints.body import DEEPEST, LARGEST, read
from herald.errors import InvalidMessage
from herald.pipeline.validate.fields import shown

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def refusal(raw: bytes | str, content_type: str | None = JSON) -> InvalidMessage:
    with pytest.raises(InvalidMessage) as refused:
        read(raw if isinstance(raw, bytes) else raw.encode(), content_type)
    error = refused.value
    assert [p.code for p in error.problems] == [error.code]
    return error


def refused_as(raw: bytes | str, content_type: str | None = JSON) -> tuple[int, str]:
    error = refusal(raw, content_type)
    return error.status, error.code


def test_a_json_object_is_read_as_it_is() -> None:
    message = {"to": "+919741552552", "body": "Ihr Code: 123 😀\n", "valid_for": 60, "x": [1.5, None, True, {"y": -1}]}
    assert read(json.dumps(message).encode(), JSON) == message
    assert read(json.dumps(message, ensure_ascii=False).encode(), JSON) == message


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/cloudevents+json",
        "application/vnd.herald.v1+json; charset=utf8",
        " application/json ; profile=x",
    ],
)
def test_every_kind_of_json_is_accepted(content_type: str) -> None:
    assert read(b'{"to": "1"}', content_type) == {"to": "1"}


@pytest.mark.parametrize(
    "content_type",
    [None, "", ";", "text/plain", "text/json", "multipart/form-data; boundary=x", "application/xml", "json"],
)
def test_another_content_type_is_refused_with_the_two_that_are_not(content_type: str | None) -> None:
    error = refusal('{"to": "1"}', content_type)
    assert (error.status, error.code) == (415, "unsupported_media_type")
    assert error.hint and JSON in error.hint and FORM in error.hint


@pytest.mark.parametrize("media", [JSON, FORM])
@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", '"latin1"', ""])
def test_another_charset_is_refused(media: str, charset: str) -> None:
    assert refused_as("to=1", f"{media}; charset={charset}") == (415, "unsupported_charset")


def test_a_body_of_64_kb_is_read_and_a_longer_one_is_refused() -> None:
    fits = b'{"body": "' + b"a" * (LARGEST - 12) + b'"}'
    assert len(fits) == 65_536
    assert read(fits, JSON)["body"] == "a" * (LARGEST - 12)
    assert refused_as(fits + b" ") == (413, "too_large")
    assert refused_as(b"\xff" * (LARGEST + 1), None) == (413, "too_large")


@pytest.mark.parametrize("content_type", [JSON, FORM])
@pytest.mark.parametrize("raw", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_refused(raw: bytes, content_type: str) -> None:
    assert refused_as(raw, content_type) == (400, "empty_body")


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b'{"body": "\xff"}', JSON),
        (b'{"body": "caf\xe9"}', JSON),
        ('{"body": "é"}'.encode("utf-16"), JSON),
        (b'{"body": "\xed\xa0\x80"}', JSON),
        ('{"body": "caf\ufffd"}'.encode(), JSON),
        (b'{"body": "caf\\ufffd"}', JSON),
        ('{"caf\ufffd": 1}'.encode(), JSON),
        (b"body=caf\xe9", FORM),
        (b"body=caf%E9", FORM),
        (b"caf%E9=body", FORM),
        (b"body=caf%EF%BF%BD", FORM),
        (b"body=%ED%A0%80", FORM),
    ],
)
def test_broken_characters_are_refused_and_never_sent(raw: bytes, content_type: str) -> None:
    assert refused_as(raw, content_type) == (400, "not_utf8")


def test_a_byte_order_mark_is_skipped() -> None:
    assert read(b'\xef\xbb\xbf{"to": "1"}', JSON) == {"to": "1"}
    assert read(b"\xef\xbb\xbfto=1", FORM) == {"to": "1"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ('{"to": "1"', "malformed_json"),
        ("{'to': '1'}", "malformed_json"),
        ('{"to": "1",}', "malformed_json"),
        ('{"to": "1"} {}', "malformed_json"),
        ('{"body": "a\nb"}', "malformed_json"),
        ('{"body": "\\x41"}', "malformed_json"),
        ('{"body": "', "malformed_json"),
        ('{"body": "\\', "malformed_json"),
        ("to=1&body=hi", "malformed_json"),
        ('{"valid_for": NaN}', "malformed_json"),
        ('{"valid_for": Infinity}', "malformed_json"),
        ('{"valid_for": -Infinity}', "malformed_json"),
        ('{"valid_for": 01}', "malformed_json"),
        ('{"body": "a\x00b"}', "nul_character"),
        ('{"valid_for": 1e999}', "number_too_large"),
        ('{"valid_for": -1e999}', "number_too_large"),
        ('{"valid_for": ' + "9" * 400 + ".0}", "number_too_large"),
        ('{"valid_for": ' + "1" * 21 + "}", "number_too_long"),
        ('{"valid_for": -' + "1" * 21 + "}", "number_too_long"),
        ('{"valid_for": ' + "1" * 5000 + "}", "number_too_long"),
        ('{"to": "1", "to": "2"}', "duplicate_key"),
        ('{"tags": {"a": "1", "a": "1"}}', "duplicate_key"),
        ('{"to": "1", "t\\u006f": "2"}', "duplicate_key"),
        ('{"body": "a\\u0000b"}', "nul_character"),
        ('{"a\\u0000b": "1"}', "nul_character"),
        ('{"tags": {"a": ["\\u0000"]}}', "nul_character"),
        ('{"body": "\\ud83d"}', "lone_surrogate"),
        ('{"body": "\\ude00\\ud83d"}', "lone_surrogate"),
        ('{"\\ud83d": "1"}', "lone_surrogate"),
        ('{"x": [[{"\\udfff": 1}]]}', "lone_surrogate"),
        ("[]", "not_an_object"),
        ('"to"', "not_an_object"),
        ("null", "not_an_object"),
        ("12", "not_an_object"),
    ],
)
def test_harmful_json_is_refused_with_a_code_that_says_why(raw: str, code: str) -> None:
    assert refused_as(raw) == (400, code)


def test_numbers_of_20_digits_and_whole_characters_pass() -> None:
    assert read(b'{"x": -12345678901234567890}', JSON) == {"x": -12345678901234567890}
    assert read(b'{"body": "\\ud83d\\ude00"}', JSON) == {"body": "😀"}


def test_depth_is_counted_outside_of_strings_only() -> None:
    assert read(b'{"x": ' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}", JSON)
    assert read(json.dumps({"body": '[{["\\' * 50}).encode(), JSON) == {"body": '[{["\\' * 50}
    assert read(b'{"x": [' + b",".join([b"[[]]"] * 100) + b"]}", JSON)
    assert refused_as(b'{"x": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}") == (400, "too_deep")


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b'[{"a":', b'"', b'\\"', b'"\\', b"\\", b"]", b'"[', b"-", b"1,"])
def test_the_longest_hostile_bodies_are_refused_and_not_recursed_into(unit: bytes) -> None:
    status, _ = refused_as((unit * LARGEST)[:LARGEST])
    assert status == 400


def test_a_form_is_read_as_text_with_its_tags_nested() -> None:
    raw = "to=%2B91+9741+552+552&subject=Hello%20%F0%9F%98%80%0A&valid_for=3600&sender="
    raw += "&tags[env]=prod&tags%5Bteam%5D=a%26b"
    assert read(raw.encode(), FORM) == {
        "to": "+91 9741 552 552",
        "subject": "Hello 😀\n",
        "valid_for": "3600",
        "sender": "",
        "tags": {"env": "prod", "team": "a&b"},
    }


def test_a_form_may_hold_raw_utf8_and_equal_signs() -> None:
    assert read("to=1&body=नमस्ते a=b\r\n".encode(), FORM) == {"to": "1", "body": "नमस्ते a=b"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("to", "malformed_form"),
        ("to=1&", "malformed_form"),
        ("&to=1", "malformed_form"),
        ("=1", "malformed_form"),
        ("body=100%", "malformed_form"),
        ("body=%zz", "malformed_form"),
        ("body=%4", "malformed_form"),
        ("to=1&to=1", "duplicate_key"),
        ("tags[a]=1&tags[a]=2", "duplicate_key"),
        ("tags=1&tags[a]=2", "duplicate_key"),
        ("tags[a]=2&tags=1", "duplicate_key"),
        ("body=%00", "nul_character"),
        ("a%00=1", "nul_character"),
        ("tags[%00]=1", "nul_character"),
        ("body=a\x00b", "nul_character"),
        ("&".join(f"f{n}=1" for n in range(51)), "too_many_fields"),
    ],
)
def test_a_form_is_read_strictly(raw: str, code: str) -> None:
    assert refused_as(raw, FORM) == (400, code)


def test_json_sent_as_a_form_is_told_what_to_change() -> None:
    error = refusal('{"to": "+919741552552", "body": "a=b"}', FORM)
    assert error.hint and JSON in error.hint
    assert "9741" not in str(error)


def test_a_duplicate_is_named_if_its_name_can_be_a_field() -> None:
    assert refusal('{"to": 1, "to": 2}').problems[0].field == "to"
    assert refusal('{"+919741552552": 1, "+919741552552": 2}').problems[0].field == ""


def test_a_field_is_shown_only_if_its_name_cannot_hold_a_value() -> None:
    assert shown("sendr") == "sendr"
    assert shown("tags[env]") == "tags[env]"
    assert shown("a" * 50) == "a" * 40
    assert [shown(name) for name in ("", "+919741552552", "n9741552552", "a b", "naïve", "a\n", "\ud800")] == [""] * 7


def test_no_refusal_repeats_what_was_sent() -> None:
    for raw in ('{"body": "secret', '{"body": secret}', '{"secret value": 1, "secret value": 2}', '"secret"'):
        assert "secret" not in str(refusal(raw))


NAMES = st.text(max_size=8) | st.sampled_from(["to", "body", "tags", "valid_for"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
TYPES = st.sampled_from([JSON, FORM, "application/x+json", "text/plain", None]) | st.text(max_size=40)


def only_refuses(raw: bytes, content_type: str | None) -> None:
    """The mapping is clean enough to be stored and sent, or the refusal is the sender's."""
    try:
        mapping = read(raw, content_type)
    except InvalidMessage as refused:
        assert refused.status in (400, 413, 415)
        assert refused.problems
    else:
        assert isinstance(mapping, dict)
        text = json.dumps(mapping, ensure_ascii=False, allow_nan=False)
        assert "\\u0000" not in text.replace("\\\\", "")
        assert text.encode("utf-8")


@given(st.binary(max_size=200), TYPES)
def test_any_bytes_are_a_mapping_or_are_refused(raw: bytes, content_type: str | None) -> None:
    only_refuses(raw, content_type)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.booleans(), st.data())
def test_any_json_however_damaged_is_a_mapping_or_is_refused(
    message: dict[str, object], ascii_only: bool, data: st.DataObject
) -> None:
    raw = bytearray(json.dumps(message, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
    only_refuses(bytes(raw), JSON)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(start + 3, len(raw))))
        raw[start:end] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"]", b"\\ud800", b"e9"])
        )
    only_refuses(bytes(raw), JSON)


@given(st.text("=&%+[]0aF\x00é", max_size=60), TYPES)
def test_any_form_is_a_mapping_or_is_refused(form: str, content_type: str | None) -> None:
    only_refuses(form.encode(), FORM)
    only_refuses(form.encode(), content_type)


PLAIN = st.text(st.characters(exclude_characters="\x00\ufffd[]", exclude_categories=["Cs"]), max_size=30)


@given(st.dictionaries(PLAIN.filter(bool), PLAIN, min_size=1, max_size=20))
def test_what_a_browser_encodes_comes_out_as_it_was_typed(fields: dict[str, str]) -> None:
    assert read(urlencode(fields).encode(), FORM) == fields


@given(st.dictionaries(PLAIN, st.integers(-(10**19), 10**19) | PLAIN | st.booleans() | st.none(), max_size=20))
def test_what_a_program_encodes_comes_out_as_it_was(fields: dict[str, object]) -> None:
    assert read(json.dumps(fields).encode(), JSON) == fields
