"""What is counted of a message: when it is sent, for as long as it was, and given back exactly when it never left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from herald.errors import InvalidMessage, NotAccepted, NotAllowed, Refused, Unavailable, Uncertain
from herald.journal.tally import Full, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.pipeline.receive.record import record
from herald.settings.values import Limits, Rate
from herald.testing.memory import MemoryCounters, MemoryJournal
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, fails
from tests.failing import Down, FailingJournal
from tests.pipeline.guard.asking import ABROAD, a_gated_box, ask, limited, refused

CENT = 10_000


def at(box: Outbox, **later: float) -> str:
    """A moment so much later, as a request says it."""
    return (box.clock() + timedelta(**later)).isoformat()


def comes(box: Outbox, *messages: Message) -> list[Message]:
    """The messages as they stand after their time came."""
    return [message for each in messages if (message := box.herald().resume(each.id))]


def holds(box: Outbox) -> dict[str, dict[str, Any]]:
    """What all counters hold that is not nothing."""
    found = {key: {name: held for name, held in item.items() if held} for key, item in box.counters.items.items()}
    return {key: item for key, item in found.items() if item}


def received(box: Outbox, message: Message, status: Status, price: str | None = None, **raw: str) -> None:
    kept = box.journal.get(message.id)
    assert kept
    record(box, kept, Receipt(str(message.provider_id), status, None, price=price, raw=raw), kept.attempts)


# ---- at the time of sending


def test_what_is_scheduled_far_apart_is_let_in_however_much_it_is() -> None:
    box = limited(number_10_minutes=5)
    said = [ask(box, send_at=at(box, hours=2 * n)).status for n in range(1, 7)]
    assert said == [Status.SCHEDULED] * 6


def test_what_is_scheduled_and_what_is_sent_just_before_share_the_ten_minutes() -> None:
    box = limited(number_10_minutes=5)
    scheduled = [ask(box, send_at=at(box, seconds=30)) for _ in range(5)]
    for _ in range(5):
        ask(box)
    box.clock.pass_(seconds=30)
    waits = comes(box, *scheduled)
    assert len(box.texts) == 5
    assert {(message.status, message.retry_at) for message in waits} == {
        (Status.ACCEPTED, box.clock() + timedelta(seconds=570))
    }
    assert waits[0].trace[-1].detail == "limit_number_10_minutes: again in 570 s"
    assert all(delay == 570 for _, delay in box.queue.waiting)
    box.clock.pass_(seconds=570)
    assert {message.status for message in comes(box, *waits)} == {Status.SENT}


def test_what_cannot_wait_so_long_is_told_why_it_was_not_sent() -> None:
    box = limited(number_10_minutes=1)
    late = ask(box, send_at=at(box, seconds=30), valid_for=60)
    ask(box)
    box.clock.pass_(seconds=30)
    (message,) = comes(box, late)
    assert (message.status, message.reason) == (Status.FAILED, REASONS["not_allowed"])
    assert message.trace[-1].detail == "refused by the guard limit_number_10_minutes"
    assert len(holds(box)) == 3  # of the one that was sent


def test_what_waited_for_its_provider_counts_when_it_is_sent() -> None:
    box = limited(number_10_minutes=2)
    fails(box, Unavailable("throttled", retry_after=400), Unavailable("throttled", retry_after=400))
    waiting = [ask(box), ask(box)]
    box.clock.pass_(seconds=400)
    comes(box, *waiting)
    box.clock.pass_(seconds=250)
    assert refused(box).retry_after == 350
    box.clock.pass_(seconds=350)
    assert ask(box).status is Status.SENT


@pytest.mark.parametrize("mode", ["async", "sync"])
def test_what_waits_over_midnight_counts_on_the_day_on_which_it_is_sent(mode: str) -> None:
    box = limited(day=1, number_day=1)
    box.clock.now = datetime(2026, 11, 30, 23, 59, 55, tzinfo=UTC)
    fails(box, Unavailable("throttled", retry_after=6))
    waits = ask(box, mode=mode)
    box.clock.pass_(seconds=6)
    comes(box, waits)
    if mode == "async":
        box.clock.pass_(seconds=6)
        comes(box, waits)
    assert len(box.texts) == 1
    assert refused(box).code == "limit_number_day"
    assert {key.rpartition("#")[2] for key in holds(box)} == {"2026-12", "2026-12-01"}
    box.clock.now -= timedelta(minutes=1)
    assert ask(box).status is Status.SENT


def test_what_comes_out_of_the_queue_at_once_is_counted_once() -> None:
    box = limited(number_10_minutes=3, day=3)
    message = ask(box, mode="async")
    before = holds(box)
    box.clock.pass_(seconds=10)
    comes(box, message)
    assert len(box.texts) == 1
    assert holds(box) == before


def test_a_minute_that_is_full_is_that_of_send_at_and_waiting_does_not_help() -> None:
    box, grant, then = limited(), Grant("shop", per_minute=1), "2026-11-25T12:00:00Z"
    ask(box, grant, send_at=then)
    no = refused(box, grant, send_at=then)
    assert (no.code, no.retryable, no.retry_after) == ("limit_caller_minute", False, None)
    (problem,) = no.problems
    assert problem.detail == "This API key has as many messages in the minute of send_at as it may send."
    assert no.hint and no.hint.startswith("Choose another send_at.")
    assert ask(box, grant, send_at="2026-11-25T12:01:00Z").status is Status.SCHEDULED


@pytest.mark.parametrize("limit", ["number_day", "block_day", "day", "spend_day", "spend_month", "caller_spend_day"])
def test_no_limit_of_another_day_says_that_waiting_helps(limit: str) -> None:
    box = limited(**{limit: CENT if "spend" in limit else 1})
    ask(box, send_at=at(box, days=2))
    no = refused(box, send_at=at(box, days=2))
    assert (no.retryable, no.retry_after) == (False, None)
    assert "of send_at" in str(no.problems[0].detail)


# ---- no request lowers a counter of today, or raises a limit


@pytest.mark.parametrize("days", [*range(1, 20), 31, 365])
def test_what_is_scheduled_and_canceled_frees_nothing_of_today(days: int) -> None:
    box = limited(country_day=2)
    ask(box, to=ABROAD), ask(box, to=ABROAD)
    box.herald().cancel(ask(box, to=ABROAD, send_at=at(box, days=days)).id)
    assert refused(box, to=ABROAD).code == "limit_country_day"


def test_what_is_scheduled_and_canceled_lets_no_country_grow() -> None:
    box = limited(country_day=2)
    for day, count in ((1, 2), (2, 6)):
        for _ in range(count):
            try:
                box.herald().cancel(ask(box, to=ABROAD, send_at=at(box, days=day)).id)
            except NotAllowed:
                pytest.fail("what was canceled takes no place")
    box.clock.pass_(days=3)
    ask(box, to=ABROAD), ask(box, to=ABROAD)
    assert refused(box, to=ABROAD).code == "limit_country_day"


def test_what_is_canceled_leaves_its_place_to_others() -> None:
    box = limited(day=2, number_day=2, block_day=2)
    for _ in range(5):
        for message in [ask(box, send_at=at(box, days=1)) for _ in range(2)]:
            box.herald().cancel(message.id)
    assert not holds(box)


# ---- given back exactly when it never left


@pytest.mark.parametrize("mode", ["sync", "async", "scheduled"])
@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (Refused("invalid_number"), False),
        (Uncertain("answer_lost"), True),
        (Unavailable("throttled"), False),
        (None, True),
    ],
)
def test_what_never_left_is_counted_nowhere(mode: str, answer: Exception | None, kept: bool) -> None:
    box, grant = limited(day=9, number_day=9, number_10_minutes=9), Grant("shop", per_minute=9, per_day=9)
    fails(box, *[answer] * 9)
    how = {"send_at": at(box, minutes=1)} if mode == "scheduled" else {"mode": mode}
    message = ask(box, grant, valid_for=1 if mode != "scheduled" else 60, **how)
    if mode != "sync":
        box.clock.pass_(seconds=60 if mode == "scheduled" else 0)
        comes(box, message)
    box.clock.pass_(seconds=3600)
    comes(box, message)
    assert bool(holds(box)) == kept


def test_what_finds_no_channel_free_in_time_is_counted_nowhere() -> None:
    box = limited(day=9)
    known = box.settings.channels["amazonsns"]
    box.settings = box.settings._replace(channels={"amazonsns": known._replace(rate=Rate(1, 100.0))})
    assert [ask(box).status for _ in range(2)] == [Status.SENT, Status.ACCEPTED]
    before = holds(box)
    assert ask(box, valid_for=30).status is Status.EXPIRED
    assert holds(box) == before


def test_five_failures_of_the_journal_use_up_nobodys_limit() -> None:
    box = limited(number_10_minutes=1, day=1, spend_day=CENT)
    box.journal = journal = FailingJournal()
    for _ in range(5):
        journal.failing = {"claim": 1}
        with pytest.raises(NotAccepted):
            ask(box, key="order-1")
    assert ask(box, key="order-1").status is Status.SENT


def test_what_is_given_up_counts_again_only_when_it_is_taken_up_again() -> None:
    box = limited(day=1)
    message = ask(box, mode="async")
    box.herald().give_up(message.id)
    assert holds(box) == {}
    assert [each.status for each in comes(box, message)] == [Status.SENT]
    assert refused(box).code == "limit_day"


@pytest.mark.parametrize("days", [0, 1])
def test_what_is_given_up_and_taken_up_again_is_paid_for(days: int) -> None:
    box = a_gated_box(limits=Limits(spend_day=CENT), prices={"IN": CENT})
    message = ask(box, send_at=at(box, minutes=5), valid_for=200_000)
    box.herald().give_up(message.id)
    assert holds(box) == {}
    box.clock.pass_(days=days, minutes=6)
    (sent,) = comes(box, message)
    assert (sent.status, sent.reserved) == (Status.SENT, CENT)
    assert {item["spent"] for item in holds(box).values()} == {CENT}
    assert refused(box).code == "limit_spend_day"


class Breaks(MemoryJournal):
    """A journal of which the answer to one move is lost; it is ``written`` or not, and can be ``read`` then or not."""

    def __init__(self, *, written: bool, read: bool) -> None:
        super().__init__()
        self.written, self.read, self.broken = written, read, False

    def move(self, old: Message, new: Message) -> Message:
        if self.broken or new.status is not Status.SENDING:
            return super().move(old, new)
        self.broken = True
        if self.written:
            super().move(old, new)
        raise Down

    def get(self, message_id: str) -> Message | None:
        if self.broken and not self.read:
            raise Down
        return super().get(message_id)


@pytest.mark.parametrize(
    ("written", "read", "another"), [(False, True, True), (True, True, False), (True, False, False)]
)
def test_what_waited_is_given_back_only_if_the_write_that_takes_it_up_was_surely_not_made(
    written: bool, read: bool, another: bool
) -> None:
    box = limited(day=1)
    box.journal = journal = Breaks(written=written, read=read)
    message = ask(box, mode="async", valid_for=200_000)
    box.clock.pass_(days=1)
    with pytest.raises(Down):
        box.herald().resume(message.id)
    journal.read = True
    if another:
        assert ask(box).status is Status.SENT
    else:
        assert refused(box).code == "limit_day"


class Flaky(MemoryCounters):
    """Counters whose ``n``-th taking from now on fails, and each after it while ``fails``."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after, self.fails = after, True

    def take(self, tally: Tally, now: datetime) -> Full | None:
        self.after -= 1
        if self.fails and self.after < 0:
            raise Down
        return super().take(tally, now)


