"""Little time: what reads or writes much stops while there is time for that, says where, and then goes on there."""

import json
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.aws import deadline
from herald.aws.bus import Bus
from herald.message.receipt import Report
from herald.message.status import Status
from herald.pipeline.announce.announcer import Announcer
from herald.pipeline.ports import LITTLE
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.route.turn import CALL
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, a_box, send
from tests.pipeline.announce.test_announcer import URL, Bridge, came
from tests.pipeline.receive.test_receipts import a_batch, an_entry
from tests.pipeline.receive.test_refresh import a_telling_box, asked, sent


def shrinking(steps: int) -> Callable[[], float]:
    """There is enough time for so many things, then there is little."""
    counted = count()
    return lambda: LITTLE if next(counted) < steps else LITTLE - 0.001


@given(st.integers(0, 60), st.integers(1, 30))
def test_of_a_batch_of_the_stream_all_is_told_that_there_was_time_for_and_the_rest_comes_again(
    steps: int, size: int
) -> None:
    box, bridge = Outbox(left=shrinking(steps)), Bridge()
    records = [came(Status.DELIVERED, str(n), callback_url=URL) for n in range(size)]
    announcer = Announcer(box, lambda: Bus(bridge, "herald-test"))
    rest = announcer.announce(records)
    hooked = [what["hook"]["event"]["id"] for what, _ in box.queue.posted]
    all_ids = [each["dynamodb"]["NewImage"]["pk"]["S"].removeprefix("message#") for each in records]
    assert hooked == all_ids[: len(hooked)]
    assert rest == ([str(len(hooked))] if len(hooked) < size else [])
    box.left = lambda: 30.0
    assert announcer.announce(records[len(hooked) :]) == []
    assert {what["hook"]["event"]["id"] for what, _ in box.queue.posted} == set(all_ids)


@given(st.integers(0, 8))
def test_of_a_delivery_log_what_there_is_no_time_for_is_left_to_the_worker(steps: int) -> None:
    box = a_box()
    messages = [send(box, to=f"+9197415525{n:02}") for n in range(6)]
    for n, message in enumerate(messages):  # As a provider of SNS's would have kept it.
        box.journal.messages[message.id] = message.with_(provider="amazonsns", provider_id=f"sns-{n}")
    entries = [an_entry(f"sns-{n}", to=message.to) for n, message in enumerate(messages)]
    box.left = shrinking(steps)
    Receipts(box).event(a_batch(*map(json.dumps, entries)))
    told = [box.journal.messages[message.id].status is Status.DELIVERED for message in messages]
    assert told == [n < steps for n in range(len(messages))]
    box.left = lambda: 300.0
    for what, delay in list(box.queue.posted):
        assert delay == 0
        Receipts(box).waited(Report.read(what["receipt"]))
    assert {box.journal.messages[message.id].status for message in messages} == {Status.DELIVERED}


@pytest.mark.parametrize("steps", range(5))
def test_a_person_is_erased_as_far_as_there_is_time_and_the_answer_says_that_more_is_left(steps: int) -> None:
    box = a_box()
    for _ in range(3):
        send(box)
    box.left = shrinking(steps)
    erased = box.herald().erase(NUMBER)
    assert erased._asdict() == {"erased": min(steps, 3), "left": int(steps < 3)}
    box.left = lambda: 29.0
    assert box.herald().erase(NUMBER).left == 0
    assert all(message.to == "" for message in box.journal.messages.values())


@given(st.integers(0, 12))
def test_a_page_ends_where_there_is_little_time_and_the_next_goes_on_there(steps: int) -> None:
    box = a_box()
    ids = []
    for _ in range(5):
        box.clock.pass_(hours=3)
        ids.append(send(box).id)
    box.left = shrinking(steps)
    found, page = [], box.herald().search({"to": NUMBER})
    while True:
        found += [message.id for message in page.messages]
        if page.next is None:
            break
        page = box.herald().search({"to": NUMBER, "after": page.next})
    assert found == ids[::-1]


@pytest.mark.parametrize(("left", "calls"), [(CALL, 1), (CALL - 0.001, 0)])
def test_a_provider_is_asked_only_if_there_is_time_for_its_answer(left: float, calls: int) -> None:
    box = a_telling_box()
    message = sent(box)
    box.left = lambda: left
    assert box.herald().refreshed(message.id).asked == bool(calls)
    assert len(asked(box)) == calls


def test_a_journal_that_is_left_to_the_sweep_is_swept_as_far_as_there_is_time() -> None:
    box = a_box()
    for _ in range(3):
        send(box, mode="async")
    box.clock.pass_(minutes=5)
    with deadline.of(SimpleNamespace(get_remaining_time_in_millis=lambda: 1000)):
        assert sum(box.herald().sweep(lambda: box.left() < LITTLE)) == 0
    assert box.herald().sweep(lambda: box.left() < LITTLE).queued == 3
