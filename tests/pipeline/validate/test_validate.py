"""Validate: a mapping is a message, or every problem in it is named, and no value is repeated."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidMessage
from herald.message.status import Status
from herald.pipeline.validate.validate import FIELDS, Asked, content, validate

NOW = datetime(2026, 11, 25, 3, 30, 0, 123_456, tzinfo=UTC)
CHANNELS = ("exotel", "amazonsns", "otp-india")
HOSTS = ("hooks.example.com", "*.shops.example:8443")
GOOD = {"to": "+91 9741 552 552", "body": "Your code is 123456"}
FULL: dict[str, object] = {
    "to": "9741-552-552",
    "body": "Your order 118 ships today: https://example.com/118",
    "sender": "MyShop",
    "channel": "exotel",
    "kind": "promotional",
    "send_at": "2026-11-25T12:00:00[Asia/Kolkata]",
    "valid_for": 3600,
    "reference": "order-118",
    "tags": {"env": "prod", "team.name": "checkout"},
    "on_unknown": "resend",
    "callback_url": "https://hooks.example.com/sms?order=118",
    "mode": "async",
    "smart": True,
}


def read(mapping: Mapping[str, object], *, extra: tuple[str, ...] = ()) -> Asked:
    return validate(
        mapping, now=NOW, region="IN", channels=CHANNELS, valid_for=86_400, callback_hosts=HOSTS, extra=extra
    )


def problems(mapping: Mapping[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidMessage) as refused:
        read(mapping)
    assert refused.value.status == 422
    assert all(p.detail for p in refused.value.problems)
    return [(p.field, p.code) for p in refused.value.problems]


def problem_with(field: str, value: object) -> str:
    found = problems({**GOOD, field: value})
    assert len(found) == 1 and found[0][0] == field, found
    return found[0][1]


def detail_of(mapping: Mapping[str, object]) -> str:
    with pytest.raises(InvalidMessage) as refused:
        read(mapping)
    return refused.value.problems[0].detail


def test_a_number_and_a_text_are_a_message_with_the_usual_defaults() -> None:
    message, mode = read(GOOD)
    assert (message.to, message.country, message.body) == ("+919741552552", "IN", "Your code is 123456")
    assert (message.encoding, message.segments, message.length) == ("GSM-7", 1, 19)
    assert (message.id, message.caller, message.fingerprint, message.status) == ("", "", "", Status.ACCEPTED)
    assert message.created_at == message.updated_at == NOW
    assert message.expires_at == NOW + timedelta(days=1)
    assert (message.kind, message.on_unknown, mode) == ("transactional", "hold", "sync")
    assert (message.sender, message.asked_channel, message.send_at, message.reference) == (None,) * 4
    assert (message.tags, message.callback_url) == ({}, None)


def test_every_field_that_is_given_is_in_the_message() -> None:
    message, mode = read(FULL)
    assert (message.to, message.sender, message.asked_channel) == ("+919741552552", "MyShop", "exotel")
    assert message.channel is None
    assert message.send_at == datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    assert message.expires_at == message.send_at + timedelta(hours=1)
    assert (message.kind, message.on_unknown, mode) == ("promotional", "resend", "async")
    assert (message.reference, message.tags) == ("order-118", {"env": "prod", "team.name": "checkout"})
    assert message.callback_url == "https://hooks.example.com/sms?order=118"


def test_a_form_says_the_same_as_json() -> None:
    form = {**FULL, "valid_for": "3600"}
    assert read(form) == read(FULL)


def test_empty_fields_of_a_form_are_absent() -> None:
    for empty in ("", "  ", None):
        form = dict.fromkeys(FIELDS, empty) | GOOD
        assert read(form) == read(GOOD)


def test_the_text_may_be_called_subject() -> None:
    assert read({"to": GOOD["to"], "subject": "Hello"}).message.body == "Hello"
    assert read({**GOOD, "subject": GOOD["body"]}) == read(GOOD)
    assert problems({**GOOD, "subject": "Another"}) == [("subject", "conflict")]
    assert problems({"to": GOOD["to"], "subject": 5}) == [("subject", "wrong_type")]


def test_a_text_keeps_its_spaces_and_line_breaks() -> None:
    body = "  Line one\r\n\tLine two  \n"
    assert read({**GOOD, "body": body}).message.body == body


def test_a_one_time_password_is_valid_for_ten_minutes_unless_said_otherwise() -> None:
    assert read({**GOOD, "kind": "otp"}).message.expires_at == NOW + timedelta(minutes=10)
    assert read({**GOOD, "kind": "otp", "valid_for": 60}).message.expires_at == NOW + timedelta(minutes=1)


@pytest.mark.parametrize("smart", [True, False])
@pytest.mark.parametrize("name", ["body", "subject"])
@given(
    body=st.text(
        st.sampled_from(" \n\r\t\u00a0\u3000\u200b\u2060\ufeff\u00ad\u200d\u202e\u3164\u2800\ufe0f\u0301"), min_size=1
    )
)
def test_a_text_of_which_nobody_sees_anything_is_empty_whether_or_not_it_is_made_plain(
    name: str, smart: bool, body: str
) -> None:
    assert problems({"to": GOOD["to"], name: body, "smart": smart}) == [(name, "empty")]


def test_a_text_of_which_something_is_seen_is_none_that_is_empty() -> None:
    for body in ("\u200bHi", "👨\u200d👩\u200d👧", "क्\u200dष", "\U0001fa77", ".", "\ue000", "\u0903"):
        assert read({**GOOD, "body": body}).message.body == body


@pytest.mark.parametrize("value", ["\u200b", "\u3164", "\ufeff \u2060", "\u202e", "\u2800"])
def test_a_name_of_which_nobody_sees_anything_is_none(value: str) -> None:
    assert problem_with("reference", value) == "empty"
    assert problems({**GOOD, "tags": {"env": value}}) == [("tags.env", "empty")]
    assert problem_with("sender", value) == "invalid_sender"
    assert problem_with("channel", value) == "not_a_choice"
    assert problem_with("send_at", value) == "not_a_moment"


@pytest.mark.parametrize("body", [None, "", " \n\t ", "\u00a0"])
def test_a_text_that_is_missing_or_blank_is_refused(body: str | None) -> None:
    code = "required" if body is None else "empty"
    assert problem_with("body", body) == code
    assert problems({"to": GOOD["to"], "subject": body}) == [("body" if body is None else "subject", code)]


def test_nothing_at_all_is_two_problems() -> None:
    assert problems({}) == [("to", "required"), ("body", "required")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "required"),
        ("", "required"),
        (919741552552, "wrong_type"),
        (["+919741552552"], "wrong_type"),
        ("1-800-FLOWERS", "letters"),
        ("+1 800 555 0199", "not_mobile"),
        ("56161", "short_code"),
        ("+9197415", "short_code"),
        ("+919741552552 x5", "extension"),
        ("\ud800", "lone_surrogate"),
    ],
)
def test_a_number_that_cannot_be_texted_is_a_problem_of_to(value: object, code: str) -> None:
    assert problem_with("to", value) == code


WRONG = [
    ("body", 12, "wrong_type"),
    ("body", ["Hello"], "wrong_type"),
    ("body", "a" * 1601, "too_long"),
    ("body", "a\x00b", "control_character"),
    ("body", "a\x1bb", "control_character"),
    ("body", "a\x0cb", "control_character"),
    ("body", "a\x85b", "control_character"),
    ("body", "a\ud83d", "lone_surrogate"),
    ("sender", "a" * 17, "invalid_sender"),
    ("sender", "Ünï", "invalid_sender"),
    ("sender", "a\nb", "invalid_sender"),
    ("sender", "<b>", "invalid_sender"),
    ("sender", "१२३", "invalid_sender"),
    ("sender", 57575, "wrong_type"),
    ("channel", "twilio", "not_a_choice"),
    ("channel", "Exotel", "not_a_choice"),
    ("channel", ["exotel"], "wrong_type"),
    ("kind", "marketing", "not_a_choice"),
    ("kind", True, "wrong_type"),
    ("send_at", "2026-11-25T03:30:00Z", "in_the_past"),
    ("send_at", "2026-11-25T03:30:00.123456Z", "in_the_past"),
    ("send_at", "2020-01-01T00:00:00Z", "in_the_past"),
    ("send_at", "2027-11-26T03:30:01Z", "too_far_ahead"),
    ("send_at", "2026-11-26T09:00:00", "no_time_zone"),
    ("send_at", "2026-11-26T09:00:00[Asia/Nowhere]", "unknown_time_zone"),
    ("send_at", "soon", "not_a_moment"),
    ("send_at", 1795577400, "wrong_type"),
    ("valid_for", 0, "out_of_range"),
    ("valid_for", -1, "out_of_range"),
    ("valid_for", 259_201, "out_of_range"),
    ("valid_for", 10**40, "out_of_range"),
    ("valid_for", "9" * 5000, "out_of_range"),
    ("valid_for", "-1", "wrong_type"),
    ("valid_for", "1h", "wrong_type"),
    ("valid_for", "६०", "wrong_type"),
    ("valid_for", "²", "wrong_type"),
    ("valid_for", 60.0, "wrong_type"),
    ("valid_for", True, "wrong_type"),
    ("reference", "a" * 65, "too_long"),
    ("reference", "a\nb", "control_character"),
    ("reference", 118, "wrong_type"),
    ("tags", ["env"], "wrong_type"),
    ("tags", "env=prod", "wrong_type"),
    ("tags", {str(n): "x" for n in range(11)}, "too_many"),
    ("on_unknown", "retry", "not_a_choice"),
    ("mode", "fast", "not_a_choice"),
    ("mode", {}, "wrong_type"),
    ("smart", 1, "wrong_type"),
    ("smart", "yes", "not_a_choice"),
    ("smart", "True", "not_a_choice"),
    ("smart", [], "wrong_type"),
    ("callback_url", 5, "wrong_type"),
    ("callback_url", ["https://hooks.example.com"], "wrong_type"),
    ("callback_url", "http://hooks.example.com/sms", "not_https"),
    ("callback_url", "https://evil.example/sms", "host_not_allowed"),
    ("callback_url", "https://a.shops.example/sms", "host_not_allowed"),
    ("callback_url", "http://127.0.0.1:8080/", "host_not_allowed"),
    ("callback_url", "https://me:word@hooks.example.com/", "invalid_url"),
    ("callback_url", "https://hooks.example.com/#part", "invalid_url"),
    ("callback_url", "https://hooks.example.com/".ljust(501, "a"), "too_long"),
    ("callback_url", "https://hooks.example.com/\ud800", "lone_surrogate"),
]


@pytest.mark.parametrize(("field", "value", "code"), WRONG)
def test_a_wrong_value_is_a_problem_of_its_field(field: str, value: object, code: str) -> None:
    assert problem_with(field, value) == code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("body", "a" * 1600),
        ("body", "😀" * 1600),
        ("sender", "A" * 16),
        ("sender", "+1 415-555 Q&A_."),
        ("send_at", "2026-11-25T03:30:00.123457Z"),
        ("send_at", "2027-11-26T03:30:00Z"),
        ("valid_for", 1),
        ("valid_for", "259200"),
        ("reference", "é" * 64),
        ("tags", {"a" * 40: "v" * 100}),
        ("tags", {str(n): "" for n in range(10)}),
        ("callback_url", "https://hooks.example.com/".ljust(500, "a")),
        ("callback_url", "https://a.shops.example:8443"),
    ],
)
def test_values_at_the_border_are_accepted(field: str, value: object) -> None:
    assert read({**GOOD, field: value})


def test_a_sender_is_stripped() -> None:
    assert read({**GOOD, "sender": " MyShop\n"}).message.sender == "MyShop"


def test_every_tag_that_is_wrong_is_named() -> None:
    tags = {"ok": "1", "env name": "x", "team": 5, "region": "a" * 101, "": "x", "call 9741552552": "x", "n": "a\n"}
    assert problems({**GOOD, "tags": tags}) == [
        ("tags", "invalid_name"),
        ("tags.team", "wrong_type"),
        ("tags.region", "too_long"),
        ("tags", "invalid_name"),
        ("tags", "invalid_name"),
        ("tags.n", "control_character"),
    ]


def test_a_channel_that_does_not_exist_is_answered_with_those_that_do() -> None:
    assert detail_of({**GOOD, "channel": "twilio"}) == "Choose one of: amazonsns, exotel, otp-india."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Body", "body"),
        ("referense", "reference"),
        ("validfor", "valid_for"),
        ("sendat", "send_at"),
        ("chanel", "channel"),
        ("message", "body"),
        ("from", "sender"),
        ("phone", "to"),
        ("webhook", "callback_url"),
    ],
)
def test_an_unknown_field_is_refused_with_the_one_that_was_meant(name: str, meant: str) -> None:
    assert problems({**GOOD, name: "x"}) == [(name, "unknown_field")]
    assert f"Did you mean {meant}?" in detail_of({**GOOD, name: "x"})


def test_a_field_that_is_like_no_other_is_answered_with_the_list_of_fields() -> None:
    assert all(name in detail_of({**GOOD, "zzz": 1}) for name in FIELDS)


def test_a_name_that_might_hold_a_value_is_not_repeated() -> None:
    for name in ("+919741552552", "naïve", "a\nb", "\ud800", "", " "):
        assert problems({**GOOD, name: "x"}) == [("", "unknown_field")]
    assert problems({**GOOD, "a" * 5000: "x"}) == [("a" * 40, "unknown_field")]


def test_thousands_of_unknown_fields_make_a_short_answer() -> None:
    found = problems({**GOOD, **{f"f{n}": 1 for n in range(9000)}})
    assert len(found) == 21
    assert found[-1] == ("", "unknown_field")


def test_fields_of_the_api_are_not_the_messages() -> None:
    assert read({**GOOD, "schedule": "arn x"}, extra=("schedule",)) == read(GOOD)
    assert problems({**GOOD, "schedule": "arn x"}) == [("schedule", "unknown_field")]


def test_a_number_of_thousands_of_digits_is_refused_like_any_other() -> None:
    assert problem_with("valid_for", 10**5000) == "out_of_range"


def test_keys_that_are_no_names_and_mappings_that_are_none_are_refused() -> None:
    assert problems({**GOOD, 10**5000: 1}) == [("", "unknown_field")]  # type: ignore[dict-item]
    assert problems({**GOOD, "tags": {10**5000: "x"}}) == [("tags", "invalid_name")]
    nothings: list[Any] = [None, [], "to", 5]
    for nothing in nothings:
        assert problems(nothing) == [("", "wrong_type")]


@pytest.mark.parametrize(("first", "second"), list(combinations(WRONG[::5], 2)))
def test_problems_of_several_fields_are_all_named(
    first: tuple[str, object, str], second: tuple[str, object, str]
) -> None:
    if first[0] == second[0]:
        return
    found = problems({**GOOD, "to": "nobody", first[0]: first[1], second[0]: second[1], "zzz": 1})
    assert set(found) == {("to", "letters"), (first[0], first[2]), (second[0], second[2]), ("zzz", "unknown_field")}


def test_no_refusal_repeats_a_value() -> None:
    secret = "s3cr3t-9741552552"
    mapping = dict.fromkeys(FIELDS, secret) | {"to": f"+91 9741552552 {secret}", "body": f"{secret}\x00"}
    with pytest.raises(InvalidMessage) as refused:
        read({**mapping, "subject": "", "sender": f"{secret}!", "reference": secret * 9, "tags": {"a": secret * 9}})
    assert len(refused.value.problems) == len(FIELDS) - 1
    assert "s3cr3t" not in str(refused.value) and "9741552552" not in str(refused.value)


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(FIELDS), HOSTILE),
    st.dictionaries(st.text(st.characters(), max_size=50), HOSTILE, max_size=3),
)
def test_any_mapping_is_a_message_or_is_refused(known: dict[str, object], unknown: dict[str, object]) -> None:
    for mapping in (known, unknown, {**GOOD, **known}, {**GOOD, **known, **unknown}):
        try:
            message, mode = read(mapping)
        except InvalidMessage as refused:
            assert refused.problems
            assert str(refused).encode()
            assert all(p.code and p.detail and len(p.field) <= 45 for p in refused.problems)
        else:
            assert json.loads(content(message, mode))
            assert message.expires_at > NOW


@given(st.sampled_from([f for f in FIELDS if f not in GOOD and f != "subject"]), HOSTILE)
def test_a_hostile_value_is_never_a_problem_of_another_field(field: str, value: object) -> None:
    try:
        read({**GOOD, field: value})
    except InvalidMessage as refused:
        assert {p.field.split(".")[0] for p in refused.problems} == {field}


def asked(**changes: object) -> bytes:
    request = read({**FULL, **changes})
    return content(request.message, request.mode)


def test_the_same_request_has_the_same_content_however_it_is_written() -> None:
    assert asked() == asked(to="+91 97415 52552", send_at="2026-11-25T06:30:00Z", valid_for="3600", sender=" MyShop ")
    assert asked() == asked(tags=dict(reversed(list(FULL["tags"].items()))))  # type: ignore[attr-defined]
    later = validate(GOOD, now=NOW + timedelta(hours=5), region="IN", channels=(), valid_for=86_400)
    assert content(*later) == content(*read(GOOD))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "+919741552553"),
        ("body", "Your order 118 ships today: https://example.com/119"),
        ("sender", None),
        ("channel", "amazonsns"),
        ("kind", "transactional"),
        ("send_at", "2026-11-25T12:00:01[Asia/Kolkata]"),
        ("valid_for", 3601),
        ("reference", "order-119"),
        ("tags", {"env": "prod"}),
        ("on_unknown", "hold"),
        ("callback_url", None),
        ("callback_url", "https://hooks.example.com/sms?order=119"),
        ("mode", "sync"),
    ],
)
def test_a_request_that_differs_in_any_field_has_another_content(field: str, value: object) -> None:
    assert asked(**{field: value}) != asked()


def test_the_same_text_is_the_same_request_whoever_made_it_plain() -> None:
    typographic = {**GOOD, "body": "It’s ready", "smart": True}
    assert content(*read(typographic)) == content(*read({**GOOD, "body": "It's ready"}))
    assert content(*read(typographic)) != content(*read({**GOOD, "body": "It’s ready"}))


@pytest.mark.parametrize(
    ("smart", "body"), [(True, "It's"), ("true", "It's"), (False, "It’s"), ("false", "It’s"), ("", "It’s")]
)
def test_a_text_is_made_plain_only_if_that_is_asked_for(smart: object, body: str) -> None:
    message, _ = read({**GOOD, "body": "It’s", "smart": smart})
    assert (message.body, message.encoding) == (body, "GSM-7" if body == "It's" else "UCS-2")


def test_a_request_without_a_callback_is_known_from_the_time_before_there_was_one() -> None:
    assert b"callback_url" not in asked(callback_url=None)
    assert b"callback_url" in asked()


@pytest.mark.parametrize(
    ("hosts", "signed", "code", "named"),
    [((), True, "callbacks_off", "callback_hosts"), (HOSTS, False, "callbacks_unsigned", "make secret")],
)
def test_a_callback_that_is_not_configured_says_what_is_missing(
    hosts: tuple[str, ...], signed: bool, code: str, named: str
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        validate(FULL, now=NOW, region="IN", channels=CHANNELS, valid_for=60, callback_hosts=hosts, signed=signed)
    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == ("callback_url", code)
    assert named in problem.detail


def test_what_became_of_a_message_does_not_change_its_content() -> None:
    message, mode = read(FULL)
    moved = message.with_(id="msg_1", caller="shop", status=Status.SENT, channel="exotel", updated_at=NOW, attempts=2)
    assert content(moved, mode) == content(message, mode)
