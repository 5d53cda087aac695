"""Shown: each channel's health as those see it who ask."""

from collections.abc import Iterator
from datetime import UTC, datetime

from herald.errors import NotAccepted
from herald.journal.observed import ATTEMPTS, ATTEMPTS_KEPT, OF_TEXTS, Breaker, Observed, slot
from herald.message.times import rfc3339
from herald.pipeline.health import drift
from herald.pipeline.health.drift import ALL, EVERYWHERE
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import needed


def channels(ports: Ports) -> dict[str, object]:
    """``{"channels": [...]}``: JSON values, a mapping for each channel of the settings, by its name.

    Raises ``InvalidSettings``, ``NotAccepted``.
    """
    known, now = ports.settings.channels, ports.clock().timestamp()
    with needed(ports.observer, "health not read", NotAccepted("The channels' health could not be read.")):
        seen = ports.health.item.look()
    return {
        "channels": [
            {"name": name, "provider": known[name].type, **_channel(seen, name, now)} for name in sorted(known)
        ]
    }


def _channel(seen: Observed, name: str, now: float) -> dict[str, object]:
    breaker, moved = seen.breaker(name), drift.away(seen, name, EVERYWHERE, now)
    last = slot("sent", now)
    failed, uncertain, taken = seen.attempts(name, range(last - ATTEMPTS_KEPT // ATTEMPTS, last + 1))
    return {
        "state": breaker.state,
        "since": _time(breaker.at),
        "until": _time(breaker.until) if breaker.state == "open" else None,
        "why": _why(seen, name, breaker, now),
        "share": 0 if breaker.state == "open" or now < breaker.away else ALL - moved,
        "share_at_rest": ALL,
        "attempts": failed + uncertain + taken,
        "failed": failed,
        "uncertain": uncertain,
        "countries": list(_countries(seen, name, now)),
    }


def _countries(seen: Observed, name: str, now: float) -> Iterator[dict[str, object]]:
    """What is known of the texts that were sent between a quarter of an hour and five minutes ago, or moved away."""
    sent = {count.country for count in seen.counts if count.channel == name and count.what in OF_TEXTS}
    moved = {country for channel, country in seen.drifts if channel == name and country != EVERYWHERE}
    for country in sorted(sent | moved):
        late, texts = drift.late(seen, name, country, now)
        share = ALL - drift.away(seen, name, country, now)
        if texts or share < ALL:
            lost = drift.lost_of(seen, name, country, now)
            yield {"country": country, "texts": texts, "late": late, "undelivered": lost, "share": share}


def _why(seen: Observed, name: str, breaker: Breaker, now: float) -> str | None:
    """Why it is not used, or gets fewer messages than at rest."""
    if breaker.state != "closed" or now < breaker.away:
        return breaker.why
    moved = [each for (channel, _), each in seen.drifts.items() if channel == name and drift.points(each, now)]
    return max(moved, key=lambda each: each.at).why if moved else None


def _time(seconds: float) -> str | None:
    return rfc3339(datetime.fromtimestamp(seconds, UTC)) if seconds else None
