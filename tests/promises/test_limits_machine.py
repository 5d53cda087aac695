"""Promise 7: limits and money, in whatever order things come: never more than may be; what left is counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from herald.errors import HeraldError, NotCancelable, Refused, Unavailable, Uncertain
from herald.journal.tally import Full, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Sent
from herald.message.status import Status
from herald.pipeline.receive.record import record
from herald.settings.values import Channel, Limits, Rule
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryCounters
from herald.testing.outbox import Outbox
from tests.failing import Down
from tests.pipeline.guard.asking import a_gated_box
from tests.promises.figures import Figures

CENT, WINDOW, STEPS = 10_000, 600, 20
# One kind of limit at a time, so that none hides what another lets through; and all of them.
LIMITS = (
    Limits(number_10_minutes=2),
    Limits(number_day=3, block_day=4, day=5),
    Limits(spend_day=4 * CENT, spend_month=6 * CENT, caller_spend_day=3 * CENT),
    Limits(2, 4, 6, None, 8, 6 * CENT, 12 * CENT, 5 * CENT, None),
)
NUMBERS = ("+919741552552", "+919741552553")
CALLERS = (Grant("shop", per_day=5), Grant("bank"))
OUTCOMES: dict[str, Callable[[], Exception | None]] = {
    "taken": lambda: None,
    "lost": lambda: Uncertain("answer_lost"),
    "refused": lambda: Refused("invalid_number"),
    "busy": lambda: Unavailable("throttled", retry_after=30),
    "down for long": lambda: Unavailable("throttled", retry_after=5000),
}
# Most texts are taken, so that limits are reached.
USUAL = st.sampled_from(["taken"] * 4 + list(OUTCOMES))


class Left:
    """A text that left, or may have: when, and what it costs as far as anybody knows."""

    def __init__(self, message: Message, at: datetime) -> None:
        self.message, self.at, self.cost = message, at, CENT
        self.price: int | None = None


class Ledger(FakeProvider):
    """A provider that answers as it is told to, and writes down what leaves."""

    def __init__(self, box: Outbox) -> None:
        super().__init__("amazonsns")
        self.box, self.left, self.first_word = box, list[Left](), "0.001"

    def send(self, message: Message, callback: str | None = None) -> Sent:
        if not self.answers or self.answers[0] is None or isinstance(self.answers[0], Uncertain):
            self.left.append(Left(message, self.box.clock()))
        return super().send(message, callback)._replace(price=self.first_word)


class Fragile(MemoryCounters):
    """Counters of which the next takings fail, before anything is counted."""

    failing = 0

    def take(self, tally: Tally, now: datetime) -> Full | None:
        if self.failing:
            self.failing -= 1
            raise Down
        return super().take(tally, now)


class TextsAndMoney(RuleBasedStateMachine):
    """Requests, time, providers and receipts against a simple model: the list of what left."""

    kind_of_counters: type[Fragile] = Fragile

    @initialize(
        hour=st.sampled_from([(22, 23, 59, 50), (30, 23, 55, 0), (22, 12, 0, 0)]), limits=st.sampled_from(LIMITS)
    )
    def begin(self, hour: tuple[int, int, int, int], limits: Limits) -> None:
        self.box, self.limits = a_gated_box(limits=limits, prices={"*": CENT}), limits
        day, hours, minutes, seconds = hour
        self.box.clock.now = self.box.clock.now.replace(day=day, hour=hours, minute=minutes, second=seconds)
        self.provider = Ledger(self.box)
        self.box.providers |= {"amazonsns": self.provider, "exotel": self.provider}
        channels = {**self.box.settings.channels, "exotel": Channel("exotel", "fake")}
        routes = (Rule(("amazonsns", "exotel"), kinds=("otp",)),)  # Codes may go by a second channel.
        self.box.settings = self.box.settings._replace(channels=channels, routes=routes)
        self.box.counters = self.counters = self.kind_of_counters()

    def ask(self, number: str, caller: Grant, **fields: Any) -> None:
        request = {"to": number, "body": "x", **{name: value for name, value in fields.items() if name != "key"}}
        try:
            self.box.herald().send(request, caller=caller.name, entrypoint="https", key=fields.get("key"), grant=caller)
        except HeraldError:
            return

    @rule(
        number=st.sampled_from(NUMBERS), caller=st.sampled_from(CALLERS), outcome=USUAL,
        how=st.fixed_dictionaries({
            "mode": st.sampled_from(["sync", "async"]), "on_unknown": st.sampled_from(["resend", "hold"]),
            "kind": st.sampled_from(["transactional", "otp"]), "deliver_by": st.sampled_from([0, 11, 120]),
        }),
        rhythm=st.tuples(st.integers(1, 3), st.sampled_from([0, 0, 9, 291, 591])),
    )  # fmt: skip
    def send(self, number: str, caller: Grant, outcome: str, how: dict[str, Any], rhythm: tuple[int, int]) -> None:
        times, pause = rhythm
        for _ in range(times):
            self.provider.answers = [OUTCOMES[outcome]()]
            self.ask(number, caller, **how)
            self.box.clock.pass_(seconds=pause)
        self.provider.answers = []

    @rule(
        number=st.sampled_from(NUMBERS), caller=st.sampled_from(CALLERS),
        seconds=st.sampled_from([20, 590, 3600, 86_400]), times=st.integers(1, 3),
    )  # fmt: skip
    def schedule(self, number: str, caller: Grant, seconds: int, times: int) -> None:
        at = (self.box.clock() + timedelta(seconds=seconds)).isoformat()
        for _ in range(times):
            self.ask(number, caller, send_at=at)

    @rule(number=st.sampled_from(NUMBERS), which=st.integers(0, 2), fails=st.booleans())
    def repeat(self, number: str, which: int, fails: bool) -> None:
        self.counters.failing = int(fails)
        for _ in range(3):
            self.ask(number, CALLERS[0], key=f"order-{which}-{number}")
        self.counters.failing = 0

    @rule(seconds=st.sampled_from([9, 11, 120, 290, 591, 3600, 86_400, -1, -40]))
    def wait(self, seconds: int) -> None:
        """Time passes; or the clock is put back a little."""
        self.box.clock.pass_(seconds=seconds)

    @rule(which=st.integers(0, 50))
    def give_up(self, which: int) -> None:
        """A message that waits goes to the dead letters; what takes up all that waits takes it up again."""
        messages = list(self.box.journal.messages)
        if messages:
            self.box.herald().give_up(messages[which % len(messages)])

    @rule(outcome=USUAL, failing=st.sampled_from([0, 0, 1]))
    def work(self, outcome: str, failing: int) -> None:
        """Whatever waits is taken up, if its time has come; there may be a moment in which nothing is counted."""
        self.counters.failing = failing
        for message in list(self.box.journal.messages.values()):
            self.provider.answers = [OUTCOMES[outcome]()]
            try:
                self.box.herald().resume(message.id)
            except HeraldError:
                continue
        self.counters.failing, self.provider.answers = 0, []

    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        messages = list(self.box.journal.messages)
        if messages:
            try:
                self.box.herald().cancel(messages[which % len(messages)])
            except NotCancelable:
                return

    @rule(
        which=st.integers(0, 50), status=st.sampled_from([Status.SENT, Status.DELIVERED, Status.UNDELIVERED]),
        price=st.sampled_from([None, 0, CENT // 4, CENT]), n=st.integers(0, 3),
    )  # fmt: skip
    def receipt(self, which: int, status: Status, price: int | None, n: int) -> None:
        """A provider tells what became of a text that left: always the same price for its end."""
        if not self.provider.left:
            return
        left = self.provider.left[which % len(self.provider.left)]
        current = self.box.journal.messages[left.message.id]
        attempt = left.message.attempts
        if attempt > current.attempts or current.status is Status.ACCEPTED:
            return
        if price and status.final:
            price = left.price = left.price or price
        said, why = None if price is None else f"{price / 1_000_000:.6f}", REASONS["spam"]
        reason = why if status is Status.UNDELIVERED else None
        record(self.box, current, Receipt("p", status, reason, price=said, raw={"n": str(n)}), attempt)
        after = self.box.journal.messages[left.message.id]
        if attempt == current.attempts:  # What an older one cost is not learnt any more: it stays counted in full.
            left.cost = after.reserved if after.reserved is not None else CENT

    @invariant()
    def no_number_gets_more_than_its_limits(self) -> None:
        for number in NUMBERS:
            times = sorted(left.at for left in self.left() if left.message.to == number)
            for first, after in zip(times, times[self.limits.number_10_minutes or len(times) :], strict=False):
                assert (after - first).total_seconds() >= WINDOW
            self.within("number_day", self.most(time.date() for time in times))

    @invariant()
    def no_more_is_sent_or_spent_than_may_be(self) -> None:
        left = self.left()
        self.within("day", self.most(each.at.date() for each in left))
        self.within("block_day", self.most((each.at.date(), each.message.to[:-3]) for each in left))
        shop = [each for each in left if each.message.caller == "shop"]
        assert self.most(each.at.date() for each in shop) <= 5
        days, months, callers = Counter[Any](), Counter[Any](), Counter[Any]()
        for each in left:
            days[each.at.date()] += each.cost
            months[each.at.month] += each.cost
            callers[each.message.caller, each.at.date()] += each.cost
        self.within("spend_day", max(days.values(), default=0))
        self.within("spend_month", max(months.values(), default=0))
        self.within("caller_spend_day", max(callers.values(), default=0))

    @invariant()
    def no_counter_is_below_zero(self) -> None:
        for item in self.counters.items.values() if hasattr(self, "counters") else ():
            assert all(held >= 0 for held in item.values() if isinstance(held, int))

    def left(self) -> list[Left]:
        return self.provider.left if hasattr(self, "provider") else []

    def within(self, name: str, reached: int) -> None:
        limit = getattr(self.limits, name) if hasattr(self, "limits") else None
        assert limit is None or reached <= limit, name

    @staticmethod
    def most(of: Any) -> int:
        return max(Counter(of).values(), default=0)

    def teardown(self) -> None:
        """When all is over, what is counted is what left, and nothing else."""
        if not hasattr(self, "box"):
            return
        for message in list(self.box.journal.messages.values()):
            if message.status in (Status.ACCEPTED, Status.SCHEDULED):
                self.box.herald().cancel(message.id)
        self.box.clock.pass_(days=10)
        for message_id in self.box.journal.messages:  # What may have left and waits to be sent again is too late now.
            self.box.herald().resume(message_id)
        counted, left, limits = self.counters.items, self.left(), self.limits
        for month in {f"{each.at:%Y-%m}" for each in left} | {key[-7:] for key in counted if "#all#" in key}:
            item = counted.get(f"count#all#{month}", {})
            those = [each for each in left if f"{each.at:%Y-%m}" == month]
            for day in range(1, 32):
                own = [each for each in those if each.at.day == day]
                assert item.get(f"sent_{day:02}", 0) == len(own)
                assert item.get(f"spent_{day:02}", 0) == sum(each.cost for each in own)
            assert item.get("spent", 0) == sum(each.cost for each in those)
        texts = sum(item.get("all", 0) for key, item in counted.items() if "#block#" in key)
        assert texts == (len(left) if limits.number_day or limits.number_10_minutes else 0)
        moments = sum(len(held) for item in counted.values() for held in item.values() if isinstance(held, list))
        assert moments == (len(left) if limits.number_10_minutes else 0)


class Hasty(Fragile):
    """Counters that take a short while for half as long."""

    def take(self, tally: Tally, now: datetime) -> Full | None:
        burst = tally.burst and tally.burst._replace(seconds=WINDOW // 2)
        return super().take(tally._replace(burst=burst), now)


class OfToday(Fragile):
    """Counters that know nothing of what was sent before midnight."""

    def take(self, tally: Tally, now: datetime) -> Full | None:
        burst = tally.burst and tally.burst._replace(before=None)
        return super().take(tally._replace(burst=burst), now)


class Keeping(Fragile):
    """Counters that give nothing back."""

    def give(self, tally: Tally) -> None:
        pass


class Unsettled(Fragile):
    """Counters that are never changed by what becomes of a text."""

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        pass


def worlds(counters: type[Fragile], count: int, **more: Any) -> None:
    """Run so many worlds with these counters. Raises ``AssertionError`` where one of them breaks a limit."""
    world = type("World", (TextsAndMoney,), {"kind_of_counters": counters})
    run_state_machine_as_test(
        world, settings=examples(max_examples=count, stateful_step_count=STEPS, deadline=None, **more)
    )


def test_in_whatever_order_things_come_no_more_leaves_than_may_and_what_left_is_counted(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    count = size(200, 5000)
    worlds(Fragile, count)
    figures("limits and money, in any order of events", promise="7", worlds=count, events_at_most=STEPS)


@pytest.mark.parametrize("wrong", [Hasty, OfToday, Keeping, Unsettled])
def test_limits_are_seen_to_be_broken_where_they_are(wrong: type[Fragile]) -> None:
    with pytest.raises(AssertionError):
        worlds(wrong, 3000, phases=[Phase.generate])
