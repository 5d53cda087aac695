"""Inbound: STOP is obeyed when its channel's provider hands it over, and when nobody else says so."""

import re

import pytest

from herald.errors import Forbidden, InvalidMessage, InvalidRequest, NotAccepted, Problem
from herald.message.secret import recipient
from herald.pipeline.receive.inbound import Inbound
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.receive.token import inbound, sign
from herald.providers._base import Callback
from herald.settings.values import Channel, Settings
from herald.testing.memory import MemoryOptOuts
from herald.testing.outbox import SECRET, Outbox
from tests.builders import NUMBER, send
from tests.failing import Down

STOP = {"From": "09741552552", "Body": "Stop"}


def a_box() -> Outbox:
    """Two channels of Exotel's, and one of SNS's."""
    kinds = {"exotel": "exotel", "second": "exotel", "amazonsns": "amazonsns"}
    return Outbox(settings=Settings(channels={name: Channel(name, kind) for name, kind in kinds.items()}))


def comes(box: Outbox, said: dict[str, str], channel: str = "exotel", word: str | None = None) -> None:
    """What a provider hands over."""
    token = inbound(SECRET, "exotel") if word is None else word
    Inbound(box).written(channel, token, Callback("https://herald.test/inbound", {}, said))


def opted_out(box: Outbox) -> bool:
    return box.herald().opted_out(NUMBER).opted_out


def test_stop_opts_out_and_start_opts_in() -> None:
    box = a_box()
    comes(box, STOP)
    assert opted_out(box)
    comes(box, {"From": NUMBER, "Body": "START"})
    assert not opted_out(box)


def test_where_nobody_made_a_url_nobody_writes() -> None:
    class Unsent(Outbox):
        secret_if_made = None  # type: ignore[assignment]

    box = Unsent(settings=a_box().settings)
    with pytest.raises(Forbidden):
        comes(box, STOP)
    assert not opted_out(box)


def test_the_url_holds_for_years_and_does_not_change() -> None:
    box = a_box()
    box.clock.now = box.clock.now.replace(year=2060)
    comes(box, STOP)
    assert opted_out(box)
    assert inbound(SECRET, "exotel") == inbound(SECRET, "exotel")


@pytest.mark.parametrize("channel", ["second", "amazonsns", "gone", ""])
def test_a_token_is_its_own_channels(channel: str) -> None:
    box = a_box()
    with pytest.raises(Forbidden):
        comes(box, STOP, channel=channel)
    assert not opted_out(box)
    assert ("ReceiptsForbidden", "") in box.observer.told


def test_a_token_that_nobody_made_opens_nothing() -> None:
    box = a_box()
    right = inbound(SECRET, "exotel")
    others = ["", "A" * len(right), right[:-1], right + "A", right.swapcase(), inbound(b"another", "exotel")]
    for word in others:
        with pytest.raises(Forbidden):
            comes(box, STOP, word=word)
    assert not opted_out(box)


def test_a_messages_token_opens_no_inbound_and_an_inbound_token_no_receipt() -> None:
    box = a_box()
    message = send(box, channel="amazonsns")
    theirs = sign(SECRET, "exotel", message.id, 1, message.expires_at)
    with pytest.raises(Forbidden):
        comes(box, STOP, word=theirs)
    ours = inbound(SECRET, "exotel")
    with pytest.raises(Forbidden):
        Receipts(box).callback("exotel", ours, Callback("https://herald.test/receipts", {}, {"Status": "sent"}))
    assert box.herald().find(message.id).status is message.status


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Body": "STOP"},
        {"From": NUMBER},
        {"from": NUMBER, "body": "STOP"},
        {"From": "VM-HERALD", "Body": "STOP"},
        {"From": "56767", "Body": "STOP"},
        {"From": "", "Body": "STOP"},
        {"From": " ", "Body": "STOP"},
        {"From": "974155255", "Body": "STOP"},
        {"From": " 9052161119", "Body": "STOP"},  # Not a number with a plus; whose it is without one is not guessed.
    ],
)
def test_what_cannot_be_understood_is_counted_and_refused_and_its_number_is_not_told(said: dict[str, str]) -> None:
    box = a_box()
    with pytest.raises(InvalidRequest) as refused:
        comes(box, said)
    assert refused.value.code == "not_understood"
    assert not re.search(r"\d{4}", str(refused.value))
    assert box.optouts.sources == {}
    assert box.observer.told == [("CallbacksUnread", "")]


