"""Ahead: fewer calls where all processes share a counter, and never a message more than the limit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from herald.journal.counters import DynamoCounters
from herald.journal.tally import Burst, Cap, Full, Tally
from herald.pipeline.guard.ahead import MOST, SHARE, CountsAhead
from herald.pipeline.ports import Counters
from herald.testing.memory import MemoryCounters

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
MIDNIGHT = NOW + timedelta(hours=12)
names = count()


class Watched:
    """Counters that note their calls; ``fails`` is what the next one raises."""

    def __init__(self, real: Counters | None = None) -> None:
        self.real, self.calls = real or MemoryCounters(), 0
        self.fails: Exception | None = None

    def take(self, tally: Tally, now: datetime) -> Full | None:
        self._called()
        return self.real.take(tally, now)

    def give(self, tally: Tally) -> None:
        self._called()
        self.real.give(tally)

    def add(self, key: str, amounts: Any, until: datetime) -> None:
        self._called()
        self.real.add(key, amounts, until)

    def forget(self, key: str, counter: str, moment: int) -> None:
        self._called()
        self.real.forget(key, counter, moment)

    def _called(self) -> None:
        self.calls += 1
        failing, self.fails = self.fails, None
        if failing:
            raise failing

    def counted(self, tally: Tally) -> list[Any]:
        """What stands in the tally's counters."""
        assert isinstance(self.real, MemoryCounters)
        return [self.real.items.get(tally.key, {}).get(cap.counter, 0) for cap in tally.caps]


def a_tally(most: int | None = 10_000, *, amount: int = 1, shared: bool = True, counter: str = "sent_27") -> Tally:
    cap = Cap(counter, amount, most, "day", MIDNIGHT)
    return Tally(f"count#ahead#{next(names)}", (cap,), MIDNIGHT, shared=shared)


def passed(counters: Counters, tally: Tally, times: int) -> int:
    """How many of so many messages pass."""
    return sum(counters.take(tally, NOW) is None for _ in range(times))


