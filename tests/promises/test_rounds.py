"""Promises 2 and 5: what waits goes round the queue far more than 16 times, and is then done once."""

import heapq
import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from herald.entrypoints.worker import Worker
from herald.errors import Unavailable
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.announce.webhook import Way, Webhooks
from herald.settings.values import DEFAULT_CHANNELS, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryQueue
from herald.testing.outbox import Outbox
from tests.builders import a_box, send
from tests.pipeline.announce.test_call import named
from tests.promises.figures import Figures
from tests.providers.server import Reply, vendor

# Lambda drops the next invocation of such a chain, unless the function says `RecursiveLoop: Allow`.
LAMBDA_ALLOWS = 16


class Rounds:
    """The queue and the worker in virtual time. What a record puts back goes on with its chain."""

    def __init__(self, box: Outbox, worker: Worker) -> None:
        self._box, self._worker, self._order = box, worker, count()
        self._waiting: list[tuple[datetime, int, dict[str, Any], int]] = []
        self.longest = 0

    def run(self, before: Callable[[], object] = lambda: None) -> None:
        """Until nothing waits any more. ``before`` is called before each record is handled."""
        self._take_in(1)
        while self._waiting:
            at, _, body, hops = heapq.heappop(self._waiting)
            self._box.clock.now = max(at, self._box.clock.now)
            self.longest = max(self.longest, hops)
            before()
            record = {"body": json.dumps(body), "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}}
            assert self._worker.done(record)
            self._take_in(hops + 1)

    def _take_in(self, hops: int) -> None:
        queue, now = self._box.queue, self._box.clock()
        put = [({"id": message_id}, delay) for message_id, delay in queue.waiting]
        for body, delay in [*put, *((dict(what), delay) for what, delay in queue.posted)]:
            at = now + timedelta(seconds=math.ceil(min(900, delay)))
            heapq.heappush(self._waiting, (at, next(self._order), body, hops))
        queue.waiting.clear()
        queue.posted.clear()


class Down(FakeProvider):
    """A provider that cannot be reached until a moment."""

    def __init__(self, box: Outbox, until: datetime) -> None:
        super().__init__("amazonsns")
        self._box, self._until = box, until

    def send(self, message: Message, callback: str | None = None) -> Sent:
        if self._box.clock() < self._until:
            self.calls += 1
            raise Unavailable
        return super().send(message, callback)


def test_a_message_outlasts_a_provider_that_is_down_for_six_hours_and_goes_out_once(figures: Figures) -> None:
    box = a_box()
    begun = box.clock()
    box.providers["amazonsns"] = provider = Down(box, begun + timedelta(hours=6))
    message = send(box, mode="async")
    rounds = Rounds(box, Worker(box.herald, max_receives=5, wait=30))
    rounds.run()
    took = box.clock() - begun
    figures(
        "A provider is down for 6 hours, in virtual time",
        promise="2, 5", rounds=rounds.longest, sends=len(provider.texts), hours=took.total_seconds() / 3600,
    )  # fmt: skip
    assert [text.id for text in provider.texts] == [message.id]
    assert box.journal.messages[message.id].status is Status.SENT
    assert timedelta(hours=6) <= took < timedelta(hours=6, minutes=20)
    assert rounds.longest > LAMBDA_ALLOWS


def test_a_message_goes_round_until_its_time_is_over_and_no_longer() -> None:
    box = a_box()
    box.providers["amazonsns"] = Down(box, box.clock() + timedelta(days=30))
    message = send(box, mode="async")
    rounds = Rounds(box, Worker(box.herald, max_receives=5, wait=30))
    rounds.run()
    assert box.journal.messages[message.id].status is Status.EXPIRED
    assert box.clock() <= message.expires_at
    assert rounds.longest > LAMBDA_ALLOWS


def webhook(down: timedelta) -> tuple[Rounds, MemoryQueue, list[int], timedelta]:
    """A webhook whose receiver is down for so long: what was given up, the answers, and when it was over."""
    settings = Settings(channels=DEFAULT_CHANNELS, callback_hosts=("127.0.0.1",), webhook_secrets=("whsec_1",))
    box, dead, answers = Outbox(settings=settings), MemoryQueue(), list[int]()
    begun = box.clock()
    hooks = Webhooks(box, lambda: dead, agent="Herald/9.9", way=Way(named("127.0.0.1")))
    rounds = Rounds(box, Worker(box.herald, max_receives=5, wait=30, others={"hook": hooks.deliver}))
    with vendor() as receiver:

        def answer() -> None:
            answers.append(503 if box.clock() < begun + down else 204)
            receiver.answers(Reply(answers[-1]))

        event = {"event_id": "1", "id": "msg_1", "status": "delivered"}
        hook = {"url": f"{receiver.url}/sms", "event": event, "tries": 0, "since": rfc3339(begun)}
        box.queue.post({"hook": hook})
        rounds.run(answer)
        assert len(receiver.calls) == len(answers)
    return rounds, dead, answers, box.clock() - begun


def test_a_webhook_outlasts_a_receiver_that_is_down_for_twenty_hours_and_is_then_called(figures: Figures) -> None:
    rounds, dead, answers, took = webhook(timedelta(hours=20))
    figures(
        "A webhook's receiver is down for 20 hours, in virtual time",
        promise="2", rounds=rounds.longest, taken=answers.count(204), hours=took.total_seconds() / 3600,
    )  # fmt: skip
    assert answers.count(204) == 1
    assert not dead.posted
    assert timedelta(hours=20) <= took < timedelta(hours=20, minutes=20)
    assert rounds.longest > LAMBDA_ALLOWS


def test_a_webhook_goes_round_for_a_day_and_then_waits_for_an_operator() -> None:
    rounds, dead, answers, took = webhook(timedelta(days=30))
    assert (answers.count(204), len(dead.posted)) == (0, 1)
    assert timedelta(days=1) <= took < timedelta(days=1, minutes=20)
    assert rounds.longest > LAMBDA_ALLOWS
