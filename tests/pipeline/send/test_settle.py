"""Settle: reserved money is settled once, whatever ends how often; what a provider says of consent is noted."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import NotAllowed, Refused, Uncertain
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.receive.record import record
from herald.pipeline.send.settle import move
from herald.settings.values import Channel, Limits, Settings
from herald.testing.fakes import Notes
from herald.testing.memory import MemoryCounters, MemoryOptOuts
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, a_box, fails, send
from tests.failing import Down

CENT = 10_000


def a_budget(rate: float = 1.0, **changes: Any) -> Outbox:
    """An outbox in which a segment is reserved at a cent; a provider's money is worth ``rate`` of ours."""
    box = a_box()
    channels = {"amazonsns": Channel("amazonsns", "fake", exchange_rate=rate)}
    box.settings = Settings(channels=channels, prices={"*": CENT}, limits=Limits(spend_month=10 * CENT), **changes)
    return box


def spent(box: Outbox) -> set[int]:
    """What every budget holds: all callers', the caller's, of the day and of the month."""
    items = [item for key, item in box.counters.items.items() if "#all#" in key or "#shop#" in key]
    amounts = [item[name] for item in items for name in item if name.startswith("spent")]
    assert len(amounts) == 4
    return {amount for amount in amounts if isinstance(amount, int)}


def received(
    box: Outbox, message: Message, status: Status, price: str | None = None, reason: str | None = None
) -> None:
    """The provider says later what became of a text."""
    receipt = Receipt(str(message.provider_id), status, REASONS[reason] if reason else None, price=price)
    kept = box.journal.get(message.id)
    assert kept
    record(box, kept, receipt, 1)


def test_a_send_holds_the_most_that_it_may_cost_until_the_receipt_says_the_price() -> None:
    box = a_budget()
    message = send(box)
    assert (message.reserved, spent(box)) == (CENT, {CENT})
    received(box, message, Status.DELIVERED, price="0.0025")
    assert spent(box) == {2_500}


def test_the_price_counts_in_the_currency_of_the_settings() -> None:
    box = a_budget(rate=0.012)
    received(box, send(box), Status.DELIVERED, price="0.25")
    assert spent(box) == {3_000}


def test_the_price_of_a_channel_that_is_gone_counts_as_it_is() -> None:
    box = a_budget(rate=0.012)
    message = send(box)
    box.settings = box.settings._replace(channels={"another": Channel("another", "fake", exchange_rate=3.0)})
    received(box, message, Status.DELIVERED, price="0.25")
    assert spent(box) == {250_000}


def test_a_receipt_without_a_price_leaves_what_was_reserved() -> None:
    box = a_budget()
    received(box, send(box), Status.DELIVERED)
    assert spent(box) == {CENT}


def test_a_text_that_did_not_arrive_has_cost_what_the_provider_says() -> None:
    box = a_budget()
    received(box, send(box), Status.UNDELIVERED, price="0.004", reason="recipient_unavailable")
    assert spent(box) == {4_000}


def test_what_was_surely_not_sent_costs_nothing() -> None:
    box = a_budget()
    fails(box, Refused("invalid_number"))
    assert send(box).status is Status.FAILED
    assert spent(box) == {0}


def test_what_may_have_been_sent_keeps_its_money() -> None:
    box = a_budget()
    fails(box, Uncertain("answer_lost"))
    assert send(box).status is Status.UNKNOWN
    assert spent(box) == {CENT}


def test_what_is_canceled_gives_its_money_back() -> None:
    box = a_budget()
    waits = send(box, mode="async")
    assert spent(box) == {CENT}
    box.herald().cancel(waits.id)
    assert spent(box) == {0}


def test_what_is_told_twice_is_settled_once() -> None:
    box = a_budget()
    message = send(box)
    for _ in range(3):
        received(box, message, Status.DELIVERED, price="0.0025")
    assert spent(box) == {2_500}


def test_of_two_that_settle_at_once_one_is_told_to_look_again() -> None:
    box = a_budget()
    before = box.journal.get(send(box).id)
    assert before and before.counted
    priced = before.with_(counted=before.counted._replace(state="priced"))
    move(box, before, priced.with_(status=Status.DELIVERED, price="0.0025"))
    with pytest.raises(Moved):
        move(box, before, priced.with_(status=Status.UNDELIVERED, price="0.004"))
    assert spent(box) == {2_500}


@pytest.mark.parametrize("price", ["free", "-1", "inf", "nan", "1e400", "", "0", "0.000", "-0", "0e9"])
def test_a_price_that_is_none_is_left(price: str) -> None:
    box = a_budget()
    received(box, send(box), Status.DELIVERED, price=price)
    assert spent(box) == {CENT}


class NoCounters(MemoryCounters):
    """Counters that cannot be changed."""

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        raise Down


def test_the_end_stands_though_the_money_could_not_be_settled() -> None:
    box = a_budget()
    message = send(box)
    box.counters = NoCounters()
    received(box, message, Status.DELIVERED, price="0.0025")
    kept = box.journal.get(message.id)
    assert kept and kept.status is Status.DELIVERED
    assert ("end not settled", "Down") in box.observer.told


def test_a_provider_that_knows_of_an_opt_out_is_believed() -> None:
    box = a_budget()
    fails(box, Refused("opted_out"))
    message = send(box)
    assert box.optouts.sources == {message.recipient: "provider"}
    assert box.herald().opted_out(NUMBER).opted_out


