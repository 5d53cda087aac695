"""Reasons: a closed list, of which every entry says who must act."""

import re
from typing import get_args

import pytest

from herald.message.reasons import ADVICE, REASONS, Reason, Who

ALL = pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)


@ALL
def test_a_reason_is_found_by_its_own_code(reason: Reason) -> None:
    assert REASONS[reason.code] is reason


@ALL
def test_a_code_is_one_lower_case_word_that_programs_can_compare(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", reason.code)


@ALL
def test_a_reasons_text_is_one_sentence_for_people(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][^.]*\.", reason.text)


def test_for_each_reason_and_no_other_it_is_said_what_to_do() -> None:
    assert list(ADVICE) == list(REASONS)


@pytest.mark.parametrize("advice", ADVICE.values(), ids=ADVICE)
def test_what_to_do_is_a_sentence_or_two_for_people(advice: str) -> None:
    assert re.fullmatch(r"[A-Z][^|\n]*[.]", advice)


@pytest.mark.parametrize("code", ["answer_lost", "answer_unclear", "interrupted"])
def test_nobody_is_told_to_send_again_what_may_have_arrived_without_a_look(code: str) -> None:
    assert "before you send" in ADVICE[code]


@ALL
def test_a_reason_says_who_must_act(reason: Reason) -> None:
    assert reason.who in get_args(Who)


@ALL
def test_callers_see_code_text_who_and_retryable(reason: Reason) -> None:
    assert reason.public() == {
        "code": reason.code,
        "text": reason.text,
        "who": reason.who,
        "retryable": reason.retryable,
    }


def test_no_two_reasons_say_the_same() -> None:
    assert len({reason.text for reason in REASONS.values()}) == len(REASONS)


@pytest.mark.parametrize("code", ["answer_lost", "answer_unclear", "interrupted"])
def test_what_nobody_knows_is_never_said_to_be_worth_repeating(code: str) -> None:
    assert not REASONS[code].retryable


@ALL
def test_only_time_heals_what_is_retryable(reason: Reason) -> None:
    if reason.retryable:
        assert reason.who in ("provider", "carrier", "recipient")


def test_a_reason_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        REASONS["expired"].code = "other"  # type: ignore[misc]
