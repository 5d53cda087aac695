"""Channels: what a process sees of their health counts at once, what others saw within seconds, and it costs little."""

from datetime import timedelta
from typing import Any

import pytest

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.journal.observed import CLOSED, Breaker, Count, Drift, Observed, slot
from herald.message import Message
from herald.pipeline.attempts import Health, HealthItem, Line
from herald.pipeline.health.breaker import AWAY, ROW, SHORT
from herald.pipeline.health.channels import PAUSE, ChannelHealth
from herald.testing.fakes import Clock, Notes
from herald.testing.health import MemoryHealth
from tests.builders import NOW, a_message
from tests.failing import Down

AT = NOW.timestamp()
BOTH = ("exotel", "twilio")


class Process:
    """What one process knows; some of them may share an item."""

    def __init__(self, item: Any = None) -> None:
        self.item, self.clock, self.notes = item or MemoryHealth(), Clock(NOW), Notes()
        self.health = ChannelHealth(self.item, self.notes, self.clock)

    def attempt(self, *errors: AttemptError | None, channel: str = "exotel", **of: Any) -> None:
        """Attempts that end so."""
        for error in errors:
            try:
                with self.health.attempt(a_message(channel=channel, **of)):
                    if error:
                        raise error
            except AttemptError as raised:
                assert raised is error

    def line(self, *channels: str, **of: Any) -> Line:
        return self.health.line(a_message(**of), channels or BOTH, self.clock())

    def state(self, channel: str = "exotel") -> str:
        return self.item.known().breaker(channel).state


class Unwritable(MemoryHealth):
    """An item that nobody can write."""

    def add(self, counts: Any, now: float) -> None:
        raise Down

    def turn(self, channel: str, before: Breaker, after: Breaker) -> bool:
        raise Down


def test_it_is_what_the_pipeline_asks_for() -> None:
    item: HealthItem = MemoryHealth()
    health: Health = ChannelHealth(item, Notes(), Clock())
    assert health.item is item


def test_while_all_is_well_the_route_is_as_it_was_and_nothing_is_written() -> None:
    process = Process()
    process.attempt(*[None] * 50)
    assert process.line() == Line(BOTH)
    assert process.item.writes == 0


def test_a_process_that_saw_five_failures_in_a_row_goes_round_the_channel_at_once() -> None:
    process = Process()
    process.attempt(*[Unavailable()] * (ROW - 1))
    assert process.line().channels == BOTH
    process.attempt(Unavailable())
    line = process.line()
    assert (line.channels, line.broken, line.trial, line.wait) == (("twilio",), ("exotel",), None, SHORT)
    assert line.why == "is open: 5 failures in a row"
    assert process.state() == "open"


def test_who_looks_why_it_opened_finds_what_was_counted() -> None:
    process = Process()
    process.attempt(*[Unavailable()] * ROW)
    assert process.item.known().attempts("exotel", [slot("failed", AT)]) == (ROW, 0, 0)


def test_the_others_know_it_from_the_item() -> None:
    first = Process()
    first.attempt(*[Unavailable()] * ROW)
    assert Process(first.item).line().channels == ("twilio",)


def test_what_many_processes_saw_a_little_of_opens_it_for_all() -> None:
    item = MemoryHealth()
    for _ in range(ROW):
        Process(item).attempt(Unavailable())
    late = Process(item)
    assert late.line().channels == BOTH
    late.clock.pass_(seconds=20)
    late.health = ChannelHealth(item, late.notes, late.clock)
    assert late.line().channels == ("twilio",)


@pytest.mark.parametrize("code", ["invalid_number", "invalid_sender", "template_mismatch", "country_not_enabled"])
def test_no_caller_stops_a_channel_by_requests_that_are_refused(code: str) -> None:
    process = Process()
    process.attempt(*[Refused(code)] * 100)
    assert process.line() == Line(BOTH)
    assert process.item.writes == 0


def test_what_reaches_nobody_never_counts() -> None:
    process = Process()
    process.attempt(*[Unavailable()] * 20, test=True)
    assert process.line() == Line(BOTH)


def test_a_mistake_of_ours_never_counts() -> None:
    process = Process()
    for _ in range(20):
        with pytest.raises(ZeroDivisionError), process.health.attempt(a_message(channel="exotel")):
            raise ZeroDivisionError
    assert process.line() == Line(BOTH)


def test_a_process_writes_what_failed_once_in_a_few_seconds_with_what_went_well_meanwhile() -> None:
    process = Process()
    for _ in range(20):
        process.attempt(None, None, None, Unavailable())
    assert process.item.writes == 1
    process.clock.pass_(seconds=PAUSE)
    process.attempt(None)
    assert process.item.writes == 2
    kept = process.item.known().counts
    assert {count.what: number for count, number in kept.items()} == {"taken": 61, "failed": 20}