@pytest.mark.parametrize("after", range(5))
def test_counters_that_fail_half_way_use_up_nothing(after: int) -> None:
    box, grant = limited(number_10_minutes=1, day=1, country_day=1), Grant("shop", per_minute=1, per_day=1)
    box.counters = counters = Flaky(after)
    for _ in range(5):
        counters.after = after
        with pytest.raises(NotAccepted):
            ask(box, grant, to=ABROAD)
    assert not holds(box)
    counters.fails = False
    assert ask(box, grant, to=ABROAD).status is Status.SENT


@pytest.mark.parametrize("after", range(4))
def test_only_what_was_taken_is_given_back(after: int) -> None:
    box, grant = a_gated_box(limits=Limits(number_10_minutes=9, number_day=9, day=9), uncounted={"otp"}), Grant("shop")
    box.settings = box.settings._replace(prices={"*": CENT})
    box.counters = counters = Flaky(after)
    for n in range(3):
        counters.after = after
        message = ask(box, grant, kind="otp", key=f"order-{n}", mode="async")
        counters.after = after
        ask(box, grant, kind="otp", key=f"order-{n}", mode="async")
        box.herald().cancel(message.id)
    assert not holds(box)


# ---- money


def test_a_keys_own_cap_refuses_what_has_no_known_price() -> None:
    box = a_gated_box(prices={"IN": CENT})
    for grant in (Grant("shop", spend_day=1), Grant("shop", spend_month=1)):
        assert refused(box, grant, to=ABROAD).code == "price_unknown"
        assert ask(box, grant).status is Status.SENT
    assert ask(box, Grant("shop"), to=ABROAD).status is Status.SENT


