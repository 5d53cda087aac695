"""Consent: who wants no texts is known by any form of the number, and nobody's number is told."""

import pytest

from herald.errors import InvalidRequest, NotAccepted
from herald.pipeline.recipients.consent import Consent
from herald.testing.memory import MemoryOptOuts
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, a_box
from tests.failing import Down


def a_consent(box: Outbox | None = None) -> Consent:
    return Consent(box or a_box())


@pytest.mark.parametrize("number", ["+91 9741 552 552", "09741552552", "9741552552"])
def test_a_number_may_be_written_in_any_form(number: str) -> None:
    consent = a_consent()
    consent.change(number, "to", opted_out=True, source="test")
    assert consent.of(NUMBER, "to").opted_out


@pytest.mark.parametrize("number", ["", "STOP", "56767", None, 5, "+91123", ["+919741552552"]])
def test_what_is_no_number_is_refused_with_the_apis_own_word_for_it(number: object) -> None:
    for ask in (
        lambda: a_consent().of(number, "number"),
        lambda: a_consent().change(number, "number", opted_out=True, source="test"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            ask()
        assert [problem.field for problem in caught.value.problems] == ["number"]


class NoOptOuts(MemoryOptOuts):
    """A list that nobody can reach."""

    def has(self, recipient: str) -> bool:
        raise Down

    def put(self, recipient: str, source: str, now: object) -> None:
        raise Down


def test_a_list_that_cannot_be_reached_is_said_so_and_tells_no_number() -> None:
    box = a_box()
    box.optouts = NoOptOuts()
    consent = a_consent(box)
    for act in (lambda: consent.of(NUMBER, "to"), lambda: consent.change(NUMBER, "to", opted_out=True, source="test")):
        with pytest.raises(NotAccepted) as caught:
            act()
        assert caught.value.retryable and NUMBER not in str(caught.value)
    assert box.observer.told == [("opt-outs not reached", "Down")] * 2
