"""Person: a person's rights are found by the number as it stands, whether or not it may still get texts."""

from typing import Any

import pytest

from herald.errors import NotAllowed
from herald.message.status import Status
from herald.pipeline.recipients.erase import Erased
from herald.testing.outbox import Outbox
from tests.builders import a_box, send

NEWER = "+915001234567"  # of a range that no numbering plan has


@pytest.fixture
def box() -> Outbox:
    """A message that waits, to a number that could get texts when it was accepted, and cannot any more."""
    made = a_box()
    made.settings = made.settings._replace(mobile_prefixes=("+91500",))
    send(made, to=NEWER, send_at="2026-11-23T12:00:00Z")
    made.settings = made.settings._replace(mobile_prefixes=())
    return made


@pytest.mark.parametrize(
    "written", [NEWER, "0091 500 123 4567", "\t+91 500-123-4567\r\n", "500 123 4567", "0500 1234567"]
)
def test_a_number_that_may_get_no_texts_any_more_is_found_erased_and_opted_out(box: Outbox, written: str) -> None:
    herald = box.herald()
    assert [message.to for message in herald.search({"to": written}).messages] == [NEWER]
    assert herald.opt(written, out=True, source="test").opted_out
    assert herald.opted_out(NEWER).opted_out
    assert not herald.opt(NEWER, out=False, source="test").opted_out
    assert not herald.opted_out(written).opted_out
    assert herald.erase(written) == Erased(1, 0)
    assert herald.search({"to": NEWER}).messages == []


def test_what_waits_for_somebody_who_opts_out_by_such_a_number_is_never_sent(box: Outbox) -> None:
    herald = box.herald()
    (waiting,) = herald.search({"to": NEWER}).messages
    herald.opt(NEWER, out=True, source="test")
    box.clock.now = waiting.send_at
    assert herald.resume(waiting.id).status is Status.FAILED  # type: ignore[union-attr]
    assert box.texts == []


@pytest.mark.parametrize("number", ["+918022223333", "+9118001234567", "+4490987908790"])
def test_a_landline_or_a_costly_number_has_rights_too_and_still_gets_no_text(number: str) -> None:
    box: Any = a_box()
    assert box.herald().opt(number, out=True, source="test").opted_out
    assert box.herald().opted_out(number).opted_out
    assert box.herald().erase(number) == Erased(0, 0)


def test_a_national_number_is_of_the_stages_own_region() -> None:
    box = a_box()
    box.settings = box.settings._replace(default_region="GB", countries=frozenset({"GB"}))
    box.herald().opt("07400 123456", out=True, source="test")
    with pytest.raises(NotAllowed):
        send(box, to="+447400123456")
