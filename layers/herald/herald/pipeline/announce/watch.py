"""Watch: what the journal's stream shows of channels is counted, and messages move to others where it comes late.

Here, so that no send waits for it: who sends writes nothing of what goes well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from herald.aws.bus import Event
from herald.journal.health import HEALTH, turns
from herald.journal.observed import Breaker, Count, slot
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.health.drift import LATE, moves
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import told

OPENED, CLOSED = "Channel Opened", "Channel Closed"
ENDS = (Status.DELIVERED, Status.UNDELIVERED)
# What became of a text is the provider's or the carrier's own fault, for these reasons: it counts as one that is late.
FAULTS = frozenset({"provider_failed", "carrier_unavailable", "no_route"})
Image = Mapping[str, Any]


def watch(ports: Ports, changes: Iterable[Mapping[str, Any]]) -> None:
    """Count these changes of the table, each once, and move messages where that is due. It raises nothing."""
    with told(ports.observer, "health not counted"):
        counts: Counter[Count] = Counter()
        for change in changes:
            counts.update(counted(change.get("OldImage", {}), change.get("NewImage", {})))
        if counts:
            ports.health.note(counts)
            _move(ports)


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
    if now in ENDS and was not in ENDS and ended - sent <= LATE and _text(after, "reason") not in FAULTS:
        yield Count("timely", channel, country, slot("texts", sent))


def channel_events(change: Mapping[str, Any]) -> list[Event]:
    """What a change of the table tells of channels: which opened, and which closed."""
    before, after = change.get("OldImage", {}), change.get("NewImage", {})
    if _text(after, "pk") != HEALTH:
        return []
    changed = [(channel, old.state, breaker) for channel, old, breaker in turns(before, after)]
    return [
        *(_event(OPENED, name, new) for name, old, new in changed if (old, new.state) == ("closed", "open")),
        *(_event(CLOSED, name, new) for name, old, new in changed if new.state == "closed" != old),
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


def _move(ports: Ports) -> None:
    item, now = ports.health.item, ports.clock().timestamp()
    seen = item.known()
    for pair, drift in moves(seen, now).items():
        item.move(pair, seen.drifts.get(pair), drift)


def _text(image: Image, name: str) -> str:
    return str(image.get(name, {}).get("S", ""))


def _moment(image: Image, name: str) -> float:
    """Seconds since 1970; 0 if it is not said."""
    said = _text(image, name)
    return datetime.fromisoformat(said).timestamp() if said else 0.0


def _time(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