def resend(box: Outbox, answers: list[Exception | None]) -> Message:
    """A message that is sent again after nobody knew what became of it."""
    fails(box, Uncertain("answer_lost"), *answers)
    message = ask(box, on_unknown="resend")
    box.clock.pass_(seconds=120)
    return comes(box, message)[0]


def test_a_text_that_leaves_a_second_time_is_paid_and_counted_a_second_time() -> None:
    box = limited(day=9, number_day=9, number_10_minutes=9)
    assert resend(box, [None]).possible_duplicate
    (every,) = [item for key, item in holds(box).items() if "#all#" in key]
    assert every == {"sent_22": 2, "spent_22": 2 * CENT, "spent": 2 * CENT}
    (block,) = [item for key, item in holds(box).items() if "#block#" in key]
    assert (block["all"], block["n552"], len(block["t552"])) == (2, 2, 2)


@pytest.mark.parametrize(
    "limits", [{"day": 1}, {"number_day": 1}, {"spend_day": CENT}, {"caller_spend_month": CENT}, {"block_day": 1}]
)
def test_where_a_limit_is_full_what_nobody_knows_stays_unknown(limits: dict[str, int]) -> None:
    box = limited(**limits)
    message = resend(box, [None])
    assert (message.status, box.texts) == (Status.UNKNOWN, [])
    assert message.trace[-1].detail.startswith("not sent again: refused by the guard limit_")
    assert not message.waiting


