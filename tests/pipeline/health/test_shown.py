"""Shown: each channel's state, share, attempts and texts, and why."""

from typing import Any

import pytest

from herald.errors import InvalidSettings, NotAccepted
from herald.journal.observed import Breaker, Count, Drift, Observed, slot
from tests.builders import NOW, a_box
from tests.failing import Down, Unsettled

AT = NOW.timestamp()
WELL = {
    "provider": "fake", "state": "closed", "since": None, "until": None, "why": None, "share": 100,
    "share_at_rest": 100, "attempts": 0, "failed": 0, "uncertain": 0, "countries": [],
}  # fmt: skip
OPEN = Breaker("open", AT - 5, AT + 25, AT + 295, 1, "5 failures in a row")


def shown(seen: Observed, *channels: str) -> list[dict[str, Any]]:
    box = a_box(*channels or ("exotel",))
    box.health_item.shared = seen
    found = box.herald().channels()["channels"]
    assert isinstance(found, list)
    return found


def test_at_rest_every_channel_of_the_settings_is_there_by_its_name() -> None:
    assert shown(Observed(), "twilio", "exotel") == [{"name": "exotel", **WELL}, {"name": "twilio", **WELL}]


def test_one_that_is_not_used_says_why_since_when_and_until_when() -> None:
    (found,) = shown(Observed(breakers={"exotel": OPEN}))
    assert found == {
        "name": "exotel", **WELL, "state": "open", "since": "2026-11-22T11:59:55.000Z",
        "until": "2026-11-22T12:00:25.000Z", "why": "5 failures in a row", "share": 0,
    }  # fmt: skip


def test_one_that_was_closed_a_moment_ago_has_no_share_yet() -> None:
    (found,) = shown(Observed(breakers={"exotel": OPEN._replace(state="closed")}))
    assert (found["state"], found["share"], found["until"], found["why"]) == ("closed", 0, None, OPEN.why)
    (well,) = shown(Observed(breakers={"exotel": OPEN._replace(state="closed", away=AT)}))
    assert (well["share"], well["why"]) == (100, None)


def test_the_attempts_of_five_minutes_are_counted_by_how_they_ended() -> None:
    what = {"failed": 2, "uncertain": 1, "taken": 3, "sent": 7}
    counts = {Count(name, "exotel", "", slot("sent", AT - 200)): n for name, n in what.items()}  # type: ignore[arg-type]
    (found,) = shown(Observed(counts))
    assert (found["attempts"], found["failed"], found["uncertain"]) == (10, 2, 1)


def test_countries_are_told_with_what_is_late_and_with_what_moved() -> None:
    at = slot("texts", AT - 700)
    counts = {Count("texts", "exotel", "IN", at): 40, Count("timely", "exotel", "IN", at): 30}
    counts[Count("lost", "exotel", "IN", at)] = 7
    drifts = {("exotel", "US"): Drift(20, AT - 60, "old"), ("exotel", "IN"): Drift(10, AT, "10 of 40 texts late")}
    (found,) = shown(Observed(counts, drifts=drifts))
    assert found["countries"] == [
        {"country": "IN", "texts": 40, "late": 10, "undelivered": 7, "share": 90},
        {"country": "US", "texts": 0, "late": 0, "undelivered": 0, "share": 80},
    ]  # fmt: skip
    assert (found["share"], found["why"]) == (100, "10 of 40 texts late")


def test_what_moved_because_attempts_failed_moved_everywhere() -> None:
    drifts = {("exotel", ""): Drift(30, AT, "9 of 30 attempts failed")}
    (found,) = shown(Observed(drifts=drifts))
    assert (found["share"], found["countries"], found["why"]) == (70, [], "9 of 30 attempts failed")


def test_what_cannot_be_read_is_an_error_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    box = a_box()

    def down() -> Observed:
        raise Down

    monkeypatch.setattr(box.health_item, "look", down)
    with pytest.raises(NotAccepted, match="health could not be read"):
        box.herald().channels()
    wrong = Unsettled()
    wrong.wrong = InvalidSettings([])
    with pytest.raises(InvalidSettings):
        wrong.herald().channels()
