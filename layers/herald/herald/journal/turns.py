"""Turns in a line: one moment for each message, shared by all processes, never faster than its rate."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from herald.settings.values import Rate

# Turns are dealt a little slower than the rate: a call to a provider takes now 20 ms, now 60, and two that left in time
# must not arrive too close together.
HEADROOM = 0.97
# How far clocks that are right may differ.
SKEW = timedelta(seconds=1)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_SKEW = SKEW // _MICROSECOND
_KEPT_SECONDS = 86_400


class DynamoTurns:
    """Turns in the journal's table: one item a line, which holds its next free moment in microseconds since 1970.

    Beside it stands what time it was for who took the last turn. If that is still to come, somebody's clock is wrong,
    his or ours: the line begins anew, so that no clock stops anybody else.
    ``client`` is a low-level DynamoDB client; its own errors are raised. If the answer of a write is lost the SDK
    repeats it, and a turn is wasted: nobody sends then, and nobody sends too fast.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        # The next free moment as this process last saw it, and when that was taken. While clocks are right it only
        # grows, so that it tells which of the two writes will fit, and when none will.
        self._seen: dict[str, tuple[int, int]] = {}

    def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        """The moment, not before ``now``, that is the caller's alone; None, and none is taken, if it is after
        ``latest``. One write if the last one told enough, else two."""
        start, end, step = _number(now), _number(latest), interval(rate)
        while max(start, seen := self._known(line, start)) <= end:
            write = self._behind if seen >= start else self._at_once
            turn = write(line, start, end, step)
            if turn is not None:
                return _moment(turn)
        return None

    def look(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
        """The moment that ``take`` would give now; nothing is taken."""
        answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": f"turns#{line}"}}, ConsistentRead=True)
        next_turn, taken_at = _state(answer["Item"]) if "Item" in answer else (0, 0)
        start = _number(now)
        at = max(start, next_turn) if taken_at <= start + _SKEW else start
        return None if at > _number(latest) else _moment(at)

    def give(self, line: str, rate: Rate, turn: datetime) -> None:
        at = _number(turn)
        given = {":turn": {"N": str(at)}, ":after": {"N": str(at + interval(rate))}}
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"turns#{line}"}},
                UpdateExpression="SET next_turn = :turn",
                ConditionExpression="next_turn = :after",
                ExpressionAttributeValues=given,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return
        self._seen.pop(line, None)

    def _known(self, line: str, start: int) -> int:
        """The next free moment of a line, as far as it is known; 0 if it is not, or was taken by a wrong clock."""
        next_turn, taken_at = self._seen.get(line, (0, 0))
        return 0 if taken_at > start + _SKEW else next_turn

    def _at_once(self, line: str, start: int, end: int, step: int) -> int | None:
        """Nobody waits: the turn is now."""
        condition = "attribute_not_exists(pk) OR next_turn < :start OR taken_at > :trusted"
        values = {":start": start, ":next": start + step}
        return None if self._write(line, ":next", condition, values, end) is None else start

    def _behind(self, line: str, start: int, end: int, step: int) -> int | None:
        """The turn after all that are taken. However many processes write at once, each write fits."""
        values = {":start": start, ":end": end, ":step": step}
        trusted = "(attribute_not_exists(taken_at) OR taken_at <= :trusted)"
        condition = f"next_turn BETWEEN :start AND :end AND {trusted}"
        after = self._write(line, "next_turn + :step", condition, values, end)
        return None if after is None else after - step

    def _write(self, line: str, change: str, condition: str, values: dict[str, int], end: int) -> int | None:
        """The channel's next free moment after this write; None if the condition does not hold."""
        given = {**values, ":trusted": values[":start"] + _SKEW, ":ttl": end // 1_000_000 + _KEPT_SECONDS}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"turns#{line}"}},
                UpdateExpression=f"SET next_turn = {change}, taken_at = :start, #ttl = :ttl",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues={name: {"N": str(value)} for name, value in given.items()},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response.get("Item")
            self._seen[line] = _state(found) if found else (0, 0)
            return None
        self._seen[line] = _state(answer["Attributes"])
        return self._seen[line][0]


def _state(item: Mapping[str, Any]) -> tuple[int, int]:
    """Its next free moment, and when that was taken: not known of an item that an older Herald wrote."""
    return int(item["next_turn"]["N"]), int(item.get("taken_at", {"N": 0})["N"])


def interval(rate: Rate) -> int:
    """Microseconds from one turn to the next."""
    return -int(-1_000_000 * rate.seconds // (rate.messages * HEADROOM))


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
