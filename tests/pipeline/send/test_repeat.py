"""Repeat: a request that was accepted is the same request tomorrow, whatever the settings say by then."""

import json
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.entrypoints import invocation
from herald.errors import HeraldError, InvalidMessage, InvalidSettings, KeyReused, NotAllowed, Problem, Refused
from herald.keys.grant import Grant
from herald.message.secret import fingerprint, same
from herald.message.times import rfc3339
from herald.pipeline.validate.validate import words
from herald.settings.values import Channel, Limits, Rule, Settings
from herald.testing.outbox import Outbox
from tests.builders import NOW, NUMBER, TEXT, a_box
from tests.entrypoints.conftest import recorded
from tests.pipeline.send.quiet import quiet

CHANNELS = {name: Channel(name, "fake") for name in ("amazonsns", "exotel")}
USUAL = Settings(
    CHANNELS, callback_hosts=("hooks.example.com",), webhook_secrets=("whsec",), mobile_prefixes=("+91600",)
)
# What may be another tomorrow, each by itself enough to refuse one of the requests, or to make another message of it.
CHANGES: dict[str, dict[str, Any]] = {
    "the validity": {"valid_for": 60},
    "the region": {"default_region": "GB"},
    "the countries": {"countries": frozenset({"SG"})},
    "a channel's name": {"channels": {"sns": CHANNELS["amazonsns"]}},
    "the routes": {"routes": (Rule(("exotel",)),)},
    "the segments": {"max_segments": 0},
    "the price": {"prices": {"IN": 10}, "max_price": 1},
    "a price is missing": {"limits": Limits(spend_day=1)},
    "the limits": {"limits": Limits(number_10_minutes=1, day=1)},
    "the hosts": {"callback_hosts": ()},
    "the secret": {"webhook_secrets": ()},
    "the numbering plan": {"mobile_prefixes": ()},
    "the guests": {"guests": frozenset[str]()},
}
REQUESTS: list[dict[str, Any]] = [
    {"to": NUMBER, "body": TEXT},
    {"to": "09741 552 552", "subject": TEXT, "tags": {"a": "b", "c": "d"}, "reference": "7"},
    {"to": "9741-552-552", "body": "It’s ready", "smart": "true", "kind": "otp"},
    {"to": NUMBER, "body": TEXT, "channel": "exotel", "valid_for": "120", "on_unknown": "resend"},
    {"to": NUMBER, "body": TEXT, "callback_url": "https://hooks.example.com/x", "mode": "async"},
    {"to": "+916001234567", "body": TEXT},
    {"to": NUMBER, "body": TEXT, "send_at": rfc3339(NOW + timedelta(hours=1)), "sender": ""},
]


def box() -> Outbox:
    return a_box("amazonsns", "exotel", settings=USUAL)


def ask(here: Outbox, request: Any, *, key: str | None = "k", grant: Grant | None = None) -> Any:
    return here.herald().send(request, caller="key:shop", entrypoint="https", key=key, grant=grant)


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_a_repetition_is_replayed_whatever_changed_in_the_settings(change: str, request_: dict[str, Any]) -> None:
    here = box()
    first = ask(here, request_).message
    here.settings = USUAL._replace(**CHANGES[change])
    here.clock.pass_(days=3)
    again = ask(here, request_)
    assert (again.message.id, again.replayed) == (first.id, True)
    assert len(here.journal.messages) == 1


settings = st.lists(st.sampled_from(sorted(CHANGES)), max_size=4).map(
    lambda names: USUAL._replace(**{field: value for name in names for field, value in CHANGES[name].items()})
)


@given(st.sampled_from(REQUESTS), settings, st.lists(settings, min_size=1, max_size=3))
def test_what_was_told_once_is_told_again_and_nothing_is_sent_twice(
    request_: dict[str, Any], then: Settings, later: list[Settings]
) -> None:
    here = box()
    here.settings = then
    try:
        first = ask(here, request_).message
    except (InvalidMessage, NotAllowed):
        assert not here.journal.messages
        return
    for now in later:
        here.settings = now
        again = ask(here, json.loads(json.dumps(request_)))
        assert (again.message.id, again.replayed) == (first.id, True)
    assert len(here.journal.messages) == 1
    assert len(here.texts) <= 1


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("other", [{"to": "+919741552553"}, {"body": "Another."}, {"valid_for": 61}, {"kind": "otp"}])
def test_another_request_under_the_key_is_refused_whatever_changed(change: str, other: dict[str, Any]) -> None:
    here = box()
    ask(here, REQUESTS[0])
    here.settings = USUAL._replace(**CHANGES[change])
    with pytest.raises((KeyReused, InvalidMessage)) as refused:
        ask(here, {**REQUESTS[0], **other})
    assert quiet(refused.value)
    assert len(here.journal.messages) == len(here.texts) == 1


