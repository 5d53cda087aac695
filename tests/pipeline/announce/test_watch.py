"""Watch: what the stream shows of channels is counted once, moves messages, and opened and closed channels are told."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from herald.aws.bus import Bus
from herald.journal.health import HEALTH, TURNED, moved, written
from herald.journal.observed import CLOSED, Breaker, Count, Drift, Observed, slot
from herald.message import Message
from herald.message.earlier import Earlier
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.announce.announcer import Announcer
from herald.pipeline.announce.watch import FAULTS, counted
from herald.pipeline.health.channels import PAUSE
from herald.pipeline.health.drift import LATE
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_message
from tests.failing import Down
from tests.pipeline.announce.test_announcer import Bridge, image, record

AT = NOW.timestamp()
SENT = Count("sent", "exotel", "", slot("sent", AT))
TEXT, TIMELY, LOST = (Count(what, "exotel", "IN", slot("texts", AT)) for what in ("texts", "timely", "lost"))


def a_text(status: Status, after: float = 0, **changes: Any) -> Message:
    """A text that was sent by Exotel, and came into this state so many seconds after that."""
    at = NOW + timedelta(seconds=after)
    times = {"sent_at": NOW, "delivered_at": at if status is Status.DELIVERED else None, "updated_at": at}
    return a_message(status=status, channel="exotel", **{**times, **changes})


def counts(before: Message | None, after: Message) -> list[Count]:
    return list(counted(image(before) if before else {}, image(after)))


def test_a_text_that_was_sent_counts_for_its_channel_and_for_its_country() -> None:
    sent = a_text(Status.SENT)
    for before in (Status.SENDING, Status.UNKNOWN):
        assert counts(sent.with_(status=before), sent) == [SENT, TEXT]
    assert counts(sent, sent.with_(price="1")) == []


@pytest.mark.parametrize(("seconds", "timely"), [(0, True), (LATE, True), (LATE + 1, False), (90_000, False)])
def test_one_that_ended_within_five_minutes_ended_in_time(seconds: float, timely: bool) -> None:
    for status in (Status.DELIVERED, Status.UNDELIVERED):
        found = counts(a_text(Status.SENT), a_text(status, seconds, reason=REASONS["invalid_number"]))
        assert found == ([TIMELY] if timely else [])


@pytest.mark.parametrize("code", sorted(REASONS))
def test_what_is_not_the_recipients_or_the_callers_own_fault_counts_as_lost_and_not_as_timely(code: str) -> None:
    fault = REASONS[code].who in ("account", "sender", "carrier", "provider")
    for seconds in (1, LATE + 1):
        found = counts(a_text(Status.SENT), a_text(Status.UNDELIVERED, seconds, reason=REASONS[code]))
        assert found == ([LOST] if fault else [TIMELY] if seconds < LATE else [])
    assert (code in FAULTS) == fault


def test_a_receipt_that_is_faster_than_our_own_note_counts_as_both() -> None:
    delivered = a_text(Status.DELIVERED, 1, sent_at=None, updated_at=NOW)
    assert counts(delivered.with_(status=Status.SENDING), delivered) == [SENT, TEXT, TIMELY]
    assert counts(delivered, delivered.with_(sent_at=NOW)) == []


def test_a_second_channel_that_did_not_take_the_text_counts_the_first_no_second_time() -> None:
    first = Earlier(1, "exotel", "exotel", "E1")
    only_first = a_text(Status.SENT, 30, earlier=first)
    assert counts(only_first.with_(status=Status.SENDING, second_channel=True), only_first) == []
    assert counts(only_first, only_first.with_(status=Status.DELIVERED)) == [TIMELY]
    both = only_first.with_(second_channel=True)
    assert counts(both.with_(status=Status.SENDING), both) == [SENT, TEXT]


def test_that_it_was_delivered_after_all_counts_no_second_time() -> None:
    assert counts(a_text(Status.UNDELIVERED, 1), a_text(Status.DELIVERED, 2)) == []


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SENT, Status.DELIVERED, Status.UNDELIVERED}))
def test_what_was_not_sent_or_is_not_known_is_counted_by_who_tried(status: Status) -> None:
    assert counts(a_text(Status.SENDING), a_text(status)) == []


def test_what_reaches_nobody_or_was_erased_counts_for_nothing() -> None:
    sent = a_text(Status.SENT, test=True)
    assert counts(sent.with_(status=Status.SENDING), sent) == []
    gone = {**image(a_text(Status.SENT)), "erased": {"BOOL": True}}
    assert list(counted({}, gone)) == list(counted({}, {})) == []


# ------------------------------------------------------------------------------------------------- in the announcer


class World:
    """An announcer on fakes."""

    def __init__(self) -> None:
        self.box, self.bridge = Outbox(), Bridge()

    def announce(self, *records: Any) -> list[str]:
        return Announcer(self.box, lambda: Bus(self.bridge, "herald-test")).announce(records)

    def counts(self) -> dict[Count, int]:
        return dict(self.box.health_item.known().counts)


def sent(sequence: str = "1") -> dict[str, Any]:
    return record(a_text(Status.SENDING), a_text(Status.SENT), sequence)


def test_a_batch_is_counted_by_one_write_and_more_of_them_by_one_in_a_few_seconds() -> None:
    world = World()
    for _ in range(10):
        assert world.announce(sent(), sent()) == []
    assert (world.counts(), world.box.health_item.writes) == ({SENT: 2, TEXT: 2}, 1)
    world.box.clock.pass_(seconds=PAUSE)
    world.announce(sent())
    assert (world.counts(), world.box.health_item.writes) == ({SENT: 21, TEXT: 21}, 2)


def test_a_batch_that_tells_nothing_of_channels_writes_nothing() -> None:
    world = World()
    world.announce(record(None, a_message(status=Status.EXPIRED)), record(a_message(), None))
    assert world.box.health_item.writes == 0


def test_what_comes_again_because_it_could_not_be_told_is_counted_then() -> None:
    world = World()
    failed = record(a_text(Status.SENDING), a_text(Status.FAILED), "2")
    world.bridge.down = 1
    assert world.announce(sent("1"), failed, sent("3")) == ["2"]
    world.box.clock.pass_(seconds=PAUSE)
    assert world.announce(failed, sent("3")) == []
    assert world.counts()[SENT] == 2


def test_an_item_that_cannot_be_written_delays_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def down(*_: object) -> None:
        raise Down

    monkeypatch.setattr(world.box.health_item, "add", down)
    assert world.announce(sent(), record(a_text(Status.SENT), a_text(Status.DELIVERED))) == []
    assert len(world.bridge.entries) == 1
    assert world.box.observer.told == [("health not written", "Down")]


def test_messages_move_where_texts_come_late() -> None:
    world, now = World(), slot("texts", AT)
    before = {
        Count(what, "exotel", "IN", now - ago): 20 if what == "texts" or ago > 4 else 0
        for what in ("texts", "timely") for ago in range(2, 16)
    }  # fmt: skip
    world.box.health_item.shared = Observed(before)
    world.announce(sent())
    (drift,) = world.box.health_item.known().drifts.values()
    assert (drift.points, drift.why) == (10, "60 of 60 texts late or silent")
    world.announce(sent())
    assert world.box.health_item.known().drifts["exotel", "IN"] == drift


def test_why_messages_move_names_the_reason_that_most_of_the_news_at_hand_have() -> None:
    world, now = World(), slot("texts", AT)
    what = {"texts": 20, "timely": 20, "lost": 0}
    world.box.health_item.shared = Observed(
        {Count(name, "exotel", "IN", now - ago): number for name, number in what.items() for ago in range(5, 16)}  # type: ignore[arg-type]
        | {Count(name, "exotel", "IN", now - ago): 20 for name in ("texts", "lost") for ago in range(2, 5)}  # type: ignore[arg-type]
    )
    codes = ("spam", "template_mismatch", "invalid_number", "template_mismatch")
    ends = [a_text(Status.UNDELIVERED, 1, reason=REASONS[code]) for code in codes]
    world.announce(*(record(a_text(Status.SENT), end, str(n)) for n, end in enumerate(ends)))
    (drift,) = world.box.health_item.known().drifts.values()
    assert drift.why == "60 of 60 texts not delivered, lately template_mismatch"


# ------------------------------------------------------------------------------------------ channels open and close


OPEN = Breaker("open", AT, AT + 30, AT + 300, 1, "5 failures in a row")
HALF, WELL = OPEN._replace(state="half_open", at=AT + 31), OPEN._replace(state="closed", at=AT + 32)


def turned(before: Breaker, after: Breaker) -> dict[str, Any]:
    """A record of the stream: a channel's breaker turned."""
    images = [
        {"pk": {"S": HEALTH}, "by": {"S": TURNED}, **({"b|exotel": {"S": written(each)}} if each != CLOSED else {})}
        for each in (before, after)
    ]
    return {"dynamodb": {"OldImage": images[0], "NewImage": images[1], "SequenceNumber": "1"}}