def test_what_went_well_long_ago_is_not_written_with_a_failure() -> None:
    process = Process()
    process.attempt(*[None] * 9)
    process.clock.pass_(minutes=3)
    process.attempt(Unavailable())
    assert sum(process.item.known().counts.values()) == 1


def opened() -> Process:
    """A process that saw a channel open, when it may be tried."""
    process = Process()
    process.attempt(*[Unavailable()] * ROW)
    process.clock.pass_(seconds=SHORT)
    return process


def tried(process: Process, error: AttemptError | None) -> Message:
    """One message tries the channel, and its attempt ends so."""
    message = a_message(channel="exotel")
    assert process.line().trial == "exotel"
    assert process.health.take_on(message, "exotel", process.clock())
    try:
        with process.health.attempt(message):
            if error:
                raise error
    except AttemptError:
        pass
    return message


def test_one_message_tries_it_and_no_other_process_does_meanwhile() -> None:
    process = opened()
    other = Process(process.item)
    other.clock.now = process.clock.now
    assert process.health.take_on(a_message(), "exotel", process.clock())
    assert not other.health.take_on(a_message(), "exotel", process.clock())
    assert other.line().trial is None
    assert process.line().why == "is half_open: 5 failures in a row"


def test_two_that_take_it_on_at_the_same_moment_are_one() -> None:
    process = opened()
    others = [Process(process.item) for _ in range(4)]
    taken = [each.health.take_on(a_message(), "exotel", process.clock()) for each in (process, *others)]
    assert taken == [True, False, False, False, False]


def test_one_success_closes_it_and_messages_prefer_the_others_until_five_minutes_are_over() -> None:
    process = opened()
    tried(process, None)
    assert process.state() == "closed"
    line = process.line()
    assert (line.channels, line.broken) == (("twilio", "exotel"), ())
    assert line.why == "was open until a moment ago"
    process.clock.pass_(seconds=AWAY - SHORT)
    assert process.line() == Line(BOTH)


@pytest.mark.parametrize("error", [Unavailable(), Uncertain("answer_lost"), Refused("no_balance")])
def test_a_trial_that_goes_wrong_keeps_it_open_for_twice_as_long(error: AttemptError) -> None:
    process = opened()
    tried(process, error)
    assert (process.state(), process.line().wait) == ("open", 2 * SHORT)


def test_a_trial_by_a_message_that_is_refused_for_itself_leaves_it_to_the_next() -> None:
    process = opened()
    tried(process, Refused("invalid_number"))
    assert process.state() == "open"
    assert process.line().trial == "exotel"


def test_an_attempt_that_began_before_it_opened_decides_nothing() -> None:
    process = Process()
    with process.health.attempt(a_message(channel="exotel")):
        process.attempt(*[Unavailable()] * ROW)
    assert process.state() == "open"


def test_a_trial_of_which_nothing_is_heard_is_taken_on_by_another_message() -> None:
    process = opened()
    assert process.health.take_on(a_message(), "exotel", process.clock())
    process.clock.pass_(seconds=61)
    other = Process(process.item)
    other.clock.now = process.clock.now
    assert other.line().trial == "exotel"
    assert other.health.take_on(a_message(), "exotel", other.clock())


def test_where_no_channel_is_left_a_message_is_told_when_the_first_may_be_tried() -> None:
    process = Process()
    for channel in BOTH:
        process.attempt(*[Unavailable()] * ROW, channel=channel)
        process.clock.pass_(seconds=10)
    line = process.line()
    assert (line.channels, line.broken, line.trial, line.wait) == ((), BOTH, None, SHORT - 20)
    process.clock.pass_(seconds=10)
    assert process.line().trial == "exotel"


def test_where_the_item_cannot_be_written_a_process_still_goes_by_what_it_saw() -> None:
    process = Process(Unwritable())
    process.attempt(*[Unavailable()] * ROW)
    assert process.line().channels == ("twilio",)
    assert {phrase for phrase, _ in process.notes.told} == {"breaker not written", "health not written"}
    process.clock.pass_(seconds=SHORT)
    assert process.line().trial == "exotel"
    assert not process.health.take_on(a_message(), "exotel", process.clock())


def test_and_once_it_can_be_written_again_a_message_tries_the_channel() -> None:
    process = Process(Unwritable())
    process.attempt(*[Unavailable()] * ROW)
    process.health.item = process.item = MemoryHealth()
    process.clock.pass_(seconds=SHORT)
    tried(process, None)
    assert process.state() == "closed"


