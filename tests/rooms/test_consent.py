"""Consent: STOP is heeded however it is written, START again; anything else is none of our business."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.consent import START, STOP, Consent
from herald.errors import InvalidRequest, NotAccepted
from herald.testing import MemoryOptOuts, Outbox
from tests.rooms.builders import NUMBER, Down, a_box

AROUND = ["{}", " {}", "{}.", "{}!", '"{}"', "\n{}\n", "*{}*", "- {} -"]


def a_consent(box: Outbox | None = None) -> Consent:
    return (box or a_box()).herald().consent


@pytest.mark.parametrize("form", AROUND)
@pytest.mark.parametrize("word", sorted(STOP))
def test_a_word_that_means_stop_is_heeded_in_any_case(word: str, form: str) -> None:
    consent = a_consent()
    for written in (word, word.lower(), word.title()):
        heeded = consent.written(NUMBER, form.format(written))
        assert heeded and heeded.opted_out
        assert consent.of(NUMBER, "to").opted_out
        consent.change(NUMBER, "to", opted_out=False, source="test")


@pytest.mark.parametrize("word", sorted(START))
def test_a_word_that_means_start_is_heeded(word: str) -> None:
    consent = a_consent()
    consent.written(NUMBER, "STOP")
    heeded = consent.written(NUMBER, word.lower())
    assert heeded and not heeded.opted_out
    assert not consent.of(NUMBER, "to").opted_out


@given(st.text(max_size=30))
def test_anything_else_changes_nothing(text: str) -> None:
    box = a_box()
    if "".join(c for c in text if c.isalnum()).upper() not in {word.replace("-", "") for word in STOP | START}:
        assert a_consent(box).written(NUMBER, text) is None
        assert box.optouts.sources == {}


@pytest.mark.parametrize("text", ["Please stop calling at night", "stop it", "ok", "", "STOPP", "non-stop"])
def test_a_sentence_is_no_word(text: str) -> None:
    assert a_consent().written(NUMBER, text) is None


@pytest.mark.parametrize("number", ["+91 9741 552 552", "09741552552", "9741552552"])
def test_a_number_may_be_written_in_any_form(number: str) -> None:
    consent = a_consent()
    consent.change(number, "to", opted_out=True, source="test")
    assert consent.of(NUMBER, "to").opted_out


@pytest.mark.parametrize("number", ["", "STOP", "56767", None, 5, "+9112345", ["+919741552552"]])
def test_what_is_no_number_is_refused_with_the_doors_own_word_for_it(number: object) -> None:
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
    for act in (lambda: consent.of(NUMBER, "to"), lambda: consent.written(NUMBER, "STOP")):
        with pytest.raises(NotAccepted) as caught:
            act()
        assert caught.value.retryable and NUMBER not in str(caught.value)
    assert box.notes.told == [("opt-outs not reached", "Down")] * 2
