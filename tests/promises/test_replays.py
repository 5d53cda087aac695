"""Promise 1: however often, concurrently and through whatever entry point a request is repeated, one text is sent."""

import importlib.util
import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import herald
from herald import wiring
from herald.errors import StillSending
from herald.keys.grant import written
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ALL, ROOT, TO, an_outbox, recorded
from tests.promises.figures import Figures

SEED, THREADS, MOST = 20261122, 8, 5
SENT = Callable[[int], str | None]
"""One delivery of an event; its argument is a number of its own. The message's id, or None: still being sent."""


class Function(threading.local):
    """A function as Lambda runs it: each thread is an environment that loads the file for itself."""

    def __init__(self, name: str) -> None:
        path = ROOT / "functions" / name / "app.py"
        spec = importlib.util.spec_from_file_location(f"{name}_{threading.get_ident()}", path)
        assert spec
        assert spec.loader
        self.module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def __call__(self, event: object, request_id: str) -> Any:
        context = SimpleNamespace(aws_request_id=request_id, function_name="herald-dev-worker")
        return self.module.handler(event, context)


api, invoke, worker = Function("api"), Function("invoke"), Function("worker")


def posted(number: int, delivery: int, **headers: str) -> Any:
    """``POST /messages`` with a key, by an HTTP client that repeats."""
    event = recorded("api-post-json")
    event["headers"] |= {"Idempotency-Key": f"order-{number}", **headers}
    event["requestContext"]["requestId"] = f"request-{number}-{delivery}"
    event["requestContext"]["authorizer"]["grant"] = written(ALL)
    event["body"] = json.dumps({"to": TO, "body": f"Text {number}"})
    answer = api(event, "")
    said = json.loads(answer["body"])
    assert answer["statusCode"] in (201, 202, 409), said
    return said.get("id")


def invoked(payload: object, request_id: str) -> str | None:
    """An invocation; one that is told that the message is being sent would be repeated."""
    try:
        message: dict[str, str] = invoke(payload, request_id)
    except StillSending:
        return None
    return message["id"]


# ---- The entry points: each makes the delivery of one event


def https(number: int) -> SENT:
    return lambda delivery: posted(number, delivery)


def invocation(number: int) -> SENT:
    """A caller's own key; each invocation has a request id of its own."""
    payload = {"to": TO, "body": f"Text {number}", "idempotency_key": f"order-{number}"}
    return lambda delivery: invoked(payload, f"request-{number}-{delivery}")


def asynchronous(number: int) -> SENT:
    """Lambda's own retries: no key, the same request id."""
    return lambda delivery: invoked({"to": TO, "body": f"Text {number}"}, f"request-{number}")


def eventbridge(number: int) -> SENT:
    """EventBridge delivers at least once: the event's id stays."""
    event = {**recorded("event-sms-requested"), "id": f"event-{number}"}
    event["detail"] = {"to": TO, "body": f"Text {number}"}
    return lambda delivery: invoked(event, f"request-{number}-{delivery}")


def scheduler(number: int) -> SENT:
    """One run of a schedule, delivered again."""
    run = f"{recorded('schedule')['schedule']}#{number}"
    payload = {"to": TO, "body": f"Text {number}", "schedule": run}
    return lambda delivery: invoked(payload, f"request-{number}-{delivery}")


def queue(number: int) -> SENT:
    """A message that was queued, and whose record SQS hands out again, also twice in one batch."""
    message_id = posted(number, 0, Prefer="respond-async")

    def deliver(delivery: int) -> str:
        record = {**recorded("queue")["Records"][0], "body": json.dumps({"id": message_id})}
        batch = [{**record, "messageId": f"{number}-{delivery}-{place}"} for place in range(1 + delivery % 2)]
        assert worker({"Records": batch}, "") == {"batchItemFailures": []}
        return str(message_id)

    return deliver


def python(number: int) -> SENT:
    """``herald.send`` in another function."""

    def deliver(delivery: int) -> str | None:
        try:
            return herald.send(to=TO, body=f"Text {number}", idempotency_key=f"order-{number}").id
        except StillSending:
            return None

    return deliver


ENTRY_POINTS = (https, invocation, asynchronous, eventbridge, scheduler, queue, python)


@pytest.fixture
def box() -> Iterator[Outbox]:
    """Herald in memory, which every function and ``herald.send`` use; threads take turns a hundred times as often."""
    made, interval = an_outbox(), sys.getswitchinterval()
    sys.setswitchinterval(interval / 100)
    with wiring.replaced(made):
        yield made
    sys.setswitchinterval(interval)


def replay(events: dict[int, SENT], dice: random.Random) -> tuple[list[str | None], dict[int, set[str]]]:
    """Deliver each event once to five times, in disorder and from several threads: all the answers, and by event."""
    deliveries = [(number, nth) for number in events for nth in range(dice.randint(1, MOST))]
    # The repetitions of an event stay near each other, so that some of them meet.
    deliveries.sort(key=lambda each: each[0] + dice.uniform(0, 2 * THREADS))
    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(lambda each: events[each[0]](each[1]), deliveries))
    ids: dict[int, set[str]] = {number: set() for number in events}
    for (number, _), message_id in zip(deliveries, answers, strict=True):
        ids[number] |= {message_id} if message_id else set()
    return answers, ids


def test_every_event_is_sent_once_whatever_repeats_it(
    box: Outbox, size: Callable[[int, int], int], figures: Figures
) -> None:
    dice, count = random.Random(SEED), size(300, 10_000)
    events = {number: ENTRY_POINTS[number % len(ENTRY_POINTS)](number) for number in range(count)}
    answers, ids = replay(events, dice)
    sent = Counter(text.body for text in box.texts)
    extra = sum(sent.values()) - len(sent)
    figures(
        f"Events replayed 1 to {MOST} times through {len(ENTRY_POINTS)} entry points, {THREADS} threads",
        promise="1",
        events=count,
        deliveries=len(answers),
        told_still_sending=answers.count(None),
        extra_sends=extra,
    )
    assert set(sent) == {f"Text {number}" for number in events}
    assert extra == 0
    assert len(answers) > 2 * count
    assert {len(each) for each in ids.values()} == {1}
    assert len(set.union(*ids.values())) == count


def test_once_more_afterwards_every_entry_point_tells_of_the_same_message(box: Outbox) -> None:
    events = {number: entry_point(number) for number, entry_point in enumerate(ENTRY_POINTS)}
    _, ids = replay(events, random.Random(SEED))
    for number, deliver in events.items():
        assert {deliver(MOST)} == ids[number]
    assert len(box.texts) == len(ENTRY_POINTS)


def test_two_events_are_two_texts_at_every_entry_point(box: Outbox) -> None:
    for first, entry_point in enumerate(ENTRY_POINTS):
        assert entry_point(2 * first)(1) != entry_point(2 * first + 1)(1)
    assert len(box.texts) == 2 * len(ENTRY_POINTS)


def test_without_its_key_a_repetition_is_another_text(box: Outbox) -> None:
    for delivery in range(3):
        invoked({"to": TO, "body": "No key"}, f"request-{delivery}")
    assert len(box.texts) == 3