@pytest.mark.parametrize("answer", [Refused("invalid_number"), Unavailable("throttled", retry_after=10**6)])
def test_a_second_text_that_never_left_leaves_the_first_counted(answer: Exception) -> None:
    box = limited(day=9, number_10_minutes=9)
    assert resend(box, [answer]).status is Status.UNKNOWN
    (every,) = [item for key, item in holds(box).items() if "#all#" in key]
    assert every == {"sent_22": 1, "spent_22": CENT, "spent": CENT}


def spent(box: Outbox) -> int:
    return sum(item.get("spent", 0) for key, item in holds(box).items() if "#all#" in key)


def priced(box: Outbox, price: str | None) -> Message:
    """A text that is sent, with a price in the provider's first answer."""
    provider = fails(box)
    real = provider.send

    def send(message: Message, callback: str | None = None) -> Any:
        return real(message, callback)._replace(price=price)

    provider.send = send  # type: ignore[method-assign]
    message = ask(box)
    del provider.send  # type: ignore[method-assign]
    return message


@pytest.mark.parametrize(
    ("price", "held"), [("0", CENT), ("0.001", CENT), ("0.02", 2 * CENT), (None, CENT), ("free", CENT)]
)
def test_a_first_word_about_a_price_settles_nothing_downward(price: str | None, held: int) -> None:
    box = limited(spend_day=10 * CENT)
    message = priced(box, price)
    assert spent(box) == held
    received(box, message, Status.DELIVERED, n="0")  # It arrived, and nobody says what that costs.
    assert spent(box) == held
    received(box, message, Status.DELIVERED, price="0.002", n="1")
    assert spent(box) == 2_000
    received(box, message, Status.SENT, price="0.0001", n="2")
    assert spent(box) == 2_000
    received(box, message, Status.DELIVERED, price="0.015", n="3")
    assert spent(box) == 15_000


@pytest.mark.parametrize("end", ["expired", "failed", "canceled"])
def test_what_left_though_it_was_said_not_to_is_counted_after_all(end: str) -> None:
    box = limited(day=9, number_day=9)
    answer = {"failed": Refused("invalid_number"), "expired": Unavailable("throttled", retry_after=10**6)}.get(end)
    fails(box, answer or Unavailable("throttled", retry_after=100))
    message = ask(box)
    if end == "canceled":
        message = box.herald().cancel(message.id)
    assert message.status == end
    assert not holds(box)
    received(box, message, Status.DELIVERED)
    assert spent(box) == CENT
    (every,) = [item for key, item in holds(box).items() if "#all#" in key]
    assert every == {"sent_22": 1, "spent_22": CENT, "spent": CENT}
    received(box, message, Status.DELIVERED, price="0.02", n="2")
    assert spent(box) == 2 * CENT


def test_two_that_take_up_one_message_count_it_once() -> None:
    box = limited(day=9, number_10_minutes=9)
    message = ask(box, send_at=at(box, seconds=30))
    box.clock.pass_(days=1)
    box.settings = box.settings._replace(valid_for=10**6)

    class Overtaken(MemoryCounters):
        def take(self, tally: Tally, now: datetime) -> Full | None:
            taken = super().take(tally, now)
            if not overtaken:
                overtaken.append(True)
                box.herald().cancel(message.id)
            return taken

    overtaken: list[bool] = []
    counters = Overtaken()
    counters.items = box.counters.items
    box.counters = counters
    (after,) = comes(box, message)
    assert after.status in (Status.CANCELED, Status.EXPIRED)
    assert not holds(box)


def test_a_request_that_is_wrong_is_counted_nowhere() -> None:
    box = limited(day=9)
    wrong: dict[str, object] = {"to": NUMBER, "body": ""}
    with pytest.raises(InvalidMessage):
        ask(box, **wrong)
    assert not holds(box)
