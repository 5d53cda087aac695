"""Breaker: what opens one, what closes it, and that none stays open for ever. Pure."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import AttemptError, HeraldError, Refused, Unavailable, Uncertain
from herald.journal.observed import ATTEMPTS, CLOSED, Breaker, Count, Ended, Observed, Outcome, What, newest, slot
from herald.message.reasons import REASONS
from herald.pipeline.health import breaker as breakers
from herald.pipeline.health.breaker import AWAY, LEASE, LONG, OWN, PATIENT, SHORT

NOW = 1_795_000_000.0
HOUR = 3600.0


def ends(text: str, seconds: float = 1.0) -> list[Ended]:
    """``f``ailed, ``u``ncertain, ``t``aken: one each so many seconds, the last one now."""
    words: dict[str, Outcome] = {"f": "failed", "u": "uncertain", "t": "taken"}
    return [Ended(NOW - seconds * (len(text) - 1 - n), words[letter]) for n, letter in enumerate(text)]


# ------------------------------------------------------------------------------------------------------- what counts


@pytest.mark.parametrize("code", sorted(REASONS))
def test_a_refusal_counts_only_if_every_message_would_meet_it(code: str) -> None:
    """What one request brings on itself must not close a channel for all."""
    counts = {"credentials_refused", "no_balance", "spend_limit", "channel_missing", "channel_invalid"}
    assert breakers.outcome(Refused(code)) == ("failed" if code in counts else None)
    assert counts == OWN


@pytest.mark.parametrize("reason", ["throttled", "provider_unavailable"])
def test_what_was_surely_not_taken_counts_as_failed(reason: str) -> None:
    assert breakers.outcome(Unavailable(reason)) == "failed"


def test_an_end_that_nobody_knows_counts_and_a_mistake_of_ours_does_not() -> None:
    assert breakers.outcome(Uncertain("answer_lost")) == "uncertain"
    assert breakers.outcome(ValueError()) is None
    assert breakers.outcome(HeraldError()) is None
    assert breakers.outcome(None) == "taken"


def test_every_error_of_an_attempt_has_its_meaning() -> None:
    assert {type(each) for each in (Unavailable(), Refused("spam"), Uncertain("answer_lost"))} == set(
        AttemptError.__subclasses__()
    )


# ------------------------------------------------------------------------------------------------------ when it opens


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("fffff", True), ("ffff", False), ("ffftffff", False), ("ffuuff", False), ("ffufuff", True), ("uuuuu", False),
        ("tttttfffff", True), ("tffftfftff", True), ("tffftfftft", True), ("ttttttuuuuuu", True),
        ("ttttttuuuuu", False), ("", False), ("t" * 40 + "f", False),
    ],
)  # fmt: skip
def test_five_sure_failures_in_a_row_open_it_or_half_of_at_least_ten_in_a_minute(text: str, opens: bool) -> None:
    assert bool(breakers.judged(ends(text), NOW)) is opens


def test_what_is_older_than_a_minute_is_no_part_of_the_half() -> None:
    assert not breakers.judged(ends("uuuuuuuttttu", seconds=10), NOW)


def seen(**counts: list[int]) -> Observed:
    """Counts by tens of seconds: the last number is of the last ten seconds that are judged."""
    last = slot("sent", NOW - 20)
    found: dict[Count, int] = {}
    for what, numbers in counts.items():
        assert what in get_args(What)
        for ago, number in enumerate(reversed(numbers)):
            found[Count(what, "exotel", "", last - ago)] = number  # type: ignore[arg-type]
    return Observed(found)


def test_what_many_processes_saw_opens_it_as_well() -> None:
    assert "5 failures in a row" in breakers.failing(seen(failed=[2, 2, 1]), "exotel", NOW)
    assert breakers.failing(seen(failed=[2, 2], sent=[1, 0]), "exotel", NOW) == ""
    assert breakers.failing(seen(failed=[2, 2], taken=[0, 1]), "exotel", NOW) == ""
    assert "6 of 12" in breakers.failing(seen(uncertain=[6, 0], sent=[3, 3], taken=[2, 3]), "exotel", NOW)
    assert breakers.failing(seen(uncertain=[6, 0], sent=[3, 4]), "exotel", NOW) == ""
    assert breakers.failing(seen(failed=[9]), "twilio", NOW) == ""


def test_what_was_counted_just_now_is_not_judged_yet() -> None:
    """Who fails writes at once; that others were sent is counted from the stream, seconds later."""
    fresh = Count("failed", "exotel", "", slot("failed", NOW - 5))
    assert breakers.failing(Observed({fresh: 50}), "exotel", NOW) == ""
    assert breakers.failing(Observed({fresh: 50}), "exotel", NOW + 20) != ""


def test_what_was_before_it_closed_does_not_open_it_again() -> None:
    found = seen(failed=[9, 9, 9])
    closed = Breaker("closed", NOW - 10, NOW - 10, NOW, 1, "")
    assert breakers.failing(found.turned("exotel", closed), "exotel", NOW) == ""


# ------------------------------------------------------------------------------------------------ how long, and then


def test_it_stays_open_twice_as_long_each_time_up_to_ten_minutes() -> None:
    found, at, lengths = breakers.opened(CLOSED, "5 failures in a row", NOW), NOW, []
    for _ in range(8):
        lengths.append(found.until - at)
        at = found.until
        found = breakers.ended(breakers.tried(found, at), "failed", at)
    assert lengths == [30, 60, 120, 240, 480, 600, 600, 600]
    assert found.trips == 9


def test_one_that_opens_again_soon_after_it_closed_stays_open_longer_and_one_that_was_well_begins_anew() -> None:
    once = breakers.opened(CLOSED, "why", NOW)
    closed = breakers.ended(breakers.tried(once, NOW + 30), "taken", NOW + 31)
    assert (closed.state, closed.away) == ("closed", NOW + AWAY)
    again = breakers.opened(closed, "why", NOW + 400)
    assert (again.until - again.at, again.trips) == (60, 2)
    later = breakers.opened(closed, "why", NOW + HOUR)
    assert (later.until - later.at, later.trips) == (SHORT, 1)


def test_a_message_that_says_nothing_of_the_channel_leaves_the_trial_to_the_next() -> None:
    found = breakers.tried(breakers.opened(CLOSED, "why", NOW), NOW + 30)
    left = breakers.ended(found, None, NOW + 31)
    assert (left.state, left.until, left.trips) == ("open", NOW + 31, 1)


def test_an_uncertain_trial_keeps_it_open() -> None:
    found = breakers.ended(breakers.tried(breakers.opened(CLOSED, "why", NOW), NOW + 30), "uncertain", NOW + 31)
    assert (found.state, found.until) == ("open", NOW + 91)


def test_who_has_no_other_channel_waits_until_it_may_be_tried_or_tries_it_before_its_time_is_over() -> None:
    found = Breaker("open", NOW, NOW + 600, NOW + 300, 6, "why")
    assert breakers.due(found, NOW + 10, expires=NOW + HOUR, alone=True) == 590
    assert breakers.due(found, NOW + 10, expires=NOW + 500, alone=True) == SHORT - 10
    assert breakers.due(found, NOW + 40, expires=NOW + 500, alone=True) == 0
    assert breakers.due(found, NOW + 600, expires=NOW + HOUR, alone=True) == 0


def test_who_has_another_channel_tries_it_only_with_time_to_go_elsewhere_after_that() -> None:
    found = breakers.opened(CLOSED, "why", NOW)
    at = NOW + SHORT
    assert breakers.due(found, at, expires=at + HOUR, alone=False) == 0
    assert breakers.due(found, at, expires=at + LEASE, alone=False) == float("inf")
    assert breakers.due(found, at + PATIENT, expires=at + PATIENT + 5, alone=False) == 0


def test_while_one_tries_it_no_other_does() -> None:
    found = breakers.tried(breakers.opened(CLOSED, "why", NOW), NOW + 30)
    assert breakers.due(found, NOW + 31, expires=NOW + 40, alone=True) == LEASE - 1
    assert breakers.due(found, NOW + 30 + LEASE, expires=NOW + HOUR, alone=False) == 0


moments = st.floats(0, 2e9, allow_nan=False)
some = st.builds(
    Breaker, state=st.sampled_from(["closed", "open", "half_open"]), at=moments, until=moments, away=moments,
    trips=st.integers(0, 50),
)  # fmt: skip
histories = st.lists(
    st.tuples(st.floats(0, 5000), st.sampled_from(["open", "try", "taken", "failed", "uncertain", None])), max_size=30
)


def lived(history: list[tuple[float, str | None]]) -> tuple[Breaker, float]:
    """A breaker to which these things happened, so many seconds after each other."""
    found, now = CLOSED, NOW
    for seconds, what in history:
        now += seconds
        if what == "open":
            found = breakers.opened(found, "why", now) if found.state == "closed" else found
        elif what == "try":
            may = found.state != "closed" and not breakers.due(found, now, expires=now + HOUR, alone=False)
            found = breakers.tried(found, now) if may else found
        elif found.state == "half_open":
            found = breakers.ended(found, what, now)  # type: ignore[arg-type]
    return found, now


@given(histories)
def test_whatever_happened_it_can_be_tried_within_ten_minutes_and_one_success_closes_it(
    history: list[tuple[float, str | None]],
) -> None:
    found, now = lived(history)
    if found.state == "closed":
        return
    wait = breakers.due(found, now, expires=now + HOUR, alone=False)
    assert wait <= LONG
    at = now + wait + PATIENT
    assert breakers.due(found, at, expires=at + 1, alone=False) == 0
    assert breakers.ended(breakers.tried(found, at), "taken", at + 1).state == "closed"


@given(histories)
def test_traffic_that_left_is_away_for_five_minutes_and_no_longer_than_that_after_it_closed(
    history: list[tuple[float, str | None]],
) -> None:
    found, now = lived(history)
    assert found.away <= now + AWAY
    if found.state == "open":
        assert found.until <= found.at + LONG


@given(some, some, some)
def test_of_what_several_processes_tell_the_last_counts_in_whatever_order(a: Breaker, b: Breaker, c: Breaker) -> None:
    assert newest(newest(a, b), c) == newest(a, newest(b, c)) == newest(newest(c, a), b)
    assert newest(a, a) == a


def test_the_tens_of_seconds_of_a_minute_are_whole() -> None:
    assert breakers.WITHIN % ATTEMPTS == 0