def test_an_opt_out_is_dated() -> None:
    class Dated(MemoryOptOuts):
        def put(self, recipient: str, source: str, now: datetime) -> None:
            dates.append(now)

    dates: list[datetime] = []
    box = a_budget()
    box.optouts = Dated()
    fails(box, Refused("opted_out"))
    send(box)
    assert dates == [box.clock.now]


def told_again(box: Outbox, message: Message, how: int) -> None:
    """The provider says once more, in other words, that the person had opted out; or says a price beside it."""
    receipt = Receipt(f"id-{how}", Status.UNDELIVERED, REASONS["opted_out"], raw={"n": str(how)})
    kept = box.journal.get(message.id)
    assert kept
    record(box, kept, receipt, message.attempts)


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "by a receipt"])
def test_who_opted_in_again_is_not_opted_out_by_what_is_said_of_an_older_text(refused: bool) -> None:
    box = a_budget()
    fails(box, *([None, Refused("opted_out")] if refused else []))
    other, message = send(box, body="Another text."), send(box)
    if not refused:
        told_again(box, message, 0)
    assert box.herald().opted_out(NUMBER).opted_out
    box.clock.pass_(minutes=1)
    box.herald().opt(NUMBER, out=False, source="written")
    box.clock.pass_(minutes=1)
    for how, each in enumerate((message, other, other), 1):
        told_again(box, each, how)
        assert not box.herald().opted_out(NUMBER).opted_out
    assert send(box, body="A third.").status is Status.SENT


def test_who_opts_out_at_the_provider_after_they_opted_in_is_opted_out() -> None:
    box = a_budget()
    box.herald().opt(NUMBER, out=False, source="written")
    box.clock.pass_(minutes=1)
    told_again(box, send(box), 1)
    assert box.herald().opted_out(NUMBER).opted_out


@given(st.lists(st.sampled_from(["send", "stop", "start", "receipt", "receipt of the first"]), max_size=10))
def test_a_person_gets_texts_unless_they_said_otherwise_last_or_a_later_text_was_refused(acts: list[str]) -> None:
    box = a_budget()
    texts: list[Message] = []
    out, said = False, box.clock.now - timedelta(days=1)
    for how, act in enumerate(acts):
        box.clock.pass_(minutes=1)
        if act == "send":
            with suppress(NotAllowed):
                texts.append(send(box, body=f"Text {how}."))
        elif act in ("stop", "start"):
            out, said = act == "stop", box.clock.now
            box.herald().opt(NUMBER, out=out, source="written")
        elif texts:
            text = texts[0 if act == "receipt of the first" else -1]
            told_again(box, text, how)
            out = out or text.created_at > said
        assert box.herald().opted_out(NUMBER).opted_out is out


def test_what_arrived_though_it_was_said_not_to_costs_its_price() -> None:
    box = a_budget()
    fails(box, Refused("invalid_number"))
    message = send(box)
    assert spent(box) == {0}
    received(box, message, Status.DELIVERED, price="0.0025")
    assert spent(box) == {2_500}


def test_an_end_that_changes_no_budget_writes_to_none() -> None:
    class Quiet(MemoryCounters):
        def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
            raise Down

    box = a_budget()
    message = send(box)
    box.counters = Quiet()
    received(box, message, Status.DELIVERED)
    assert "end not settled" not in dict(box.observer.told)


def test_of_what_could_not_be_settled_the_message_is_told() -> None:
    class Troubles(Notes):
        def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
            told.append((phrase, extra))

    class Broken(MemoryCounters):
        def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
            raise Down

    told: list[tuple[str, Mapping[str, object]]] = []
    box = a_budget()
    message = send(box)
    box.counters, box.observer = Broken(), Troubles()
    received(box, message, Status.DELIVERED, price="0.0025")
    assert told == [("end not settled", {"message_id": message.id})]


def test_what_is_only_tried_out_opts_nobody_out() -> None:
    box = a_budget(guests=frozenset())
    message = send(box, to="+919876500004")
    assert message.test
    (posted, _) = box.queue.posted[0]
    Receipts(box).waited(Report.read(posted["receipt"]))
    kept = box.journal.get(message.id)
    assert kept and kept.reason and kept.reason.code == "opted_out"
    assert box.optouts.sources == {}


@given(
    st.lists(st.tuples(st.sampled_from(["deliver", "refuse", "lose", "cancel"]), st.integers(0, 20_000)), max_size=12)
)
def test_in_the_end_every_budget_holds_what_was_spent(ends: list[tuple[str, int]]) -> None:
    box, total = a_budget(), 0
    box.settings = Settings(channels=box.settings.channels, prices={"*": CENT}, limits=Limits(spend_month=10**9))
    send(box)
    total += CENT
    for number, (end, price) in enumerate(ends):
        number_of = f"+9197415525{number:02}"
        box.clock.pass_(seconds=1)
        if end == "cancel":
            box.herald().cancel(send(box, to=number_of, mode="async").id)
            continue
        fails(box, {"refuse": Refused("invalid_number"), "lose": Uncertain("answer_lost")}.get(end))
        message = send(box, to=number_of)
        if end == "deliver":
            received(box, message, Status.DELIVERED, price=f"{price / 1_000_000:.6f}")
        total += {"deliver": price or CENT, "refuse": 0, "lose": CENT}[end]
    assert spent(box) == {total}


def test_a_message_of_last_month_is_settled_in_last_month() -> None:
    box = a_budget()
    message = send(box)
    box.clock.now += timedelta(days=31)
    received(box, message, Status.DELIVERED, price="0.0025")
    assert spent(box) == {2_500}
