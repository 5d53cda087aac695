"""Turns in a line: one moment for each message, shared by all processes, never faster than its rate."""

from datetime import UTC, datetime, timedelta
from typing import Any

from herald.settings.values import Rate

# Turns are dealt a little slower than the rate: a call to a provider takes now 20 ms, now 60, and two that left in time
# must not arrive too close together.
HEADROOM = 0.97
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_KEPT_SECONDS = 86_400


class DynamoTurns:
    """Turns in the journal's table: one item a line, which holds its next free moment in microseconds since 1970.

    ``client`` is a low-level DynamoDB client; its own errors are raised. If the answer of a write is lost the SDK
    repeats it, and a turn is wasted: nobody sends then, and nobody sends too fast.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        # The next free moment as this process last saw it. It only grows, so that it tells which of the two writes
        # will fit, and when none will.
        self._seen: dict[str, int] = {}

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        """The moment, not before ``now``, that is the caller's alone; None, and none is taken, if it is after
        ``latest``. One write if the last one told enough, else two."""
        start, end, step = _number(now), _number(latest), interval(rate)
        while max(start, seen := self._seen.get(line, 0)) <= end:
            write = self._behind if seen >= start else self._at_once
            turn = write(line, start, end, step)
            if turn is not None:
                return _moment(turn)
        return None

    def _at_once(self, line: str, start: int, end: int, step: int) -> int | None:
        """Nobody waits: the turn is now."""
        condition = "attribute_not_exists(pk) OR next_turn < :start"
        values = {":start": start, ":next": start + step}
        return None if self._write(line, ":next", condition, values, end) is None else start

    def _behind(self, line: str, start: int, end: int, step: int) -> int | None:
        """The turn after all that are taken. However many processes write at once, each write fits."""
        values = {":start": start, ":end": end, ":step": step}
        after = self._write(line, "next_turn + :step", "next_turn BETWEEN :start AND :end", values, end)
        return None if after is None else after - step

    def _write(self, line: str, change: str, condition: str, values: dict[str, int], end: int) -> int | None:
        """The channel's next free moment after this write; None if the condition does not hold."""
        known = {name: {"N": str(value)} for name, value in values.items()}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"turns#{line}"}},
                UpdateExpression=f"SET next_turn = {change}, #ttl = :ttl",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues=known | {":ttl": {"N": str(end // 1_000_000 + _KEPT_SECONDS)}},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response.get("Item")
            self._seen[line] = int(found["next_turn"]["N"]) if found else 0
            return None
        self._seen[line] = after = int(answer["Attributes"]["next_turn"]["N"])
        return after


def interval(rate: Rate) -> int:
    """Microseconds from one turn to the next."""
    return -int(-1_000_000 * rate.seconds // (rate.messages * HEADROOM))


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
