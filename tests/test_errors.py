"""Errors: each is named by what may be done next, has a stable code and a status, and tells no value."""

import inspect
from typing import Any

import pytest

from herald import errors
from herald.errors import (
    AttemptError,
    Forbidden,
    HeraldError,
    InvalidMessage,
    InvalidRequest,
    InvalidSettings,
    KeyReused,
    NotAccepted,
    NotAllowed,
    NotCancelable,
    NotFound,
    Problem,
    Refused,
    StillSending,
    Unavailable,
    Uncertain,
    Unsupported,
)
from herald.message.reasons import REASONS

PROBLEMS = [Problem("to", "required", "This field is required."), Problem("", "too_large", "It is too large.")]
# (an error as it is raised, its status, its code, whether repeating can help)
TREE: list[tuple[HeraldError, int, str, bool]] = [
    (HeraldError(), 500, "error", False),
    (InvalidMessage(PROBLEMS), 422, "invalid_message", False),
    (InvalidRequest(PROBLEMS), 422, "invalid_request", False),
    (InvalidSettings(PROBLEMS), 503, "invalid_settings", False),
    (NotAllowed("opted_out", "The recipient opted out."), 422, "opted_out", False),
    (NotAllowed("limit_day", "Too many.", status=429, retry_after=60), 429, "limit_day", True),
    (NotAllowed("scope_missing", "Another key is needed.", status=403), 403, "scope_missing", False),
    (Forbidden(), 403, "forbidden", False),
    (NotFound(), 404, "not_found", False),
    (KeyReused(), 422, "idempotency_key_reused", False),
    (StillSending(), 409, "still_sending", True),
    (NotCancelable(), 409, "not_cancelable", False),
    (Unsupported(), 501, "unsupported", False),
    (NotAccepted(), 503, "not_accepted", True),
    (Unavailable(), 503, "provider_unavailable", True),
    (Unavailable("throttled"), 503, "throttled", True),
    (Refused("spam"), 422, "spam", False),
    (Uncertain("answer_lost"), 502, "answer_lost", False),
]
EACH = pytest.mark.parametrize(("error", "status", "code", "retryable"), TREE, ids=[type(e[0]).__name__ for e in TREE])


@EACH
def test_an_error_has_its_status_code_and_word_on_repeating(
    error: HeraldError, status: int, code: str, retryable: bool
) -> None:
    assert (error.status, error.code, error.retryable) == (status, code, retryable)


@EACH
def test_an_errors_text_is_its_code_and_a_sentence(error: HeraldError, status: int, code: str, retryable: bool) -> None:
    assert str(error) == f"{code}: {error.detail}"
    assert error.detail
    assert error.title


def test_every_error_of_the_tree_is_tested_here_and_drawn_in_the_docstring() -> None:
    classes = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, HeraldError)}
    assert classes - {AttemptError} == {type(row[0]) for row in TREE}
    assert all(cls.__name__ in str(errors.__doc__) for cls in classes)


@pytest.mark.parametrize("error", [Unavailable(), Refused("spam"), Uncertain("answer_lost")])
def test_how_an_attempt_ended_has_a_reason_of_the_closed_list(error: AttemptError) -> None:
    assert error.reason is REASONS[error.code]
    assert error.detail == error.reason.text


@pytest.mark.parametrize("outcome", [Unavailable, Refused, Uncertain])
def test_a_reason_that_is_not_on_the_list_cannot_be_made(outcome: type[AttemptError]) -> None:
    with pytest.raises(KeyError):
        outcome("because")


@pytest.mark.parametrize("outcome", [Unavailable, Refused, Uncertain])
def test_an_attempts_error_keeps_what_the_provider_answered(outcome: Any) -> None:
    assert outcome("throttled", response={"code": "1"}).response == {"code": "1"}
    assert "1" not in str(outcome("throttled", response={"code": "1"}))


@pytest.mark.parametrize("code", REASONS)
def test_another_channel_may_be_tried_only_if_account_or_sender_are_the_cause(code: str) -> None:
    assert Refused(code).channels_own == (REASONS[code].who in ("account", "sender"))


def test_unavailable_says_when_to_try_again() -> None:
    assert Unavailable(retry_after=2.5).retry_after == 2.5
    assert Unavailable().retry_after is None


def test_still_sending_says_when_to_ask_again() -> None:
    assert StillSending().retry_after == 1
    assert StillSending(retry_after=7).retry_after == 7


def test_all_problems_are_listed_and_told() -> None:
    error = InvalidMessage(PROBLEMS)
    assert list(error.problems) == PROBLEMS
    assert error.detail == "to: This field is required.; It is too large."
    assert InvalidSettings(PROBLEMS).problems == error.problems
    assert NotFound().problems == ()


@pytest.mark.parametrize("status", [400, 405, 413, 415, 422])
def test_what_is_no_message_says_so_with_its_own_status_and_title(status: int) -> None:
    error = InvalidMessage(PROBLEMS, status=status, code="some_code", hint="Do this.")
    assert (error.status, error.code, error.hint) == (status, "some_code", "Do this.")
    titles = {InvalidMessage(PROBLEMS, status=each).title for each in (400, 405, 413, 415, 422)}
    assert len(titles) == 5


def test_one_errors_words_do_not_become_anothers() -> None:
    NotFound("There is no such page.", code="no_page", hint="Look elsewhere.")
    again = NotFound()
    assert (again.code, again.detail) == ("not_found", "There is no such message")
    assert again.hint != "Look elsewhere."


@pytest.mark.parametrize("error", [NotAccepted(), InvalidSettings(PROBLEMS)])
def test_an_error_of_herald_itself_says_what_to_do(error: HeraldError) -> None:
    assert error.hint


def test_an_error_is_an_exception_like_any_other() -> None:
    assert isinstance(NotFound(), Exception)