def test_it_is_told_that_a_channel_opened_and_counted() -> None:
    world = World()
    assert world.announce(turned(CLOSED, OPEN)) == []
    (entry,) = world.bridge.entries
    assert (entry["DetailType"], entry["Source"], entry["Time"]) == ("Channel Opened", "herald", NOW)
    assert world.bridge.details == [
        {"event_id": f"exotel.open.{AT:.3f}", "channel": "exotel", "state": "open", "why": "5 failures in a row",
         "until": "2026-11-22T12:00:30.000Z"}
    ]  # fmt: skip
    assert world.box.observer.told == [("ChannelsOpened", "")]


def test_it_is_told_that_a_channel_closed() -> None:
    world = World()
    world.announce(turned(HALF, WELL))
    assert [entry["DetailType"] for entry in world.bridge.entries] == ["Channel Closed"]
    assert world.bridge.details[0]["until"] is None
    assert world.box.observer.told == []


def moves(before: Drift | None, after: Drift | None, country: str = "IN") -> dict[str, Any]:
    """A record of the stream: messages move from a channel."""
    images = [
        {"pk": {"S": HEALTH}, "by": {"S": TURNED}, **({f"d|{country}|exotel": {"S": moved(each)}} if each else {})}
        for each in (before, after)
    ]
    return {"dynamodb": {"OldImage": images[0], "NewImage": images[1], "SequenceNumber": "1"}}


