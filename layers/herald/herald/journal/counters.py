"""Counters: the hard limits in the journal's table. One write counts in all counters of an item, or in none of them.

However many functions count at once, each write fits or is refused by DynamoDB itself. A write that the SDK repeats,
because its answer was lost, may count twice: then a little less is let through than might be, never more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from herald.journal.reads import item_key
from herald.journal.tally import Full, State, Tally, full, grown


class DynamoCounters:
    """Counters in a DynamoDB table with the key ``pk``. ``client`` is a low-level client; its own errors are raised."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def take(self, tally: Tally, now: datetime) -> Full | None:
        found = self._count(tally, now)
        if found is None:
            return None
        looser = grown(tally, found)
        if looser != tally:  # The history was not known before.
            found = self._count(looser._replace(growth=None), now)
        return None if found is None else full(tally, found, now) or Full(tally.caps[0].code, 1)

    def give(self, tally: Tally) -> None:
        amounts = {cap.counter: -cap.amount for cap in tally.caps}
        newest = f"{tally.burst.counter}[0]" if tally.burst else None
        self._add(tally.key, amounts, newest)

    def add(self, key: str, amounts: Mapping[str, int]) -> None:
        self._add(key, amounts, None)

    def _add(self, key: str, amounts: Mapping[str, int], newest: str | None) -> None:
        names = {f"#c{n}": counter for n, counter in enumerate(amounts)}
        values = {f":c{n}": _n(amount) for n, amount in enumerate(amounts.values())}
        change = "ADD " + ", ".join(f"#c{n} :c{n}" for n in range(len(amounts)))
        if newest:
            names["#times"], change = newest.partition("[")[0], f"{change} REMOVE #times[0]"
        self._client.update_item(
            TableName=self._table,
            Key=item_key(key),
            UpdateExpression=change,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def _count(self, tally: Tally, now: datetime) -> State | None:
        """Count; None if no limit was reached, else how the counters stand."""
        change, conditions, names, values = _expressions(tally, int(now.timestamp()))
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


def _expressions(tally: Tally, now: int) -> tuple[str, list[str], dict[str, str], dict[str, Any]]:
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
        values |= {":now": {"L": [_n(now)]}, ":none": {"L": []}}
        sets.append("#times = list_append(:now, if_not_exists(#times, :none))")
        if burst.soon is not None:
            values[":ago"] = _n(now - burst.seconds)
            last = f"#times[{burst.soon - 1}]"
            conditions.append(f"(attribute_not_exists({last}) OR {last} <= :ago)")
        if burst.most is not None:
            conditions.append(f"attribute_not_exists(#times[{burst.most - 1}])")
    change = f"SET {', '.join(sets)} ADD {', '.join(adds)}"
    if tally.over:
        names |= {f"#o{n}": counter for n, counter in enumerate(tally.over)}
        change += " REMOVE " + ", ".join(f"#o{n}" for n in range(len(tally.over)))
    return change, conditions, names, values


def _state(item: Mapping[str, Mapping[str, Any]]) -> dict[str, int | list[int]]:
    numbers: dict[str, int | list[int]] = {name: int(kept["N"]) for name, kept in item.items() if "N" in kept}
    return numbers | {name: [int(one["N"]) for one in kept["L"]] for name, kept in item.items() if "L" in kept}


def _n(value: int) -> dict[str, str]:
    return {"N": str(value)}
