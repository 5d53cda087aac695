"""Counters: the hard limits in the journal's table. One write counts in all counters of an item, or in none of them.

However many functions count at once, each write fits or is refused by DynamoDB itself. A write that the SDK repeats,
because its answer was lost, may count twice: then a little less is let through than might be, never more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from herald.journal.reads import Reads, item_key
from herald.journal.tally import SOON, Full, Growth, Looked, State, Tally, best, full, grown, lately, looked

# A moment in a list moves on when others are added or removed meanwhile.
_TRIES = 5
# The best days of so many countries are remembered, each for its day.
_MOST_KNOWN = 500


class DynamoCounters:
    """Counters in a DynamoDB table with the key ``pk``. ``client`` is a low-level client; its own errors are raised."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table, self._reads = client, table, Reads(client, table)
        self._best: dict[tuple[str, Growth], int] = {}

    def take(self, tally: Tally, now: datetime) -> Full | None:
        earlier = self._earlier(tally)
        looser = self._looser(tally)
        found = self._count(looser, now, earlier)
        if found is not None and tally.growth and looser is tally:  # The history was not known before.
            looser = self._looser(tally, learn=True)
            found = found if looser == tally else self._count(looser, now, earlier)
        if found is None:
            return None
        return full(looser, found, now, earlier) or Full(looser.caps[0].code if looser.caps else SOON, 1)

    def look(self, tally: Tally, now: datetime) -> Looked:
        state = _state(self._reads.one(tally.key) or {})
        return looked(self._looser(tally, learn=True), state, now, self._earlier(tally))

    def give(self, tally: Tally) -> None:
        self.add(tally.key, {cap.counter: -cap.amount for cap in tally.caps}, tally.until)
        if tally.burst:
            self.forget(tally.key, tally.burst.counter, tally.burst.moment)

    def add(self, key: str, amounts: Mapping[str, int], until: datetime) -> None:
        changes = {counter: amount for counter, amount in amounts.items() if amount}
        if changes and not self._added(key, changes, until) and len(changes) > 1:
            for counter, amount in changes.items():
                self._added(key, {counter: amount}, until)

    def forget(self, key: str, counter: str, moment: int) -> None:
        for _ in range(_TRIES):
            times = _state(self._reads.one(key) or {}).get(counter)
            if not isinstance(times, list) or moment not in times:
                return
            place = f"#times[{times.index(moment)}]"
            if self._written(
                key,
                f"REMOVE {place}",
                [f"{place} = :moment"],
                {"#times": counter},
                {":moment": _n(moment)},
            ):
                return

    def _added(self, key: str, amounts: Mapping[str, int], until: datetime) -> bool:
        """Change the counters; False, and none is changed, if one of them would go below zero."""
        names = {"#ttl": "ttl", **{f"#c{n}": counter for n, counter in enumerate(amounts)}}
        values = {f":c{n}": _n(amount) for n, amount in enumerate(amounts.values())}
        values |= {f":least{n}": _n(-amount) for n, amount in enumerate(amounts.values()) if amount < 0}
        conditions = [f"#c{n} >= :least{n}" for n, amount in enumerate(amounts.values()) if amount < 0]
        change = "SET #ttl = if_not_exists(#ttl, :ttl) ADD " + ", ".join(f"#c{n} :c{n}" for n in range(len(amounts)))
        return self._written(key, change, conditions, names, {**values, ":ttl": _n(int(until.timestamp()))})

    def _written(
        self, key: str, change: str, conditions: list[str], names: Mapping[str, str], values: Mapping[str, Any]
    ) -> bool:
        condition = {"ConditionExpression": " AND ".join(conditions)} if conditions else {}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=item_key(key),
                UpdateExpression=change,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                **condition,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _earlier(self, tally: Tally) -> State:
        """How the item of the day before stands, where it still says something."""
        before = tally.burst and tally.burst.before
        return _state(self._reads.one(before) or {}) if before else {}

    def _looser(self, tally: Tally, *, learn: bool = False) -> Tally:
        """The tally as loose as the days before allow, as far as they were looked at."""
        growth = tally.growth
        if growth is None:
            return tally
        known = (tally.key, growth)
        if learn:
            if len(self._best) >= _MOST_KNOWN:
                self._best.clear()
            self._best[known] = best(tally, map(_state, self._reads.many(growth.before).values()))
        return grown(tally, self._best[known]) if known in self._best else tally

    def _count(self, tally: Tally, now: datetime, earlier: State) -> State | None:
        """Count; None if no limit was reached, else how the counters stand."""
        lately_sent = lately(tally.burst, earlier, now) if tally.burst else 0
        if tally.burst and lately_sent >= tally.burst.soon:
            return _state(self._reads.one(tally.key) or {})
        change, conditions, names, values = _expressions(tally, int(now.timestamp()), lately_sent)
        condition = {"ConditionExpression": " AND ".join(conditions)} if conditions else {}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=item_key(tally.key),
                UpdateExpression=change,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _state(error.response.get("Item") or {})
        return None


def _expressions(tally: Tally, now: int, lately_sent: int) -> tuple[str, list[str], dict[str, str], dict[str, Any]]:
    """The change, its conditions, and their names and values."""
    names: dict[str, str] = {"#ttl": "ttl"}
    values: dict[str, Any] = {":ttl": _n(int(tally.until.timestamp()))}
    sets, adds, conditions = ["#ttl = :ttl"], [], []
    for n, cap in enumerate(tally.caps):
        names[f"#c{n}"], values[f":c{n}"] = cap.counter, _n(cap.amount)
        adds.append(f"#c{n} :c{n}")
        if cap.most is not None:
            values[f":most{n}"] = _n(cap.most - cap.amount)
            nothing = f"attribute_not_exists(#c{n}) OR " if cap.amount <= cap.most else ""
            conditions.append(f"({nothing}#c{n} <= :most{n})")
    burst = tally.burst
    if burst:
        names["#times"] = burst.counter
        values |= {":moment": {"L": [_n(burst.moment)]}, ":none": {"L": []}, ":ago": _n(now - burst.seconds)}
        sets.append("#times = list_append(:moment, if_not_exists(#times, :none))")
        last = f"#times[{burst.soon - lately_sent - 1}]"
        conditions.append(f"(attribute_not_exists({last}) OR {last} <= :ago)")
    change = f"SET {', '.join(sets)}" + (f" ADD {', '.join(adds)}" if adds else "")
    return change, conditions, names, values


def _state(item: Mapping[str, Mapping[str, Any]]) -> dict[str, int | list[int]]:
    numbers: dict[str, int | list[int]] = {name: int(kept["N"]) for name, kept in item.items() if "N" in kept}
    return numbers | {name: [int(one["N"]) for one in kept["L"]] for name, kept in item.items() if "L" in kept}


def _n(value: int) -> dict[str, str]:
    return {"N": str(value)}