@pytest.mark.parametrize(
    "grant",
    [Grant("shop", channels=frozenset({"exotel"})), Grant("shop", countries=frozenset({"SG"})),
     Grant("shop", kinds=frozenset({"otp"})), Grant("shop", per_minute=0), Grant("shop", per_day=0)],
)  # fmt: skip
def test_a_key_that_may_do_less_by_now_gets_its_stored_answer(grant: Grant) -> None:
    here = box()
    first = ask(here, REQUESTS[0], grant=Grant("shop")).message
    again = ask(here, REQUESTS[0], grant=grant)
    assert (again.message.id, again.replayed) == (first.id, True)


def test_a_person_who_opted_out_meanwhile_changes_no_answer() -> None:
    here = box()
    first = ask(here, REQUESTS[0]).message
    here.herald().opt(NUMBER, out=True, source="written")
    assert ask(here, REQUESTS[0]).message.id == first.id


class Broken(Outbox):
    """Its settings cannot be read any more, once ``broken``."""

    broken = False

    def __getattribute__(self, name: str) -> Any:
        if name == "settings" and super().__getattribute__("broken"):
            raise InvalidSettings([Problem("settings", "syntax", "Line 1 is no YAML.")])
        return super().__getattribute__(name)


def test_settings_that_cannot_be_read_change_no_answer() -> None:
    here = Broken()
    first = ask(here, REQUESTS[0]).message
    here.broken = True
    again = ask(here, REQUESTS[0])
    assert (again.message.id, again.replayed) == (first.id, True)
    with pytest.raises(KeyReused):
        ask(here, {**REQUESTS[0], "body": "Another."})
    for key in ("never used", None):
        with pytest.raises(InvalidSettings):
            ask(here, REQUESTS[0], key=key)
    assert len(here.texts) == 1


@pytest.mark.parametrize("name", ["event-sms-requested", "schedule", "invoke"])
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_what_aws_delivers_again_is_no_error_after_a_change(name: str, change: str) -> None:
    here = box()
    first = invocation.answer(recorded(name), "request-1", here.herald())
    here.settings = USUAL._replace(**CHANGES[change])
    again = invocation.answer(recorded(name), "request-1", here.herald())
    assert first and again and again["id"] == first["id"]
    assert len(here.texts) == 1


def test_a_repetition_of_what_was_refused_is_refused_as_it_was() -> None:
    here = box()
    here.providers["amazonsns"].answers = [Refused("invalid_number")]
    first = ask(here, REQUESTS[0]).message
    here.settings = USUAL._replace(**CHANGES["the countries"])
    assert ask(here, REQUESTS[0]).message == first


def test_an_erased_message_is_nobodys_repetition() -> None:
    here = box()
    ask(here, REQUESTS[0])
    here.herald().erase(NUMBER)
    with pytest.raises(KeyReused):
        ask(here, REQUESTS[0])


# ---- The words


def test_neither_order_nor_the_name_of_the_text_nor_empty_fields_are_words() -> None:
    said = words({"to": NUMBER, "body": TEXT, "tags": {"b": "1", "a": "2"}})
    assert said == words({"tags": MappingProxyType({"a": "2", "b": "1"}), "subject": TEXT, "to": NUMBER, "sender": " "})
    assert said == words({"to": NUMBER, "body": TEXT, "subject": TEXT, "tags": {"b": "1", "a": "2"}, "mode": None})
    assert said != words({"to": NUMBER, "body": TEXT})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
@example({"to": "\ud800"})
def test_words_that_came_as_json_are_the_same_when_they_come_again(request_: dict[str, Any]) -> None:
    again = json.loads(json.dumps(dict(reversed(request_.items()))))
    assert words(again) == words(request_) is not None
    secret = b"a secret"
    assert same(fingerprint(secret, words(request_), None), fingerprint(secret, words(again), b"another message"))
    other = words({**again, "to": "another, surely not said"})
    assert not same(fingerprint(secret, words(request_), None), fingerprint(secret, other, None))


@pytest.mark.parametrize("value", [object(), {1: 2, "a": 3}, {(1,): 2}, b"bytes", {"a": NOW}])
def test_what_json_cannot_hold_is_no_words_and_no_repetition(value: Any) -> None:
    assert words({"to": value}) is None
    nothing = fingerprint(b"a secret", None, None)
    assert not same(nothing, nothing)
    here = box()
    ask(here, REQUESTS[0])
    with pytest.raises(HeraldError):
        ask(here, {"to": value})


def test_a_fingerprint_is_keyed_and_shorter_than_what_it_stands_for() -> None:
    made = [fingerprint(secret, words(REQUESTS[0]), b"content") for secret in (b"one", b"two")]
    assert [len(each) for each in made] == [32, 32]
    assert not same(*made)
