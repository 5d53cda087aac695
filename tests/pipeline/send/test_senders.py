"""Senders: what a text shows is what its country allows by its channel; what is not allowed is refused unpaid."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from herald.errors import NotAllowed, Refused
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.settings.values import Limits
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_box, fails, reason, send, sends, steps

SG, ABROAD = "+6591234567", "+447700900123"
Senders = Mapping[str, tuple[str, ...]]


def a_named_box(*channels: str, senders: Senders | None = None, own: Mapping[str, Senders] | None = None) -> Outbox:
    """An outbox with the senders of the stage, and ``own`` ones of channels. Money is counted."""
    box = a_box(*channels)
    known = {
        name: channel._replace(senders=(own or {}).get(name, {})) for name, channel in box.settings.channels.items()
    }
    box.settings = box.settings._replace(
        channels=known, senders=senders or {}, prices={"*": 10_000}, limits=Limits(number_day=5, spend_day=10**6)
    )
    return box


def refused(box: Outbox, **fields: Any) -> NotAllowed:
    """How a message is refused; nothing is written, counted or sent."""
    before = dict(box.journal.messages)
    with pytest.raises(NotAllowed) as caught:
        send(box, **fields)
    assert (box.journal.messages, box.texts, box.counters.items) == (before, [], {})
    return caught.value


def shown(box: Outbox) -> list[str | None]:
    """The sender id that each text showed."""
    return [text.sender for text in box.texts]


# ---- which one is shown


@pytest.mark.parametrize(
    ("asked", "shows"), [({}, "GRMNER"), ({"sender": "GRMNER"}, "GRMNER"), ({"sender": "HERALD"}, "HERALD")]
)
def test_the_first_that_a_country_allows_is_shown_or_what_was_asked_for(asked: dict[str, Any], shows: str) -> None:
    box = a_named_box(senders={"IN": ("GRMNER", "HERALD")})
    message = send(box, **asked)
    assert shown(box) == [shows]
    assert message.trace[1].detail == f"by amazonsns as {shows}: route 1 of the settings"


def test_the_record_goes_on_telling_what_was_asked_for() -> None:
    box = a_named_box(senders={"IN": ("GRMNER",)})
    message = send(box)
    assert (message.sender, box.journal.messages[message.id].sender) == (None, None)
    assert message.public()["sender"] is None


def test_a_country_that_is_not_listed_is_as_without_the_setting() -> None:
    box = a_named_box(senders={"SG": ("HERALD",)})
    assert send(box).trace[1].detail == "by amazonsns: route 1 of the settings"
    assert send(box, sender="ANYTHING").trace[1].detail == "by amazonsns as ANYTHING: route 1 of the settings"
    assert shown(box) == [None, "ANYTHING"]


def test_the_star_stands_for_all_other_countries() -> None:
    box = a_named_box(senders={"IN": ("GRMNER",), "*": ("HERALD",)})
    send(box)
    send(box, to=SG)
    assert shown(box) == ["GRMNER", "HERALD"]
    assert refused_after(box, to=SG, sender="GRMNER").code == "sender_not_allowed"


def refused_after(box: Outbox, **fields: Any) -> NotAllowed:
    """How a message is refused where others were sent."""
    with pytest.raises(NotAllowed) as caught:
        send(box, **fields)
    return caught.value


def test_what_is_only_tried_out_is_told_the_same() -> None:
    box = a_named_box(senders={"IN": ("GRMNER",)})
    grant = Grant("ci", test=True)
    herald = box.herald()
    sent = herald.send({"to": "+919741552552", "body": "x"}, caller="key:ci", entrypoint="https", grant=grant).message
    assert (sent.test, sent.trace[1].detail) == (True, "by amazonsns as GRMNER: route 1 of the settings")


# ---- what is refused


def test_a_sender_id_that_is_not_listed_is_refused_and_told_which_are() -> None:
    no = refused(a_named_box(senders={"IN": ("GRMNER", "HERALD")}), sender="BANK")
    (problem,) = no.problems
    assert (no.code, no.status, problem.field) == ("sender_not_allowed", 422, "sender")
    assert no.detail == "This sender id is not allowed in IN; allowed: GRMNER, HERALD."
    assert no.hint == "Name one of these, or leave sender out; or add this one to senders, if the country allows it."
    assert [step.detail for step in no.trace] == ["by https", "sender_not_allowed"]
    assert "BANK" not in str(no)


@pytest.mark.parametrize("asked", [{}, {"sender": "HERALD"}])
def test_a_country_that_allows_none_gets_no_message_at_all(asked: dict[str, Any]) -> None:
    no = refused(a_named_box(senders={"IN": (), "*": ("HERALD",)}), **asked)
    assert (no.code, no.status, no.problems[0].field) == ("sender_not_allowed", 422, "to")
    assert no.detail == "IN allows no sender id that could be used: no message is sent there."
    assert no.hint == "Write a sender id in place of none in senders, once you have one that the country allows."


def test_a_country_that_is_closed_is_said_first() -> None:
    box = a_named_box(senders={"*": ()})
    box.settings = box.settings._replace(countries=frozenset({"SG"}))
    assert refused(box).code == "country_not_allowed"


def test_a_channel_that_the_caller_named_is_not_replaced_by_one_that_may() -> None:
    box = a_named_box("alpha", "beta", own={"alpha": {"IN": ()}})
    assert refused(box, channel="alpha").code == "sender_not_allowed"
    assert send(box, channel="beta").status is Status.SENT


def test_a_key_without_a_channel_is_told_of_that_and_not_of_sender_ids() -> None:
    box = a_named_box("alpha", own={"alpha": {"IN": ()}})
    grant = Grant("shop", channels=frozenset({"beta"}))
    with pytest.raises(NotAllowed) as caught:
        box.herald().send({"to": "+919741552552", "body": "x"}, caller="key:shop", entrypoint="https", grant=grant)
    assert caught.value.code == "channel_not_allowed"


def test_a_refused_request_uses_no_key_up_and_a_repetition_gets_the_stored_answer() -> None:
    box = a_named_box(senders={"IN": ("GRMNER",)})
    assert refused(box, key="order-1", sender="HERALD").code == "sender_not_allowed"
    sent = send(box, key="order-1", sender="GRMNER")
    box.settings = box.settings._replace(senders={"IN": ()})
    again = sends(box, key="order-1", sender="GRMNER")
    assert (again.replayed, again.message.id, len(box.texts)) == (True, sent.id, 1)


# ---- channel by channel


def test_each_channel_shows_what_its_own_senders_say() -> None:
    own = {"alpha": {"IN": ("+911234567890",)}, "beta": {"IN": ("GRMNER",)}}
    box = a_named_box("alpha", "beta", "gamma", senders={"IN": ("HERALD",)}, own=own)
    for channel in ("alpha", "beta", "gamma"):
        send(box, channel=channel)
    assert shown(box) == ["+911234567890", "GRMNER", "HERALD"]


def test_the_next_channel_shows_its_own_as_well() -> None:
    box = a_named_box("alpha", "beta", own={"alpha": {"IN": ("GRMNER",)}, "beta": {"*": ("+15005550006",)}})
    fails(box, Refused("invalid_sender"), channel="alpha")
    message = send(box)
    assert (message.channel, shown(box), message.sender) == ("beta", ["+15005550006"], None)
    assert [step.detail for step in message.trace[1:3]] == [
        "by alpha as GRMNER: route 1 of the settings",
        "by beta as +15005550006: alpha said invalid_sender",
    ]


@pytest.mark.parametrize(
    ("own", "asked", "left"),
    [
        ({"alpha": {"IN": ()}}, {}, "beta"),
        ({"alpha": {"IN": ("GRMNER",)}}, {"sender": "HERALD"}, "beta"),
        ({"beta": {"IN": ("GRMNER",)}}, {"sender": "HERALD"}, "alpha"),
        ({"beta": {"*": ()}}, {"sender": "HERALD"}, "alpha"),
    ],
)
def test_a_channel_that_may_not_show_it_drops_out_and_the_trace_says_so(
    own: Mapping[str, Senders], asked: dict[str, Any], left: str
) -> None:
    box = a_named_box("alpha", "beta", own=own)
    message = send(box, **asked)
    (out,) = own
    by = f"{left} as HERALD" if asked else left
    assert (message.channel, message.attempts) == (left, 1)
    assert message.trace[1].detail == f"by {by}: route 1 of the settings; without {out}, by the setting senders"


def test_a_channel_that_dropped_out_is_not_failed_over_to() -> None:
    box = a_named_box("alpha", "beta", own={"beta": {"IN": ()}})
    fails(box, Refused("no_balance"), channel="alpha")
    assert (send(box).status, box.providers["beta"].calls) == (Status.FAILED, 0)


def test_if_no_channel_is_left_all_that_they_allow_is_told() -> None:
    own = {"alpha": {"IN": ("GRMNER",)}, "beta": {"IN": ("HERALD", "GRMNER")}}
    no = refused(a_named_box("alpha", "beta", own=own), sender="BANK")
    assert no.detail == "This sender id is not allowed in IN; allowed: GRMNER, HERALD."


# ---- what waits


def resumed(box: Outbox, message: Message) -> Message:
    found = box.herald().resume(message.id)
    assert found
    return found


def test_what_waits_shows_what_is_allowed_at_its_time() -> None:
    box = a_named_box(senders={"IN": ("GRMNER",)})
    waits = send(box, mode="async")
    box.settings = box.settings._replace(senders={"IN": ("HERALD",)})
    sent = resumed(box, waits)
    assert (sent.status, shown(box), sent.sender) == (Status.SENT, ["HERALD"], None)
    assert sent.trace[2].detail == "by amazonsns as HERALD: route 1 of the settings"


@pytest.mark.parametrize("senders", [{"IN": ()}, {"IN": ("HERALD",)}])
def test_what_waits_and_is_allowed_no_more_fails_and_gives_its_place_back(senders: Senders) -> None:
    box = a_named_box(senders={"IN": ("GRMNER",)})
    waits = send(box, sender="GRMNER", send_at=rfc3339(NOW + timedelta(days=1)))
    box.clock.pass_(days=1)
    box.settings = box.settings._replace(senders=senders)
    ended = resumed(box, waits)
    assert (ended.status, reason(ended), box.texts, ended.reserved) == (Status.FAILED, "not_allowed", [], 0)
    assert ended.trace[-1].detail == "refused by the guard sender_not_allowed"
    assert steps(ended)[-1] == "failed"
