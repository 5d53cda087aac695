"""Health: what all functions together saw of the channels, in one item of the journal's table."""

import time
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

from herald.journal.observed import CLOSED, MOST_CHANNELS, Breaker, Count, Drift, Observed, Pair, What, fitting, newest
from herald.journal.reads import Item, item_key

HEALTH = "health"
# A process asks for the item again, beside what it reads anyway, when its copy is so old; in seconds.
FRESH = 5.0
# What changed last in the item, for who is fed by the table's stream: what was only counted wakes nobody.
COUNTED, TURNED = "count", "turn"
# What nobody changes any more goes, in seconds: a breaker that was closed for so long, moves, and the item itself.
_DAY = 86_400
# DynamoDB takes no more changes at once.
_MOST = 90
_LETTERS: Mapping[What, str] = {
    "failed": "f", "uncertain": "u", "taken": "k", "sent": "s", "texts": "t", "timely": "i",
    "lost": "l",
}  # fmt: skip
_WORDS: Mapping[str, What] = {letter: what for what, letter in _LETTERS.items()}


class DynamoHealth:
    """The item in a DynamoDB table with the key ``pk``. ``client`` is a low-level client; its own errors are raised.

    Counts are added, so that none is lost however many write at once; another state of a breaker, and another move, is
    written only over the one that was seen. Each write brings the item as it stands then.
    """

    def __init__(self, client: Any, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._table, self._clock, self._lock = client, table, clock, Lock()
        self._copy, self._read = Observed(), float("-inf")

    def known(self) -> Observed:
        """The item as this process saw it last."""
        return self._copy

    def look(self) -> Observed:
        """The item as it stands now."""
        self.read(self._client.get_item(TableName=self._table, Key=item_key(HEALTH)).get("Item"))
        return self._copy

    @property
    def stale(self) -> bool:
        """Whether it is time to ask for the item again."""
        return self._clock() >= self._read + FRESH

    def read(self, item: Item | None) -> None:
        """Take note of the item as it was read; None: there is none."""
        found = observed(item or {})
        with self._lock:
            self._copy, self._read = found, self._clock()

    def add(self, counts: Mapping[Count, int], now: float) -> None:
        """Add to counts, as far as they fit."""
        more = fitting(self._copy.counts, counts)[:_MOST]
        old = [_name(count) for count in self._copy.counts if count.until <= now and count not in counts][:_MOST]
        if not more:
            return
        names = {f"#c{n}": _name(count) for n, count in enumerate(more)}
        values = {f":c{n}": {"N": str(counts[count])} for n, count in enumerate(more)}
        added = " ADD " + ", ".join(f"#c{n} :c{n}" for n in range(len(more)))
        self._write(added, names, values, COUNTED, now, removed=old)

    def turn(self, channel: str, before: Breaker, after: Breaker) -> bool:
        """Write another state of a breaker, if it still stands as it did ``before``."""
        there = self._copy.breakers
        if channel not in there and len(there) >= MOST_CHANNELS:
            return False
        forgotten = [
            f"b|{name}" for name, each in there.items()
            if name != channel and each.state == "closed" and each.at < after.at - _DAY
        ]  # fmt: skip
        was = None if before == CLOSED else written(before)
        return self._exchange(f"b|{channel}", was, written(after), TURNED, after.at, removed=forgotten)

    def move(self, pair: Pair, before: Drift | None, after: Drift) -> bool:
        """Write another move of a channel's messages to a country, if it still stands as it did ``before``."""
        drifts = self._copy.drifts.items()
        forgotten = [_place(other) for other, each in drifts if other != pair and each.at < after.at - _DAY]
        was = before and moved(before)
        return self._exchange(_place(pair), was, moved(after), TURNED, after.at, removed=forgotten)

    def _exchange(self, name: str, was: str | None, value: str, by: str, now: float, *, removed: list[str]) -> bool:
        condition = "#it = :was" if was is not None else "attribute_not_exists(#it)"
        values = {":it": {"S": value}} | ({":was": {"S": was}} if was is not None else {})
        try:
            self._write(", #it = :it", {"#it": name}, values, by, now, removed=removed, ConditionExpression=condition)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            self.read(error.response.get("Item"))
            return False
        return True

    def _write(
        self, change: str, names: dict[str, str], values: dict[str, Any], by: str, now: float, *, removed: list[str],
        **condition: str,
    ) -> None:  # fmt: skip
        gone = {f"#r{n}": name for n, name in enumerate(removed)}
        answer = self._client.update_item(
            TableName=self._table,
            Key=item_key(HEALTH),
            UpdateExpression=f"SET #by = :by, #ttl = :ttl{change}" + (f" REMOVE {', '.join(gone)}" if gone else ""),
            ExpressionAttributeNames={"#by": "by", "#ttl": "ttl", **names, **gone},
            ExpressionAttributeValues={**values, ":by": {"S": by}, ":ttl": {"N": str(int(now) + 2 * _DAY)}},
            ReturnValues="ALL_NEW",
            **({**condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if condition else {}),
        )
        self.read(answer["Attributes"])


def observed(item: Item) -> Observed:
    """What an image of the item holds. What cannot be read is left out: another version may have written it."""
    counts: dict[Count, int] = {}
    breakers: dict[str, Breaker] = {}
    drifts: dict[Pair, Drift] = {}
    for name, value in item.items():
        kind, _, rest = name.partition("|")
        try:
            if kind in _WORDS:
                slot, country, channel = rest.split("|", 2)
                counts[Count(_WORDS[kind], channel, country, int(slot))] = int(value["N"])
            elif kind == "b" and rest:
                breakers[rest] = _breaker(value["S"])
            elif kind == "d" and rest:
                country, channel = rest.split("|", 1)
                drifts[channel, country] = _drift(value["S"])
        except (KeyError, ValueError):
            continue
    return Observed(counts, breakers, drifts)


def turns(before: Item, after: Item) -> Iterator[tuple[str, Breaker, Breaker]]:
    """The breakers that stand otherwise in one image of the item than in the one before."""
    old, new = observed(before), observed(after)
    for channel, breaker in new.breakers.items():
        if breaker != old.breaker(channel) and newest(breaker, old.breaker(channel)) == breaker:
            yield channel, old.breaker(channel), breaker


def moves(before: Item, after: Item) -> Iterator[tuple[Pair, Drift | None, Drift]]:
    """The moves that stand otherwise in one image of the item than in the one before."""
    old, new = observed(before).drifts, observed(after).drifts
    yield from ((pair, old.get(pair), drift) for pair, drift in new.items() if drift != old.get(pair))


def _name(count: Count) -> str:
    return f"{_LETTERS[count.what]}|{count.slot}|{count.country}|{count.channel}"


def _place(pair: Pair) -> str:
    channel, country = pair
    return f"d|{country}|{channel}"


def written(breaker: Breaker) -> str:
    """A breaker as the item keeps it."""
    times = (breaker.at, breaker.until, breaker.away)
    return " ".join([breaker.state, *map(repr, times), str(breaker.trips), breaker.why])


def _breaker(written: str) -> Breaker:
    state, at, until, away, trips, why = written.split(" ", 5)
    if state not in ("closed", "open", "half_open"):
        raise ValueError(state)
    return Breaker(state, float(at), float(until), float(away), int(trips), why)  # type: ignore[arg-type]


def moved(drift: Drift) -> str:
    """A move as the item keeps it."""
    return f"{drift.points} {drift.at!r} {drift.why}"


def _drift(written: str) -> Drift:
    points, at, why = written.split(" ", 2)
    return Drift(int(points), float(at), why)