@pytest.fixture(params=["memory", "dynamodb"])
def real(request: pytest.FixtureRequest) -> Iterator[Counters]:
    if request.param == "memory":
        yield MemoryCounters()
    else:
        yield DynamoCounters(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


def test_the_first_messages_of_a_process_are_counted_one_by_one() -> None:
    counters, tally = Watched(), a_tally()
    assert passed(CountsAhead(counters), tally, 10) == 10
    assert counters.calls == 10
    assert counters.counted(tally) == [10]


def test_a_process_that_sends_many_makes_a_tenth_of_the_calls() -> None:
    counters, tally = Watched(), a_tally()
    assert passed(ahead := CountsAhead(counters), tally, 100) == 100
    before = counters.calls
    assert passed(ahead, tally, 1100) == 1100
    assert counters.calls - before == 100


def test_counters_that_few_share_are_counted_one_by_one() -> None:
    counters, tally = Watched(), a_tally(shared=False)._replace(burst=Burst("t552", 600, 1000, 0))
    assert passed(CountsAhead(counters), tally, 100) == 100
    assert counters.calls == 100


def test_counters_without_a_limit_are_counted_ahead_too() -> None:
    counters, tally = Watched(), a_tally(most=None)
    assert passed(CountsAhead(counters), tally, 500) == 500
    assert counters.calls < 100


def test_exactly_as_many_pass_as_may_and_each_by_itself_from_the_half_on(real: Counters) -> None:
    counters = Watched(real)
    ahead, tally = CountsAhead(counters), a_tally(most=300)
    assert passed(ahead, tally, 150) == 150
    before = counters.calls
    assert passed(ahead, tally, 200) == 150
    assert 190 <= counters.calls - before <= 201  # One at most is for several, and is refused.
    assert ahead._stocks[tally].counted == 300


def test_messages_are_counted_ahead_until_half_of_the_limit_and_no_further() -> None:
    ahead, tally = CountsAhead(MemoryCounters()), a_tally(most=300)
    passed(ahead, tally, 125)
    assert not ahead._stocks[tally].near
    passed(ahead, tally, 40)
    assert ahead._stocks[tally].near
    assert ahead._stocks[tally].held == 0


def test_of_processes_that_spend_from_one_budget_at_once_exactly_as_many_pass_as_it_pays_for(real: Counters) -> None:
    tally = a_tally(most=400 * 2500, amount=2500)
    processes = [CountsAhead(real) for _ in range(5)]
    with ThreadPoolExecutor(10) as crowd:
        said = list(crowd.map(lambda n: processes[n % 5].take(tally, NOW), range(900)))
    assert said.count(None) == 400


def test_threads_of_one_process_hold_no_more_than_their_tenth_together(real: Counters) -> None:
    ahead, tally = CountsAhead(real), a_tally()
    with ThreadPoolExecutor(20) as crowd:
        said = list(crowd.map(lambda _: ahead.take(tally, NOW), range(300)))
    assert said == [None] * 300
    stock = ahead._stocks[tally]
    assert stock.counted == 300
    assert 0 <= stock.held <= MOST
    assert stock.asked == 0


def test_what_a_process_held_that_ended_is_at_most_a_twentieth_of_the_limit() -> None:
    counters, tally = MemoryCounters(), a_tally(most=1000)
    sent = sum(passed(CountsAhead(counters), tally, 25) for _ in range(60))
    assert 950 <= sent <= 1000


def test_what_is_given_back_is_held_for_the_next_message() -> None:
    counters = Watched()
    ahead, tally = CountsAhead(counters), a_tally()
    passed(ahead, tally, 11)  # The eleventh took one more.
    passed(ahead, tally, 1)
    before = counters.calls
    ahead.give(tally)
    assert passed(ahead, tally, 1) == 1
    assert counters.calls == before


def test_what_is_given_back_is_no_reason_to_hold_more() -> None:
    counters = Watched()
    ahead, tally = CountsAhead(counters), a_tally()
    passed(ahead, tally, 22)  # Of those that it took ahead none is left.
    stock = ahead._stocks[tally]
    stock.held = 0
    for held in (1, 2):
        ahead.give(tally)
        assert (stock.held, stock.counted) == (held, 22 - held)
    ahead.give(tally)  # That would be more than a tenth.
    assert (stock.held, stock.counted) == (2, 20)


def test_a_process_that_sent_nothing_yet_gives_back_to_the_counter() -> None:
    counters = Watched()
    ahead, tally = CountsAhead(counters), a_tally()
    passed(ahead, tally, 1)
    ahead.give(tally)
    assert counters.counted(tally) == [0]
    passed(CountsAhead(counters), tally, 1)
    CountsAhead(counters).give(tally)
    assert counters.counted(tally) == [0]


def test_an_amount_is_added_at_once() -> None:
    counters, tally = Watched(), a_tally()
    CountsAhead(counters).add(tally.key, {"sent_27": 3}, MIDNIGHT)
    assert counters.counted(tally) == [3]


def test_a_moment_is_forgotten_at_once() -> None:
    counters, moment = Watched(), int(NOW.timestamp())
    tally = a_tally(shared=False)._replace(burst=Burst("t552", 600, 1, moment))
    ahead = CountsAhead(counters)
    assert passed(ahead, tally, 2) == 1
    ahead.forget(tally.key, "t552", moment)
    assert passed(ahead, tally, 2) == 1


@pytest.mark.parametrize("before", [5, 10, 30])
def test_a_call_that_fails_counts_nothing_and_the_next_one_is_as_ever(before: int) -> None:
    counters = Watched()
    ahead, tally = CountsAhead(counters), a_tally()
    passed(ahead, tally, before)
    while ahead._stocks[tally].held:
        passed(ahead, tally, 1)
    counted, counters.fails = counters.counted(tally), ConnectionError()
    with pytest.raises(ConnectionError):
        ahead.take(tally, NOW)
    assert counters.counted(tally) == counted
    stock = ahead._stocks[tally]
    assert (stock.counted, stock.held) == (*counted, 0)
    assert passed(ahead, tally, 200) == 200
    assert counters.calls < 150


def test_the_next_day_is_counted_anew_and_the_old_one_forgotten() -> None:
    ahead, today = CountsAhead(MemoryCounters()), a_tally()
    passed(ahead, today, 200)
    tomorrow = today._replace(caps=(today.caps[0]._replace(counter="sent_28", frees=MIDNIGHT + timedelta(days=1)),))
    assert ahead.take(tomorrow, MIDNIGHT) is None
    assert list(ahead._stocks) == [tomorrow]


steps = st.lists(
    st.tuples(st.sampled_from(["take", "take", "take", "give", "end"]), st.integers(0, 2), st.integers(1, 40)),
    max_size=40,
)


@given(steps, st.integers(1, 400))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_processes_do_no_more_pass_than_may_and_little_is_held(
    done: list[tuple[str, int, int]], most: int
) -> None:
    counters, tally = Watched(), a_tally(most=most)
    processes, sent = [CountsAhead(counters) for _ in range(3)], 0
    lost = 0
    for what, which, times in done:
        process = processes[which]
        if what == "take":
            sent += passed(process, tally, times)
        elif what == "give" and sent >= times and process._stocks:
            for _ in range(times):
                process.give(tally)
            sent -= times
        elif what == "end":
            lost += _held(process)
            processes[which] = CountsAhead(counters)
        (counted,) = counters.counted(tally)
        assert counted == sent + lost + sum(_held(each) for each in processes)
        assert counted <= most
    for process in processes:
        assert all(stock.held <= max(0, min(MOST, SHARE * stock.counted + 1)) for stock in process._stocks.values())


def _held(process: CountsAhead) -> int:
    return sum(stock.held for stock in process._stocks.values())


def test_who_looks_is_told_of_what_this_process_holds() -> None:
    memory, tally = MemoryCounters(), a_tally(100)
    ahead = CountsAhead(memory)
    for _ in range(21):
        assert ahead.take(tally, NOW) is None
    held = memory.items[tally.key]["sent_27"]
    assert isinstance(held, int) and held > 21
    memory.items[tally.key]["sent_27"] = 100  # Others were faster.
    assert ahead.look(tally, NOW).full is None
    assert memory.look(tally, NOW).full
    while ahead.look(tally, NOW).full is None:
        assert ahead.take(tally, NOW) is None
    assert ahead.take(tally, NOW)