def test_what_somebody_else_wrote_later_counts_more_than_what_this_process_did() -> None:
    process = Process()
    process.attempt(*[Unavailable()] * ROW)
    process.item.shared = process.item.shared.turned("exotel", Breaker("closed", AT + 1, AT + 1, AT + 1, 1, ""))
    process.clock.pass_(seconds=2)
    assert process.line() == Line(BOTH)


def test_who_opens_it_when_somebody_else_just_closed_it_goes_by_what_they_wrote() -> None:
    process = Process()
    process.item.shared = Observed(breakers={"exotel": Breaker("closed", AT - 1, AT - 1, AT - 1, 1, "")})
    stale, known = process.item.known(), process.item.known
    process.item.known = lambda: stale
    process.item.shared = process.item.shared.turned("exotel", Breaker("closed", AT, AT, AT - 1, 1, ""))
    process.attempt(*[Unavailable()] * ROW)
    process.item.known = known
    assert process.line() == Line(BOTH)


def test_what_failed_before_it_closed_does_not_open_it_again() -> None:
    process = Process()
    process.attempt(*[Unavailable()] * (ROW - 1))
    process.item.shared = process.item.shared.turned("exotel", Breaker("closed", AT + 1, AT + 1, AT, 1, ""))
    process.clock.pass_(seconds=2)
    process.attempt(*[Unavailable()] * (ROW - 1))
    assert process.state() == "closed"
    process.attempt(Unavailable())
    assert process.state() == "open"


def share(process: Process, channel: str, **of: Any) -> int:
    """How many of a thousand messages go by a channel first."""
    return sum(process.line(id=f"msg_{n}", **of).channels[0] == channel for n in range(1000))


@pytest.mark.parametrize("points", [10, 40, 100])
def test_as_many_messages_go_by_others_as_were_moved(points: int) -> None:
    process = Process()
    process.item.shared = Observed(drifts={("exotel", "IN"): Drift(points, AT, "texts late")})
    assert abs(share(process, "exotel") - (1000 - 10 * points)) < 60
    assert share(process, "exotel", country="US") == 1000
    process.clock.pass_(hours=3)
    assert share(process, "exotel") == 1000


def test_a_message_that_is_looked_at_again_has_the_same_order() -> None:
    process = Process()
    process.item.shared = Observed(drifts={("exotel", "IN"): Drift(50, AT)})
    assert [process.line(id="msg_1") for _ in range(20)] == [process.line(id="msg_1")] * 20


def test_the_trace_is_told_why_a_message_goes_by_another() -> None:
    process = Process()
    process.item.shared = Observed(drifts={("exotel", "IN"): Drift(100, AT, "9 of 20 texts late")})
    assert process.line().why == "gives 100 of 100 messages to others"


def test_where_all_channels_are_slow_the_route_stays() -> None:
    process = Process()
    process.item.shared = Observed(drifts={(channel, "IN"): Drift(100, AT) for channel in BOTH})
    assert process.line().channels == BOTH


def test_each_copy_of_the_item_is_judged_once() -> None:
    process, at = Process(), slot("failed", AT)
    process.item.shared = Observed({Count("failed", "exotel", "", at): 9})
    assert process.line().channels == BOTH
    process.clock.pass_(seconds=30)
    process.item.shared = process.item.shared.turned("twilio", CLOSED)
    assert process.line().channels == ("twilio",)
    assert process.clock() == NOW + timedelta(seconds=30)


def test_who_only_looks_sees_the_same_and_what_it_does_nobody_else_knows() -> None:
    one = Process()
    one.attempt(*[Unavailable()] * ROW)
    looking, before = one.health.looking(), (one.item.shared, one.item.writes, dict(one.health._own))
    assert looking.line(a_message(), BOTH, one.clock()) == one.line()
    later = one.clock() + timedelta(seconds=SHORT)
    assert looking.take_on(a_message(channel="exotel"), "exotel", later)
    with pytest.raises(Unavailable), looking.attempt(a_message(channel="twilio")):
        raise Unavailable
    assert (one.item.shared, one.item.writes, one.health._own) == before
    assert one.health.looking().take_on(a_message(channel="exotel"), "exotel", later)


def test_who_only_looks_judges_what_others_counted_and_writes_no_breaker() -> None:
    item = MemoryHealth()
    item.shared = item.shared.added({Count("failed", "exotel", "", slot("failed", AT - 20)): ROW}, AT)
    one = Process(item)
    line = one.health.looking().line(a_message(), BOTH, NOW)
    assert (line.channels, line.broken, item.writes) == (("twilio",), ("exotel",), 0)
    assert one.line() == line
    assert item.writes == 1
