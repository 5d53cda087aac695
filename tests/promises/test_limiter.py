"""Promise 5: several processes share a channel's rate: nothing is lost, next to nothing is refused as too fast."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from herald.journal.messages import DynamoJournal
from herald.journal.turns import DynamoTurns
from herald.message.status import Status
from herald.settings.values import Rate
from herald.testing.fakes import Clock
from herald.testing.memory import MemoryQueue
from tests.promises.figures import Figures
from tests.promises.lanes import START, a_herald, processes
from tests.tables import a_table, client

PROCESSES, LANES = 4, 12
FIELDS = {"to": "+919741552552", "body": "Your table is ready.", "mode": "async"}


class Caller(MemoryQueue):
    """Who asks for all the messages, before the first worker runs."""

    clock = Clock(START)

    def sleep(self, seconds: float) -> None:
        self.clock.pass_(seconds=seconds)


@pytest.mark.parametrize(("provider", "rate"), [("SNS", Rate(20, 1.0)), ("Exotel", Rate(200, 60.0))])
def test_processes_together_keep_to_the_rate_and_use_it(
    provider: str, rate: Rate, engine: str, size: Callable[[int, int], int], figures: Figures
) -> None:
    dynamodb, caller, messages = client("dynamodb", engine), Caller(), size(240, 2000)
    table = a_table(dynamodb)
    journal = DynamoJournal(dynamodb, table)
    asks = a_herald(caller, journal, DynamoTurns(dynamodb, table), rate)
    ids = [asks.send(FIELDS, caller="shop", entrypoint="https").message.id for _ in range(messages)]

    with processes(PROCESSES, LANES, engine, table, rate) as time:
        time.run(ids)

    arrived = [message_id for _, message_id in time.accepted]
    span = timedelta(seconds=time.accepted[-1][0] - time.accepted[0][0])
    used = (messages - 1) / span.total_seconds() / (rate.messages / rate.seconds)
    refused = time.refused / (time.refused + len(arrived))
    lost = [message_id for message_id in ids if (kept := journal.get(message_id)) is None or kept.status != Status.SENT]
    figures(
        f"{PROCESSES} processes share {rate.messages} in {rate.seconds:.0f} s ({provider})",
        promise="5",
        messages=messages,
        lost=len(lost),
        doubled=len(arrived) - len(set(arrived)),
        refused_percent=100 * refused,
        rate_used_percent=100 * used,
        put_back=time.put_back,
    )
    assert lost == []
    assert sorted(arrived) == sorted(ids)
    assert refused <= 0.01
    assert used >= 0.95