@pytest.mark.parametrize("refusal", [InvalidMessage([Problem("", "malformed_json", "It is.")], status=400)])
def test_what_cannot_be_read_is_counted_once_it_has_proved_itself(refusal: InvalidMessage) -> None:
    box = a_box()
    callback = Callback("https://herald.test/inbound", {}, {}, refusal)
    with pytest.raises(Forbidden):
        Inbound(box).written("exotel", "A" * 24, callback)
    with pytest.raises(InvalidMessage) as refused:
        Inbound(box).written("exotel", inbound(SECRET, "exotel"), callback)
    assert refused.value is refusal
    assert [name for name, _ in box.observer.told] == ["ReceiptsForbidden", "CallbacksUnread"]


def in_britain(**values: str) -> Outbox:
    """A stage in Britain whose account at Exotel is in India, unless its channel says otherwise."""
    kinds = {"exotel": Channel("exotel", "exotel", values)}
    return Outbox(settings=Settings(channels=kinds, default_region="GB", countries=frozenset({"GB", "IN"})))


@pytest.mark.parametrize(
    ("written", "whose"),
    [
        ("09741552552", "+919741552552"),
        ("9741552552", "+919741552552"),
        ("07400123456", "+917400123456"),  # in Britain it would be +447400123456
        ("+447400123456", "+447400123456"),
        ("00919741552552", "+919741552552"),
        ("0919741552552", "+919741552552"),
        ("919741552552", "+919741552552"),
        (" 919741552552", "+919741552552"),  # a plus that was not encoded
        (" 9607712345", "+9607712345"),  # not +919607712345
        (" 09741552552", "+919741552552"),
    ],
)
def test_a_number_is_read_as_its_provider_writes_it_in_the_country_of_the_channels_account(
    written: str, whose: str
) -> None:
    box = in_britain()
    comes(box, {"From": written, "Body": "STOP"})
    assert box.optouts.sources == {recipient(SECRET, whose): "written"}


def test_a_channel_may_say_in_which_country_its_account_is() -> None:
    box = in_britain(country="sg")
    comes(box, {"From": "81234567", "Body": "STOP"})
    assert box.herald().opted_out("+6581234567").opted_out


def test_the_old_number_of_a_mexican_phone_is_the_new_one_too() -> None:
    box = in_britain()
    comes(box, {"From": "+5215512345678", "Body": "STOP"})
    assert [box.herald().opted_out(n).opted_out for n in ("+525512345678", "+5215512345678")] == [True, True]
    comes(box, {"From": "+5215512345678", "Body": "START"})
    assert box.optouts.sources == {}


def test_yes_is_start_for_whoever_opted_out_and_for_nobody_else() -> None:
    box = a_box()
    comes(box, {"From": NUMBER, "Body": "Yes"})
    assert (box.optouts.sources, opted_out(box)) == ({}, False)
    comes(box, STOP)
    comes(box, {"From": NUMBER, "Body": "Yes"})
    assert not opted_out(box)


def test_what_else_people_write_is_kept_nowhere() -> None:
    box = a_box()
    comes(box, {"From": NUMBER, "Body": "Is the table near the window?"})
    assert (box.optouts.sources, box.journal.messages, box.observer.told) == ({}, {}, [])


class NoOptOuts(MemoryOptOuts):
    """A list that cannot be written."""

    def put(self, recipient: str, source: str, now: object) -> None:
        raise Down


def test_what_cannot_be_noted_is_to_be_handed_over_again() -> None:
    box = a_box()
    box.optouts = NoOptOuts()
    with pytest.raises(NotAccepted) as caught:
        comes(box, STOP)
    assert NUMBER not in str(caught.value)
