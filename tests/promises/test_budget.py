"""Promise 7: processes that spend from one budget at once spend exactly it."""

from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from herald.errors import NotAllowed
from herald.journal.counters import DynamoCounters
from herald.journal.messages import DynamoJournal
from herald.pipeline.guard.ahead import CountsAhead
from herald.settings.values import DEFAULT_CHANNELS, Limits, Settings
from herald.testing.fakes import Clock
from herald.testing.outbox import Outbox
from tests.builders import FIELDS
from tests.promises.figures import Figures
from tests.tables import a_table, client

NOW, PRICE = datetime(2026, 11, 26, 12, 0, tzinfo=UTC), 2_500


def spend(engine: str, table: str, start: Barrier, tries: int, budget: int) -> int:
    """One function: how many of its messages were let in and sent."""
    dynamodb = client("dynamodb", engine)
    limits = Limits(spend_month=budget * PRICE, number_day=None)
    box = Outbox(settings=Settings(channels=DEFAULT_CHANNELS, prices={"IN": PRICE}, limits=limits), clock=Clock(NOW))
    box.counters = CountsAhead(DynamoCounters(dynamodb, table))  # type: ignore[assignment]
    box.journal = DynamoJournal(dynamodb, table)  # type: ignore[assignment]
    herald = box.herald()
    start.wait(120)
    for _ in range(tries):
        try:
            herald.send(FIELDS, caller="shop", entrypoint="invocation")
        except NotAllowed as no:
            assert no.code == "limit_spend_month"
    return len(box.texts)


def test_of_many_functions_on_one_budget_exactly_as_many_pass_as_it_pays_for(
    engine: str, size: Callable[[int, int], int], figures: Figures
) -> None:
    functions, budget = size(4, 20), size(40, 1000)
    context, table = get_context("spawn"), a_table(client("dynamodb", engine))
    with context.Manager() as manager, context.Pool(functions) as pool:
        start, tries = manager.Barrier(functions), budget * 2 // functions
        passed = pool.starmap(spend, [(engine, table, start, tries, budget)] * functions, chunksize=1)
    figures(
        f"{functions} concurrent processes on one budget, DynamoDB of the local engine",
        promise="7",
        budget=budget,
        asked=functions * tries,
        sent=sum(passed),
    )
    assert sum(passed) == budget
    assert sum(count > 0 for count in passed) > 1
    kept = client("dynamodb", engine).get_item(TableName=table, Key={"pk": {"S": "count#all#2026-11"}})["Item"]
    assert kept["spent"] == {"N": str(budget * PRICE)}
