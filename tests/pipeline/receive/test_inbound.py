"""Inbound: STOP is obeyed when its channel's provider hands it over, and when nobody else says so."""

import pytest

from herald.errors import Forbidden, NotAccepted
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
    "said", [{}, {"From": "VM-HERALD", "Body": "STOP"}, {"From": "56767", "Body": "STOP"}, {"Body": "STOP"}]
)
def test_what_nobody_wrote_to_whom_a_text_could_be_sent_is_taken_and_left(said: dict[str, str]) -> None:
    box = a_box()
    comes(box, said)
    assert box.optouts.sources == {}


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
