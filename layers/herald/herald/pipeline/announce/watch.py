"""Watch: what the journal's stream shows of channels is counted, and messages move to others where it comes late.

Here, so that no send waits for it: who sends writes nothing of what goes well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from herald.aws.bus import Event
from herald.journal import health
from herald.journal.observed import Breaker, Count, Drift, Pair, slot
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.health.drift import ALL, LATE, moves, points
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import told

OPENED, CLOSED, DEGRADED = "Channel Opened", "Channel Closed", "Channel Degraded"
ENDS = (Status.DELIVERED, Status.UNDELIVERED)
# A text that was not delivered by one of these counts as lost: another reason is its recipient's, or its own.
FAULTS = frozenset(code for code, reason in REASONS.items() if reason.fault)
Image = Mapping[str, Any]


def watch(ports: Ports, changes: Iterable[Mapping[str, Any]]) -> None:
    """Count these changes of the table, each once, and move messages where that is due. It raises nothing."""
    with told(ports.observer, "health not counted"):
        counts: Counter[Count] = Counter()
        reasons: dict[Pair, Counter[str]] = {}
        for change in changes:
            after = change.get("NewImage", {})
            found = list(counted(change.get("OldImage", {}), after))
            counts.update(found)
            for lost in (each for each in found if each.what == "lost"):
                reasons.setdefault((lost.channel, lost.country), Counter())[_text(after, "reason")] += 1
        if counts:
            ports.health.note(counts)
            _move(ports, reasons)


def counted(before: Image, after: Image) -> Iterator[Count]:
    """What one change of a message's item says: that a text was sent, and that one ended in time."""
    if "test" in after or "erased" in after or "channel" not in after:
        return
    was, now = _text(before, "status"), _text(after, "status")
    only_first = "earlier" in after and "second_channel" not in after  # Its first text was counted as it was sent.
    if now == was or now not in (Status.SENT, *ENDS) or (now == Status.SENT and only_first):
        return
    channel, country = _text(after, "channel"), _text(after, "country")
    sent = _moment(after, "sent_at") or _moment(after, "updated_at")
    if was not in (Status.SENT, *ENDS):
        yield Count("sent", channel, "", slot("sent", sent))
        yield Count("texts", channel, country, slot("texts", sent))
    ended = _moment(after, "delivered_at") or _moment(after, "updated_at")
    if now not in ENDS or was in ENDS:
        return
    if now == Status.UNDELIVERED and _text(after, "reason") in FAULTS:
        yield Count("lost", channel, country, slot("texts", sent))
    elif ended - sent <= LATE:
        yield Count("timely", channel, country, slot("texts", sent))


def channel_events(change: Mapping[str, Any]) -> list[Event]:
    """What a change of the table tells of channels: which opened, which closed, and from which messages now move."""
    before, after = change.get("OldImage", {}), change.get("NewImage", {})
    if _text(after, "pk") != health.HEALTH:
        return []
    changed = [(channel, old.state, breaker) for channel, old, breaker in health.turns(before, after)]
    return [
        *(_event(OPENED, name, new) for name, old, new in changed if (old, new.state) == ("closed", "open")),
        *(_event(CLOSED, name, new) for name, old, new in changed if new.state == "closed" != old),
        *(_degraded(pair, new) for pair, old, new in health.moves(before, after) if not points(old, new.at)),
    ]


def _event(kind: str, channel: str, breaker: Breaker) -> Event:
    detail = {
        "event_id": f"{channel}.{breaker.state}.{breaker.at:.3f}",
        "channel": channel,
        "state": breaker.state,
        "why": breaker.why,
        "until": _time(breaker.until) if breaker.state == "open" else None,
    }
    return Event(kind, datetime.fromtimestamp(breaker.at, UTC), detail)


def _degraded(pair: Pair, drift: Drift) -> Event:
    """Told once, when the first messages move: not for each ten points more."""
    channel, country = pair
    detail = {
        "event_id": f"{channel}.{country or 'all'}.degraded.{drift.at:.3f}",
        "channel": channel,
        "country": country or "all",
        "share": ALL - drift.points,
        "why": drift.why,
    }
    return Event(DEGRADED, datetime.fromtimestamp(drift.at, UTC), detail)


def _move(ports: Ports, reasons: Mapping[Pair, Counter[str]]) -> None:
    """Move what is to be moved; why, with the most frequent reason, if the news at hand have one."""
    item, now = ports.health.item, ports.clock().timestamp()
    seen = item.known()
    for pair, drift in moves(seen, now).items():
        ((most, _),) = reasons.get(pair, Counter()).most_common(1) or [("", 0)]
        item.move(pair, seen.drifts.get(pair), drift._replace(why=f"{drift.why}, lately {most}" if most else drift.why))


def _text(image: Image, name: str) -> str:
    return str(image.get(name, {}).get("S", ""))


def _moment(image: Image, name: str) -> float:
    """Seconds since 1970; 0 if it is not said."""
    said = _text(image, name)
    return datetime.fromisoformat(said).timestamp() if said else 0.0


def _time(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
