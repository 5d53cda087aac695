"""Promise 5: a channel whose provider drips holds up what waits for the others no longer than about one call takes."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

import requests

from functions.worker import app as worker
from herald import wiring
from herald.message.status import Status
from herald.pipeline.route.slow import SlowChannels
from herald.providers._end import SECONDS
from herald.providers._http import Http
from herald.providers.exotel import Exotel
from tests.builders import a_box, send
from tests.promises.figures import Figures
from tests.providers.contract import END
from tests.providers.endless import endless
from tests.providers.server import vendor

SLOW, OTHERS = "drips", ("alpha", "beta")
DRIPPING, OTHER, BATCH = 100, 200, 10


def a_batch(ids: list[str]) -> dict[str, Any]:
    """What SQS hands to the worker."""
    attributes = {"ApproximateReceiveCount": "1"}
    records = [{"messageId": each, "body": json.dumps({"id": each}), "receiptHandle": each} for each in ids]
    return {"Records": [{**record, "attributes": attributes} for record in records]}


def test_a_channel_that_drips_holds_up_the_others_for_about_one_call(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    end = SECONDS if size(0, 1) else END
    box = a_box(SLOW, *OTHERS, slow=SlowChannels(long=end / 3, rest=size(100, 2)))
    with vendor() as server, requests.Session() as session:
        server.answers(endless(end / 30)["a body a byte a second"])
        box.providers[SLOW] = Exotel(Http(session, seconds=end), sid="a", token="b", endpoint_url=server.url)
        slow = [send(box, mode="async", channel=SLOW).id for _ in range(DRIPPING)]
        others = [send(box, mode="async", channel=OTHERS[n % 2]).id for n in range(OTHER)]
        queue = slow[:BATCH] + random.Random(5).sample(slow[BATCH:] + others, DRIPPING + OTHER - BATCH)
        box.queue.waiting.clear()
        begun = time.monotonic()
        with wiring.replaced(box):
            for start in range(0, len(queue), BATCH):
                assert worker.handler(a_batch(queue[start : start + BATCH]), None) == {"batchItemFailures": []}
        waited = time.monotonic() - begun
    messages = box.journal.messages
    unknown = sum(messages[each].status is Status.UNKNOWN for each in slow)
    put_back = {each for each, _ in box.queue.waiting}
    lost = [each for each in slow if messages[each].status is not Status.UNKNOWN and each not in put_back]
    unsent = [each for each in others if messages[each].status is not Status.SENT]
    figures(
        f"{DRIPPING} messages of a channel that drips, among {OTHER} of two others, one worker",
        promise="5",
        ends_after_s=end,
        others_waited_s=waited,
        attempts_that_dripped=unknown,
        put_back=len(put_back),
        lost=len(lost) + len(unsent),
    )
    assert (lost, unsent) == ([], [])
    assert unknown == BATCH
    assert not size(0, 1) or waited < 1.5 * end


def test_without_that_memory_each_batch_would_take_as_long() -> None:
    """The proof can fail: a worker that knows nothing goes into every drip, until the channel's breaker opens."""
    box = a_box(SLOW, slow=SlowChannels(long=3600))
    with vendor() as server, requests.Session() as session:
        server.answers(endless(0.1)["a body a byte a second"])
        box.providers[SLOW] = Exotel(Http(session, seconds=END), sid="a", token="b", endpoint_url=server.url)
        slow = [send(box, mode="async", channel=SLOW).id for _ in range(2 * BATCH)]
        with wiring.replaced(box):
            for start in range(0, len(slow), BATCH):
                worker.handler(a_batch(slow[start : start + BATCH]), None)
    assert [box.journal.messages[each].status for each in slow] == [Status.UNKNOWN] * BATCH + [Status.ACCEPTED] * BATCH