def test_it_is_told_once_that_messages_begin_to_move_from_a_channel() -> None:
    world, first = World(), Drift(10, AT, "60 of 60 texts not delivered")
    world.announce(moves(None, first), moves(first, Drift(20, AT + 300, first.why)), moves(first, first))
    (entry,) = world.bridge.entries
    assert (entry["DetailType"], entry["Source"], entry["Time"]) == ("Channel Degraded", "herald", NOW)
    assert world.bridge.details == [
        {"event_id": f"exotel.IN.degraded.{AT:.3f}", "channel": "exotel", "country": "IN", "share": 90,
         "why": "60 of 60 texts not delivered"}
    ]  # fmt: skip


def test_it_is_told_again_after_all_came_back_and_of_all_countries_where_attempts_fail() -> None:
    world, long_ago = World(), Drift(10, AT - 900, "old")
    world.announce(moves(long_ago, Drift(10, AT, "new")), moves(None, Drift(10, AT, "9 of 20 attempts failed"), ""))
    assert [detail["country"] for detail in world.bridge.details] == ["IN", "all"]
    world.announce(moves(long_ago, None))
    assert len(world.bridge.details) == 2


def test_nothing_is_told_of_who_tries_it_and_fails() -> None:
    world = World()
    world.announce(turned(OPEN, HALF), turned(HALF, OPEN._replace(at=AT + 40, trips=2)), turned(OPEN, OPEN))
    assert world.bridge.entries == []


def test_an_event_that_could_not_be_put_comes_again() -> None:
    world = World()
    world.bridge.down = 1
    assert world.announce(turned(CLOSED, OPEN)) == ["1"]
    assert world.announce(turned(CLOSED, OPEN)) == []
    assert Counter(entry["DetailType"] for entry in world.bridge.entries) == {"Channel Opened": 1}
